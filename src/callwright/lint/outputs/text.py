"""`text`: like a compiler, for people; in colour, which is taken away where there is no terminal."""

from collections.abc import Iterable, Iterator

from callwright.checks import rules
from callwright.lint.excerpts import caret, underline, visible
from callwright.lint.report import Placed
from callwright.lint.summary import Summary

RED, YELLOW, BOLD, DIM, OFF = "\033[31m", "\033[33m", "\033[1m", "\033[2m", "\033[0m"


def write(found: Iterable[Placed], summary: Summary) -> Iterator[str]:
    """Each finding with its excerpt, the first of each code; then how many there are of each."""
    for placed in found:
        if summary.codes[placed.finding.code].count <= summary.limit:
            yield _finding(placed)
    for code, counted in summary.codes.items():
        if counted.count > summary.limit:
            yield f"… {counted.count - summary.limit:,} more of {code}; --all shows them\n"
    if summary.codes:
        yield "\n" + _table(summary) + "\n" + total(summary) + "\n"


def _finding(placed: Placed) -> str:
    finding = placed.finding
    place = f"{placed.file}:{placed.line}" if placed.line else placed.file or "all rows"
    colour = RED if finding.severity == "error" else YELLOW
    at = f" at {visible(placed.path)}" if placed.path not in ("", "$") else ""
    lines = [
        f"{BOLD}{visible(place)}:{OFF} {colour}{finding.severity}{OFF} {BOLD}{finding.code}{OFF}{at}",
        f"  {visible(finding.message)}",
    ]
    if placed.excerpt:
        lines.append(f"  {DIM}|{OFF} {placed.excerpt}")
        if marks := _marks(placed):
            lines.append(f"  {DIM}|{OFF} {colour}{marks}{OFF}")
    lines += [f"  {DIM}= see {visible(name)}{OFF}" for name in finding.related]
    return "\n".join(lines) + "\n"


def _marks(placed: Placed) -> str:
    if placed.finding.related and placed.path == "$":
        return ""
    if placed.column:
        return caret(placed.excerpt, placed.column)
    return underline(placed.excerpt, placed.finding.words)


def _table(summary: Summary) -> str:
    heads = ("code", "severity", "findings", "rows", "fixable")
    known = list(rules())
    texts = [
        (
            code,
            "error" if one.errors == one.count else "warning" if not one.errors else "both",
            f"{one.count:,}",
            f"{one.rows:,}",
            f"{one.fixable:,}" if one.fixable else "",
        )
        for code, one in sorted(summary.codes.items(), key=lambda item: known.index(item[0]))
    ]
    widths = [max(map(len, column)) for column in zip(heads, *texts, strict=True)]

    def line(cells: Iterable[str]) -> str:
        pairs = enumerate(zip(cells, widths, strict=True))
        return "  ".join(f"{cell:<{w}}" if at < 2 else f"{cell:>{w}}" for at, (cell, w) in pairs).rstrip()

    return "\n".join([BOLD + line(heads) + OFF, *map(line, texts)]) + "\n"


def total(summary: Summary) -> str:
    """One line: how much of what, and what can be done."""
    said = (
        f"{_many(summary.errors, 'error')}, {_many(summary.warnings, 'warning')}"
        f" in {_many(len(summary.files), 'file')}, {_many(summary.rows, 'row')}"
    )
    return f"{said}; {summary.fixable:,} can be fixed with --fix" if summary.fixable else said


def _many(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"
