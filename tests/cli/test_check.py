"""`callwright check` and `callwright show` as they are typed: what is printed, and how they end."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from callwright.cli import app
from callwright.conversation import Json

EXAMPLE = Path(__file__).parents[2] / "examples" / "filesystem"
PARAMETERS = {"type": "object", "properties": {"names": {"type": "array", "description": "Which."}}}
TOOL = {
    "type": "function",
    "function": {"name": "ls", "description": "List files.", "parameters": PARAMETERS},
}
CHOSEN = ("--select", "structure,arguments", "--select", "format")


def row(arguments: Json = None, number: int = 0) -> Json:
    function = {"name": "ls", "arguments": json.dumps(arguments or {})}
    return {
        "messages": [
            {"role": "user", "content": f"list {number}"},
            {"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": function}]},
            {"role": "tool", "tool_call_id": "1", "content": "a.txt"},
            {"role": "assistant", "content": "One file, a.txt."},
        ],
        "tools": [TOOL],
    }


BAD = row({"names": '["a"]'})


def write(path: Path, *rows: Json) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return path


def invoke(*arguments: str, given: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments), input=given)
    return result.exit_code, result.stdout, result.stderr


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "callwright.cli", *arguments]


def test_a_clean_file_ends_with_0_and_one_line(tmp_path: Path) -> None:
    code, said, told = invoke("check", str(write(tmp_path / "a.jsonl", row())), *CHOSEN)
    assert (code, said, told) == (0, "", "0 errors, 0 warnings in 1 file, 1 row\n")


def test_errors_end_with_1_unless_told_otherwise(tmp_path: Path) -> None:
    path = str(write(tmp_path / "a.jsonl", BAD))
    code, said, told = invoke("check", path, *CHOSEN)
    assert (code, told) == (1, "")
    assert said.startswith(f"{path}:1: error arguments-double-encoded at ")
    assert said.endswith("1 error, 0 warnings in 1 file, 1 row; 1 can be fixed with --fix\n")
    assert invoke("check", path, *CHOSEN, "--exit-zero")[0] == 0
    assert invoke("check", path, *CHOSEN, "--ignore", "arguments-double-encoded")[0] == 0


def test_standard_input_is_json_lines() -> None:
    code, said, _ = invoke("check", "-", *CHOSEN, "--output", "json", given=json.dumps(row()) + "\nx\n")
    assert code == 1
    (found,) = json.loads(said)
    assert (found["file"], found["line"], found["code"]) == ("-", 2, "format-unreadable")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.jsonl"], "no such file"),
        ([], "name the files to check"),
        (["a.jsonl", "--select", "argments"], "did you mean `arguments`?"),
        (["a.jsonl", "--ignore", "structure,lenght"], "did you mean `length`?"),
        (["a.jsonl", "--from", "openia"], "did you mean `openai`?"),
        (["a.jsonl", "--output", "jsn"], "did you mean `json`?"),
        (["--explain", "length-charcters"], "did you mean `length-characters`?"),
        (["-", "--fix"], "standard input cannot be written anew"),
        (["a.jsonl", "--statistics", "--output", "json"], "the tables are text"),
    ],
)
def test_wrong_usage_ends_with_2_and_points_to_what_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.jsonl", row())
    code, said, err = invoke("check", *arguments)
    assert (code, said) == (2, "")
    assert told in " ".join(err.replace("│", " ").split())


def test_every_code_is_listed_and_explained() -> None:
    code, said, _ = invoke("check", "--list")
    assert code == 0
    assert "length-characters" in said
    code, said, _ = invoke("check", "--explain", "length-characters")
    assert code == 0
    assert said.startswith("length-characters (error)\n")
    assert "Bad:" in said
    assert len(invoke("check", "--explain", "length")[1]) > len(said)


def test_a_file_is_put_right_and_what_is_left_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", BAD, row(number=1))
    code, said, told = invoke("check", str(path), *CHOSEN, "--fix")
    assert code == 0
    assert "1 row put right (arguments-double-encoded 1)" in told
    assert said.splitlines()[:3] == [
        f"{path}:1: at $.messages[1].tool_calls[0].function.arguments",
        '- {"names": "[\\"a\\"]"}',
        '+ {"names": ["a"]}',
    ]
    assert invoke("check", str(path), *CHOSEN)[0] == 0


def test_a_diff_writes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", BAD)
    before = path.read_bytes()
    code, said, told = invoke("check", str(path), *CHOSEN, "--diff")
    assert (code, path.read_bytes()) == (1, before)
    assert '+ {"names": ["a"]}' in said
    assert "would be put right" in told


def test_a_job_brings_its_tools_its_choices_and_its_test_rows(tmp_path: Path) -> None:
    rows = (EXAMPLE / "test.jsonl").read_text().splitlines()[:1]
    path = tmp_path / "mine.jsonl"
    path.write_text("\n".join(rows) + "\n")
    code, said, _ = invoke(
        "check", str(path), "--job", str(EXAMPLE), "--output", "json", "--select", "leakage"
    )
    assert code == 1
    assert {one["code"] for one in json.loads(said)} == {"leakage-conversation"}
    test = str(EXAMPLE / "test.jsonl")
    assert invoke("check", test, "--job", str(EXAMPLE), "--select", "leakage")[0] == 0


def test_a_job_folder_with_an_option_has_its_own_rows_checked_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, told = invoke("check", str(EXAMPLE), "--lint", *CHOSEN)
    assert code == 0
    assert "in 2 files" in told
    assert list(tmp_path.iterdir()) == []


def test_the_page_and_the_tables_are_made_on_request(tmp_path: Path) -> None:
    path, page = write(tmp_path / "a.jsonl", row(), row(number=2)), tmp_path / "page.html"
    code, said, told = invoke("check", str(path), *CHOSEN, "--statistics", "--html", str(page))
    assert code == 0
    assert "conversations" in said
    assert f"page: {page}" in told
    assert page.read_text().startswith("<!doctype html>") or "<html" in page.read_text()


def test_a_reader_that_has_seen_enough_ends_the_command_quietly(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", *[BAD] * 3000)
    with subprocess.Popen(
        command("check", str(path), "--output", "json", *CHOSEN),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == b"[\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 1


def test_a_kill_during_fixing_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text((json.dumps(BAD) + "\n") * 20_000)
    before = path.read_bytes()
    with subprocess.Popen(
        command("check", str(path), "--fix", "-j", "1", *CHOSEN), stderr=subprocess.DEVNULL
    ) as process:
        limit = time.monotonic() + 30
        while not list(tmp_path.glob(".a.jsonl.*.partial")) and time.monotonic() < limit:
            os.sched_yield()
        process.send_signal(signal.SIGKILL)
        assert process.wait(30) == -signal.SIGKILL
    assert path.read_bytes() == before


# Show


def test_a_conversation_is_shown_with_its_results_below_its_calls(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", row(), BAD)
    code, said, _ = invoke("show", str(path), "--row", "2", "--tools")
    assert code == 0
    assert said.splitlines() == [
        "     tool  ls(names?: array)",
        "           List files.",
        f"── {path}:2",
        "     user  list 0",
        'assistant  → ls(names="[\\"a\\"]")',
        "           ← a.txt",
        "assistant  One file, a.txt.",
    ]


def test_findings_are_marked_where_they_are(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", BAD)
    lines = invoke("show", str(path), "--findings")[1].splitlines()
    at = next(index for index, line in enumerate(lines) if "→ ls" in line)
    assert "! error arguments-double-encoded" in lines[at + 1]


def test_several_rows_are_shown_and_too_few_are_said(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", row(number=1), row(number=2), row(number=3))
    code, said, _ = invoke("show", str(path), "--row", "2-3")
    assert (code, [line for line in said.splitlines() if "list" in line]) == (
        0,
        ["     user  list 2", "     user  list 3"],
    )
    code, _, told = invoke("show", str(path), "--row", "4")
    assert (code, "only 3 conversations" in told) == (1, True)
    assert invoke("show", str(path), "--row", "0")[0] == 2


def test_a_row_that_cannot_be_read_is_shown_with_its_faults(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("x\n" + json.dumps(row()) + "\n")
    code, said, _ = invoke("show", str(path), "--row", "1-2")
    assert code == 0
    assert "cannot be read" in said
    assert "One file, a.txt." in said
