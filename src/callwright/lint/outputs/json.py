"""`json`: an array of findings, an object each, written as they are found."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from callwright.lint.report import Placed
from callwright.lint.summary import Summary


def write(found: Iterable[Placed], summary: Summary) -> Iterator[str]:
    """One finding a line, so that the array can also be read line by line."""
    between = "[\n"
    for placed in found:
        yield between + encoded(_object(placed))
        between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"


def _object(placed: Placed) -> dict[str, Any]:
    finding = placed.finding
    return {
        "place": f"{placed.file}:{placed.line}" if placed.line else placed.file,
        "file": placed.file,
        "line": placed.line,
        "path": placed.path,
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "words": finding.words,
        "related": finding.related,
        "fixable": finding.fix is not None,
    }


def encoded(value: Any) -> str:
    """The JSON of a value; what UTF-8 cannot say (half a surrogate pair) is replaced."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return msgspec.json.encode(_sayable(value)).decode()


def _sayable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {_sayable(key): _sayable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_sayable(inner) for inner in value]
    return value
