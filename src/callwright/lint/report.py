"""The report of a check: what was read, what was found, how the set is made up; for the page and the tables."""

import msgspec

from callwright.checks.rules import Finding, Rule
from callwright.checks.statistics import Statistics
from callwright.errors import Fault


class FileSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was read."""

    path: str
    rows: int
    """All of it, those that could not be read included."""
    unreadable: int = 0
    errors: int = 0
    """Findings of that severity, not rows."""
    warnings: int = 0
    forms: tuple[str, ...] = ()
    """Names of the forms that its rows have."""
    test: bool = False
    """Whether its rows are the test set, held beside the others."""


class Excerpt(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a conversation."""

    name: str
    """Where it stands: `train.jsonl:12`."""
    text: str


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """A finding where it stands in its file."""

    finding: Finding
    file: str
    """Empty where the finding is about the whole set."""
    line: int = 0
    """From 1; 0: the whole file."""
    column: int = 0
    """From 1; 0: not known."""
    path: str
    """In the row as the file spells it, which may differ from `finding.path`."""
    excerpt: str = ""
    """The text at the place, a short window around the words."""
    related: tuple[Excerpt, ...] = ()
    """The same of the conversations that `finding.related` names."""


class CodeSummary(msgspec.Struct, frozen=True, kw_only=True):
    """All findings of one code."""

    rule: Rule
    count: int
    """Of all, those not shown included."""
    errors: int = 0
    """How many of them are errors, as the job judges."""
    shown: tuple[Placed, ...] = ()
    """The first of them."""
    fixable: int = 0
    """How many `--fix` would put right."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    files: tuple[FileSummary, ...]
    codes: tuple[CodeSummary, ...]
    """Those that were found."""
    faults: tuple[Fault, ...] = ()
    """The first of what could not be read; all of it is counted in `files`."""
    statistics: Statistics | None = None
    test_statistics: Statistics | None = None
