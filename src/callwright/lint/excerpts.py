"""Excerpts: the text at a place of a row, a window around the words that matter, fit for a terminal."""

import json
import re
import unicodedata
from typing import NamedTuple

import msgspec
import orjson

from callwright.conversation import Json

WIDTH = 100
"""Columns of an excerpt."""
LEAD = 30
"""Columns before the words, where the text is longer than the window."""
_KEYS = re.compile(r'\.([^.\[\]"]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]')


class At(NamedTuple):
    """What stands at a place."""

    value: Json
    key: str = ""
    """The name it has in the object around it."""


def keys_of(path: str) -> list[str | int]:
    """`$.items[0]["a b"]` as `["items", 0, "a b"]`."""
    found: list[str | int] = []
    for name, index, quoted in _KEYS.findall(path.removeprefix("$")):
        found.append(int(index) if index else json.loads(quoted) if quoted else name)
    return found


def row_value(raw: bytes) -> Json:
    """The value of a raw row; where it has none, its text."""
    try:
        return orjson.loads(raw)
    except ValueError:
        pass
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return raw.decode(errors="replace").strip()


def at(row: Json, path: str) -> At:
    """What stands at `path`, strings of JSON looked into; the nearest around it where nothing does."""
    here = At(row)
    for key in keys_of(path):
        value = _opened(here.value)
        if isinstance(value, dict):
            known = key in value
        else:
            known = isinstance(value, list) and isinstance(key, int) and key < len(value)
        if not known:
            return here
        here = At(value[key], key if isinstance(key, str) else "")
    return here


def _opened(value: Json) -> Json:
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return msgspec.json.decode(value)
    except (ValueError, RecursionError):
        return value


def excerpt(raw: bytes, path: str, words: str = "") -> str:
    """One line that shows what stands at `path` of a raw row, with `words` in sight where they are there."""
    if path == "$" and not words:
        return ""
    value, key = at(row_value(raw), path)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if key and not (words and isinstance(value, str) and words != value):  # a passage of a text needs no name
        text = f"{json.dumps(key, ensure_ascii=False)}: {json.dumps(value, ensure_ascii=False)}"
    spelled = json.dumps(words, ensure_ascii=False)[1:-1]
    return visible(_window(text, text.find(words if words in text else spelled) if words else 0))


def excerpt_at(raw: bytes, column: int) -> str:
    """One line that shows the text of a raw row around a column, from 1."""
    return visible(_window(raw.decode(errors="replace").rstrip(), column - 1))


def clipped(text: str) -> str:
    """One line with the beginning of a text."""
    return visible(_window(text.strip(), 0))


def _window(text: str, start: int) -> str:
    """The part of a long text around its character `start`; -1: its beginning."""
    if len(text) <= WIDTH:
        return text
    begin = 0 if start < WIDTH - LEAD else start - LEAD
    end = begin + WIDTH
    return ("…" if begin else "") + text[begin:end] + ("…" if end < len(text) else "")


_MARKS = {"\n": "⏎", "\r": "⏎", "\t": "⇥"}


def visible(text: str) -> str:
    """The text in one line, nothing in it that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else _MARKS.get(character) or f"\\u{ord(character):04x}"
        for character in text
    )


def underline(excerpt: str, words: str) -> str:
    """The line below an excerpt that marks `words`, or all of it where there are none; empty: they are not in it."""
    if not words:
        return "" if "…" in (excerpt[:1], excerpt[-1:]) else "^" * cells(excerpt)
    plain = visible(words)
    for spelled in (plain, json.dumps(plain, ensure_ascii=False)[1:-1]):
        if spelled in excerpt:
            return " " * cells(excerpt[: excerpt.index(spelled)]) + "^" * cells(spelled)
    head = plain[:LEAD]
    if head not in excerpt:
        return ""
    start = excerpt.index(head)  # words that are longer than the window
    return " " * cells(excerpt[:start]) + "^" * cells(excerpt[start:])


def caret(excerpt: str, column: int) -> str:
    """The line below an `excerpt_at` that marks its column."""
    before = LEAD + 1 if excerpt.startswith("…") else column - 1
    return " " * cells(excerpt[:before]) + "^"


def cells(text: str) -> int:
    """Columns that a terminal gives to a text."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )
