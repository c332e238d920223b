"""Verdicts: what to do now, by the interval and not the mean, at the reference's thresholds."""

import msgspec

from callwright.evaluate.comparison import Comparison
from callwright.metrics.statistics import Figure, told

PROCEED_FROM = 0.70
ITERATE_FROM = 0.60
TEACHER_MARGIN = 0.05
"""A student that is no further than this below its teacher can take its place."""
SURE = 0.05
"""Largest p at which a difference is taken for one."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    subject: str
    """Whom it is about, such as `teacher`."""
    word: str
    """PROCEED, ITERATE, RETHINK for one model; DEPLOY, RETUNE, ESCALATE for a student beside its teacher."""
    because: str


def gate(subject: str, calls: Figure) -> Verdict:
    """Whether a model makes calls well enough to go on: the low end of its interval must reach 0.70."""
    if calls.value is None or calls.low is None or calls.high is None:
        return Verdict(subject=subject, word="RETHINK", because="no call could be scored")
    found = f"{told(calls)} of the calls are right"
    if calls.low >= PROCEED_FROM:
        word, why = "PROCEED", "the whole interval is at 70 % or above"
    elif calls.high < ITERATE_FROM:
        word, why = "RETHINK", "the whole interval is below 60 %"
    elif calls.value >= PROCEED_FROM:
        word, why = "ITERATE", "the interval reaches below 70 %: more test conversations would settle it"
    elif calls.value >= ITERATE_FROM:
        word, why = "ITERATE", "70 % is wanted"
    else:
        word, why = "ITERATE", "the interval reaches 60 %, so a new start is not called for yet"
    return Verdict(subject=subject, word=word, because=f"{found}; {why}.")


def release(calls: Figure, to_teacher: Comparison | None, to_base: Comparison | None) -> Verdict:
    """Whether the tuned student can take the teacher's place; without a teacher, the gate.

    DEPLOY: it passes the gate, and the interval of the difference to the teacher stays above -0.05.
    ESCALATE: all of its interval is below 0.60, or it is surely more than 0.05 below the teacher and no gain
    over the untuned student is shown. RETUNE: anything between.
    """
    subject = "tuned student"
    own = gate(subject, calls)
    if to_teacher is None or to_teacher.difference is None:
        return own
    gap = to_teacher.difference
    beside = f"{points(gap.value)} points to the teacher (95 %: {points(gap.low)} to {points(gap.high)})"
    near, far = gap.low >= -TEACHER_MARGIN, gap.high < -TEACHER_MARGIN
    gained = to_base is None or _won(to_base)
    if near and own.word == "PROCEED":
        word, why = "DEPLOY", "so it is not more than 5 points below"
    elif own.word == "RETHINK":
        word, why = "ESCALATE", "and too few calls are right by any reading"
    elif far and not gained:
        word, why = "ESCALATE", "and no gain over the untuned student is shown"
    elif near:
        word, why = "RETUNE", "so it keeps up with its teacher, but that is not yet enough"
    else:
        word, why = "RETUNE", "so it is too far below" if far else "so 5 points below cannot be ruled out"
    return Verdict(subject=subject, word=word, because=f"{own.because} {beside}, {why}.")


def _won(comparison: Comparison) -> bool:
    over = comparison.conversations
    return over.wins > over.losses and over.p < SURE


def points(value: float) -> str:
    """A difference of shares in percentage points, signed."""
    return f"{value * 100:+.1f}".replace("-", "\N{MINUS SIGN}")
