"""Evaluations and trainings of registered models: begun, gone on with, looked at, fetched."""

import logging
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import typer

from callwright.cli import records
from callwright.cli.output import Output, Progress, as_json, data, note
from callwright.errors import WorkspaceError
from callwright.files import atomic, sha256

if TYPE_CHECKING:  # a database is not loaded for `--help`
    from callwright.workspace import Job, Kind, Model, Runner, Work, Workspace
    from callwright.workspace import Progress as Told


def train(work: "Work", progress: "Told") -> Mapping[str, Any]:
    """The whole way over an upload; the scores of its report."""
    from callwright import pipeline
    from callwright.job import read_job

    return scores(pipeline.run(read_job(work.upload, work.overrides), work.folder, progress=progress))


def evaluate_teacher(work: "Work", progress: "Told") -> Mapping[str, Any]:
    """The teacher alone on the test rows; the scores of its report."""
    from callwright import pipeline
    from callwright.job import read_job

    job = read_job(work.upload, work.overrides)
    return scores(pipeline.teacher_evaluation(job, work.folder, progress=progress))


def scores(run: Path) -> dict[str, Any]:
    """What the report of a run says of each model: every metric and count."""
    report = msgspec.json.decode((run / "report.json").read_bytes(), type=dict[str, Any])
    counts = ("decisions", "malformed", "cut", "errors")
    return {
        role: {
            **evaluation["metrics"],
            "whole_conversations": evaluation["conversations"],
            **{name: evaluation[name] for name in counts if name in evaluation},
        }
        for role, evaluation in report["evaluations"].items()
    }


RUNNERS: dict[str, "Runner"] = {"training": train, "teacher_evaluation": evaluate_teacher}
"""Kind of a job -> who does it."""


PREDICTIONS = {
    "training": "predictions/tuned.jsonl",
    "teacher_evaluation": "predictions/teacher.jsonl",
}
"""Kind of a job -> what its model answered to every test item, in the run directory."""


def worker(job_id: str) -> list[str]:
    """The command that does a job in another process."""
    return [sys.executable, "-m", "callwright.cli", "model", "_work", job_id]


def workspace() -> "Workspace":
    """The user's workspace, a context manager."""
    from callwright.workspace import Workspace

    return Workspace.default()


def run(kind: str, reference: str, upload: str, settings: list[str], out: Output, *, detach: bool) -> None:
    """Do the job of that kind over the newest upload, or go on with it; say what came out."""
    from callwright.job import read_job
    from callwright.workspace import Kind, State

    if any(setting.startswith("output_dir=") for setting in settings):
        raise typer.BadParameter("output_dir: a registered model keeps its run directories in the workspace")
    with workspace() as space:
        chosen = space.upload_of(space.model(reference), upload)
        read_job(space.files(chosen), settings)  # a wrong setting is said here, before there is a job of it
        job = space.submit(chosen, Kind(kind), settings)
        if job.state is State.SUCCESS and space.folder(job).is_dir():
            note(f"{job.kind.words} `{job.id}` is done already; other settings (KEY=VALUE) make another")
        elif detach:
            _detach(space, job, out)
            return
        else:
            job = perform(space, job)
        _shown(records.of_job(space, job), out)


def _detach(space: "Workspace", job: "Job", out: Output) -> None:
    job = space.detach(job, worker(job.id))
    if out is Output.json:
        as_json(records.of_job(space, job))
    else:
        data(job.id)
    note(f"runs in the background as process {job.pid}")
    note(f"follow it:  callwright model {job.kind.verb} {job.id}")
    note(f"listen in:  tail -f {shlex.quote(str(space.log(job)))}")
    note(f"stop it:    kill {job.pid}")


def perform(space: "Workspace", job: "Job") -> "Job":
    """Do a job in this process, its progress shown."""
    note(f"{job.kind.words} `{job.id}`, run directory {space.folder(job)}")
    try:
        with Progress() as progress:
            return space.perform(job, RUNNERS[job.kind], progress)
    except KeyboardInterrupt:
        again = shlex.join(["callwright", "model", f"run-{job.kind.verb}", job.model_id, *job.overrides])
        note(f"stopped; it goes on from here with: {again} --upload {job.upload_id}")
        raise


def show(kind: str, reference: str, out: Output) -> None:
    """State and results of the last job of that kind."""
    from callwright.workspace import Kind

    with workspace() as space:
        model, job = space.model_and_job(reference, Kind(kind))
        record = records.of_job(space, job) if job else records.of_no_job(model)
    _shown(record, out)
    if not job:
        note(f"start it: callwright model run-{Kind(kind).verb} {model.id}")


def _shown(record: dict[str, Any], out: Output) -> None:
    if out is Output.json:
        as_json(record)
    else:
        records.show_job(record)


def finished(space: "Workspace", reference: str, kind: "Kind") -> tuple["Model", "Job"]:
    """The last job of that kind that succeeded; it is said where a later one has not."""
    from callwright.workspace import State

    model, job = space.model_and_job(reference, kind)
    again = f"callwright model run-{kind.verb} {model.id}"
    if job is None:
        raise WorkspaceError(f"model `{model.name}` has no {kind.words} yet", hint=again)
    named = job.id.startswith(reference)
    for done in [job] if named else space.jobs(model, kind):
        if done.state is State.SUCCESS:
            if done.id != job.id:
                note(f"the last {kind.words} `{job.id}` is {job.state}; this comes from `{done.id}`")
            return model, done
    raise WorkspaceError(f"the {kind.words} `{job.id}` is {job.state}, not SUCCESS", hint=again)


def student(space: "Workspace", reference: str) -> tuple["Model", Path]:
    """A model and the folder of its trained student."""
    from callwright.workspace import Kind

    model, job = finished(space, reference, Kind.TRAINING)
    return model, _there(space.folder(job) / records.STUDENT)


def _there(path: Path) -> Path:
    if path.exists():
        return path
    raise WorkspaceError(
        f"expected `{path}`, which is not on this machine",
        hint="it was deleted, or made on another machine: set CALLWRIGHT_HOME to its home there",
    )


def download_predictions(kind: str, reference: str, file_name: str) -> None:
    """Write a finished job's predictions to a file, and say which."""
    from callwright.workspace import Kind

    with workspace() as space:
        model, job = finished(space, reference, Kind(kind))
        source = _there(space.folder(job) / PREDICTIONS[kind])
    if file_name == "-":
        data(source.read_text(encoding="utf-8").removesuffix("\n"))
        return
    to = Path(file_name or f"{model.name}-{job.kind.verb}-predictions.jsonl")
    if to.is_dir() or (to.exists() and sha256(to) != sha256(source)):
        raise WorkspaceError(f"`{to}` is there already", hint="name another file with --file-name")
    with source.open("rb") as rows, atomic(to) as file:
        shutil.copyfileobj(rows, file)
    data(str(to))


def serve_here(folder: Path, name: str, port: int, *, logs: bool) -> None:
    """Serve a student on this machine's loopback until Ctrl-C."""
    from callwright.serve import serve

    if logs:  # the server shows its requests where its log is heard
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    note(f"`{name}` answers at http://127.0.0.1:{port}/v1 until Ctrl-C")
    serve(folder, port=port, name=name, warn=note)
