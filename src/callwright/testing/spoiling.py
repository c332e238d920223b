"""Rows spoilt at random, in their bytes or in their values: what a reader and the checks must bear."""

import json
import random
from collections.abc import Iterator, Sequence
from copy import deepcopy

from callwright.conversation import Json

# fmt: off
_AWKWARD: list[Json] = [
    None, True, False, 0, -1, 1.5, -0.0, 10**30, "", " ", "\x00", "\u2028", "é", "</tool_call>", "<tool_call>{",
    "{", "[]", '{"a": 1}', "```json\n{}\n```", "9" * 400, "2019-13-45", "a" * 5000, [], {}, [[]], {"": None},
    [None, 1, "x"], {"role": "user"}, {"role": "tool", "content": None}, {"name": "x", "arguments": "{}"},
    {"type": "object"}, {"$ref": "#"}, {"type": "nonsense"}, {"enum": [{}]}, {"pattern": "("},
    {"$ref": "http://example.com/x"}, "system", "assistant", "tool",
]
# fmt: on
_BYTES = [
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\x00",
    b"\xff",
    b"\xed\xa0\x80",
    b"\\ud83d",
    b"1e999",
    b"NaN",
    b" ",
]


def _by_bytes(dice: random.Random, row: bytes, other: bytes) -> bytes:
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(row) + 1)
        to = min(len(row), at + dice.choice((1, 1, 2, 8, 64)))
        kind = dice.randrange(6)
        if kind == 0:
            row = row[:at] + row[to:]
        elif kind == 1:
            row = row[:at] + dice.choice(_BYTES) + row[at:]
        elif kind == 2:
            row = row[:to] + row[at:to] + row[to:]
        elif kind == 3:
            row = row[:at] + bytes((dice.randrange(256),)) + row[at + 1 :]
        elif kind == 4:
            row = row[:at] + other[dice.randrange(len(other) + 1) :]
        elif dice.random() < 0.1:
            row = row[:at]
        row = row or b"{}"
    return row


def _nodes(value: Json, found: list[tuple[Json, Json]]) -> list[tuple[Json, Json]]:
    """Every (container, key) of a tree."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        found.append((value, key))
        if isinstance(inner, dict | list):
            _nodes(inner, found)
    return found


def _by_values(dice: random.Random, row: bytes, other: bytes) -> bytes:
    value, donor = json.loads(row), json.loads(other)
    for _ in range(dice.randint(1, 4)):
        places = _nodes(value, [])
        if not places:
            break
        place, key = dice.choice(places)
        kind = dice.randrange(6)
        if kind == 0:
            del place[key]
        elif kind == 1:
            place[key] = deepcopy(dice.choice(_AWKWARD))
        elif kind == 2 and isinstance(place, list):
            place.insert(key, deepcopy(place[key]))
        elif kind == 3:
            there, name = dice.choice(_nodes(donor, []))
            place[key] = deepcopy(there[name])
        elif kind == 4 and isinstance(place, list):
            dice.shuffle(place)
        elif kind == 4:
            place[dice.choice(("role", "name", "content", "id", "arguments", "type", "x"))] = place.pop(key)
        elif isinstance(place[key], str):
            text = place[key]
            at = dice.randrange(len(text) + 1)
            place[key] = text[:at] + str(dice.choice(_AWKWARD)) + text[at:]
    return json.dumps(value, ensure_ascii=dice.random() < 0.5).encode("utf-8", "surrogatepass")


def spoilt_rows(rows: Sequence[bytes], seed: int = 0) -> Iterator[bytes]:
    """Mutations of `rows`, each a JSON object as one line, without end: bytes flipped, cut, doubled, exchanged or
    spliced with another row; values dropped, doubled, moved, or replaced by awkward ones.
    """
    dice = random.Random(seed)
    while True:
        spoil = _by_bytes if dice.random() < 0.4 else _by_values
        yield spoil(dice, dice.choice(rows), dice.choice(rows))
