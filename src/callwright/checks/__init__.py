"""Checks: what is wrong with conversations, said as findings.

A family of rules is a file of its own with a `CHECK` (one conversation by itself), named in `CHECKS`, or a `Fold`
(a whole set), named in `FOLDS`. To add one: one file, one line; its pages appear by themselves.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from callwright.checks.rules import Check, Finding, Fold, Rule
from callwright.checks.subject import Context, Subject
from callwright.conversation import Conversation
from callwright.registry import Registry, near

__all__ = [
    "CHECKS",
    "FOLDS",
    "Check",
    "Context",
    "Examined",
    "Examiner",
    "Finding",
    "Fold",
    "Ledger",
    "Rule",
    "Subject",
    "check_all",
    "errors",
    "findings",
    "rules",
    "unknown",
]

CHECKS: Registry[Check] = Registry(
    "check",
    {
        "format": "callwright.checks.format:CHECK",
        "structure": "callwright.checks.structure:CHECK",
        "arguments": "callwright.checks.arguments:CHECK",
        "grounding": "callwright.checks.grounding:CHECK",
        "results": "callwright.checks.results:CHECK",
        "length": "callwright.checks.length:CHECK",
        "repetition": "callwright.checks.repetition:CHECK",
        "user": "callwright.checks.user:CHECK",
        "markup": "callwright.checks.markup:CHECK",
    },
)

FOLDS: Registry[type[Fold]] = Registry(
    "check over a set",
    {
        "duplicates": "callwright.checks.duplicates:Duplicates",
        "leakage": "callwright.checks.leakage:Leakage",
        "user": "callwright.checks.user:Openings",
        "tools": "callwright.checks.tools:Tools",
        "balance": "callwright.checks.balance:Balance",
    },
)


def rules() -> dict[str, Rule]:
    """Code -> rule, of every family, in the order of the tables."""
    families = [check.rules for check in CHECKS.values()] + [fold.rules for fold in FOLDS.values()]
    return {rule.code: rule for family in families for rule in family}


def unknown(names: Iterable[str]) -> dict[str, str]:
    """Each of `names` that is neither a code nor a family -> the near one."""
    known = ["all", *CHECKS, *FOLDS, *rules()]
    return {name: near(name, known) for name in names if name not in known}


class Examined(NamedTuple):
    """What one look at a conversation gives."""

    findings: list[Finding]
    keys: tuple[Any, ...]
    """What the folds need to know of it; for `Ledger.add`."""


class Examiner:
    """Looks at one conversation after the other, each by itself; the part that any process can do."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._wanted = {code for code, rule in rules().items() if context.wants(code, selected=rule.selected)}
        self._looks = [check.look for check in CHECKS.values() if self._any(check.rules)]
        self._keys = [
            fold.key if self._any(fold.rules) and (context.tested or not fold.about_test) else None
            for fold in FOLDS.values()
        ]

    def _any(self, of: Iterable[Rule]) -> bool:
        return any(rule.code in self._wanted for rule in of)

    def examine(self, conversation: Conversation) -> Examined:
        """Everything that any check says of it by itself, and the keys of the folds."""
        subject = Subject(conversation, self.context)
        found = [finding for look in self._looks for finding in look(subject)]
        return Examined(
            self.judged(found, conversation) if found else found,
            tuple(key(subject) if key else None for key in self._keys),
        )

    def judged(self, found: Iterable[Finding], conversation: Conversation | None = None) -> list[Finding]:
        """Those that are asked for, as severe as the job says.

        A conversation may ask to be spared: `metadata.ignore_checks`, a list of codes or families.
        """
        spared = conversation.metadata.get("ignore_checks") if conversation else None
        context = Context(ignore=tuple(map(str, spared))) if isinstance(spared, list) else None
        return [
            self._severe(finding)
            for finding in found
            if finding.code in self._wanted and (context is None or context.wants(finding.code))
        ]

    def _severe(self, finding: Finding) -> Finding:
        severity = self.context.severity
        if not severity:
            return finding
        family = finding.code.partition("-")[0]
        chosen = severity.get(finding.code, severity.get(family, finding.severity))
        return msgspec.structs.replace(finding, severity=chosen)


class Ledger:
    """Remembers what it is told, one conversation after the other, and says what is to be said of the set."""

    def __init__(self, context: Context) -> None:
        self.folds = [fold(context) for fold in FOLDS.values()]

    def hold(self, keys: tuple[Any, ...], name: str) -> None:
        """A test conversation; all of them before any `add`."""
        for fold, key in zip(self.folds, keys, strict=True):
            if key is not None:
                fold.hold(key, name)

    def add(self, keys: tuple[Any, ...], name: str) -> list[Finding]:
        """The next conversation."""
        found: list[Finding] = []
        for fold, key in zip(self.folds, keys, strict=True):
            if key is not None:
                found += fold.add(key, name)
        return found

    def close(self) -> list[Finding]:
        """What is to be said of the whole."""
        return [finding for fold in self.folds for finding in fold.close()]


def findings(conversation: Conversation, context: Context) -> list[Finding]:
    """Everything that any check says of `conversation` by itself."""
    return Examiner(context).examine(conversation).findings


def check_all(
    conversations: Iterable[Conversation], context: Context, test: Iterable[Conversation] = ()
) -> Iterator[tuple[Conversation, list[Finding]]]:
    """Each conversation, in order, with everything that any check says of it; streamed.

    A row that repeats an earlier one of `conversations`, or that gives away one of `test`, is told so too.
    """
    rows = list(test)
    context = msgspec.structs.replace(context, tested=bool(rows))
    examiner, ledger = Examiner(context), Ledger(context)
    for number, conversation in enumerate(rows, start=1):
        ledger.hold(examiner.examine(conversation).keys, name_of(conversation, f"test row {number}"))
    for number, conversation in enumerate(conversations, start=1):
        found, keys = examiner.examine(conversation)
        said = ledger.add(keys, name_of(conversation, f"conversation {number}"))
        yield conversation, found + examiner.judged(said, conversation) if said else found


def name_of(conversation: Conversation, otherwise: str) -> str:
    """How a conversation is called when another speaks of it."""
    return conversation.origin or conversation.id or otherwise


def errors(found: Iterable[Finding]) -> list[Finding]:
    """Those that keep a row out."""
    return [finding for finding in found if finding.severity == "error"]
