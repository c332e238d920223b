"""Situations: the closed list of what a generated conversation can be a case of.

Each has a sentence for a teacher's prompt, what it needs of a job, its default share, and a test that sees whether
it is in a conversation. To add one: one entry, and how its turns are laid out in `layouts.py`.
"""

from collections.abc import Callable, Mapping

import msgspec

from callwright.conversation import Conversation
from callwright.generate import showing
from callwright.generate.traits import Traits

Shown = Callable[[Conversation], bool]


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """One case."""

    name: str
    sentence: str
    """What happens, for the prompt of a teacher."""
    share: float
    """Of all conversations by default, before what a job forbids is taken out."""
    needs: tuple[str, ...] = ()
    """Fields of `Traits` that must hold."""
    calls: bool = True
    """Whether a call is made at its heart; else it has no tool of its own."""
    takes: str = ""
    """What the tool at its heart must take: `said`, a parameter that people say; `required`, one that must be given."""
    shown: Shown | None = None
    """Whether a conversation has it, told without a model; None: it cannot be told so."""
    english: bool = False
    """Whether the test reads English words, and so says nothing of other languages."""
    untold: str = ""
    """Why there is no test."""


_LIST = (
    Situation(
        name="ordinary",
        sentence="The user asks for something and gives all that is needed; the assistant makes the right call.",
        share=0.28,
        shown=showing.ordinary,
    ),
    Situation(
        name="missing-argument",
        sentence="The user leaves out something that the call requires. The assistant asks for it instead of guessing,"
        " the user gives it in the next turn, and only then the call is made.",
        share=0.12,
        needs=("replies", "several_turns"),
        takes="required",
        shown=showing.missing_argument,
    ),
    Situation(
        name="carried-over",
        sentence="A value that the call needs was said or returned in an earlier turn; the user does not repeat it, and"
        " the assistant takes it from there.",
        share=0.09,
        needs=("several_turns",),
        takes="said",
        shown=showing.carried_over,
    ),
    Situation(
        name="pronoun",
        sentence="The user points back with a word such as it, that, there, them or the second one instead of"
        " naming the thing; the assistant works out what is meant.",
        share=0.08,
        needs=("several_turns",),
        takes="said",
        shown=showing.pronoun,
        english=True,
    ),
    Situation(
        name="correction",
        sentence="After a call the user says that a value was wrong and gives the right one; the same tool is called"
        " again with the corrected value, everything else as before.",
        share=0.09,
        needs=("several_turns",),
        takes="said",
        shown=showing.correction,
        english=True,
    ),
    Situation(
        name="change-of-mind",
        sentence="The user drops what they have just asked for and says so (never mind, forget that, instead), and"
        " wants something else, which the assistant then does.",
        share=0.05,
        needs=("several_turns",),
        shown=showing.change_of_mind,
        english=True,
    ),
    Situation(
        name="two-requests",
        sentence="One message of the user holds two different requests; both calls are made before the user"
        " speaks again.",
        share=0.05,
        needs=("results",),
        shown=showing.two_requests,
    ),
    Situation(
        name="parallel-calls",
        sentence="One message of the user needs two or more calls that do not depend on each other; the assistant makes"
        " all of them in one turn.",
        share=0.05,
        needs=("several_calls",),
        shown=showing.parallel_calls,
    ),
    Situation(
        name="tool-error",
        sentence="The tool answers with an error. The assistant says plainly what failed and what can be done; it does"
        " not pretend that it worked.",
        share=0.04,
        needs=("results", "replies"),
        shown=showing.tool_error,
    ),
    Situation(
        name="empty-result",
        sentence="The tool finds nothing and returns an empty result. The assistant says so and offers what could be"
        " tried instead; it makes nothing up.",
        share=0.04,
        needs=("results", "replies"),
        shown=showing.empty_result,
    ),
    Situation(
        name="already-known",
        sentence="The user asks something that an earlier result already answers; the assistant answers from it,"
        " without a new call.",
        share=0.04,
        needs=("results", "replies", "several_turns"),
        calls=False,
        shown=showing.already_known,
        english=True,
    ),
    Situation(
        name="out-of-scope",
        sentence="The user wants something that none of the tools can do. The assistant says that it cannot do that,"
        " says what it can do, and makes no call.",
        share=0.03,
        needs=("replies",),
        calls=False,
        shown=showing.out_of_scope,
        english=True,
    ),
    Situation(
        name="near-miss",
        sentence="The user's wording sounds like one tool, and what they want is another one that is like it; the right"
        " one is called.",
        share=0.03,
        needs=("two_tools",),
        untold="which tool a wording nearly means is a matter of meaning",
    ),
    Situation(
        name="small-talk",
        sentence="The user greets, thanks or chats in one message; the assistant replies shortly and kindly, without a"
        " call.",
        share=0.02,
        needs=("replies",),
        calls=False,
        shown=showing.small_talk,
        english=True,
    ),
)
SITUATIONS: dict[str, Situation] = {situation.name: situation for situation in _LIST}
"""Name -> situation, all there are."""


def shares(traits: Traits, chosen: Mapping[str, float] | None = None) -> dict[str, float]:
    """Situation -> its share of the plan, those that the job allows alone, adding up to one.

    `chosen`: weights in place of the defaults; where any is given, a situation that is not named has its default.
    """
    chosen = chosen or {}
    weights = {
        name: chosen.get(name, situation.share)
        for name, situation in SITUATIONS.items()
        if traits.allow(situation.needs)
    }
    total = sum(weights.values())
    if total <= 0:  # all that is allowed was set to nothing
        return {"ordinary": 1.0}
    return {name: weight / total for name, weight in weights.items() if weight > 0}
