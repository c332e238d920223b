"""The proofs: what must hold before the first step and after the last, shown on the user's own data.

The worst faults of training do not crash; they give a healthy loss curve and a useless student. Each proof
here is for one of them, raises `ProofError` with what was found, and says what to do.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from callwright.conversation import Conversation, UserMessage
from callwright.errors import ProofError
from callwright.files import atomic
from callwright.packs import IGNORED, Pack
from callwright.students import Student, quiet
from callwright.train.batches import collator, shares_prefix, token_losses, unpacked

PROBE = "probe.safetensors"
"""Tokens, and what the student answered to them before it was trained."""
PROBE_TOKENS = 256
PROBE_PLACES = 8
"""Places at the end of the probe whose logits are compared."""


def before_training(student: Student, data: Sequence[Pack], *, pad: int) -> None:
    """All that must hold before the first step."""
    of_labels(data)
    of_stops(data, student)
    of_isolation(student.model, data, pad=pad)


def of_labels(packs: Iterable[Pack]) -> tuple[int, int]:
    """Some tokens are trained, and some are not; gives (trained, all)."""
    trained = tokens = samples = 0
    for pack in packs:
        trained += int(np.count_nonzero(pack.labels != IGNORED))
        tokens += len(pack.ids)
        samples += len(pack.lengths)
    if not tokens:
        raise ProofError(
            "there is nothing to train on: the packs are empty", hint="prepare more conversations"
        )
    if not trained:
        raise ProofError(
            f"none of the {tokens:,} tokens is trained: the student would learn nothing",
            hint="the assistant turns were not found in the text; look with `callwright show`",
        )
    # The first token of a sample follows nothing, so a mask of ones shows as all but those.
    if trained >= tokens - samples:
        raise ProofError(
            f"all of the {tokens:,} tokens are trained: the student would learn to write its user's words",
            hint="the prompt must not be trained; look with `callwright show`",
        )
    return trained, tokens


def of_stops(packs: Iterable[Pack], student: Student) -> int:
    """Every trained turn ends with a trained stop; gives the number of turns."""
    turns = unstopped = 0
    example = ""
    for pack in packs:
        for start, end in _runs(pack):
            turns += 1
            if pack.labels[end - 1] not in student.card.stop_ids:
                unstopped += 1
                example = example or student.tokenizer.decode(pack.ids[max(end - 12, start) : end])
    if unstopped:
        stops = " or ".join(map(repr, student.card.stops))
        raise ProofError(
            f"{unstopped:,} of {turns:,} trained turns do not end with a stop ({stops}), such as "
            f"`…{example}`: the student would never learn to end its turn",
            hint="the template must write its stop inside the turn; use the one of the student's own folder",
        )
    return turns


def _runs(pack: Pack) -> list[tuple[int, int]]:
    """Runs of trained tokens, none across two samples, as (start, end)."""
    trained = np.concatenate(([False], pack.labels != IGNORED, [False]))
    fresh = np.concatenate((pack.position_ids == 0, [True]))  # places where a sample begins
    starts = np.flatnonzero(trained[1:] & (~trained[:-1] | fresh))
    ends = np.flatnonzero(trained[:-1] & (~trained[1:] | fresh))
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def of_isolation(model: Any, packs: Sequence[Pack], *, pad: int, tolerance: float | None = None) -> float:
    """Samples lose packed what they lose one by one, token by token; gives the largest difference.

    `tolerance`: 1e-4 for weights in float32, more for shorter types.
    """
    rows = _some_packed(packs)
    alone = [sample for row in rows for sample in unpacked(row)]
    if len(alone) < 2:
        return 0.0
    collate, was_training = collator(pad, shares=shares_prefix(model)), model.training
    model.eval()
    with torch.no_grad():
        packed = token_losses(model, _on(model, collate(rows)))
        single = torch.cat([token_losses(model, _on(model, collate([sample]))) for sample in alone])
    model.train(was_training)
    apart = float((packed - single).abs().max())
    limit = tolerance or (1e-4 if next(model.parameters()).dtype == torch.float32 else 0.1)
    if not apart <= limit:
        raise ProofError(
            f"samples in one pack see each other: a token's loss is {apart:.2g} off that of the sample alone",
            hint="this model cannot be trained on packs; prepare with a pack_size that holds one sample",
        )
    return apart


def _some_packed(packs: Sequence[Pack], *, most: int = 2) -> list[Pack]:
    """A few packs of several samples; where there is none, two packs as one."""
    found = [pack for pack in (packs[n] for n in range(min(len(packs), 16))) if len(pack.lengths) > 1][:most]
    if found or len(packs) < 2:
        return found
    pairs = zip(_columns(packs[0]), _columns(packs[1]), strict=True)
    return [Pack(*(np.concatenate(pair) for pair in pairs))]


def _columns(pack: Pack) -> tuple[npt.NDArray[np.int32], ...]:
    return pack.ids, pack.labels, pack.position_ids, pack.lengths


def _on(model: Any, part: Any) -> Any:
    """A batch on the model's device."""
    if isinstance(part, dict):
        return {name: _on(model, inner) for name, inner in part.items()}
    return [_on(model, inner) for inner in part] if isinstance(part, list) else part.to(model.device)


# --- after the last step -----------------------------------------------------------------------------------


def remember(student: Student, packs: Sequence[Pack], work: Path) -> None:
    """Keep how the student answers a probe before it is trained."""
    from safetensors.torch import save

    ids = torch.tensor(packs[0].ids[: min(int(packs[0].lengths[0]), PROBE_TOKENS)])
    with atomic(work / PROBE) as file:
        file.write(save({"ids": ids, "logits": _answer(student.model, ids)}))


def of_export(student: Student, folder: Path, work: Path) -> None:
    """The folder, loaded as a server would, is the trained student: its logits, its tokens, its template.

    `work`: the training's folder, where `remember` left the probe. Raises `ProofError`.
    """
    from safetensors.torch import load
    from transformers import AutoModelForCausalLM, AutoTokenizer

    probe = load((work / PROBE).read_bytes())
    with quiet():
        served = AutoModelForCausalLM.from_pretrained(folder, dtype=student.model.dtype).to(
            student.model.device
        )
        tokenizer = AutoTokenizer.from_pretrained(folder)
    trained, answer = _answer(student.model, probe["ids"]), _answer(served, probe["ids"])
    apart = float((answer - trained).abs().max())
    if not apart <= 1e-3 * max(float(trained.abs().max()), 1.0):
        raise ProofError(
            f"`{folder}` answers otherwise than the student that was trained: logits differ by {apart:.2g}",
            hint="weights were lost when saving; a LoRA student can be saved whole with `merged`",
        )
    if float((answer - probe["logits"]).abs().max()) < 1e-6:
        raise ProofError(
            f"`{folder}` answers as before training: nothing was learnt, or the adapter is not applied",
            hint="raise tuning.learning_rate or tuning.num_train_epochs",
        )
    of_writing(student, tokenizer, student.tokenizer.decode(probe["ids"].tolist()))


def of_writing(student: Student, served: Any, text: str) -> None:
    """The saved tokenizer, `served`, writes the template that was trained, in the same tokens."""
    ours = student.encoder.encode(text, add_special_tokens=False).ids
    if served(text, add_special_tokens=False)["input_ids"] != ours:
        raise ProofError(
            "the saved tokenizer does not give the tokens that were trained",
            hint="was a tokenizer file changed? train again from the student's folder",
        )
    conversation = Conversation(messages=(UserMessage("Was ist 2 + 2?"),), tools=student.card.tools)
    prompt = student.renderer.prompt(conversation)
    if "strftime_now" in str(served.chat_template):
        return  # such a template writes the day; the one of training may be yesterday
    tools = [
        {
            "type": "function",
            "function": {"name": t.name, "description": t.description, "parameters": t.parameters},
        }
        for t in student.card.tools
    ]
    written = served.apply_chat_template(
        [{"role": "user", "content": "Was ist 2 + 2?"}],
        tools=tools or None,
        tokenize=False,
        add_generation_prompt=True,
    )
    if written != prompt:
        raise ProofError(
            f"the saved chat template writes\n{written}\ninstead of the trained\n{prompt}",
            hint="the student's chat_template.jinja must be the one it was trained with",
        )


def _answer(model: Any, ids: torch.Tensor) -> torch.Tensor:
    """Logits at the last places of `ids`, in float32, on the CPU."""
    was_training = model.training
    model.eval()
    with torch.no_grad():
        logits = model(
            input_ids=ids[None].to(model.device), use_cache=False, logits_to_keep=PROBE_PLACES
        ).logits
    model.train(was_training)
    return logits[0].float().cpu().contiguous()
