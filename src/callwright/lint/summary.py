"""Summary: what is counted while findings stream by, and remembered of the first of each code."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from callwright.checks import rules
from callwright.lint.report import CodeSummary, FileSummary, Placed


class CodeCount(msgspec.Struct):
    """Findings of one code."""

    count: int = 0
    errors: int = 0
    rows: int = 0
    fixable: int = 0
    shown: list[Placed] = msgspec.field(default_factory=list)
    last: tuple[str, int] = ("", 0)
    """File and line of the last, since findings of one row follow each other."""


class FileCount(msgspec.Struct):
    """Rows and findings of one file."""

    rows: int = 0
    unreadable: int = 0
    errors: int = 0
    warnings: int = 0
    forms: dict[str, None] = msgspec.field(default_factory=dict)
    test: bool = False


KEPT = 50
"""Findings of a code that are remembered."""


class Summary:
    """Counts by file and by code; `limit`: findings of each code that are shown."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.files: dict[Path, FileCount] = {}
        self.codes: dict[str, CodeCount] = {}

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files.values())

    @property
    def errors(self) -> int:
        return sum(code.errors for code in self.codes.values())

    @property
    def warnings(self) -> int:
        return sum(code.count - code.errors for code in self.codes.values())

    @property
    def fixable(self) -> int:
        return sum(code.fixable for code in self.codes.values())

    def wanted(self, code: str) -> bool:
        """Whether the next finding of that code will be shown, and so should have its excerpt."""
        known = self.codes.get(code)
        return known is None or known.count < self.limit

    def file(self, path: Path, *, test: bool) -> None:
        """A file that will be read."""
        self.files[path] = FileCount(test=test)

    def row(self, path: Path, form: str, *, readable: bool) -> None:
        """A row that was read, or could not be."""
        file = self.files[path]
        file.rows += 1
        file.unreadable += not readable
        if form:
            file.forms[form] = None

    def finding(self, path: Path | None, placed: Placed) -> None:
        """A finding; `path` is the file whose it is, if it is of one."""
        finding = placed.finding
        error = finding.severity == "error"
        code = self.codes.setdefault(finding.code, CodeCount())
        code.count += 1
        code.errors += error
        code.fixable += finding.fix is not None
        if code.last != (here := (placed.file, placed.line)) or not placed.line:
            code.rows += 1
            code.last = here
        if len(code.shown) < min(self.limit, KEPT):
            code.shown.append(placed)
        if path in self.files:
            self.files[path].errors += error
            self.files[path].warnings += not error

    def of_files(self) -> tuple[FileSummary, ...]:
        """The files as the report has them."""
        return tuple(
            FileSummary(
                path=str(path),
                rows=file.rows,
                unreadable=file.unreadable,
                errors=file.errors,
                warnings=file.warnings,
                forms=tuple(file.forms),
                test=file.test,
            )
            for path, file in self.files.items()
        )

    def of_codes(self) -> tuple[CodeSummary, ...]:
        """The codes that were found, in the order of the families."""
        known = rules()
        found: Iterable[str] = (code for code in known if code in self.codes)
        return tuple(
            CodeSummary(
                rule=known[code],
                count=self.codes[code].count,
                errors=self.codes[code].errors,
                shown=tuple(self.codes[code].shown),
                fixable=self.codes[code].fixable,
            )
            for code in found
        )
