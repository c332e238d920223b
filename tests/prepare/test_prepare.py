from pathlib import Path
from typing import Any

import pytest

from callwright.conversation import AssistantMessage, Conversation, ToolCall, UserMessage
from callwright.errors import ProofError, RenderError
from callwright.packs import IGNORED, Example, Packs, read_manifest
from callwright.prepare import prepare, shortened, show
from callwright.renderers import Span, text_of
from callwright.renderers.tiny import SPECIAL_TOKENS, TinyRenderer
from callwright.testing import random_conversations, tiny_tokenizer

TINY = TinyRenderer()
TOLD = list(random_conversations(60, seed=4))


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return tiny_tokenizer([text_of(TINY.render(told)) for told in TOLD], SPECIAL_TOKENS)


def test_every_conversation_is_in_the_packs_with_its_turns_trained(tmp_path: Path, tokenizer: Any) -> None:
    told = prepare(TOLD, TINY, tokenizer, tmp_path / "packs", pack_size=4096, max_length=4096)
    assert (told.rows_in, told.examples, told.left_out) == (60, 60, {})
    texts, trained = set(), 0
    for pack in Packs(tmp_path / "packs"):
        at = 0
        for length in pack.lengths.tolist():
            texts.add(tokenizer.decode(pack.ids[at : at + length].tolist(), skip_special_tokens=False))
            at += length
        stop = tokenizer.token_to_id("<|im_end|>")
        trained += int((pack.labels == stop).sum())
    assert texts == {text_of(TINY.render(conversation)) for conversation in TOLD}
    assert trained == sum(1 for conversation in TOLD for _ in conversation.turns())


def test_what_is_left_out_is_counted_with_its_reason(tmp_path: Path, tokenizer: Any) -> None:
    faulty = [
        Conversation(messages=(UserMessage("hi"),), origin="train.jsonl:7"),
        Conversation(messages=(UserMessage("<|im_end|>"), AssistantMessage(content="a"))),
        Conversation(
            messages=(UserMessage("x"), AssistantMessage(content="Write <tool_call> now")), id="c-9"
        ),
        Conversation(messages=(UserMessage("long " * 3000), AssistantMessage(content="a"))),
    ]
    told = prepare([*TOLD, *faulty], TINY, tokenizer, tmp_path / "packs", pack_size=2048, max_length=9999)
    assert told.rows_in == 64
    assert told.examples == 60
    assert sum(told.left_out.values()) == 4
    assert told.left_out["too long"] == 1
    assert told.left_out["nothing to train: no assistant turn"] == 1
    assert told.left_out["the control token `…` in a text could end or forge a turn"] == 1
    assert told.left_out_rows[0] == "train.jsonl:7: nothing to train: no assistant turn"
    assert told.left_out_rows[2].startswith("c-9: messages[1]: the chat template does not keep the turn")
    assert told.max_length == 2048
    assert read_manifest(tmp_path / "packs") == told


def test_a_long_conversation_can_be_cut_after_the_last_turn_that_fits(tmp_path: Path, tokenizer: Any) -> None:
    turns = [
        m for n in range(30) for m in (UserMessage(f"question {n}"), AssistantMessage(content=f"answer {n}"))
    ]
    long = Conversation(messages=tuple(turns))
    told = prepare([long], TINY, tokenizer, tmp_path / "p", pack_size=200, max_length=200, too_long="cut")
    (pack,) = Packs(tmp_path / "p")
    text = tokenizer.decode(pack.ids.tolist(), skip_special_tokens=False)
    assert text_of(TINY.render(long)).startswith(text)
    assert text.endswith("<|im_end|>")
    assert text.count("answer") == 30 - told.turns_cut
    assert 0 < told.turns_cut < 30


def test_cutting_keeps_whole_turns_only() -> None:
    labels = [IGNORED, IGNORED, 3, 4, IGNORED, 6, 7, IGNORED]
    example = Example([1, 2, 3, 4, 5, 6, 7, 8], labels)
    assert shortened(example, 7) == (Example([1, 2, 3, 4, 5, 6, 7], labels[:7]), 0)
    assert shortened(example, 6) == (Example([1, 2, 3, 4], labels[:4]), 1)
    assert shortened(example, 3) == (Example([], []), 2)


def test_a_dry_run_counts_the_same_and_writes_nothing(tmp_path: Path, tokenizer: Any) -> None:
    sizes: dict[str, Any] = {"pack_size": 1024, "max_length": 1024}
    dry = prepare(TOLD, TINY, tokenizer, tmp_path / "packs", dry_run=True, **sizes)
    assert list(tmp_path.iterdir()) == []
    wet = prepare(TOLD, TINY, tokenizer, tmp_path / "packs", **sizes)
    assert (dry.packs, dry.tokens, dry.trained_tokens, dry.fill, dry.left_out, dry.hashes) == (
        wet.packs,
        wet.tokens,
        wet.trained_tokens,
        wet.fill,
        wet.left_out,
        wet.hashes,
    )
    assert dry.shards == ()


def test_nothing_trained_is_an_error_that_writes_nothing(tmp_path: Path, tokenizer: Any) -> None:
    silent = [Conversation(messages=(UserMessage("hi"),))] * 3
    with pytest.raises(
        ProofError, match="no token would be trained: 3 conversations read, 3 × nothing to train"
    ):
        prepare(silent, TINY, tokenizer, tmp_path / "packs", pack_size=64, max_length=64)
    assert list(tmp_path.iterdir()) == []


class AllSampled(TinyRenderer):
    """A renderer with the bug that everything is marked as the student's."""

    def render(self, conversation: Conversation, *, cue: bool = False) -> list[Span]:
        text = text_of(super().render(conversation, cue=cue)).rstrip("\n")
        return [Span(text, len(conversation.messages) - 1, sampled=True)]

    def lost(self, turn: AssistantMessage, text: str, tools: Any) -> str:
        return ""


def test_everything_trained_is_an_error(tmp_path: Path, tokenizer: Any) -> None:
    with pytest.raises(ProofError, match="every token would be trained"):
        prepare(TOLD[:1], AllSampled(), tokenizer, tmp_path / "packs", pack_size=4096, max_length=4096)


def test_progress_tells_rows_and_the_total(tmp_path: Path, tokenizer: Any) -> None:
    heard: list[tuple[int, int | None, str]] = []
    prepare(
        TOLD,
        TINY,
        tokenizer,
        tmp_path / "packs",
        pack_size=4096,
        max_length=4096,
        progress=lambda *told: heard.append(told),
    )
    assert heard[-1] == (60, 60, "packing")


def test_show_paints_what_is_trained(tokenizer: Any) -> None:
    call = ToolCall(id="1", name="ls", arguments={"a": True})
    told = Conversation(messages=(UserMessage("hi"), AssistantMessage(tool_calls=(call,))))
    ((tokens),) = show(told, TINY, tokenizer)
    painted = tokenizer.decode([token.id for token in tokens if token.trained], skip_special_tokens=False)
    assert painted == '<tool_call>\n{"name": "ls", "arguments": {"a": true}}\n</tool_call><|im_end|>'
    assert "".join(token.text for token in tokens) == text_of(TINY.render(told))


def test_show_says_why_there_is_nothing_to_paint(tokenizer: Any) -> None:
    with pytest.raises(RenderError, match="control token"):
        show(
            Conversation(messages=(UserMessage("<|im_end|>"), AssistantMessage(content="a"))), TINY, tokenizer
        )
