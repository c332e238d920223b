"""Files put right: only what had to change has changed, or nothing at all."""

import csv
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lint_rows import TOOLS, called, encoded_twice, row, without_result, write
from msgspec.structs import replace

from callwright import formats
from callwright.checks import Context
from callwright.conversation import Json, Tool
from callwright.errors import FormatError
from callwright.formats import FORMATS
from callwright.lint import Lint, Setup
from callwright.lint.fixing import fix, fixes
from callwright.lint.patching import Change, changes, patched, same, spelled

CHOSEN = Setup(context=Context(select=("structure", "arguments")))
TOOL = Tool(**TOOLS[0]["function"])


def arguments_of(made: Json) -> Json:
    return json.loads(made["messages"][1]["tool_calls"][0]["function"]["arguments"])


def test_a_row_is_put_right_and_all_else_stays_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    others = ['  {"messages" : [] } \r\n', "\n", "no json\n", json.dumps(without_result()) + "\n"]
    bad = json.dumps(encoded_twice(), ensure_ascii=False)
    path.write_bytes(("\ufeff" + "".join(others) + bad + "\r\n" + others[3].strip()).encode())
    found = fix(path, CHOSEN)
    lines = path.read_bytes().decode().split("\n")
    assert ("".join(line + "\n" for line in lines[:4])) == "\ufeff" + "".join(others)
    assert arguments_of(json.loads(lines[4])) == {"city": "Rome", "with": ["garden"]}
    assert lines[4].endswith("}\r")
    assert lines[5] == others[3].strip()
    assert (found.rows, dict(found.codes), found.left) == (1, {"arguments-double-encoded": 1}, 0)


def test_what_was_put_right_is_not_found_again(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [encoded_twice(n) for n in range(3)])
    fix(path, CHOSEN)
    assert list(Lint([path], CHOSEN)) == []
    assert fix(path, CHOSEN).rows == 0


def test_only_the_place_itself_changes_in_the_row_and_its_spelling_is_kept(tmp_path: Path) -> None:
    made = encoded_twice() | {"id": "x", "seen": 1.50}
    made["messages"][2]["name"] = "find_table"  # read and not kept: it must not be lost
    text = json.dumps(made, separators=(",", ":"))
    path = write(tmp_path / "a.jsonl", [text])
    seen: list[tuple[int, Change]] = []
    fix(path, CHOSEN, told=lambda *one: seen.append(one))
    (line, change), *more = seen
    assert (line, more) == (1, [])
    assert change.path == "$.messages[1].tool_calls[0].function.arguments"
    assert path.read_text() == text.replace('\\"[\\\\\\"garden\\\\\\"]\\"', '[\\"garden\\"]') + "\n"


def test_what_would_be_done_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [encoded_twice()])
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert fixes(path, CHOSEN).rows == 1
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [one.name for one in tmp_path.iterdir()] == ["a.jsonl"]


def test_a_file_with_nothing_to_put_right_is_not_touched(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [row(), without_result()])
    before = path.stat().st_mtime_ns, path.stat().st_ino
    assert fix(path, CHOSEN).rows == 0
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before
    assert [one.name for one in tmp_path.iterdir()] == ["a.jsonl"]


def test_nothing_of_the_job_gets_into_the_file(tmp_path: Path) -> None:
    bare = row(own_tools=False)
    bare["messages"][1] = called({"city": "Rome", "with": '["garden"]'})
    path = write(tmp_path / "a.jsonl", [bare])
    setup = Setup(context=CHOSEN.context, system="Help with tables.", tools=(TOOL,))
    assert fix(path, setup).rows == 1
    (line,) = path.read_text().splitlines()
    fixed = json.loads(line)
    assert list(fixed) == ["messages"]
    assert [message["role"] for message in fixed["messages"]] == ["user", "assistant", "tool", "assistant"]
    assert arguments_of(fixed)["with"] == ["garden"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_packed_files_stay_packed(tmp_path: Path, jobs: int) -> None:
    path = tmp_path / "a.jsonl.gz"
    rows = [row(1), encoded_twice(2), row(3)]
    path.write_bytes(gzip.compress("".join(json.dumps(one) + "\n" for one in rows).encode()))
    assert fix(path, CHOSEN, jobs=jobs).rows == 1
    after = gzip.decompress(path.read_bytes()).decode().splitlines()
    assert [after[0], after[2]] == [json.dumps(rows[0]), json.dumps(rows[2])]
    assert arguments_of(json.loads(after[1]))["with"] == ["garden"]


def test_rows_of_an_array_are_exchanged_and_what_is_between_them_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    one, two = json.dumps(row(1), indent=1), json.dumps(encoded_twice(2))
    path.write_text(f"[\n{one} ,\n\n  {two},{one}\n ]\n")
    assert fix(path, CHOSEN).rows == 1
    before, _, rest = path.read_text().partition(f"[\n{one} ,\n\n  ")
    fixed, _, after = rest.partition(f",{one}\n ]\n")
    assert (before, after) == ("", "")
    assert arguments_of(json.loads(fixed))["with"] == ["garden"]


def test_a_cell_of_a_table_is_exchanged_and_the_other_rows_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    good, bad = row(1), encoded_twice(2)

    def line(made: Json) -> str:
        cells = (json.dumps(made["messages"], indent=1), json.dumps(made["tools"]), "x, y")
        return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\r\n"

    path.write_text("messages,tools,note\r\n" + line(good) + line(bad) + "\r\n" + line(good), newline="")
    assert fix(path, CHOSEN).rows == 1
    text = path.read_bytes().decode()
    assert text.startswith("messages,tools,note\r\n" + line(good))
    assert text.endswith("\r\n\r\n" + line(good))
    with path.open(newline="") as file:
        fixed = list(csv.DictReader(file))[1]
    assert arguments_of({"messages": json.loads(fixed["messages"])})["with"] == ["garden"]
    assert fixed["note"] == "x, y"


def test_a_link_stays_a_link_and_the_mode_of_the_file_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [encoded_twice()])
    path.chmod(0o640)
    link = tmp_path / "link.jsonl"
    link.symlink_to(path)
    assert fix(link, CHOSEN).rows == 1
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert fix(path, CHOSEN).rows == 0


def test_a_damaged_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress((json.dumps(encoded_twice()) + "\n").encode() * 50)[:-12])
    before = path.read_bytes()
    with pytest.raises(FormatError, match="left as it is"):
        fix(path, CHOSEN)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["a.jsonl.gz"]


@pytest.mark.parametrize("form", FORMATS)
def test_rows_are_put_right_in_their_own_form(tmp_path: Path, form: str) -> None:
    (conversation,) = formats.read(write(tmp_path / "bad.jsonl", [encoded_twice()]))
    try:
        made = FORMATS[form].write(replace(conversation, origin=""))
    except FormatError:
        made = FORMATS[form].write(replace(conversation, messages=conversation.messages[:2]))
    path = write(tmp_path / "a.jsonl", [made])
    assert fix(path, CHOSEN).rows == 1
    assert json.loads(path.read_text()).keys() == made.keys()
    (fixed,) = formats.read(path, form)
    (call,) = fixed.calls()
    assert call.arguments == {"city": "Rome", "with": ["garden"]}


# Patching

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, VALUES)
def test_a_value_patched_with_its_own_change_is_the_changed_one(before: Json, after: Json) -> None:
    assert same(patched(before, before, after), after)


@given(VALUES)
def test_what_did_not_change_is_no_change(value: Json) -> None:
    assert list(changes(value, value)) == []
    assert patched("other", value, value) == "other"


def test_text_in_place_of_a_value_and_a_value_in_place_of_text_keep_their_kind() -> None:
    assert patched('[{"a": 1}]', [{"a": 1}], [{"a": 2}]) == '[{"a": 2}]'
    assert patched({"a": 1}, '{"a": 1}', '{"a": 2}') == {"a": 2}
    assert patched("5", "5", 5) == 5


def test_kinds_and_orders_are_told_apart() -> None:
    assert not same(1, True)
    assert not same(1, 1.0)
    assert not same({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert list(patched({"a": 1, "x": 0, "b": 2}, {"a": 1, "b": 2}, {"b": 2, "a": 1})) == ["b", "a", "x"]
    assert patched({"a": 1, "x": 0}, {"a": 1}, {}) == {"x": 0}


def test_changes_stand_at_their_places() -> None:
    before, after = {"a": [1, {"b": "x"}], "c": 1}, {"a": [1, {"b": "y"}], "d": None}
    assert list(changes(before, after)) == [
        Change("$.a[1].b", "x", "y"),
        Change("$.c", "1", ""),
        Change("$.d", "", "null"),
    ]


@pytest.mark.parametrize("like", ['{"a": "é"}', '{"a":"é"}', '{"a": "\\u00e9"}', '{"a":"\\u00e9"}'])
def test_a_row_is_spelled_as_it_was(like: str) -> None:
    assert spelled(json.loads(like), like.encode()).decode() == like
