"""Sifting: which written conversations are kept, by everything that can be told without a model."""

from collections.abc import Iterable
from typing import Any

import msgspec

from callwright.checks import Context, Examined, Examiner, Finding, Ledger
from callwright.checks import name_of as named
from callwright.conversation import Conversation, UserMessage
from callwright.generate import showing
from callwright.generate.plan import Scenario
from callwright.generate.situations import SITUATIONS

STRICT = ("grounding-", "duplicates-near", "leakage-", "results-error-ignored")
"""Warnings that keep a generated row out all the same. In a user's own row a value from nowhere may be right, and
only they know; in a generated one there is nothing behind it, and what it teaches is to invent."""

MISSING = "situation-missing"


class Sieve:
    """Looks at one conversation after the other.

    `look` tells what is wrong with one by itself, in any order; `hold` and `admit` are about the set, in its order.
    """

    def __init__(self, context: Context, *, similarity: float) -> None:
        """`similarity`: how much alike near duplicates are, `synthgen.validation_similarity_threshold`."""
        self._context = msgspec.structs.replace(context, similarity=similarity)
        self._examiner = Examiner(self._context)
        self._ledger = Ledger(self._context)
        self._english = True

    def hold(self, test: Iterable[Conversation], examples: Iterable[Conversation]) -> None:
        """Test rows, which nothing may give away, then the examples, which nothing may repeat."""
        for number, row in enumerate(test, start=1):
            self._ledger.hold(self._examiner.examine(row).keys, named(row, f"test row {number}"))
        rows = list(examples)
        said = [m.content for row in rows for m in row.messages if isinstance(m, UserMessage)]
        self._english = showing.english(said)
        for number, row in enumerate(rows, start=1):
            self._ledger.add(self._examiner.examine(row).keys, named(row, f"example {number}"))

    def look(self, scenario: Scenario, conversation: Conversation) -> Examined:
        """What is wrong with it by itself, its situation not being in it among that; and its keys, for `admit`."""
        found, keys = self._examiner.examine(conversation)
        situation = SITUATIONS[scenario.situation]
        told = situation.shown if self._english or not situation.english else None
        if told and not told(conversation):
            why = f"the situation `{scenario.situation}` cannot be seen in it"
            found = [*found, Finding(code=MISSING, path="$", message=why)]
        return Examined(found, keys)

    def admit(self, conversation: Conversation, keys: tuple[Any, ...], name: str) -> list[Finding]:
        """The next of the set: what is to be said of it beside those before."""
        return self._examiner.judged(self._ledger.add(keys, name), conversation)


def fatal(found: Iterable[Finding]) -> list[Finding]:
    """The findings that keep a generated conversation out."""
    return [one for one in found if one.severity == "error" or one.code.startswith(STRICT)]
