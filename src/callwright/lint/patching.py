"""Patching: a row changed as little as its conversation was, and what of it has changed."""

import json
from collections.abc import Iterator
from typing import NamedTuple

from callwright.conversation import Json
from callwright.lint.excerpts import visible
from callwright.schema import json_path

_NOTHING = object()
SPELLINGS = [(separators, ascii) for separators in ((", ", ": "), (",", ":")) for ascii in (False, True)]
"""How writers of JSON differ: blanks behind commas and colons, and escapes for what is not ASCII."""


class Change(NamedTuple):
    """One place of a row, before and after."""

    path: str
    before: str
    after: str


def same(one: Json, other: Json) -> bool:
    """Whether two values are written alike: `1`, `1.0` and `true` are three, and keys have an order."""
    return json.dumps(one) == json.dumps(other)


def patched(row: Json, before: Json, after: Json) -> Json:
    """`row` with the difference between `before` and `after`, two canonical spellings of what it says.

    What a canonical spelling does not have, such as other keys, stays as it is.
    """
    if same(before, after):
        return row
    if isinstance(row, dict) and isinstance(before, dict) and isinstance(after, dict):
        return _patched_object(row, before, after)
    if isinstance(row, list) and isinstance(before, list) and isinstance(after, list):
        if len(row) == len(before) == len(after):
            return [patched(*three) for three in zip(row, before, after, strict=True)]
        return after
    if isinstance(row, str) and not isinstance(before, str) and not isinstance(after, str):
        return json.dumps(after, ensure_ascii=False)  # as in a cell of a table
    if isinstance(row, dict | list) and isinstance(before, str) and isinstance(after, str):
        return json.loads(after)  # as arguments that are no text here
    return after


def _patched_object(row: Json, before: Json, after: Json) -> Json:
    values = {
        key: patched(row[key], before[key], after[key]) if key in row and key in before else after[key]
        for key in after
        if key in row or key not in before or not same(before[key], after[key])
    }
    own = [key for key in row if key in values or key not in before]
    order = _joined(list(values), own) if _reordered(before, after) else _joined(own, list(values))
    return {key: values[key] if key in values else row[key] for key in order}


def _joined(order: list[str], others: list[str]) -> list[str]:
    """`order` with what only `others` has, each behind its neighbour there."""
    done = list(order)
    place = 0
    for key in others:
        if key not in done:
            done.insert(place, key)
        place = done.index(key) + 1
    return done


def spelled(row: Json, like: bytes) -> bytes:
    """A row as one line of JSON, spelled as `like` is where that can be told."""
    old = json.loads(like)
    text = like.decode().strip()
    separators, ascii = next(
        (style for style in SPELLINGS if _dumped(old, *style) == text),
        ((",", ":") if '":"' in text or '":[' in text else (", ", ": "), text.isascii() and "\\u" in text),
    )
    done = _dumped(row, separators, ascii)
    for character in "\u2028\u2029\x85":
        done = done.replace(character, f"\\u{ord(character):04x}")
    return done.encode()


def _dumped(value: Json, separators: tuple[str, str], ascii: bool) -> str:
    return json.dumps(value, ensure_ascii=ascii, separators=separators, allow_nan=False)


def changes(before: Json, after: Json, keys: tuple[str | int, ...] = ()) -> Iterator[Change]:
    """The places where two rows differ."""
    if before is not _NOTHING and after is not _NOTHING and same(before, after):
        return
    if isinstance(before, dict) and isinstance(after, dict) and not _reordered(before, after):
        for key in {**before, **after}:
            yield from changes(before.get(key, _NOTHING), after.get(key, _NOTHING), (*keys, key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from changes(one, other, (*keys, index))
    else:
        yield Change(json_path(list(keys)), _text(before), _text(after))


def _reordered(before: Json, after: Json) -> bool:
    return [key for key in before if key in after] != [key for key in after if key in before]


def _text(value: Json) -> str:
    if value is _NOTHING:
        return ""
    return visible(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
