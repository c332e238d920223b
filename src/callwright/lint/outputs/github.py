"""`github`: workflow commands, which GitHub shows as annotations beside the files."""

from collections.abc import Iterable, Iterator

from callwright.lint.report import Placed
from callwright.lint.summary import Summary


def write(found: Iterable[Placed], summary: Summary) -> Iterator[str]:
    """One command for each finding."""
    for placed in found:
        finding = placed.finding
        properties = {"file": placed.file, "line": str(placed.line or ""), "title": finding.code}
        given = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
        at = f"{placed.path}: " if placed.path not in ("", "$") else ""
        yield f"::{finding.severity} {given}::{_data(at + finding.message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
