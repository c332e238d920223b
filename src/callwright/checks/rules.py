"""Rules: what can be wrong, one stable code each, with the page that explains it; checks and folds find it.

A check looks at one conversation by itself; a fold at all of a set, one after the other.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Literal, TypeAlias

import msgspec

from callwright.checks.subject import Context, Subject
from callwright.conversation import Conversation

Severity: TypeAlias = Literal["error", "warning"]
Fix: TypeAlias = Callable[[Conversation], Conversation]
"""Puts one place right; given the conversation as the fixes before it have left it."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a check says of one conversation, or of a whole set."""

    code: str
    """Stable name, `set-subject`, such as `arguments-schema`."""
    path: str
    """JSON path in the conversation as messages, such as `$.messages[3].tool_calls[0].arguments.city`; `$`: all
    of it."""
    message: str
    severity: Severity = "error"
    """An error keeps the row out of training; a warning is shown and counted."""
    words: str = ""
    """The offending words, as they stand in the conversation; empty where the place says all."""
    related: tuple[str, ...] = ()
    """Names of other conversations that belong to this: the first of two duplicates, the test row given away."""
    fix: Fix | None = None
    """Where it is safe to put right without asking."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be wrong, and its page of the documentation."""

    code: str
    title: str
    """A line, lower case, that completes "here": `a call has no result`."""
    why: str
    """A paragraph: what it does to a model or an API, what counts and what does not, what to do."""
    bad: tuple[Conversation, ...]
    """What is found; for a fold the rows of a file."""
    good: tuple[Conversation, ...]
    """The same, right: every check is silent on it."""
    test: tuple[Conversation, ...] = ()
    """Test rows beside `bad` and `good`, where the rule is about them."""
    context: Context = Context()
    """In which the examples are judged."""
    severity: Severity = "error"
    selected: bool = True
    """Whether it is looked for when nobody says what to look for."""

    def at(
        self,
        path: str,
        message: str,
        *,
        words: str = "",
        related: tuple[str, ...] = (),
        fix: Fix | None = None,
    ) -> Finding:
        """A finding of this rule."""
        return Finding(
            code=self.code,
            path=path,
            message=message,
            severity=self.severity,
            words=words,
            related=related,
            fix=fix,
        )


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A family of rules that one look at a conversation decides."""

    rules: tuple[Rule, ...]
    look: Callable[[Subject], Iterable[Finding]]
    """Pure; sees nothing but its subject, so that rows can be checked in any order and any process."""


class Fold(ABC):
    """A family of rules about a whole set.

    `key` is the part that costs, pure and made where the row is, perhaps in another process; keys are small and can
    be pickled. `add` takes the keys in the order of the rows, in one place.
    """

    rules: ClassVar[tuple[Rule, ...]]
    about_test: ClassVar[bool] = False
    """Whether it has something to say only where there are test rows."""

    def __init__(self, context: Context) -> None:
        self.context = context

    @classmethod
    @abstractmethod
    def key(cls, subject: Subject) -> Any:
        """What `add` needs to know of a conversation."""

    def hold(self, key: Any, name: str) -> None:
        """A test conversation, before any `add`."""
        return

    @abstractmethod
    def add(self, key: Any, name: str) -> Iterable[Finding]:
        """What is to be said of the next conversation; `name` tells it from others, such as `train.jsonl:12`."""

    def close(self) -> Iterable[Finding]:
        """What is to be said of the whole, after the last `add`."""
        return ()
