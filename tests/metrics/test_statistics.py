"""Figures, intervals and paired tests, beside known values and by simulation."""

import random
from fractions import Fraction
from math import comb

import pytest

from callwright.metrics.statistics import difference, effective_size, figure, sign_test, student, told, wilson


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [
        (147, 152, 0.925, 0.986),
        (179, 197, 0.860, 0.941),
        (66, 78, 0.75, 0.91),
        (0, 10, 0, 0.278),
        (5, 5, 0.566, 1),
    ],
)
def test_wilson_gives_the_known_intervals(right: int, count: int, low: float, high: float) -> None:
    assert wilson(right / count, count) == pytest.approx((low, high), abs=0.006)


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(1, 12.706), (5, 2.5706), (6, 2.4469), (10, 2.2281), (59, 2.0010)]
)
def test_the_quantiles_are_students(freedom: int, quantile: float) -> None:
    assert student(freedom) == pytest.approx(quantile, abs=2e-3)


def test_independent_values_have_wilsons_interval() -> None:
    values = [1.0] * 60 + [0.0] * 18
    assert figure(values) == figure(values, range(78))
    got = figure(values)
    assert (got.low, got.high) == wilson(60 / 78, 78)
    assert (got.count, got.method) == (78, "Wilson")


def test_copies_of_a_value_in_a_conversation_tell_nothing_more() -> None:
    once = [1.0] * 30 + [0.0] * 10
    many = [value for value in once for _ in range(5)]
    names = [name for name in range(40) for _ in range(5)]
    assert effective_size([[value] * 5 for value in once]) == pytest.approx(39)
    single, copied = figure(once), figure(many, names)
    assert copied.low is not None
    assert single.low is not None
    assert copied.low < single.low


def test_all_right_is_not_certain_and_conversations_count() -> None:
    got = figure([1.0] * 300, [number // 5 for number in range(300)])
    assert (got.value, got.high, got.method) == (1.0, 1.0, "Wilson, 60 conversations")
    assert got.low == pytest.approx(0.938, abs=0.002)


def test_what_could_not_be_scored_is_counted_apart() -> None:
    got = figure([1.0, None, 0.0, None])
    assert (got.value, got.count, got.missing) == (0.5, 2, 2)
    empty = figure([None])
    assert (empty.value, empty.count, empty.missing, empty.low) == (None, 0, 1, None)
    assert told(empty) == "not measured"
    assert told(got) == "50.0 % (1 of 2; 95 %: 9.5 to 90.5; 2 without an answer)"


def test_a_graded_figure_is_tighter_than_its_worst_case_and_inside_its_range() -> None:
    graded = figure([0.75] * 50 + [1.0] * 50)
    assert graded.value == 0.875
    assert graded.low is not None
    assert graded.high is not None
    assert wilson(0.875, 100)[0] < graded.low < 0.875 < graded.high < 1


@pytest.mark.parametrize(("turns", "together"), [(1, 0.0), (4, 0.0), (4, 0.3)])
def test_the_interval_covers_the_truth(turns: int, together: float) -> None:
    """`together`: the share of conversations whose calls are all right or all wrong."""
    dice, truth, rounds, hits = random.Random(7), 0.8, 500, 0
    for _ in range(rounds):
        values, names = [], []
        for name in range(60):
            one = dice.random() < truth
            alike = dice.random() < together
            values += [float(one if alike else dice.random() < truth) for _ in range(turns)]
            names += [name] * turns
        got = figure(values, names)
        assert got.low is not None
        assert got.high is not None
        hits += got.low <= truth <= got.high
    assert 0.925 <= hits / rounds <= 0.985


@pytest.mark.parametrize(
    ("wins", "losses", "p"), [(10, 7, 0.6291), (28, 2, 8.68e-7), (0, 0, 1), (6, 0, 0.03125), (3, 3, 1)]
)
def test_the_sign_test_is_exact(wins: int, losses: int, p: float) -> None:
    assert sign_test(wins, losses) == pytest.approx(p, rel=2e-3)


def test_the_sign_test_holds_for_thousands_of_pairs() -> None:
    exact = Fraction(2 * sum(comb(3000, k) for k in range(1401)), 2**3000)
    assert sign_test(1400, 1600) == pytest.approx(float(exact))


def test_models_that_agree_everywhere_still_may_differ() -> None:
    same = difference([(1.0, 1.0)] * 60, range(60))
    assert same is not None
    assert same.value == 0
    assert same.low == pytest.approx(-same.high)
    assert 0.03 < same.high < 0.06


def test_a_clear_difference_excludes_zero_and_its_sign_follows_the_order() -> None:
    pairs = [(1.0, 0.0)] * 28 + [(0.0, 1.0)] * 2 + [(1.0, 1.0)] * 30
    better, worse = difference(pairs, range(60)), difference([(b, a) for a, b in pairs], range(60))
    assert better is not None
    assert worse is not None
    assert better.value == pytest.approx(26 / 60)
    assert 0.25 < better.low < better.value < better.high < 0.6
    assert (worse.low, worse.high) == pytest.approx((-better.high, -better.low))
    assert difference([], []) is None
