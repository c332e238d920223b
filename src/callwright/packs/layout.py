"""Packing: which examples share a pack. Best fit decreasing over the lengths of the whole set."""

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from callwright.errors import RunError


class Layout(msgspec.Struct, frozen=True):
    """Which examples go into which pack."""

    order: npt.NDArray[np.int64]
    """Indexes of the examples, pack after pack."""
    starts: npt.NDArray[np.int64]
    """Where each pack begins in `order`, and the end of the last."""

    def __iter__(self) -> Iterator[npt.NDArray[np.int64]]:
        for start, end in zip(self.starts[:-1], self.starts[1:], strict=True):
            yield self.order[start:end]

    def __len__(self) -> int:
        return len(self.starts) - 1


def layout(lengths: Sequence[int], pack_size: int, *, seed: int = 0) -> Layout:
    """Best fit decreasing over all lengths; the order of packs, and inside each, is drawn by `seed`.

    Raises `RunError` for a length of 0 or above `pack_size`: nothing is cut here.
    """
    sizes = np.asarray(lengths, dtype=np.int64)
    if len(sizes) and (sizes.max() > pack_size or sizes.min() < 1):
        raise RunError(
            f"expected lengths from 1 to the pack size {pack_size}, found {sizes.min()} to {sizes.max()}",
            hint="raise pack_size or lower max_length",
        )
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(sizes))
    falling = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    bins = np.empty(len(sizes), dtype=np.int64)
    counts = np.bincount(sizes, minlength=1)
    bins[falling] = _best_fit(counts, pack_size)
    count = int(bins.max()) + 1 if len(bins) else 0
    bins = rng.permutation(count)[bins]
    order = np.lexsort((rng.random(len(bins)), bins))
    return Layout(order, np.concatenate(([0], np.cumsum(np.bincount(bins, minlength=count)))))


def _best_fit(counts: npt.NDArray[np.int64], pack_size: int) -> npt.NDArray[np.int64]:
    """A bin for each length, the longest first; `counts[length]` of each.

    Equal lengths are placed together, so the work is in the pairs of length and room, not in the examples.
    `rooms` is the set of rooms that some bin has left, as the bits of one number: the next bit above is the
    best fit.
    """
    bins_with: list[list[int]] = [[] for _ in range(pack_size + 1)]
    placed: list[npt.NDArray[np.int64]] = []
    rooms = made = 0
    for length in np.flatnonzero(counts)[::-1].tolist():
        left = int(counts[length])
        while left:
            fitting = rooms >> length
            room = length + (fitting & -fitting).bit_length() - 1 if fitting else pack_size
            each = min(
                room // length, left
            )  # the rest of such a bin is its own best fit, so it is filled at once
            if fitting:
                chosen = bins_with[room][-(left // each) :]
                del bins_with[room][-(left // each) :]
                if not bins_with[room]:
                    rooms &= ~(1 << room)
            else:
                chosen = list(range(made, made + left // each))
                made += len(chosen)
            placed.append(np.repeat(np.array(chosen, dtype=np.int64), each))
            left -= each * len(chosen)
            rest = room - each * length
            bins_with[rest] += chosen
            rooms |= 1 << rest
    return np.concatenate(placed) if placed else np.empty(0, dtype=np.int64)
