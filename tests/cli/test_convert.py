"""`callwright convert`: results on standard output, losses and rows left out on standard error."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from callwright.cli.convert import convert
from callwright.cli.output import Commands

GOOD = {"question": "list files", "answer": '{"name": "ls", "parameters": {}}'}
REPLY = {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]}
BROKEN = {"messages": [{"role": "usr", "content": "a"}]}

app = typer.Typer(cls=Commands, pretty_exceptions_enable=False)
app.command()(convert)


@app.callback()
def _root() -> None:
    """A group, so that errors are shown as everywhere."""


def invoke(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["convert", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def file(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_it_says_what_was_written_and_as_what_it_was_read(tmp_path: Path) -> None:
    source = file(tmp_path / "a.jsonl", GOOD, GOOD, REPLY)
    code, said, told = invoke(source, tmp_path / "b.json", "--to", "anthropic")
    assert (code, told) == (0, "")
    assert said.splitlines() == [
        "written  3 rows, anthropic",
        "read as  2 distil, 1 openai",
        f"file     {tmp_path / 'b.json'}",
    ]
    assert len(json.loads((tmp_path / "b.json").read_text())) == 3


def test_the_form_written_is_openai_unless_another_is_named(tmp_path: Path) -> None:
    code, _, _ = invoke(file(tmp_path / "a.jsonl", GOOD), tmp_path / "b.jsonl")
    assert code == 0
    assert "messages" in json.loads((tmp_path / "b.jsonl").read_text())


def test_faults_are_listed_with_their_places_and_nothing_is_written(tmp_path: Path) -> None:
    source = file(tmp_path / "a.jsonl", GOOD, REPLY, BROKEN)
    code, said, told = invoke(source, tmp_path / "b.jsonl", "--to", "distil")
    assert (code, said) == (1, "")
    assert f"{source}:2: $.messages[1].tool_calls: expected exactly one call, found 0" in told
    assert f"{source}:3: $.messages[0].role: expected one of" in told
    assert "hint: correct the rows, or go on without them: --leave-out" in told
    assert not (tmp_path / "b.jsonl").exists()


def test_rows_are_left_out_when_asked_and_kept_with_their_reasons(tmp_path: Path) -> None:
    source = file(tmp_path / "a.jsonl", GOOD, REPLY, BROKEN, BROKEN)
    rejects = tmp_path / "rejects.jsonl"
    code, said, told = invoke(
        source, tmp_path / "b.jsonl", "--to", "distil", "--leave-out", "--rejects", rejects
    )
    assert code == 0
    assert "written   1 rows, distil" in said
    assert "left out  3" in said
    assert "left out: 3 rows" in told
    assert "(the first of 2 rows)" in told
    kept = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [(row["line"], row["row"]) for row in kept] == [(2, REPLY), (3, BROKEN), (4, BROKEN)]


def test_what_is_not_kept_is_warned_of(tmp_path: Path) -> None:
    source = file(tmp_path / "a.jsonl", {"messages": [{"role": "user", "content": "a", "weight": 0}]})
    code, _, told = invoke(source, tmp_path / "b.jsonl")
    assert code == 0
    assert told.startswith(f"warning: {source}:1: $.messages[0].weight: expected a key that is read here")


def test_a_dry_run_tells_and_writes_nothing(tmp_path: Path) -> None:
    source = file(tmp_path / "a.jsonl", GOOD, BROKEN)
    rejects = tmp_path / "r.jsonl"
    code, said, _ = invoke(source, tmp_path / "b.jsonl", "--dry-run", "--leave-out", "--rejects", rejects)
    assert code == 0
    assert "would be written  1 rows, openai" in said
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]
    assert invoke(source, tmp_path / "b.jsonl", "--dry-run")[0] == 1


def test_a_file_that_exists_is_written_over_only_by_force(tmp_path: Path) -> None:
    source, target = file(tmp_path / "a.jsonl", GOOD), file(tmp_path / "b.jsonl", "before")
    code, said, told = invoke(source, target)
    assert (code, said) == (2, "")
    assert "--force" in told
    assert json.loads(target.read_text()) == "before"
    assert invoke(source, target, "--force")[0] == 0
    assert "messages" in json.loads(target.read_text())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.jsonl", "b.jsonl", "--from", "openia"], "did you mean `openai`?"),
        (["a.jsonl", "b.jsonl", "--to", "antropic"], "did you mean `anthropic`?"),
        (["a.jsonl", "a.jsonl", "--force"], "is IN already"),
        (["a.jsonl", "b.csv"], "holds questions and answers"),
        (["none.jsonl", "b.jsonl"], "does not exist"),
        ([".", "b.jsonl"], "is a directory"),
        (["a.jsonl"], "Missing argument"),
        (["a.jsonl", "b.jsonl", "--rejects", "c.jsonl"], "only with --leave-out"),
        (["a.jsonl", "b.jsonl", "--leave-out", "--rejects", "b.jsonl"], "is OUT already"),
        (["a.jsonl", "b.jsonl", "--leave-out", "--rejects", "old.jsonl"], "exists"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    file(tmp_path / "a.jsonl", GOOD)
    file(tmp_path / "old.jsonl", "before")
    code, _, told = invoke(*arguments)
    assert code == 2
    assert said in told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "old.jsonl"]


@pytest.mark.parametrize("data", [b"\x00\xff\xfe", b"[[[[", b'{"a": 1}', b'[{"messages": []}', b"3\n"])
def test_input_that_is_no_conversations_ends_with_1_and_its_place(tmp_path: Path, data: bytes) -> None:
    source = tmp_path / "a.jsonl"
    source.write_bytes(data)
    code, _, told = invoke(source, tmp_path / "b.jsonl")
    assert code == 1
    assert f"{source}:1:" in told
    assert "Traceback" not in told
    assert not (tmp_path / "b.jsonl").exists()


def test_a_packed_file_that_is_cut_off_ends_with_1(tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl.gz"
    source.write_bytes(gzip.compress((json.dumps(GOOD) + "\n").encode() * 1000)[:-20])
    code, _, told = invoke(source, tmp_path / "b.jsonl")
    assert code == 1
    assert "cut off or damaged" in told


def test_a_process_killed_in_the_middle_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    source, target = tmp_path / "rows", file(tmp_path / "b.jsonl", "before")
    os.mkfifo(source)
    code = "from callwright.cli.convert import convert; import typer; typer.run(convert)"
    command = [sys.executable, "-c", code, str(source), str(target), "--force"]
    with subprocess.Popen(command) as process, source.open("wb") as pipe:
        # A pipe holds 64 KiB: when ten times as much is in, most of it was read, and the end is yet to come.
        pipe.write((json.dumps(GOOD) + "\n").encode() * 8_000)
        pipe.flush()
        process.kill()
        process.wait()
    assert json.loads(target.read_text()) == "before"
