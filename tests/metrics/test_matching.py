"""The best one-to-one matching, beside trying all of them."""

import random
from itertools import permutations

import pytest

from callwright.metrics.matching import best_total


def by_trying(grades: list[list[float]]) -> float:
    if len(grades) > len(grades[0]):
        grades = [list(row) for row in zip(*grades, strict=True)]
    return max(
        sum(row[column] for row, column in zip(grades, columns, strict=True))
        for columns in permutations(range(len(grades[0])), len(grades))
    )


@pytest.mark.parametrize("seed", range(60))
def test_no_other_matching_gives_more(seed: int) -> None:
    dice = random.Random(seed)
    rows, columns = dice.randint(1, 5), dice.randint(1, 6)
    grades = [[dice.choice([0, 0.25, 0.5, 0.75, 1]) for _ in range(columns)] for _ in range(rows)]
    assert best_total(grades) == pytest.approx(by_trying(grades))


def test_nothing_to_match_is_worth_nothing() -> None:
    assert best_total([]) == 0
    assert best_total([[]]) == 0
