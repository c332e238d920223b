"""The commands: help at every level, results on standard output, faults with their places."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from callwright import __version__
from callwright.cli import app

EXAMPLE = Path(__file__).parents[2] / "examples" / "filesystem"
COMMANDS = ["run", "generate", "check", "prepare", "train", "evaluate", "show", "serve", "chat", "model"]


def invoke(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_the_version_is_printed_alone() -> None:
    assert invoke("--version") == (0, f"callwright {__version__}\n", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    code, said, _ = invoke(command, "--help")
    assert code == 0
    assert "Usage" in said


def test_a_preview_prints_conversations_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, said, _ = invoke("generate", str(EXAMPLE), "--preview", "3")
    assert code == 0
    assert [line for line in said.splitlines() if line.startswith("──")] == [
        f"── gen-00000{n}" for n in (1, 2, 3)
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_says_what_would_be_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, said, _ = invoke("run", str(EXAMPLE), "--dry-run", "synthgen.generation_target=77")
    assert code == 0
    assert "77 conversations" in said
    assert "generate: to do" in said
    assert list(tmp_path.iterdir()) == []


def test_all_faults_of_the_settings_are_told_at_once() -> None:
    code, said, told = invoke("run", str(EXAMPLE), "tuning.lerning_rate=1", "base.student_model_name=gpt2")
    assert (code, said) == (1, "")
    assert "did you mean `learning_rate`?" in told
    assert "found `gpt2`" in told


def test_findings_of_a_file_end_with_1_and_stand_at_their_lines(tmp_path: Path) -> None:
    call = {"type": "function", "function": {"name": "ls", "arguments": {"a": "yes"}}}
    rows = tmp_path / "rows.jsonl"
    messages = [
        {"role": "user", "content": "list"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
    ]
    rows.write_text(json.dumps({"messages": messages}) + "\n")
    code, said, _ = invoke("check", str(rows), "--job", str(EXAMPLE), "--output", "json")
    assert code == 1
    found = json.loads(said)
    assert {"arguments-schema"} <= {row["code"] for row in found}
    assert found[0]["place"] == f"{rows}:1"


def test_a_job_folder_with_an_option_for_files_has_its_rows_checked_as_files() -> None:
    code, said, _ = invoke("check", str(EXAMPLE), "--output", "json", "--select", "arguments")
    assert (code, json.loads(said)) == (0, [])


def test_a_clean_file_ends_with_0() -> None:
    code, said, told = invoke("check", str(EXAMPLE / "train.jsonl"), "--job", str(EXAMPLE))
    assert (code, said) == (0, "")
    assert "0 errors" in told


def test_a_conversation_is_shown_as_a_person_reads_it() -> None:
    code, said, _ = invoke("show", str(EXAMPLE), "--row", "3")
    assert code == 0
    assert 'rm(file_name="old draft (3).docx")' in said


def test_what_is_no_student_is_refused_with_a_hint(tmp_path: Path) -> None:
    code, _, told = invoke("serve", str(tmp_path))
    assert code == 1
    assert "is no student folder" in told
    assert "callwright run JOB" in told
