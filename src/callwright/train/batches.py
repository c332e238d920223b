"""Packs as the model takes them, and their losses; samples never see each other.

Where all samples of a batch begin alike, as the conversations of one job do with their system text and tools,
that beginning is computed once and the rest of every sample reads it from the cache, gradients and all. The
loss is the same; for tools of 400 tokens and conversations of 120 it is four times less work.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from callwright.packs import IGNORED, Pack

Batch: TypeAlias = dict[str, Any]
"""`prefix`: ids that all samples begin with, maybe none; `groups`: what follows, in padded rectangles;
`labels`: the tokens to be foretold, flat and sample by sample; `order`: where each stands among the losses of
the groups; `weights` of the losses; `tokens`: how many the samples have, beginnings included."""

WORTH = 32
"""Shortest common beginning that is computed apart."""
GROUP = 8
"""Samples a rectangle, of about one length."""


def held_out(count: int, share: float, *, seed: int) -> tuple[list[int], list[int]]:
    """Numbers of the packs to train on and of those held out, at least one of each where there are two."""
    order = np.random.default_rng(seed).permutation(count).tolist()
    out = min(max(round(count * share), 1), count - 1) if share > 0 and count > 1 else 0
    return sorted(order[out:]), sorted(order[:out])


@dataclass(frozen=True, slots=True)
class Noise:
    """Words of the prompt that are exchanged for others while training, so that no single one is relied on."""

    share: float
    """Of the tokens that may be exchanged."""
    words: npt.NDArray[np.int64]
    """Ids of ordinary tokens: none that the template or a call is made of."""

    def on(self, sample: Pack, start: int) -> Pack:
        """The sample with noise from token `start` on; what the student writes, and what it copies, stays.

        Drawn by the sample itself, so that a resumed training sees the same.
        """
        draw = np.random.default_rng(zlib.crc32(sample.ids.tobytes()))
        written = np.unique(sample.ids[sample.labels != IGNORED])
        free = np.isin(sample.ids, self.words) & ~np.isin(sample.ids, written)
        free[:start] = False
        hit = free & (draw.random(len(free)) < self.share)
        ids = np.where(hit, draw.choice(self.words, len(free)), sample.ids).astype(np.int32)
        return Pack(ids, sample.labels, sample.position_ids, sample.lengths)


def collator(
    pad: int, *, shares: bool, history: float = 0.0, noise: Noise | None = None
) -> Callable[[Sequence[Pack]], Batch]:
    """Makes a batch of packs; `history`: weight of the tokens that are not trained otherwise.

    `shares`: whether the model takes a common beginning apart, as `shares_prefix` tells.
    """

    def collate(packs: Sequence[Pack]) -> Batch:
        samples = [sample for pack in packs for sample in unpacked(pack)]
        common = _common(samples) if shares or noise else 0
        if noise:
            samples = [noise.on(sample, common) for sample in samples]
            packs, common = samples, common if shares else 0
        if common < WORTH:
            common, groups = 0, [(packs, list(range(len(samples))))]
        else:
            by_length = sorted(range(len(samples)), key=lambda n: len(samples[n].ids))
            numbers = [by_length[start : start + GROUP] for start in range(0, len(samples), GROUP)]
            groups = [([_rest(samples[n], common) for n in some], some) for some in numbers]
        batch = _batch(samples[0].ids[:common], [_rectangle(rows, n, pad, history) for rows, n in groups])
        return batch | {"tokens": torch.tensor(sum(len(sample.ids) for sample in samples))}

    return collate


def _batch(prefix: npt.NDArray[np.int32], groups: list[dict[str, npt.NDArray[Any]]]) -> Batch:
    wanted = [group["labels"] != IGNORED for group in groups]
    flat = {
        name: np.concatenate([group[name][some] for group, some in zip(groups, wanted, strict=True)])
        for name in ("labels", "weights", "samples")
    }
    order = np.argsort(flat["samples"], kind="stable")
    labels = torch.from_numpy(flat["labels"][order])
    kept = ("input_ids", "position_ids", "labels")
    return {
        "prefix": torch.tensor(prefix, dtype=torch.long),
        "groups": [{name: torch.from_numpy(group[name]) for name in kept} for group in groups],
        "labels": labels,
        "shift_labels": labels,  # by this name Trainer counts them as they are
        "weights": torch.from_numpy(flat["weights"][order]),
        "order": torch.from_numpy(order),
    }


def _rectangle(
    rows: Sequence[Pack], numbers: Sequence[int], pad: int, history: float
) -> dict[str, npt.NDArray[Any]]:
    """Rows under each other, padded; `numbers` are those of their samples, in order.

    Labels are shifted: each is what should follow the token at its place. A sample's first token follows
    nothing. Padding is a sample of its own.
    """
    shape = len(rows), max(len(row.ids) for row in rows)
    ids, labels, samples = (np.full(shape, value, dtype=np.int64) for value in (pad, IGNORED, -1))
    positions, weights = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.float32)
    left = iter(numbers)
    for place, row in enumerate(rows):
        size = len(row.ids)
        ids[place, :size] = row.ids
        positions[place] = np.concatenate([row.position_ids, np.arange(shape[1] - size)])
        samples[place, :size] = np.repeat([next(left) for _ in row.lengths], row.lengths)
        inside = row.position_ids[1:] > row.position_ids[0]
        trained = inside & (row.labels[1:] != IGNORED)
        labels[place, : size - 1] = np.where(inside if history > 0 else trained, row.ids[1:], IGNORED)
        weights[place, : size - 1] = np.where(trained, 1.0, history)
    return {
        "input_ids": ids,
        "position_ids": positions,
        "labels": labels,
        "samples": samples,
        "weights": weights,
    }


def unpacked(pack: Pack) -> list[Pack]:
    """A pack's samples, each as a pack of its own."""
    cuts = np.cumsum(pack.lengths)[:-1]
    ids, labels, positions = (np.split(part, cuts) for part in (pack.ids, pack.labels, pack.position_ids))
    return [Pack(*parts) for parts in zip(ids, labels, positions, pack.lengths.reshape(-1, 1), strict=True)]


def _common(samples: Sequence[Pack]) -> int:
    """Length of the longest beginning of all samples that ends before anything trained is to be foretold."""
    if len(samples) < 2:
        return 0
    limit = min(_first_trained(sample) - 1 for sample in samples)
    for sample in samples[1:]:
        differ = np.flatnonzero(sample.ids[:limit] != samples[0].ids[:limit])
        limit = int(differ[0]) if len(differ) else limit
    return max(limit, 0)


def _first_trained(sample: Pack) -> int:
    trained = np.flatnonzero(sample.labels != IGNORED)
    return int(trained[0]) if len(trained) else len(sample.ids) - 1


def _rest(sample: Pack, start: int) -> Pack:
    return Pack(
        sample.ids[start:],
        sample.labels[start:],
        sample.position_ids[start:],
        sample.lengths - np.int32(start),
    )


def shares_prefix(model: Any) -> bool:
    """Whether a common beginning may be computed apart: one process, and layers that see all before them."""
    kinds = set(getattr(model.config, "layer_types", None) or ["full_attention"])
    return kinds == {"full_attention"} and not torch.distributed.is_initialized()


def token_losses(model: Any, batch: Batch) -> torch.Tensor:
    """Loss of each of the batch's labels, in float32, in their order; logits are made for no other tokens."""
    prefix = None
    if len(batch["prefix"]):
        prefix = model(input_ids=batch["prefix"][None], use_cache=True, logits_to_keep=1).past_key_values
    losses = torch.cat([_group_losses(model, group, prefix) for group in batch["groups"]])
    return losses[batch["order"]]


def _group_losses(model: Any, group: dict[str, torch.Tensor], prefix: Any) -> torch.Tensor:
    wanted = group["labels"] != IGNORED
    logits = model(
        input_ids=group["input_ids"],
        position_ids=group["position_ids"],
        # Without a cache, transformers finds the samples of a row in its position ids, which begin again at
        # each, and keeps them apart under every attention: flash, SDPA or eager.
        past_key_values=None if prefix is None else _repeated(prefix, len(wanted)),
        use_cache=prefix is not None,
        attention_mask=None if prefix is not None else _masks(getattr(model, "module", model), group),
        logits_to_keep=wanted,
    ).logits
    return torch.nn.functional.cross_entropy(logits.float(), group["labels"][wanted], reduction="none")


def _repeated(prefix: Any, rows: int) -> Any:
    """The cache of one row as that of several."""
    from transformers import DynamicCache

    return DynamicCache(
        [
            (layer.keys.expand(rows, -1, -1, -1), layer.values.expand(rows, -1, -1, -1))
            for layer in prefix.layers
        ]
    )


def _masks(model: Any, group: dict[str, torch.Tensor]) -> dict[str, torch.Tensor | None] | None:
    """The attention masks of a model that does not find the samples in the position ids by itself.

    GPT-OSS makes its masks without them in transformers 5.23, so samples saw each other: a token's loss was
    0.06 off. It takes masks that are ready, one for each kind of layer.
    """
    if model.config.model_type != "gpt_oss":
        return None
    from transformers.masking_utils import create_causal_mask, create_sliding_window_causal_mask

    parts = {
        "config": model.config,
        "inputs_embeds": torch.empty(*group["input_ids"].shape, 0, dtype=model.dtype, device=model.device),
        "attention_mask": None,
        "past_key_values": None,
        "position_ids": group["position_ids"],
    }
    return {
        "full_attention": create_causal_mask(**parts),
        "sliding_attention": create_sliding_window_causal_mask(**parts),
    }
