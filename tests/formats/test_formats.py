"""Files of conversations: JSON lines and CSV, whole and broken."""

import csv
import gzip
import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callwright import formats
from callwright.conversation import AssistantMessage, Conversation, ToolCall, UserMessage
from callwright.errors import Fault, FormatError
from callwright.formats import Row
from callwright.formats.tables import records

GOOD = {"question": "list files", "answer": '{"name": "ls", "parameters": {}}'}
MESSAGES = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}


def rows(path: Path, data: bytes | str) -> list[Row]:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(formats.rows(path))


def only_fault(path: Path, data: bytes | str) -> Fault:
    faults = [fault for row in rows(path, data) for fault in row.faults]
    assert len(faults) == 1, faults
    return faults[0]


def json_lines(*values: object) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def test_forms_may_be_mixed_and_each_row_knows_its_line_and_form(tmp_path: Path) -> None:
    found = rows(tmp_path / "a.jsonl", json_lines(GOOD) + "\n" + json_lines(MESSAGES))
    assert [(row.line, row.form, row.faults) for row in found] == [(1, "distil", ()), (3, "openai", ())]
    assert found[1].conversation
    assert found[1].conversation.origin == f"{tmp_path}/a.jsonl:3"


def test_a_byte_order_mark_and_crlf_are_no_content(tmp_path: Path) -> None:
    found = rows(
        tmp_path / "a.jsonl", b"\xef\xbb\xbf" + json_lines(GOOD, GOOD).replace("\n", "\r\n").encode()
    )
    assert [row.faults for row in found] == [(), ()]


def test_line_separators_inside_strings_are_content(tmp_path: Path) -> None:
    row = {"question": "a\u2028b\u2029c\x85d", "answer": GOOD["answer"]}
    (found,) = rows(tmp_path / "a.jsonl", json.dumps(row, ensure_ascii=False))
    assert found.conversation
    assert found.conversation.messages[0] == UserMessage("a\u2028b\u2029c\x85d")


def test_a_truncated_last_line_is_told_with_its_line(tmp_path: Path) -> None:
    fault = only_fault(tmp_path / "a.jsonl", json_lines(GOOD, GOOD) + json.dumps(GOOD)[:40])
    assert fault.line == 3
    assert "the file seems cut off" in fault.hint


def test_a_whole_last_line_needs_no_end(tmp_path: Path) -> None:
    assert rows(tmp_path / "a.jsonl", json.dumps(GOOD))[0].faults == ()


def test_bytes_that_are_no_utf8_are_told_with_line_and_byte(tmp_path: Path) -> None:
    fault = only_fault(tmp_path / "a.jsonl", json_lines(GOOD).encode() + b'{"question": "caf\xe9"}\n')
    assert (fault.line, fault.found) == (2, "the byte 0xe9 at byte 18 of the line")


def test_a_file_in_utf16_is_told_so(tmp_path: Path) -> None:
    found = rows(tmp_path / "a.jsonl", json_lines(GOOD).encode("utf-16"))
    assert found[0].faults[0].found == "text in UTF-16"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3\n", "the number `3`"),
        ('{"a": 1}\n', "the keys `a`"),
        ("{}\n", "no keys"),
        (json.dumps({**GOOD, **MESSAGES}) + "\n", "both in one row"),
        ('{"question": "a",}\n', "a comma after the last item (column 18)"),
        ('{"mesages": []}\n', "did you mean `messages`?"),
        ("[" * 100_000 + "\n", "cut off"),
        ('{"a": ' + "[" * 100_000 + "\n", "nested deeper"),
    ],
)
def test_a_line_that_is_no_row_is_told_why(tmp_path: Path, text: str, said: str) -> None:
    assert said in str(only_fault(tmp_path / "a.jsonl", text))


def test_an_empty_file_has_no_rows_and_no_faults(tmp_path: Path) -> None:
    assert rows(tmp_path / "a.jsonl", b"") == []


def test_a_packed_file_that_is_cut_off_is_a_fault(tmp_path: Path) -> None:
    packed = gzip.compress(json_lines(*[GOOD] * 1000).encode())
    found = rows(tmp_path / "a.jsonl.gz", packed[: len(packed) // 2])
    assert found[-1].conversation is None
    assert "cut off or damaged" in found[-1].faults[0].hint


def test_a_line_too_long_to_hold_is_a_fault_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callwright.files.LONGEST", 1000)
    monkeypatch.setattr("callwright.formats.tables.LONGEST", 1000)
    found = rows(tmp_path / "a.jsonl", json_lines({**GOOD, "question": "x" * 2000}, GOOD))
    assert [(row.line, len(row.faults)) for row in found] == [(1, 1), (2, 0)]


# ── arrays, and objects over several lines ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.json.gz"])
def test_a_file_that_is_an_array_is_its_rows(tmp_path: Path, name: str, indent: int | None) -> None:
    data = json.dumps([GOOD, MESSAGES, GOOD], indent=indent).encode()
    found = rows(tmp_path / name, gzip.compress(data) if name.endswith("gz") else data)
    assert [(row.form, row.faults) for row in found] == [("distil", ()), ("openai", ()), ("distil", ())]
    assert [row.line for row in found] == ([2, 6, 18] if indent else [1, 1, 1])


def test_objects_over_several_lines_follow_each_other(tmp_path: Path) -> None:
    data = "\n\n".join(json.dumps(row, indent=1) for row in (GOOD, MESSAGES))
    found = rows(tmp_path / "a.json", "\ufeff\r\n" + data)
    assert [(row.line, row.form, row.faults) for row in found] == [(2, "distil", ()), (7, "openai", ())]


def test_brackets_and_quotes_inside_strings_are_content(tmp_path: Path) -> None:
    question = 'a ] } \\" [ { \\\\'
    found = rows(tmp_path / "a.json", json.dumps([{**GOOD, "question": question}] * 2, indent=1))
    assert [row.conversation and row.conversation.messages[0] for row in found] == [UserMessage(question)] * 2


def test_a_faulty_row_of_an_array_is_told_with_its_line_and_the_others_are_read(tmp_path: Path) -> None:
    text = '[\n  {\n    "question": "a",\n  },\n  3,\n  ' + json.dumps(GOOD) + ', {"a":,}\n]'
    found = rows(tmp_path / "a.json", text)
    assert [(row.line, row.form) for row in found] == [(2, ""), (5, ""), (6, "distil"), (6, "")]
    told = [fault for row in found for fault in row.faults]
    assert [fault.line for fault in told] == [4, 5, 6]
    assert told[0].found == "a comma after the last item (column 3)"
    assert told[2].found == "Expecting value at `,}` (column 6 of the row)"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[\n{"a": 1}\n', 3, "the file seems cut off"),
        ('[\n{"a": 1},\n{"a": "x', 3, "the file seems cut off"),
        ('[\n{"a": 1},\n', 3, "found `"),
        ('[{"a": 1},\n]', 2, "take the last comma away"),
        ('[{"a": 1}\n{"a": 1}]', 2, "a comma between the rows"),
        ('[{"a": 1}]\n[{"a": 1}]', 2, "more after the array"),
        ('[{"a": 1}]]', 1, "more after the array"),
        ("[}]", 1, "a row, {…}"),
        ('{\n"a": 1\n},\n{\n"a": 1\n}', 3, "rows without a comma between them"),
    ],
)
def test_an_array_that_is_broken_is_told_where(tmp_path: Path, text: str, line: int, said: str) -> None:
    fault = rows(tmp_path / "a.json", text)[-1].faults[0]
    assert fault.line == line
    assert said in str(fault)


@pytest.mark.parametrize("text", ["[]", "[ \n]\n", "\n"])
def test_an_empty_array_has_no_rows_and_no_faults(tmp_path: Path, text: str) -> None:
    assert rows(tmp_path / "a.json", text) == []


def test_a_broken_first_line_is_not_taken_for_an_object_over_several_lines(tmp_path: Path) -> None:
    found = rows(tmp_path / "a.jsonl", '{"question": "a",\n' + json_lines(GOOD))
    assert [(row.line, len(row.faults)) for row in found] == [(1, 1), (2, 0)]


def test_an_array_needs_the_memory_of_one_row(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with path.open("w") as file:
        file.write("[" + ",".join([json.dumps({**GOOD, "question": "x" * 8000})] * 2_000) + "]")
    tracemalloc.start()
    try:
        assert sum(1 for _ in records(path)) == 2_000
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_a_row_of_an_array_too_long_to_hold_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callwright.formats.elements.LONGEST", 1000)
    monkeypatch.setattr("callwright.formats.elements.CHUNK", 100)
    fault = only_fault(tmp_path / "a.json", json.dumps([{"question": "x" * 2000}]))
    assert (fault.line, fault.hint) == (1, "the rest of the file was not read")


# ── CSV ────────────────────────────────────────────────────────────────────────────────────────────────


def csv_file(path: Path, *fields: tuple[str, ...], header: tuple[str, ...] = ("question", "answer")) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *fields])
    return path


def test_quoted_csv_keeps_commas_quotes_line_ends_and_large_fields(tmp_path: Path) -> None:
    question = 'say "hi",\nthen\r\nstop\u2028' + "x" * 200_000
    path = csv_file(tmp_path / "a.csv", (question, GOOD["answer"]), ("b", GOOD["answer"]))
    found = list(formats.rows(path))
    assert [row.faults for row in found] == [(), ()]
    assert [row.line for row in found] == [2, 5]
    assert found[0].conversation
    assert found[0].conversation.messages[0] == UserMessage(question)


def test_csv_may_have_a_byte_order_mark_columns_of_its_own_and_messages(tmp_path: Path) -> None:
    text = '\ufeffsource,question,answer\nweb,a,"{""name"": ""ls"", ""parameters"": {}}"\n'
    (found,) = rows(tmp_path / "a.csv", text)
    assert found.faults == ()
    assert found.conversation
    assert found.conversation.metadata == {"source": "web", "form": "distil", "question": "text"}
    path = csv_file(tmp_path / "b.csv", (json.dumps(MESSAGES["messages"]), ""), header=("messages", "tools"))
    (found,) = formats.rows(path)
    assert found.conversation
    assert found.conversation.messages == (UserMessage("a"), AssistantMessage(content="b"))


def test_csv_may_have_the_columns_of_other_forms(tmp_path: Path) -> None:
    said = json.dumps(MESSAGES["messages"])
    for header, fields in {("context",): (said,), ("input", "output"): (said, "done")}.items():
        (found,) = formats.rows(csv_file(tmp_path / "a.csv", fields, header=header))
        assert found.faults == ()
        assert found.conversation
        assert found.conversation.messages[0] == UserMessage("a")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "an empty file"),
        ("prompt,completion\na,b\n", 1, "`question,answer` or `messages`"),
        ("question;answer\na;b\n", 1, "divided by commas"),
        ("question,answer,answer\n", 1, "`answer` twice"),
        ("question,answer\na,b,c\n", 2, "2 fields"),
        ("question,answer\na\n", 2, "2 fields"),
        ('question,answer\n"a,b\n', 2, "never closed"),
        ('question,answer\n"a"x,b\n', 2, "expected after"),
        ("question,answer\rold,mac\n", 1, "not read"),
    ],
)
def test_csv_that_is_wrong_is_told_where(tmp_path: Path, text: str, line: int, said: str) -> None:
    fault = only_fault(tmp_path / "a.csv", text)
    assert fault.line == line
    assert said in str(fault)


def test_bytes_that_are_no_utf8_in_csv_are_told_with_their_line_and_column(tmp_path: Path) -> None:
    fault = only_fault(tmp_path / "a.csv", b'question,answer\n"one\ntw\xe9",x\n')
    assert (fault.line, fault.found) == (3, "the byte 0xe9 in the column `question`")


def test_a_file_with_a_header_only_has_no_rows(tmp_path: Path) -> None:
    assert rows(tmp_path / "a.csv", "question,answer\n") == []


# ── whole files ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.csv", "a.csv.gz"])
@pytest.mark.parametrize("form", ["openai", "distil"])
def test_a_file_is_read_back_as_it_was_written(tmp_path: Path, name: str, form: str) -> None:
    path = tmp_path / name
    answer = AssistantMessage(tool_calls=(ToolCall(name="ls", arguments={"a": "é\u2028,\n"}, id="call_1"),))
    conversations = [
        Conversation(messages=(UserMessage(f"{n}"), answer), metadata={"form": "distil"}) for n in range(3)
    ]
    if form == "openai" and ".csv" in name:
        with pytest.raises(FormatError, match="a CSV file holds `question` and `answer`"):
            formats.write(path, conversations, form)
        assert not path.exists()
        return
    assert formats.write(path, conversations, form) == 3
    again = list(formats.read(path))
    assert [c.messages for c in again] == [c.messages for c in conversations]
    assert again[0].metadata == {"form": "distil"}


def test_a_file_named_json_is_written_as_an_array_with_a_row_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    conversations = [Conversation(messages=(UserMessage(text),)) for text in ("a", "b\u2028")]
    assert formats.write(path, conversations) == 2
    assert [row["messages"][0]["content"] for row in json.loads(path.read_text())] == ["a", "b\u2028"]
    assert len(path.read_text().splitlines()) == 4
    assert [conversation.messages for conversation in formats.read(path)] == [
        c.messages for c in conversations
    ]
    assert formats.write(path, []) == 0
    assert json.loads(path.read_text()) == []


def test_all_faults_of_a_file_are_raised_together_and_the_rows_before_them_given(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json_lines(GOOD, {"question": "a"}, GOOD, {"answer": 3}))
    given_rows = []
    with pytest.raises(FormatError, match="has 3 faults:") as caught:
        given_rows.extend(formats.read(path))
    assert len(given_rows) == 1
    assert [fault.line for fault in caught.value.faults] == [2, 4, 4]


def test_no_more_than_a_hundred_faults_are_listed_and_all_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("x\n" * 250)
    with pytest.raises(FormatError, match=r"has 250 faults \(the first 100 listed\)") as caught:
        list(formats.read(path))
    assert len(caught.value.faults) == 100


def test_a_form_that_is_asked_for_is_held_to(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json_lines(MESSAGES))
    with pytest.raises(FormatError, match="no such key"):
        list(formats.read(path, form="distil"))


# ── anything at all ────────────────────────────────────────────────────────────────────────────────────

ARRAY = json.dumps([GOOD, MESSAGES], indent=1).encode()
SEED = json_lines(GOOD, MESSAGES).encode() + b"question,answer\n" + b'"a","{""name"": ""b""}"\n'


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from([SEED, ARRAY, SEED[-40:], b"question,answer\n"])))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 4))] = draw(
            st.binary(max_size=4) | st.sampled_from([b'"', b"{", b"[", b"\\u", b"\\", b"null", b"\n", b","])
        )
    return bytes(data)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=60) | mutated(), name=st.sampled_from(["a.jsonl", "a.csv", "a.zst", "a.gz"]))
def test_any_bytes_give_rows_or_faults(tmp_path: Path, data: bytes, name: str) -> None:
    for row in rows(tmp_path / name, data):
        errors = [fault for fault in row.faults if fault.severity == "error"]
        assert (row.conversation is None) == bool(errors)
        assert all(str(fault).startswith(f"{tmp_path / name}:{fault.line}") for fault in row.faults)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(["", "user", "assistant", "tool", "[{", "a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["role", "content", "tool_calls", "function", "name", "arguments", "parameters", "type", "id"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    row=st.dictionaries(
        st.sampled_from(["messages", "question", "answer", "tools", "id", "metadata"]), JSON, max_size=4
    )
)
def test_any_json_gives_a_row_or_faults(tmp_path: Path, row: dict[str, object]) -> None:
    for found in rows(tmp_path / "a.jsonl", json.dumps(row)):
        assert (found.conversation is None) == any(fault.severity == "error" for fault in found.faults)
