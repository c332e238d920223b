"""Checks: what is wrong with a conversation, said as findings.

A check is a function `(Conversation, Context) -> Iterable[Finding]` in a file of its own, named in `CHECKS`.
To add one: one file, one line. Checks over a whole set are folds, named in `FOLDS`: they see one conversation
after the other and remember (`duplicates`), or hold the test rows (`leakage`). `check_all` joins everything.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec

from callwright.conversation import Conversation
from callwright.registry import Registry


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a check says of one conversation."""

    code: str
    """Stable name, `set-subject`, such as `arguments-schema`."""
    path: str
    """JSON path in the conversation as messages, such as `$.messages[3].tool_calls[0].arguments.city`."""
    message: str
    severity: Literal["error", "warning"] = "error"
    """An error keeps the row out of training; a warning is shown and counted."""
    fix: Conversation | None = None
    """The conversation put right, where that is safe."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a check may know beyond the conversation."""

    carries_results: bool = True
    """False for the question/answer form of a job folder: it has no tool results and is not blamed for it."""
    single_call: bool = False
    """Whether the job allows one call a turn only."""
    max_characters: int = 0
    """Longest conversation allowed, in characters of its text; 0: no limit."""


Check = Callable[[Conversation, Context], Iterable[Finding]]

CHECKS: Registry[Check] = Registry(
    "check",
    {
        "structure": "callwright.checks.structure:check",
        "arguments": "callwright.checks.arguments:check",
        "length": "callwright.checks.length:check",
    },
)


Fold = Callable[[Conversation], Finding | None]

FOLDS: Registry[Callable[[Iterable[Conversation]], Fold]] = Registry(
    "check over a set",
    {
        "duplicates": "callwright.checks.duplicates:Seen",
        "leakage": "callwright.checks.leakage:Leakage",
    },
)
"""Name -> what makes the fold, given the test conversations."""


def findings(conversation: Conversation, context: Context) -> list[Finding]:
    """Everything that any check says of `conversation` by itself."""
    return [finding for check in CHECKS.values() for finding in check(conversation, context)]


def check_all(
    conversations: Iterable[Conversation], context: Context, test: Iterable[Conversation] = ()
) -> Iterator[tuple[Conversation, list[Finding]]]:
    """Each conversation, in order, with everything that any check says of it; streamed.

    A row that repeats an earlier one of `conversations`, or that gives away one of `test`, is told so too.
    """
    rows = list(test)
    checks = list(CHECKS.values())
    folds = [make(rows) for make in FOLDS.values()]
    for conversation in conversations:
        found = [finding for check in checks for finding in check(conversation, context)]
        found += [finding for fold in folds if (finding := fold(conversation)) is not None]
        yield conversation, found


def errors(found: Iterable[Finding]) -> list[Finding]:
    """Those that keep a row out."""
    return [finding for finding in found if finding.severity == "error"]
