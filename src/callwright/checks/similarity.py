"""Similarity: how much of their words two texts share, told from small sketches; and an index that finds the like.

A text is the set of its words, or of its words and pairs of words, upper and lower case, accents and marks aside. The
similarity of two is twice what they share over what they have together (Dice's coefficient), as `difflib` has it.
MinHash with banding (Broder 1997; Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, chapter 3) finds candidates;
they are compared by the least hashes of both, which is exact for texts of fifty words, and within 0.05 beyond.
"""

import math
from array import array
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from callwright.checks.normal_forms import fold

if TYPE_CHECKING:  # numpy takes a tenth of a second to load, which whoever needs no sketch is spared
    import numpy as np
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint32]

_HASHES = 192
"""MinHashes of a text, at most."""
_SAMPLE = 96
"""Least hashes of a text that are kept to compare it."""
_MISSED = 0.01
"""Share of the pairs just as like as asked for that banding may miss."""
_DEPTH = 16
"""Rows looked at in one bucket, the latest first; so a set of rows all alike costs no more than others."""
_COMPARED = 8
"""Candidates that are compared, those first that share most bands."""


class Sketch(NamedTuple):
    """A text, small."""

    bands: bytes
    """A hash of 4 bytes for each band."""
    sample: bytes
    """The least hashes of words and pairs, ascending, 4 bytes each."""


class Match(NamedTuple):
    """What is like another."""

    row: int
    similarity: float


@lru_cache(maxsize=16)
def banding(similarity: float) -> tuple[int, int]:
    """Bands and hashes in each, so that of the pairs as like as that nearly all share a band, and few others do."""
    shared = max(0.05, similarity / (2 - similarity))  # Jaccard's index, which is what MinHash estimates
    for rows in range(16, 1, -1):
        bands = math.ceil(math.log(_MISSED) / math.log1p(-(min(shared, 0.99) ** rows)))
        if bands * rows <= _HASHES:
            return bands, rows
    return _HASHES, 1


def sketch(text: str, similarity: float, longest: int = 2) -> Sketch | None:
    """The sketch of `text`, to be found by what is at least so similar; None where it has no words.

    `longest`: 1 for single words, 2 for pairs too. Only sketches of the same numbers can be compared.
    """
    import numpy as np

    words = fold(text).split()
    if not words:
        return None
    singles = np.fromiter(map(crc32, words), np.uint32, len(words))
    hashes = singles
    if longest > 1:
        pairs = singles[:-1] * np.uint32(0x9E3779B1) + singles[1:] * np.uint32(0x85EBCA77)
        hashes = np.concatenate((singles, pairs))
    _mixed(hashes)
    hashes.sort()
    fresh = np.empty(len(hashes), np.bool_)
    fresh[0] = True
    np.not_equal(hashes[1:], hashes[:-1], out=fresh[1:])
    hashes = hashes[fresh]
    bands, rows = banding(similarity)
    factors, weights = _factors(bands, rows)
    least = (factors * hashes).min(axis=1)
    keys = _mixed((least.reshape(bands, rows) * weights).sum(axis=1, dtype=np.uint32))
    return Sketch(keys.tobytes(), hashes[:_SAMPLE].tobytes())


def _mixed(hashes: "Hashes") -> "Hashes":
    """A hash of each hash (the finalizer of MurmurHash3); in place."""
    import numpy as np

    hashes ^= hashes >> np.uint32(16)
    hashes *= np.uint32(0x85EBCA6B)
    hashes ^= hashes >> np.uint32(13)
    hashes *= np.uint32(0xC2B2AE35)
    hashes ^= hashes >> np.uint32(16)
    return hashes


@lru_cache(maxsize=16)
def _factors(bands: int, rows: int) -> "tuple[Hashes, Hashes]":
    """An odd factor for each MinHash, as a column, and one for each place of each band; the same in every process."""
    import numpy as np

    count = bands * rows
    numbers = _mixed(np.arange(1, 2 * count + 1, dtype=np.uint32)) | np.uint32(1)
    return numbers[:count].reshape(count, 1), numbers[count:].reshape(bands, rows)


def likeness(one: bytes, other: bytes) -> float:
    """The similarity of two texts, from their samples."""
    import numpy as np

    first, second = np.frombuffer(one, np.uint32), np.frombuffer(other, np.uint32)
    # Below the lesser of both ends, full samples hold all hashes of their texts.
    ends = [sample[-1] for sample in (first, second) if len(sample) == _SAMPLE]
    if ends:
        end = min(ends)
        first, second = (sample[: sample.searchsorted(end, "right")] for sample in (first, second))
    both = np.concatenate((first, second))
    both.sort()
    return 2 * int(np.count_nonzero(both[1:] == both[:-1])) / len(both)


class Packed:
    """Many short byte strings in one."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("Q", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, number: int) -> bytes:
        return bytes(self._bytes[self._ends[number] : self._ends[number + 1]])

    def append(self, new: bytes) -> None:
        self._bytes += new
        self._ends.append(len(self._bytes))


class Similar:
    """An index of sketches: hash tables of bands, with chains, in arrays; some 800 bytes a row, or fewer."""

    def __init__(self, similarity: float) -> None:
        import numpy as np

        self.similarity = similarity
        self._bands = banding(similarity)[0]
        self._every = np.arange(self._bands)
        self._samples = Packed()
        self._keys = np.empty((256, self._bands), np.uint32)
        self._earlier = np.empty((256, self._bands), np.int32)
        self._latest = np.full((self._bands, 256), -1, np.int32)

    def __len__(self) -> int:
        return len(self._samples)

    def find(self, wanted: Sketch) -> list[Match]:
        """The rows so similar, the most similar first, the earlier first of equals; not all where there are many."""
        import numpy as np

        rows, counts = np.unique(self._candidates(wanted), return_counts=True)
        found = []
        for place in np.argsort(-counts, kind="stable")[:_COMPARED].tolist():
            row = int(rows[place])
            similarity = likeness(wanted.sample, self._samples[row])
            if similarity >= self.similarity:
                found.append(Match(row, similarity))
        return sorted(found, key=lambda match: (-match.similarity, match.row))

    def _candidates(self, wanted: Sketch) -> "NDArray[np.int32]":
        """Rows that share a band, one for each band shared."""
        import numpy as np

        keys = np.frombuffer(wanted.bands, np.uint32)
        bands = self._every
        rows = self._latest[bands, keys & np.uint32(self._latest.shape[1] - 1)]
        found = []
        for _ in range(_DEPTH):
            live = rows >= 0
            rows, bands = rows[live], bands[live]
            if not len(rows):
                break
            found.append(rows[self._keys[rows, bands] == keys[bands]])
            rows = self._earlier[rows, bands]
        return np.concatenate(found) if found else rows

    def add(self, new: Sketch) -> int:
        """Take in another row; its number, from 0."""
        import numpy as np

        row = len(self._samples)
        if row == len(self._keys):
            self._grow()
        keys = np.frombuffer(new.bands, np.uint32)
        slots = keys & np.uint32(self._latest.shape[1] - 1)
        self._keys[row] = keys
        self._earlier[row] = self._latest[self._every, slots]
        self._latest[self._every, slots] = row
        self._samples.append(new.sample)
        return row

    def _grow(self) -> None:
        """Twice the room; every chain is made anew, in the same order."""
        import numpy as np

        rows = len(self._keys)
        self._keys = np.concatenate((self._keys, np.empty_like(self._keys)))
        self._earlier = np.concatenate((self._earlier, np.empty_like(self._earlier)))
        self._latest = np.full((self._bands, 2 * rows), -1, np.int32)
        mask = np.uint32(2 * rows - 1)
        for band in range(self._bands):
            slots = self._keys[:rows, band] & mask
            order = np.argsort(slots, kind="stable").astype(np.int32)
            ordered = slots[order]
            follows = np.concatenate(([False], ordered[1:] == ordered[:-1]))
            self._earlier[order, band] = np.where(follows, np.concatenate(([-1], order[:-1])), -1)
            self._latest[band, ordered] = order  # the last of equal slots stays
