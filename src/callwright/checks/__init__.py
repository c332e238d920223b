"""Checks: what is wrong with a conversation, said as findings.

A check is a function `(Conversation, Context) -> Iterable[Finding]` in a file of its own, named in `CHECKS`.
To add one: one file, one line. Checks over a whole set (duplicates, leakage) are folds: see `duplicates`, `leakage`.
"""

from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from callwright.conversation import Conversation
from callwright.registry import Registry


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a check says of one conversation."""

    code: str
    """Stable name, `set-subject`, such as `arguments-schema`."""
    path: str
    """JSON path in the conversation as OpenAI messages, such as `$.messages[3].tool_calls[0].arguments.city`."""
    message: str
    severity: Literal["error", "warning"] = "error"
    """An error keeps the row out of training; a warning is shown and counted."""
    fix: Conversation | None = None
    """The conversation put right, where that is safe."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a check may know beyond the conversation."""

    carries_results: bool = True
    """False for the question/answer form of a job folder, which has no tool results and is not blamed for it."""
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


def findings(conversation: Conversation, context: Context) -> list[Finding]:
    """Everything that any check says of `conversation`."""
    return [finding for check in CHECKS.values() for finding in check(conversation, context)]
