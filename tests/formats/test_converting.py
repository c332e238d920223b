"""Files written anew in another form: whole or not at all, with all that is lost said."""

import json
from pathlib import Path

import pytest

from callwright import formats
from callwright.conversation import Json
from callwright.errors import CallwrightError, FormatError
from callwright.formats.converting import LeftOut, Originals, convert, rehearse, rejected

GOOD = {"question": "list files", "answer": '{"name": "ls", "parameters": {}}'}
CALL = {"id": "c1", "type": "function", "function": {"name": "ls", "arguments": "{}"}}
CALLING = {"role": "assistant", "content": "", "tool_calls": [CALL]}
ASKED = {"messages": [{"role": "user", "content": "list files"}, CALLING]}
REPLY = {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]}
BROKEN = {"messages": [{"role": "usr", "content": "a"}]}


def file(path: Path, *rows: Json) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def written(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_row_is_written_in_the_form_asked_for_and_counted_by_the_one_it_had(tmp_path: Path) -> None:
    source = file(tmp_path / "a.jsonl", GOOD, REPLY, GOOD)
    outcome = convert(source, tmp_path / "b.jsonl", write_as="anthropic")
    assert (outcome.written, outcome.left_out) == (3, 0)
    assert dict(outcome.forms) == {"distil": 2, "openai": 1}
    rows = written(tmp_path / "b.jsonl")
    assert [row["messages"][0]["content"] for row in rows] == ["list files", "hi", "list files"]
    assert rows[0]["messages"][1]["content"][0]["type"] == "tool_use"


@pytest.mark.parametrize("name", ["b.jsonl", "b.json", "b.jsonl.zst", "b.json.gz"])
@pytest.mark.parametrize("form", ["openai", "anthropic", "langfuse", "context"])
def test_there_and_back_again_nothing_has_changed(tmp_path: Path, name: str, form: str) -> None:
    source = file(tmp_path / "a.jsonl", ASKED, {**REPLY, "id": "x", "metadata": {"n": 1.0, "m": None}})
    convert(source, tmp_path / name, write_as=form)
    back = convert(tmp_path / name, tmp_path / "c.jsonl", write_as="openai")
    assert dict(back.forms) == {form: 2}
    assert [(c.id, c.messages, c.metadata) for c in formats.read(tmp_path / "c.jsonl")] == [
        (c.id, c.messages, c.metadata) for c in formats.read(source)
    ]


def test_rows_that_cannot_be_converted_are_all_listed_and_nothing_is_written(tmp_path: Path) -> None:
    source = file(tmp_path / "a.jsonl", ASKED, BROKEN, REPLY, '{"messages"')
    target = file(tmp_path / "b.jsonl", "as before")
    with pytest.raises(FormatError, match="has 4 faults; nothing is written") as caught:
        convert(source, target, write_as="distil")
    assert [(fault.file, fault.line, fault.path) for fault in caught.value.faults] == [
        (str(source), 2, "$.messages[0].role"),
        (str(source), 3, "$.messages[1].tool_calls"),
        (str(source), 3, "$.messages"),
        (str(source), 4, ""),
    ]
    assert target.read_text() == "as before\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "b.jsonl"]


def test_what_cannot_be_said_is_told_at_its_place_in_the_row_that_was_read(tmp_path: Path) -> None:
    result = {"type": "tool_result", "tool_use_id": "t", "content": "x"}
    use = {"type": "tool_use", "id": "t", "name": "ls", "input": {}}
    messages = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result, {"type": "text", "text": "b"}]},
        {"role": "assistant", "content": [use]},
    ]
    source = file(tmp_path / "a.jsonl", {"system": "s", "messages": messages})
    with pytest.raises(FormatError) as caught:
        convert(source, tmp_path / "b.jsonl", write_as="distil")
    paths = [fault.path for fault in caught.value.faults]
    assert paths[:2] == ["$.system", "$.messages[2].content[0]"]


def test_no_more_than_a_hundred_faults_are_listed_and_all_are_counted(tmp_path: Path) -> None:
    source = file(tmp_path / "a.jsonl", *[BROKEN] * 250)
    with pytest.raises(FormatError, match=r"250 faults \(the first 100 listed\)") as caught:
        convert(source, tmp_path / "b.jsonl")
    assert len(caught.value.faults) == 100


def test_rows_may_be_left_out_and_are_counted_by_reason(tmp_path: Path) -> None:
    source = file(tmp_path / "a.jsonl", ASKED, BROKEN, REPLY, BROKEN)
    left: list[LeftOut] = []
    outcome = convert(source, tmp_path / "b.jsonl", write_as="distil", leave_out=left.append)
    assert (outcome.written, outcome.left_out) == (1, 3)
    assert [(one.index, one.line) for one in left] == [(1, 2), (2, 3), (3, 4)]
    assert [(fault.line, fault.path, count) for fault, count in outcome.reasons] == [
        (2, "$.messages[0].role", 2),
        (3, "$.messages[1].tool_calls", 1),
        (3, "$.messages", 1),
    ]
    assert len(written(tmp_path / "b.jsonl")) == 1


def test_what_is_not_kept_is_a_loss_counted_by_kind_with_its_first_place(tmp_path: Path) -> None:
    weighted = {"messages": [{"role": "user", "content": "a", "weight": 0}, {**CALLING, "weight": 1}]}
    source = file(tmp_path / "a.jsonl", ASKED, weighted, weighted)
    outcome = convert(source, tmp_path / "b.jsonl")
    assert outcome.written == 3
    assert [(fault.line, fault.path, count) for fault, count in outcome.losses] == [
        (2, "$.messages[0].weight", 2)
    ]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_rows_left_out_are_given_back_as_they_stood(tmp_path: Path, name: str) -> None:
    source = tmp_path / name
    if name.endswith("l"):
        file(source, GOOD, BROKEN, '{"a": 1,}', GOOD, REPLY)
    else:
        rows = ",\n".join(
            [json.dumps(GOOD), json.dumps(BROKEN), '{"a": 1,}', json.dumps(GOOD), json.dumps(REPLY)]
        )
        source.write_text(f"[{rows}]")
    originals = Originals(source)
    rejects: list[Json] = []
    convert(
        source,
        tmp_path / "b.jsonl",
        write_as="distil",
        leave_out=lambda left: rejects.append(rejected(left, originals)),
    )
    assert [reject["line"] for reject in rejects] == [2, 3, 5]
    assert [reject["row"] for reject in rejects] == [BROKEN, '{"a": 1,}', REPLY]
    assert rejects[0]["reasons"][0].startswith("$.messages[0].role: expected one of")


def test_a_rehearsal_tells_the_same_and_writes_nothing(tmp_path: Path) -> None:
    source = file(tmp_path / "a.jsonl", GOOD, ASKED)
    outcome = rehearse(source, tmp_path / "b.jsonl", write_as="context")
    assert (outcome.written, dict(outcome.forms)) == (2, {"distil": 1, "openai": 1})
    with pytest.raises(FormatError):
        rehearse(file(tmp_path / "c.jsonl", REPLY), tmp_path / "b.jsonl", write_as="distil")
    with pytest.raises(FormatError, match="has 2 faults;") as caught:
        rehearse(source, tmp_path / "b.csv", write_as="context")
    assert "a CSV file holds" in caught.value.faults[0].found
    assert not (tmp_path / "b.jsonl").exists()


def test_a_csv_file_holds_questions_and_answers(tmp_path: Path) -> None:
    convert(file(tmp_path / "a.jsonl", GOOD), tmp_path / "b.csv", write_as="distil")
    assert (tmp_path / "b.csv").read_text().splitlines()[0] == "question,answer"
    assert dict(convert(tmp_path / "b.csv", tmp_path / "c.jsonl").forms) == {"distil": 1}


def test_a_file_is_never_written_over_itself(tmp_path: Path) -> None:
    source = file(tmp_path / "a.jsonl", GOOD)
    (tmp_path / "link.jsonl").symlink_to(source)
    for target in (source, tmp_path / "link.jsonl"):
        with pytest.raises(CallwrightError, match="is the file that is read"):
            convert(source, target)
    assert written(source) == [GOOD]


def test_progress_is_told_every_few_thousand_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callwright.formats.converting.EVERY", 2)
    seen: list[int] = []
    convert(file(tmp_path / "a.jsonl", *[GOOD] * 5), tmp_path / "b.jsonl", progress=seen.append)
    assert seen == [2, 4]
