"""Contrast: whether two sets of conversations differ by more than chance and by enough to matter."""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

LEVEL = 0.001
"""How often two halves of one set may be called different, for each thing compared."""
_KOLMOGOROV = math.sqrt(-math.log(LEVEL / 2) / 2)


class Share(NamedTuple):
    """A thing that is more frequent in one set than in the other."""

    name: str
    here: float
    test: float
    """Shares of the conversations that have it."""


def shares(here: Mapping[str, int], rows: int, test: Mapping[str, int], test_rows: int) -> Iterator[Share]:
    """Those of all names whose shares differ by 5 points or more, and not by chance; the largest difference first.

    The counts are of conversations, which are independent of each other as calls of one conversation are not.
    Fisher's exact test, its level divided by the number of names (Bonferroni).
    """
    names = {**here, **test}
    found = []
    for name in names if rows and test_rows else ():
        first, second = here.get(name, 0), test.get(name, 0)
        share = Share(name, first / rows, second / test_rows)
        if abs(share.here - share.test) >= 0.05 and fisher(first, rows, second, test_rows) < LEVEL / len(
            names
        ):
            found.append(share)
    yield from sorted(found, key=lambda share: -abs(share.here - share.test))


def fisher(first: int, of_first: int, second: int, of_second: int) -> float:
    """Fisher's exact test that two shares are of one kind: twice the smaller tail, at most 1."""
    total, having = of_first + of_second, first + second
    low, high = max(0, having - of_second), min(having, of_first)

    def chance(count: int) -> float:
        return math.exp(
            _choices(having, count) + _choices(total - having, of_first - count) - _choices(total, of_first)
        )

    if first * total <= having * of_first:
        tail = math.fsum(map(chance, range(low, first + 1)))
    else:
        tail = math.fsum(map(chance, range(first, high + 1)))
    return min(1.0, 2 * tail)


def _choices(of: int, count: int) -> float:
    """The logarithm of the binomial coefficient."""
    return math.lgamma(of + 1) - math.lgamma(count + 1) - math.lgamma(of - count + 1)


def apart(here: Mapping[int, int], test: Mapping[int, int]) -> bool:
    """Whether two histograms are of different sets: Kolmogorov and Smirnov's test, and a tenth apart or more.

    The test is conservative for whole numbers.
    """
    rows, test_rows = sum(here.values()), sum(test.values())
    if not rows or not test_rows:
        return False
    largest = first = second = 0.0
    for value in sorted({**here, **test}):
        first += here.get(value, 0) / rows
        second += test.get(value, 0) / test_rows
        largest = max(largest, abs(first - second))
    return largest >= max(0.1, _KOLMOGOROV * math.sqrt((rows + test_rows) / (rows * test_rows)))
