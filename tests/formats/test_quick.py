"""The quick reader gives what the full reader gives, or leaves the row to it."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callwright.conversation import Conversation, Json
from callwright.formats import FORMATS, line
from callwright.formats.quick import quick
from callwright.formats.reading import Reading
from callwright.formats.strict_json import JsonFault, parse
from callwright.testing import random_conversation

OPENAI = FORMATS["openai"]


def fully(raw: bytes) -> Conversation | None:
    """What the full reader makes of a line; None where it has anything to say."""
    try:
        row = parse(raw.decode())
    except (JsonFault, UnicodeDecodeError):
        return None
    reading = Reading()
    conversation = OPENAI.take(row, reading) if isinstance(row, dict) and OPENAI.sniff(row) else None
    return None if reading.faults else conversation


def same(one: Conversation | None, other: Conversation | None) -> bool:
    return repr(one) == repr(other)  # 1 == 1.0 == True, and their texts differ


def message(**keys: Json) -> dict[str, Json]:
    return keys


def row_of_arguments(text: str) -> bytes:
    made = {"id": "a", "type": "function", "function": {"name": "f", "arguments": text}}
    turn = message(role="assistant", content=None, tool_calls=[made])
    return json.dumps({"messages": [message(role="user", content="go"), turn]}).encode()


def test_ordinary_rows_are_read_quickly_and_as_the_full_reader_reads_them() -> None:
    dice = random.Random(1)
    read = 0
    for _ in range(300):
        raw = line(OPENAI.write(random_conversation(dice)))
        found = quick(raw)
        if found is not None:
            read += 1
            assert same(found, fully(raw))
    assert read > 250


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"a": "b"}',
        '{"a": true, "b": null, "c": "é\\u2028"}',
        '{"a": 1, "b": 1.0, "c": -0, "d": -0.0}',
        '{"a": 123456789012345678901234567890}',
        '{"a": [1, {"b": []}]}',
        '{"a": "\\"b\\": \\\\"}',
        '{"a" : "b"}',
        '{"a\\\\": "b"}',
    ],
)
def test_arguments_come_out_as_the_full_reader_reads_them(text: str) -> None:
    raw = row_of_arguments(text)
    assert quick(raw) is not None
    assert same(quick(raw), fully(raw))


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 2}', '{"a": "x", "a": "y"}', '{"a": 1e999}', '{"a": NaN}', "[]", "", "{", '"{}"']
)
def test_arguments_with_a_fault_are_left_to_the_full_reader(text: str) -> None:
    assert quick(row_of_arguments(text)) is None


@pytest.mark.parametrize(
    "raw",
    [
        b'{"messages": [{"role": "user", "role": "user", "content": "a"}]}',
        b'{"messages": [{"role": "user", "content": "a", "content": "b"}]}',
        b'{"messages": [], "messages": [{"role": "user", "content": "a"}]}',
        b'{"messages": [{"role" : "user", "role": "user", "content": "a"}]}',
        b'{"id": 1, "id": 2, "messages": [{"role": "user", "content": "a\\\\"}, {"role": "user", "content": "b\\\\"}]}',
        b'{"messages": [{"role": "user", "content": "a"}], "metadata": {"a": 1, "a": 2}}',
        b'{"messages": [{"role": "user", "content": "a", "name": "bob"}]}',
        b'{"messages": [{"role": "user", "content": ["a"]}]}',
        b'{"messages": [{"role": "tool", "tool_call_id": "", "content": "a"}]}',
        b'{"messages": [{"role": "user", "content": "\\ud83d"}]}',
        b'{"messages": [{"role": "user", "content": "\xff"}]}',
        b'{"messages": [], "extra": 1}',
        b'{"messages": 3}',
        b"[]",
        b"",
    ],
)
def test_rows_out_of_the_ordinary_are_left_to_the_full_reader(raw: bytes) -> None:
    assert quick(raw) is None


def test_blanks_and_escapes_make_no_difference() -> None:
    raw = (
        b' {"messages" : [ {"role": "user", "content": "say \\"a\\": \\u00e9\\n\\\\ \\\\"} ,\t'
        b'{"content": "b\\\\", "role" :"assistant"} ], "id": "x\\\\", "metadata": {"a\\\\": "\\""} } '
    )
    assert quick(raw) is None or same(quick(raw), fully(raw))


PIECES = [
    b'"',
    b"\\",
    b'\\"',
    b'\\\\"',
    b":",
    b",",
    b"{",
    b"}",
    b"null",
    b' "role": "user",',
    b'"id": 1,',
    b" ",
    b"1",
]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.integers(0, 2**32), st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(PIECES)), max_size=3)
)
def test_whatever_is_put_into_a_row_both_readers_agree(seed: int, changes: list[tuple[int, bytes]]) -> None:
    raw = line(OPENAI.write(random_conversation(random.Random(seed))))
    for place, piece in changes:
        at = place % len(raw)
        raw = raw[:at] + piece + raw[at:]
    found = quick(raw)
    assert found is None or same(found, fully(raw))
