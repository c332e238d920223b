"""Verdicts by the interval."""

import pytest

from callwright.evaluate.comparison import Comparison, Paired
from callwright.evaluate.verdicts import gate, release
from callwright.metrics.statistics import Difference, Figure, figure


def share(right: int, count: int) -> Figure:
    return figure([1.0] * right + [0.0] * (count - right))


def beside(value: float, low: float, high: float, wins: int = 0, losses: int = 0, p: float = 1) -> Comparison:
    paired = Paired(wins=wins, losses=losses, ties=0, p=p)
    gap = Difference(value=value, low=low, high=high)
    return Comparison(first="tuned", second="other", calls=paired, conversations=paired, difference=gap)


GAIN = beside(0.5, 0.4, 0.6, wins=40, losses=2, p=1e-9)
NO_GAIN = beside(0.01, -0.1, 0.1, wins=3, losses=2)


@pytest.mark.parametrize(
    ("right", "count", "word"),
    [
        (95, 100, "PROCEED"),
        (75, 100, "ITERATE"),  # the mean is above 0.70, the interval is not
        (750, 1000, "PROCEED"),
        (65, 100, "ITERATE"),
        (55, 100, "ITERATE"),  # 0.60 is inside the interval
        (30, 100, "RETHINK"),
        (6, 6, "ITERATE"),  # all right, but of six
    ],
)
def test_the_gate_looks_at_the_interval_and_not_at_the_mean(right: int, count: int, word: str) -> None:
    verdict = gate("teacher", share(right, count))
    assert (verdict.subject, verdict.word) == ("teacher", word)
    assert f"{right} of {count}" in verdict.because


def test_without_a_scored_call_there_is_no_reason_to_go_on() -> None:
    assert gate("teacher", figure([None])).word == "RETHINK"


@pytest.mark.parametrize(
    ("calls", "teacher", "base", "word"),
    [
        (share(95, 100), beside(0.02, -0.03, 0.07), GAIN, "DEPLOY"),
        (share(95, 100), beside(0.02, -0.06, 0.1), GAIN, "RETUNE"),  # 5 points below cannot be ruled out
        (share(80, 100), beside(-0.15, -0.2, -0.1), GAIN, "RETUNE"),
        (
            share(68, 100),
            beside(0.0, -0.02, 0.02),
            GAIN,
            "RETUNE",
        ),  # as good as a teacher that is not good enough
        (share(68, 100), beside(-0.3, -0.4, -0.2), NO_GAIN, "ESCALATE"),
        (share(30, 100), beside(0.1, 0.05, 0.15), GAIN, "ESCALATE"),
    ],
)
def test_a_student_is_released_only_beside_its_teacher(
    calls: Figure, teacher: Comparison, base: Comparison, word: str
) -> None:
    assert release(calls, teacher, base).word == word


def test_without_a_teacher_the_gate_decides() -> None:
    assert release(share(95, 100), None, GAIN).word == "PROCEED"
    assert "+2.0 points" in release(share(95, 100), beside(0.02, -0.03, 0.07), None).because
    assert "−3.0" in release(share(95, 100), beside(0.02, -0.03, 0.07), None).because
