"""JSON as the standard has it: what Python's parser lets pass or would crash on is refused with its place."""

import json
import math
from typing import NoReturn

from callwright.conversation import Json

DEEPEST = 100
"""Levels of nesting that are read; what comes after (schemas, templates, writers) recurses once a level."""


class JsonFault(ValueError):
    """Text that is no JSON, or cannot be kept; `line` and `column` count from 1, 0: there is no place."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


def parse(text: str) -> Json:
    """The value of `text`. Numbers keep their kind and size; raises `JsonFault`.

    Refused beyond bad syntax: NaN and Infinity, numbers too large for a float, a key given twice in one
    object, half a surrogate pair, nesting deeper than `DEEPEST`.
    """
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise JsonFault(_said(text, error), error.lineno, error.colno) from error
    except RecursionError as error:
        raise JsonFault(f"nested deeper than {DEEPEST} levels") from error
    # Only text with an escaped surrogate can hold half a pair, only one with many brackets can be deep.
    if "\\ud" in text or "\\uD" in text:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise JsonFault("half a surrogate pair (`\\ud83d` without its second half)") from error
    if text.count("[") + text.count("{") > DEEPEST:
        _check_depth(value)
    return value


def _said(text: str, error: json.JSONDecodeError) -> str:
    if not text.strip():
        return "nothing at all"
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return f"text that ends too early: {error.msg}"
    rest = text[error.pos : error.pos + 20].split("\n", maxsplit=1)[0]
    after_comma = text[: error.pos].rstrip().endswith(",") or "trailing comma" in error.msg
    if after_comma and text[error.pos :].lstrip(" ,\t\r\n")[:1] in ("}", "]"):
        return "a comma after the last item"
    return f"{error.msg.removesuffix(' at')} at `{rest}`"


def _constant(name: str) -> NoReturn:
    raise JsonFault(f"`{name}`, which is no JSON number")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise JsonFault(f"`{text}`, a number too large to keep")
    return value


def _int(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:  # Python converts no more than 4,300 digits
        raise JsonFault(f"a number of {len(text):,} digits") from error


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise JsonFault(f"the key `{twice}` twice in one object")
    return value


_DECODER = json.JSONDecoder(
    parse_constant=_constant, parse_float=_float, parse_int=_int, object_pairs_hook=_object
)


def _check_depth(value: Json) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise JsonFault(f"nested deeper than {DEEPEST} levels")


def _inside(value: Json) -> list[Json]:
    inner = value.values() if isinstance(value, dict) else value
    return [item for item in inner if isinstance(item, dict | list)] if isinstance(value, dict | list) else []
