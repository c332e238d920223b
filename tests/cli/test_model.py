"""`callwright model …` as a user types it, over a real database; what trains is put in place of training."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import callwright
from callwright.cli import jobs
from callwright.cli.model import app
from callwright.errors import ModelError
from callwright.workspace import Kind, Progress, State, Work, Workspace

STATES = {"JOB_NOT_STARTED", "PENDING", "RUNNING", "SUCCESS", "FAILURE", "STOPPED"}
FIELDS = [
    "id",
    "name",
    "created_at",
    "training",
    "upload_ids",
    "teacher_evaluation_ids",
    "prepared_traces_ids",
    "training_status",
    "evaluation_results",
    "training_evaluation_results",
    "task_details",
]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "cd",
            "description": "Change the working directory.",
            "parameters": {
                "type": "object",
                "properties": {"folder": {"type": "string"}},
                "required": ["folder"],
            },
        },
    }
]
FIGURE = {"value": 0.9, "count": 20, "low": 0.7, "high": 0.97, "method": "Wilson", "missing": 1}
REPORT = {
    "evaluations": {
        "tuned": {
            "metrics": {"tool_call_equivalence": FIGURE, "staged_tool_call": {**FIGURE, "value": 0.95}},
            "conversations": {**FIGURE, "value": 0.5, "low": None, "high": None},
            "decisions": {"called_when_due": 18},
            "malformed": 2,
        }
    }
}


def row(folder: str, question: str = "Go to") -> str:
    turns = json.dumps([{"role": "user", "content": f"{question} {folder}"}])
    return json.dumps(
        {"question": turns, "answer": json.dumps({"name": "cd", "parameters": {"folder": folder}})}
    )


def made(folder: Path) -> Path:
    """A job folder."""
    folder.mkdir()
    description = {"task_description": "Turn wishes into shell calls.", "tools": TOOLS}
    (folder / "job_description.json").write_text(json.dumps(description))
    (folder / "config.yaml").write_text("base:\n  task: multi-turn-tool-calling-closed-book\n")
    (folder / "train.jsonl").write_text("\n".join(row(f"train{number}") for number in range(20)))
    (folder / "test.jsonl").write_text("\n".join(row(f"test{number}", "Into") for number in range(20)))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made(tmp_path / "job")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace of its own, and a working directory."""
    monkeypatch.setenv("CALLWRIGHT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CALLWRIGHT_DATABASE_URL", raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "home"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def did(*arguments: str) -> str:
    """Standard output of a command that succeeds."""
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout.removesuffix("\n")


def shown(*arguments: str) -> Any:
    return json.loads(did(*arguments, "--output", "json"))


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a model that has data; copied rather than made for every test, which saves seconds."""
    place = tmp_path_factory.mktemp("filled")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("CALLWRIGHT_HOME", str(place / "home"))
        did("upload-data", did("create", "filesystem"), "--data", str(made(place / "job")))
    return place / "home"


@pytest.fixture
def model(filled: Path, home: Path) -> str:
    """A model with data."""
    shutil.copytree(filled, home)
    with Workspace(home) as space:
        return space.model("filesystem").id


@pytest.fixture
def trains(monkeypatch: pytest.MonkeyPatch) -> list[Work]:
    """Training and evaluating, without the work: what they were given."""
    works: list[Work] = []

    def train(work: Work, progress: Progress) -> Mapping[str, Any]:
        works.append(work)
        progress("train", 1, 1, "loss 0.1")
        (work.folder / "student").mkdir(parents=True, exist_ok=True)
        (work.folder / "predictions").mkdir(exist_ok=True)
        (work.folder / "student" / "callwright.json").write_text('{"family": "llama"}')
        for who in ("tuned", "teacher"):
            (work.folder / "predictions" / f"{who}.jsonl").write_text('{"item": "1", "tool": "é\u2028"}\n')
        (work.folder / "report.html").write_text("<html>")
        (work.folder / "report.json").write_text(json.dumps(REPORT))
        return jobs.scores(work.folder)

    monkeypatch.setitem(jobs.RUNNERS, "training", train)
    monkeypatch.setitem(jobs.RUNNERS, "teacher_evaluation", train)
    return works


# Models


def test_create_prints_the_id_and_nothing_else_on_standard_output() -> None:
    result = run("create", "filesystem")

    assert (result.exit_code, len(result.stdout.strip())) == (0, 12)
    assert f"callwright model upload-data {result.stdout.strip()} --data FOLDER" in result.stderr


def test_show_has_the_fields_of_the_reference_in_their_order() -> None:
    model = did("create", "filesystem")
    record = shown("show", "filesystem")

    assert list(record) == FIELDS
    assert (record["id"], record["training_status"], record["upload_ids"]) == (model, "JOB_NOT_STARTED", [])
    assert shown("list") == [record]


def test_uploads_and_results_are_shown_with_their_model(model: str, folder: Path, trains: list[Work]) -> None:
    second = did("upload-data", model, "--data", str(folder))
    evaluation = shown("run-teacher-evaluation", model)
    training = shown("run-training", model)
    record = shown("show", model)

    assert (record["upload_ids"][0], len(record["upload_ids"])) == (second, 2)
    assert record["teacher_evaluation_ids"] == [evaluation["id"]]
    assert record["training"]["id"] == training["id"]
    assert record["training_status"] == "SUCCESS"
    assert record["training_evaluation_results"]["tuned"]["tool_call_equivalence"] == FIGURE
    assert record["evaluation_results"] == record["training_evaluation_results"]
    assert record["task_details"] == {
        "task": "multi-turn-tool-calling-closed-book",
        "task_description": "Turn wishes into shell calls.",
        "student_model_name": "callwright-tiny",
        "teacher_model_name": "offline",
        "tools": ["cd"],
        "train": 20,
        "test": 20,
        "unstructured": 0,
        "example": "Into test0",
    }


def test_list_is_a_table_on_standard_output(model: str) -> None:
    heading, line = did("list").splitlines()

    assert heading.split() == ["id", "name", "created", "uploads", "training", "status"]
    assert line.split()[0] == model
    assert line.endswith("1  JOB_NOT_STARTED")


def test_an_empty_list_is_no_error() -> None:
    result = run("list")

    assert (result.exit_code, result.stdout) == (0, "")
    assert "callwright model create NAME" in result.stderr


def test_an_unknown_model_is_an_error_with_one_hint_line(model: str) -> None:
    result = run("show", "filesytem")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: there is no model `filesytem`\n\nhint: did you mean `filesystem`?\n"


# Uploads


def test_the_files_can_be_given_one_by_one_under_any_name(folder: Path) -> None:
    model = did("create", "filesystem")
    whole = did("upload-data", model, "--data", str(folder))
    (folder / "train.jsonl").rename(folder / "rows-of-may.jsonl")
    single = did(
        *("upload-data", model, "--job-description", str(folder / "job_description.json")),
        *("--train", str(folder / "rows-of-may.jsonl"), "--test", str(folder / "test.jsonl")),
        *("--config", str(folder / "config.yaml")),
    )

    assert whole != single
    status = shown("upload-status", model)
    assert (status["id"], status["status"], status["task_details"]["train"]) == (single, "SUCCESS", 20)
    assert len(list((Path(os.environ["CALLWRIGHT_HOME"]) / "uploads").iterdir())) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "either --data FOLDER or"),
        (("--data", ".", "--train", "x.jsonl"), "either --data FOLDER or"),
        (("--train", "x.jsonl"), "--job-description and --test must be given too"),
        (("--data", "nowhere"), "there is no folder `nowhere`"),
        (("--job-description", "a", "--train", "b.jsonl", "--test", "c.jsonl"), "there is no file `a`"),
    ],
)
def test_what_to_upload_is_said_one_way_or_the_other(arguments: tuple[str, ...], said: str) -> None:
    result = run("upload-data", did("create", "filesystem"), *arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert said in " ".join(result.stderr.replace("│", " ").split())


def test_an_upload_with_faults_is_refused_with_all_of_them_and_the_paths_given(folder: Path) -> None:
    (folder / "train.jsonl").write_text(row("a") + "\nno json\n" + row("b").replace("parameters", "params"))
    (folder / "config.yaml").write_text("base:\n  task: multi-turn-tool-calling-closed-book\n  seed: 1\n")
    model = did("create", "filesystem")
    result = run("upload-data", model, "--data", str(folder))

    assert (result.exit_code, result.stdout) == (1, "")
    assert f"error: {folder} cannot be used as a job:" in result.stderr
    for place in ("train.jsonl:2", "train.jsonl:3", "config.yaml:3"):
        assert f"{folder}/{place}" in result.stderr
    assert ".partial" not in result.stderr
    assert shown("show", model)["upload_ids"] == []


def test_a_warning_names_the_file_of_the_user_and_the_upload_goes_on(folder: Path) -> None:
    (folder / "test.jsonl").write_text(row("alone"))
    result = run("upload-data", did("create", "filesystem"), "--data", str(folder))

    assert result.exit_code == 0
    assert f"warning: {folder}/test.jsonl: expected at least 20 test rows" in result.stderr


def test_a_file_with_a_slip_in_its_name_is_named(folder: Path) -> None:
    (folder / "train.jsonl").rename(folder / "trian.jsonl")
    result = run("upload-data", did("create", "filesystem"), "--data", str(folder))

    assert result.exit_code == 1
    assert "`trian.jsonl`" in result.stderr


def test_what_is_not_uploaded_is_said(folder: Path) -> None:
    (folder / "traces.jsonl").write_text("")
    result = run("upload-data", did("create", "filesystem"), "--data", str(folder))

    assert result.exit_code == 0
    assert "left out, being no part of a job: traces.jsonl" in result.stderr


def test_the_state_of_no_upload_is_a_job_not_started() -> None:
    model = did("create", "filesystem")

    assert shown("upload-status", model)["status"] == "JOB_NOT_STARTED"
    assert did("upload-status", model) == "status  JOB_NOT_STARTED"


def test_downloaded_data_is_what_was_uploaded(model: str, folder: Path) -> None:
    assert did("download-data", model) == "filesystem-data"
    for name in ("job_description.json", "config.yaml", "train.jsonl", "test.jsonl"):
        assert Path("filesystem-data", name).read_bytes() == (folder / name).read_bytes()

    assert "already" in run("download-data", model).stderr
    Path("filesystem-data", "mine.txt").touch()
    assert run("download-data", model).exit_code == 1


# Jobs


def test_a_training_shows_its_state_its_stage_and_every_metric(model: str, trains: list[Work]) -> None:
    assert did("training", model) == "status  JOB_NOT_STARTED"
    text = did("run-training", model)

    assert text == did("training", model) == did("training", text.split()[1])
    for line in (
        "status         SUCCESS",
        "stage          train, 1 of 1, loss 0.1",
        f"run directory  {trains[0].folder}",
        f"report         {trains[0].folder / 'report.html'}",
        "model  metric                     score  95% interval    items",
        "tuned  tool_call_equivalence      0.900  0.700 to 0.970  20, 1 without an answer",
        "tuned  staged_tool_call           0.950  0.700 to 0.970  20, 1 without an answer",
        "tuned  whole_conversations        0.500                  20, 1 without an answer",
        "tuned  decisions.called_when_due     18",
        "tuned  malformed                      2",
    ):
        assert line in text.splitlines()


def test_the_json_of_a_training_says_what_the_text_says(model: str, trains: list[Work]) -> None:
    record = shown("run-training", model, "tuning.num_train_epochs=2")

    assert record["status"] == "SUCCESS"
    assert record["overrides"] == ["tuning.num_train_epochs=2"]
    assert record["run_directory"] == str(trains[0].folder)
    assert record["student"] == str(trains[0].folder / "student")
    assert record["report"] == str(trains[0].folder / "report.html")
    assert record["evaluation_results"]["tuned"]["malformed"] == 2
    assert shown("training", model) == record


def test_a_training_that_is_done_is_not_done_again(model: str, trains: list[Work]) -> None:
    first = shown("run-training", model)
    result = run("run-training", model)

    assert result.exit_code == 0
    assert f"training `{first['id']}` is done already" in result.stderr
    assert len(trains) == 1


def test_other_settings_are_another_job_in_another_directory(model: str, trains: list[Work]) -> None:
    plain, other = shown("run-training", model), shown("run-training", model, "base.random_seed=7")

    assert plain["id"] != other["id"]
    assert [work.overrides for work in trains] == [[], ["base.random_seed=7"]]
    assert trains[0].folder != trains[1].folder


def test_an_older_upload_can_be_trained_on(model: str, folder: Path, trains: list[Work]) -> None:
    (folder / "train.jsonl").write_text("\n".join(row(f"more{number}") for number in range(30)))
    newest = did("upload-data", model, "--data", str(folder))
    oldest = shown("show", model)["upload_ids"][1]

    assert shown("run-training", model)["upload_id"] == newest
    assert shown("run-training", model, "--upload", oldest)["upload_id"] == oldest
    assert trains[0].upload != trains[1].upload


@pytest.mark.parametrize(
    ("setting", "code", "said"),
    [
        ("base.random_sed=7", 1, "random_seed"),
        ("output_dir=elsewhere", 2, "keeps its run directories in the workspace"),
    ],
)
def test_a_wrong_setting_is_refused_before_there_is_a_job(
    model: str, trains: list[Work], setting: str, code: int, said: str
) -> None:
    result = run("run-training", model, setting)

    assert (result.exit_code, trains) == (code, [])
    assert said in " ".join(result.stderr.replace("│", " ").split())
    assert shown("training", model)["status"] == "JOB_NOT_STARTED"


def test_a_failed_training_says_why_and_can_be_gone_on_with(
    model: str, trains: list[Work], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(work: Work, progress: Progress) -> Mapping[str, Any]:
        raise ModelError("the teacher did not answer", hint="is it up?")

    with monkeypatch.context() as context:
        context.setitem(jobs.RUNNERS, "training", fails)
        result = run("run-training", model)
    assert result.exit_code == 1
    assert result.stderr.endswith("error: the teacher did not answer\n\nhint: is it up?\n")
    failed = shown("training", model)
    assert (failed["status"], failed["error"]) == ("FAILURE", "the teacher did not answer")

    done = shown("run-training", model)
    assert (done["id"], done["status"], done["error"]) == (failed["id"], "SUCCESS", "")


def test_ctrl_c_stops_a_training_and_says_how_to_go_on(
    model: str, trains: list[Work], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(work: Work, progress: Progress) -> Mapping[str, Any]:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)  # ended by the signal
        raise AssertionError

    with monkeypatch.context() as context:
        context.setitem(jobs.RUNNERS, "training", interrupted)
        result = run("run-training", model, "tuning.num_train_epochs=2")
    assert result.exit_code == 130
    upload = shown("show", model)["upload_ids"][0]
    again = f"callwright model run-training {model} tuning.num_train_epochs=2 --upload {upload}"
    assert f"stopped; it goes on from here with: {again}\n" in result.stderr
    assert shown("training", model)["status"] == "STOPPED"

    assert shown(*again.split()[2:])["id"] == shown("training", model)["id"]
    assert shown("training", model)["status"] == "SUCCESS"


PROGRAM = """
import time
from callwright.cli import jobs, model

def slow(work, progress):
    progress("generate", 3, 10, "")
    work.folder.mkdir(parents=True)
    time.sleep(60)

jobs.RUNNERS["training"] = slow
model.app()
"""


def until(true: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


def test_a_training_that_was_killed_is_stopped_and_gone_on_with_in_its_directory(
    model: str, home: Path, trains: list[Work]
) -> None:
    child = subprocess.Popen([sys.executable, "-c", PROGRAM, "run-training", model], stderr=subprocess.PIPE)
    with child, Workspace(home) as space:
        until(
            lambda: any(space.folder(job).exists() for job in space.jobs(space.model(model), Kind.TRAINING))
        )
        record = shown("training", model)
        refused = run("run-training", model)
        child.kill()
        until(lambda: space.job(record["id"]).state is State.STOPPED)

    assert (record["status"], record["pid"]) == ("RUNNING", child.pid)
    assert refused.exit_code == 1
    assert f"is RUNNING: process {child.pid} on" in refused.stderr
    stopped = shown("training", model)
    assert stopped["error"].startswith(f"process {child.pid} ended without a word")
    done = shown("run-training", model)
    assert (done["id"], done["status"], done["error"]) == (record["id"], "SUCCESS", "")
    assert trains[0].folder == Path(record["run_directory"])


def test_a_detached_training_returns_at_once_and_can_be_followed(
    model: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "worker", lambda job_id: [sys.executable, "-c", PROGRAM, "_work", job_id])
    result = run("run-training", model, "--detach")
    job = result.stdout.strip()
    assert result.exit_code == 0
    with Workspace(home) as space:
        until(lambda: space.folder(space.job(job)).exists())
        pid = space.job(job).pid
        assert f"stop it:    kill {pid}" in result.stderr
        assert f"follow it:  callwright model training {job}" in result.stderr
        assert f"tail -f {space.log(space.job(job))}" in result.stderr
        os.kill(pid, signal.SIGTERM)
        until(lambda: space.job(job).state is State.STOPPED)
        os.waitpid(pid, 0)
        said = space.log(space.job(job)).read_text()

    assert "generate: 3 of 10 (30%)" in said
    assert "stopped; it goes on from here" in said
    assert "\x1b" not in said


def test_the_worker_is_the_command_itself() -> None:
    assert jobs.worker("abc") == [sys.executable, "-m", "callwright.cli", "model", "_work", "abc"]


def test_every_state_is_one_of_the_reference() -> None:
    assert {state.value for state in State} == STATES


# What came out of it


def test_predictions_are_written_as_they_are(model: str, trains: list[Work]) -> None:
    did("run-training", model)
    did("run-teacher-evaluation", model)
    text = '{"item": "1", "tool": "é\u2028"}\n'

    assert did("download-training-predictions", model) == "filesystem-training-predictions.jsonl"
    assert Path("filesystem-training-predictions.jsonl").read_text() == text
    assert did("download-teacher-evaluation-predictions", model, "--file-name", "t.jsonl") == "t.jsonl"
    assert Path("t.jsonl").read_text() == text
    assert did("download-training-predictions", model, "--file-name", "-") + "\n" == text

    Path("t.jsonl").write_text("mine")
    refused = run("download-teacher-evaluation-predictions", model, "--file-name", "t.jsonl")
    assert (refused.exit_code, Path("t.jsonl").read_text()) == (1, "mine")
    assert "--file-name" in refused.stderr


def test_what_is_not_there_yet_says_how_to_make_it(model: str) -> None:
    result = run("download-training-predictions", model)

    assert result.exit_code == 1
    assert result.stderr.endswith(
        f"model `filesystem` has no training yet\n\nhint: callwright model run-training {model}\n"
    )


def test_a_download_is_the_student_and_the_commands_to_serve_it(model: str, trains: list[Work]) -> None:
    did("run-training", model)
    result = run("download", model)

    assert (result.exit_code, result.stdout) == (0, "filesystem\n")
    assert [path.name for path in Path("filesystem").iterdir()] == ["callwright.json"]
    assert "callwright serve filesystem" in result.stderr
    assert "vllm serve filesystem --served-model-name filesystem" in result.stderr
    assert "--enable-auto-tool-choice --tool-call-parser llama3_json" in result.stderr
    assert "transformers serve filesystem" in result.stderr
    assert did("download", model, "elsewhere/student") == "elsewhere/student"


def test_the_last_training_that_succeeded_is_taken_and_the_failed_one_named(
    model: str, trains: list[Work], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(work: Work, progress: Progress) -> Mapping[str, Any]:
        raise ModelError("no")

    good = shown("run-training", model)
    monkeypatch.setitem(jobs.RUNNERS, "training", fails)
    run("run-training", model, "base.random_seed=7")
    bad = shown("training", model)
    result = run("download", model)

    assert result.exit_code == 0
    assert f"the last training `{bad['id']}` is FAILURE; this comes from `{good['id']}`" in result.stderr
    assert run("download", bad["id"]).exit_code == 1


def test_a_deployed_model_is_served_from_its_student_and_invoked_at_its_port(
    model: str, trains: list[Work], monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[tuple[Path, str, int, bool]] = []

    def serve(folder: Path, name: str, port: int, *, logs: bool) -> None:
        served.append((folder, name, port, logs))

    monkeypatch.setattr(jobs, "serve_here", serve)
    did("run-training", model)
    assert "http://127.0.0.1:8000/v1" in did("invoke", model)
    did("deploy", "local", model, "--port", "8765", "--logs")

    assert served == [(trains[0].folder / "student", "filesystem", 8765, True)]
    result = run("invoke", model)
    assert "nothing answers there now" in result.stderr
    body = json.dumps({"model": "filesystem", "messages": [{"role": "user", "content": "Into test0"}]})
    assert result.stdout.splitlines()[0] == (
        f"curl -s http://127.0.0.1:8765/v1/chat/completions -H 'Content-Type: application/json' -d '{body}'"
    )
    python = shown("invoke", model)["python"]
    compile(python, "invoke", "exec")
    assert 'base_url="http://127.0.0.1:8765/v1"' in python


def test_a_question_is_answered_by_the_student_at_once(
    model: str, trains: list[Work], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Student:
        def generate(self, conversation: str) -> str:
            heard.extend(turn["content"] for turn in json.loads(conversation))
            return '{"name": "cd", "parameters": {"folder": ".."}}'

    heard: list[str] = []
    # Not by setattr, which would look at the real one first and so load torch.
    monkeypatch.setitem(vars(callwright), "load", lambda folder: Student())
    did("run-training", model)
    earlier = '[{"role": "user", "content": "Hi"}]'

    assert did("invoke", model, "--question", "Go up", "--context", earlier) == (
        '{"name": "cd", "parameters": {"folder": ".."}}'
    )
    assert heard == ["Hi", "Go up"]
    assert run("invoke", model, "--context", earlier).exit_code == 2
