"""The workspace: models, uploads that never change, and jobs that one process at a time holds."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from callwright.errors import Fault, JobError, WorkspaceError
from callwright.workspace import Job, Kind, Model, Progress, State, Upload, Work, Workspace, copied
from callwright.workspace.processes import Owner


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path / "home") as space:
        yield space


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    folder = tmp_path / "given"
    folder.mkdir()
    for name in ("job_description.json", "train.jsonl", "test.jsonl"):
        (folder / name).write_text(f"the content of {name}\n")
    return {path.name: path for path in folder.iterdir()}


def no_faults(folder: Path) -> dict[str, Any]:
    return {"task": "multi-turn-tool-calling-closed-book", "files": sorted(p.name for p in folder.iterdir())}


@pytest.fixture
def upload(space: Workspace, files: dict[str, Path]) -> Upload:
    return space.upload(space.create("filesystem"), files, no_faults)


def scores_of(value: float) -> Callable[[Work, Progress], Mapping[str, Any]]:
    def run(work: Work, progress: Progress) -> Mapping[str, Any]:
        work.folder.mkdir(parents=True, exist_ok=True)
        with (work.folder / "visits").open("a") as file:
            file.write("x")
        progress("train", 3, 10, "loss 0.4")
        return {"tuned": {"staged_tool_call": value}}

    return run


# Models


def test_a_model_is_found_by_id_by_name_and_by_the_beginning_of_its_id(space: Workspace) -> None:
    made = space.create("filesystem")

    assert space.model(made.id).name == "filesystem"
    assert space.model("filesystem").id == made.id
    assert space.model(made.id[:5]).id == made.id


def test_a_wrong_name_is_answered_with_the_near_one(space: Workspace) -> None:
    space.create("filesystem")

    with pytest.raises(WorkspaceError, match="no model `filesytem`") as caught:
        space.model("filesytem")
    assert caught.value.hint == "did you mean `filesystem`?"
    with pytest.raises(WorkspaceError) as caught:
        space.model("zebra")
    assert caught.value.hint == "see them: callwright model list"


def test_a_name_that_two_models_have_is_refused_with_both_ids(space: Workspace) -> None:
    first, second = space.create("twin"), space.create("twin")

    with pytest.raises(WorkspaceError, match=f"could be 2 models: `{first.id}`, `{second.id}`"):
        space.model("twin")
    assert space.model(second.id).id == second.id


def test_a_wildcard_of_the_database_means_itself(space: Workspace) -> None:
    space.create("filesystem")

    for reference in ("%", "_", ""):
        with pytest.raises(WorkspaceError, match="there is no model"):
            space.model(reference)


@pytest.mark.parametrize("name", ["", "  ", "a/b", "..", "-rf", "line\nbreak", "x" * 81])
def test_a_name_that_could_not_be_a_folder_or_an_argument_is_refused(space: Workspace, name: str) -> None:
    with pytest.raises(WorkspaceError, match="expected a name"):
        space.create(name)


def test_models_come_newest_first(space: Workspace) -> None:
    names = [space.create(name).name for name in ("one", "two", "three")]

    assert [model.name for model in space.models()] == names[::-1]


def test_a_moment_comes_back_in_utc_as_it_went_in(space: Workspace) -> None:
    made = space.create("filesystem")

    assert space.model(made.id).created_at == made.created_at
    assert space.model(made.id).created_at.isoformat().endswith("+00:00")


# The database


def test_the_database_is_sqlite_in_wal_mode_with_the_version_of_its_form(space: Workspace) -> None:
    with sqlite3.connect(space.home / "callwright.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("SELECT form FROM schema_version").fetchall() == [(1,)]
    connection.close()


def test_what_one_process_wrote_another_reads(tmp_path: Path) -> None:
    with Workspace(tmp_path) as space:
        made = space.create("filesystem")
    with Workspace(tmp_path) as space:
        assert [model.id for model in space.models()] == [made.id]


def test_another_database_is_used_by_url(tmp_path: Path) -> None:
    with Workspace(tmp_path / "home", f"sqlite:///{tmp_path}/team.db") as space:
        space.create("filesystem")

    assert (tmp_path / "team.db").exists()
    assert not (tmp_path / "home" / "callwright.db").exists()


def test_home_and_database_are_taken_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLWRIGHT_HOME", str(tmp_path / "house"))
    monkeypatch.setenv("CALLWRIGHT_DATABASE_URL", f"sqlite:///{tmp_path}/team.db")
    with Workspace.default() as space:
        assert space.home == tmp_path / "house"
        assert str(space.engine.url) == f"sqlite:///{tmp_path}/team.db"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("no url", "expected an SQLAlchemy database URL"),
        ("nosuch://host/name", "expected an SQLAlchemy database URL"),
        ("sqlite:////no/such/folder/team.db", "cannot be used"),
    ],
)
def test_a_database_that_cannot_be_used_is_told_with_its_reason(tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises(WorkspaceError, match=said):
        Workspace(tmp_path, url)


def test_a_database_of_another_form_is_refused(tmp_path: Path) -> None:
    with Workspace(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "callwright.db") as connection:
        connection.execute("UPDATE schema_version SET form = 7")
    connection.close()

    with pytest.raises(WorkspaceError, match="expected a workspace of form 1, found one of form 7"):
        Workspace(tmp_path)


def test_processes_that_open_a_new_workspace_at_once_all_get_it(tmp_path: Path) -> None:
    def open_it() -> None:
        with Workspace(tmp_path) as space:
            opened.append(space.create("filesystem").id)

    opened: list[str] = []
    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(opened)) == 6


# Uploads


def test_an_upload_keeps_copies_that_cannot_be_written_to(space: Workspace, files: dict[str, Path]) -> None:
    upload = space.upload(space.create("filesystem"), files, no_faults)
    folder = space.files(upload)

    assert folder == space.home / "uploads" / upload.content
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        name: path.read_bytes() for name, path in files.items()
    }
    assert {oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {"0o444"}
    assert upload.details["files"] == sorted(files)


def test_the_files_of_the_user_stay_as_they_are(space: Workspace, files: dict[str, Path]) -> None:
    before = {
        path: (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns) for path in files.values()
    }
    space.upload(space.create("filesystem"), files, no_faults)

    assert before == {
        path: (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns) for path in before
    }


def test_the_same_content_twice_is_two_uploads_of_one_copy(space: Workspace, files: dict[str, Path]) -> None:
    model = space.create("filesystem")
    first, second = space.upload(model, files, no_faults), space.upload(model, files, no_faults)

    assert first.id != second.id
    assert first.content == second.content
    assert [path.name for path in (space.home / "uploads").iterdir()] == [first.content]
    assert [upload.id for upload in space.uploads(model)] == [second.id, first.id]


def test_other_content_is_another_address(space: Workspace, files: dict[str, Path]) -> None:
    model = space.create("filesystem")
    first = space.upload(model, files, no_faults)
    files["train.jsonl"].write_text("something else\n")
    second = space.upload(model, files, no_faults)

    assert first.content != second.content
    assert space.upload_of(model).id == second.id
    assert space.upload_of(model, first.id[:6]).id == first.id


def test_files_with_faults_are_refused_under_the_paths_that_the_user_gave(
    space: Workspace, files: dict[str, Path]
) -> None:
    def check(folder: Path) -> dict[str, Any]:
        fault = Fault(
            file=str(folder / "train.jsonl"), line=3, path="$.answer", expected="JSON", found="text"
        )
        raise JobError(
            f"`{folder}` cannot be used", [fault, Fault(file=str(folder / "test.jsonl"), expected="rows")]
        )

    model = space.create("filesystem")
    with pytest.raises(JobError) as caught:
        space.upload(model, files, check)

    given = files["train.jsonl"]
    assert caught.value.args[0] == f"`{given.parent}` cannot be used"
    assert [(fault.file, fault.line) for fault in caught.value.faults] == [
        (str(given), 3),
        (str(files["test.jsonl"]), 0),
    ]
    assert space.uploads(model) == []
    assert list((space.home / "uploads").iterdir()) == []


def test_an_upload_changed_on_disk_is_not_used(space: Workspace, upload: Upload) -> None:
    path = space.files(upload) / "train.jsonl"
    path.chmod(0o644)
    path.write_text("not what was uploaded")

    with pytest.raises(WorkspaceError, match="were changed"):
        space.files(upload)


def test_an_upload_that_is_not_on_this_machine_is_told(space: Workspace, upload: Upload) -> None:
    (space.home / "uploads").rename(space.home / "elsewhere")

    with pytest.raises(WorkspaceError, match="not on this machine"):
        space.files(upload)


def test_a_model_without_uploads_says_how_to_upload(space: Workspace) -> None:
    model = space.create("filesystem")

    with pytest.raises(WorkspaceError, match="nothing was uploaded") as caught:
        space.upload_of(model)
    assert caught.value.hint == f"callwright model upload-data {model.id} --data FOLDER"


def test_a_copy_goes_into_an_empty_folder_and_can_be_written_to(
    space: Workspace, upload: Upload, tmp_path: Path
) -> None:
    to = tmp_path / "out"
    to.mkdir()

    assert copied(space.files(upload), to)
    assert sorted(path.name for path in to.iterdir()) == ["job_description.json", "test.jsonl", "train.jsonl"]
    (to / "train.jsonl").write_text("mine now")


def test_a_copy_over_itself_changes_nothing_and_over_something_else_is_refused(
    space: Workspace, upload: Upload, tmp_path: Path
) -> None:
    to = tmp_path / "out"
    assert copied(space.files(upload), to)
    assert not copied(space.files(upload), to)

    (to / "notes.txt").write_text("mine")
    with pytest.raises(WorkspaceError, match="holds something else"):
        copied(space.files(upload), to)
    assert (to / "notes.txt").read_text() == "mine"


# Jobs


def test_a_job_is_one_of_upload_kind_and_settings(space: Workspace, upload: Upload) -> None:
    first = space.submit(upload, Kind.TRAINING, ["b=1", "a=2"])

    assert space.submit(upload, Kind.TRAINING, ["a=2", "b=0", "b=1"]).id == first.id
    assert space.submit(upload, Kind.TRAINING).id != first.id
    assert space.submit(upload, Kind.TEACHER_EVALUATION, ["b=1", "a=2"]).id != first.id
    assert (first.state, first.overrides) == (State.PENDING, ["a=2", "b=1"])


def test_a_job_that_is_done_has_its_scores_and_its_last_stage(space: Workspace, upload: Upload) -> None:
    told: list[tuple[str, int, int | None, str]] = []
    job = space.perform(space.submit(upload, Kind.TRAINING), scores_of(0.9), lambda *said: told.append(said))

    assert (job.state, job.scores) == (State.SUCCESS, {"tuned": {"staged_tool_call": 0.9}})
    assert (job.stage, job.done, job.total, job.note) == ("train", 3, 10, "loss 0.4")
    assert (job.pid, job.error) == (os.getpid(), "")
    assert told == [("train", 3, 10, "loss 0.4")]
    assert (space.folder(job) / "visits").read_text() == "x"


def test_a_runner_gets_the_upload_the_settings_and_the_same_directory_every_time(
    space: Workspace, upload: Upload
) -> None:
    given: list[Work] = []

    def run(work: Work, progress: Progress) -> Mapping[str, Any]:
        given.append(work)
        return {}

    job = space.submit(upload, Kind.TRAINING, ["tuning.num_train_epochs=2"])
    space.perform(job, run)
    space.perform(job, run)

    wanted = Work(space.files(upload), ["tuning.num_train_epochs=2"], space.home / "runs" / job.id)
    assert given == [wanted, wanted]


def test_an_error_is_a_failure_with_its_words_and_is_raised_on(space: Workspace, upload: Upload) -> None:
    def run(work: Work, progress: Progress) -> Mapping[str, Any]:
        raise WorkspaceError("the teacher did not answer")

    job = space.submit(upload, Kind.TRAINING)
    with pytest.raises(WorkspaceError, match="did not answer"):
        space.perform(job, run)

    failed = space.job(job.id)
    assert (failed.state, failed.error) == (State.FAILURE, "the teacher did not answer")
    again = space.perform(failed, scores_of(1.0))
    assert (again.state, again.error) == (State.SUCCESS, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_a_job_cleanly(space: Workspace, upload: Upload, number: int) -> None:
    def run(work: Work, progress: Progress) -> Mapping[str, Any]:
        progress("train", 5, 10, "")
        os.kill(os.getpid(), number)
        time.sleep(5)  # the signal ends this at once
        raise AssertionError("the signal did not arrive")

    before = signal.getsignal(number)
    job = space.submit(upload, Kind.TRAINING)
    with pytest.raises(KeyboardInterrupt):
        space.perform(job, run)

    stopped = space.job(job.id)
    assert (stopped.state, stopped.stage, stopped.done) == (State.STOPPED, "train", 5)
    assert signal.getsignal(number) is before
    assert space.perform(stopped, scores_of(1.0)).state is State.SUCCESS


def test_a_second_taker_is_refused_with_the_process_that_holds_the_job(
    space: Workspace, upload: Upload
) -> None:
    def run(work: Work, progress: Progress) -> Mapping[str, Any]:
        with Workspace(space.home) as other, pytest.raises(WorkspaceError) as caught:
            other.perform(other.job(job.id), scores_of(0.0))
        said.append(str(caught.value))
        hints.append(caught.value.hint)
        return {}

    said: list[str] = []
    hints: list[str] = []
    job = space.submit(upload, Kind.TRAINING)
    space.perform(job, run)

    assert f"training `{job.id}` is RUNNING: process {os.getpid()} on " in said[0]
    assert hints == [f"follow it: callwright model training {job.id}; stop it: kill {os.getpid()}"]


def held_by(space: Workspace, job: Job, owner: Owner, seconds_ago: float) -> None:
    """As if `owner` were at the job and had shown that it lives so many seconds ago."""
    moment = time.strftime("%Y-%m-%d %H:%M:%S.000000", time.gmtime(time.time() - seconds_ago))
    with sqlite3.connect(space.home / "callwright.db") as connection:
        connection.execute(
            "UPDATE jobs SET state = 'RUNNING', host = ?, pid = ?, token = ?, heartbeat = ? WHERE id = ?",
            (*owner, moment, job.id),
        )
    connection.close()


def test_a_process_number_that_was_given_to_another_process_does_not_keep_a_job_alive(
    space: Workspace, upload: Upload
) -> None:
    job = space.submit(upload, Kind.TRAINING)
    held_by(space, job, Owner.of(os.getpid())._replace(token="started long ago"), 1)

    settled = space.job(job.id)
    assert settled.state is State.STOPPED
    assert (
        settled.error
        == f"process {os.getpid()} ended without a word: it was killed, or the machine was restarted"
    )


@pytest.mark.parametrize(("seconds_ago", "state"), [(5, State.RUNNING), (600, State.STOPPED)])
def test_a_process_on_another_machine_lives_as_long_as_it_shows_it(
    space: Workspace, upload: Upload, seconds_ago: float, state: State
) -> None:
    job = space.submit(upload, Kind.TRAINING)
    held_by(space, job, Owner("another pid:[1]", 1, "token"), seconds_ago)

    assert space.job(job.id).state is state


def test_who_lost_a_job_to_another_process_cannot_finish_it(space: Workspace, upload: Upload) -> None:
    def run(work: Work, progress: Progress) -> Mapping[str, Any]:
        held_by(space, job, Owner("another pid:[1]", 1, "token"), 0)
        return {"tuned": 0.0}

    job = space.submit(upload, Kind.TRAINING)
    with pytest.raises(WorkspaceError, match="was taken over by another process"):
        space.perform(job, run)
    assert (space.job(job.id).state, space.job(job.id).scores) == (State.RUNNING, {})


def test_of_many_takers_at_once_one_gets_the_job(space: Workspace, upload: Upload) -> None:
    def take() -> None:
        with Workspace(space.home) as other:
            try:
                other.perform(other.submit(upload, Kind.TRAINING), once)
            except WorkspaceError as error:
                refused.append(str(error))

    def once(work: Work, progress: Progress) -> Mapping[str, Any]:
        taken.append(work.folder)
        over.wait(10)
        return {}

    taken: list[Path] = []
    refused: list[str] = []
    over = threading.Event()
    threads = [threading.Thread(target=take) for _ in range(5)]
    for thread in threads:
        thread.start()
    while len(refused) < 4:
        time.sleep(0.01)
    over.set()
    for thread in threads:
        thread.join()

    assert len(taken) == 1
    assert len(space.jobs(space.model("filesystem"), Kind.TRAINING)) == 1


def test_the_last_job_begun_comes_first(space: Workspace, upload: Upload) -> None:
    model = space.model("filesystem")
    old, new = space.submit(upload, Kind.TRAINING), space.submit(upload, Kind.TRAINING, ["a=1"])
    space.perform(new, scores_of(0.1))
    space.perform(old, scores_of(0.2))

    assert [job.id for job in space.jobs(model, Kind.TRAINING)] == [old.id, new.id]
    found: tuple[Model, Job | None] = space.model_and_job(model.id, Kind.TRAINING)
    assert found[1] is not None
    assert found[1].id == old.id
    by_id = space.model_and_job(new.id[:8], Kind.TRAINING)
    assert (by_id[0].id, by_id[1] and by_id[1].id) == (model.id, new.id)
    assert space.model_and_job(model.id, Kind.TEACHER_EVALUATION)[1] is None


WORKER = """
import sys, time
from pathlib import Path
from callwright.workspace import Workspace

def run(work, progress):
    work.folder.mkdir(parents=True, exist_ok=True)
    with (work.folder / "visits").open("a") as file:
        file.write("x")
    progress("train", 1, 10, "")
    time.sleep(float(sys.argv[3]))
    return {"tuned": {"staged_tool_call": 0.5}}

with Workspace(Path(sys.argv[1])) as space:
    print("working")
    space.perform(space.job(sys.argv[2]), run)
"""


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for what another process does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


def test_a_killed_process_leaves_a_stopped_job_that_is_gone_on_with(space: Workspace, upload: Upload) -> None:
    job = space.submit(upload, Kind.TRAINING)
    child = subprocess.Popen([sys.executable, "-c", WORKER, str(space.home), job.id, "60"])
    until(lambda: space.job(job.id).state is State.RUNNING and (space.folder(job) / "visits").exists())
    assert space.job(job.id).pid == child.pid

    child.send_signal(signal.SIGKILL)
    until(lambda: space.job(job.id).state is State.STOPPED)  # even as a zombie that nobody has waited for
    child.wait()

    assert f"process {child.pid} ended without a word" in space.job(job.id).error
    done = space.perform(space.submit(upload, Kind.TRAINING), scores_of(0.9))
    assert (done.id, done.state) == (job.id, State.SUCCESS)
    assert (space.folder(job) / "visits").read_text() == "xx"


def test_a_detached_job_runs_in_a_session_of_its_own_and_can_be_stopped(
    space: Workspace, upload: Upload
) -> None:
    job = space.submit(upload, Kind.TRAINING)
    command = [sys.executable, "-c", WORKER, str(space.home), job.id, "60"]
    detached = space.detach(job, command)
    with pytest.raises(WorkspaceError, match=f"process {detached.pid}"):
        space.detach(job, command)
    until(lambda: space.job(job.id).state is State.RUNNING and (space.folder(job) / "visits").exists())

    assert detached.pid != os.getpid()
    assert os.getsid(detached.pid) == detached.pid
    os.kill(detached.pid, signal.SIGTERM)
    until(lambda: space.job(job.id).state is State.STOPPED)
    os.waitpid(detached.pid, 0)
    assert space.job(job.id).error == ""
    assert "KeyboardInterrupt" in space.log(job).read_text()


def test_a_detached_job_succeeds_by_itself(space: Workspace, upload: Upload) -> None:
    job = space.submit(upload, Kind.TRAINING)
    detached = space.detach(job, [sys.executable, "-c", WORKER, str(space.home), job.id, "0"])
    until(lambda: space.job(job.id).state is State.SUCCESS)
    os.waitpid(detached.pid, 0)

    assert space.job(job.id).scores == {"tuned": {"staged_tool_call": 0.5}}
    assert space.log(job).read_text() == "working\n"


def test_a_detached_job_whose_process_dies_at_once_is_not_pending_for_ever(
    space: Workspace, upload: Upload
) -> None:
    job = space.submit(upload, Kind.TRAINING)
    detached = space.detach(job, [sys.executable, "-c", "raise SystemExit('no')"])
    until(lambda: space.job(job.id).state is State.STOPPED)
    os.waitpid(detached.pid, 0)

    assert space.log(job).read_text() == "no\n"


def test_scores_are_kept_as_json(space: Workspace, upload: Upload) -> None:
    scores = {"tuned": {"staged_tool_call": {"mean": 0.75, "count": 12, "low": None}}}
    job = space.perform(space.submit(upload, Kind.TRAINING), lambda work, progress: scores)

    assert job.scores == scores
    with sqlite3.connect(space.home / "callwright.db") as connection:
        assert json.loads(connection.execute("SELECT scores FROM jobs").fetchone()[0]) == scores
    connection.close()
