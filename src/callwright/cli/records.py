"""Models, uploads and jobs as they are shown: as text, and as the JSON of `--output json`."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callwright.cli import output

if TYPE_CHECKING:  # a database is not loaded for `--help`
    from callwright.workspace import Job, Model, Upload, Workspace

NOT_STARTED = "JOB_NOT_STARTED"
"""Status where there is no job yet."""
STUDENT = "student"
"""The trained student, in a run directory."""
REPORTS = ("report.html", "report.md", "report.json")
"""The best to read first."""


def of_model(space: "Workspace", model: "Model") -> dict[str, Any]:
    """Everything that is known of a model."""
    from callwright.workspace import Kind

    uploads = space.uploads(model)
    evaluations = space.jobs(model, Kind.TEACHER_EVALUATION)
    training = next(iter(space.jobs(model, Kind.TRAINING)), None)
    return {
        "id": model.id,
        "name": model.name,
        "created_at": model.created_at,
        "training": of_job(space, training) if training else None,
        "upload_ids": [upload.id for upload in uploads],
        "teacher_evaluation_ids": [job.id for job in evaluations],
        "prepared_traces_ids": [],
        "training_status": training.state if training else NOT_STARTED,
        "evaluation_results": evaluations[0].scores if evaluations else {},
        "training_evaluation_results": training.scores if training else {},
        "task_details": uploads[0].details if uploads else {},
    }


def of_upload(space: "Workspace", upload: "Upload") -> dict[str, Any]:
    return {
        "id": upload.id,
        "model_id": upload.model_id,
        "status": "SUCCESS",
        "content": upload.content,
        "created_at": upload.created_at,
        "folder": str(space.home / "uploads" / upload.content),
        "task_details": upload.details,
    }


def of_job(space: "Workspace", job: "Job") -> dict[str, Any]:
    folder = space.folder(job)
    return {
        "id": job.id,
        "model_id": job.model_id,
        "upload_id": job.upload_id,
        "status": job.state,
        "stage": job.stage,
        "done": job.done,
        "total": job.total,
        "note": job.note,
        "overrides": job.overrides,
        "pid": job.pid or None,
        "host": job.host.partition(" ")[0],
        "run_directory": str(folder),
        "log": _path(space.log(job)),
        "report": next((str(folder / name) for name in REPORTS if (folder / name).exists()), None),
        "student": _path(folder / STUDENT),
        "evaluation_results": job.scores,
        "error": job.error,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }


def of_no_job(model: "Model") -> dict[str, Any]:
    return {"id": None, "model_id": model.id, "status": NOT_STARTED, "evaluation_results": {}}


def show_model(record: Mapping[str, Any]) -> None:
    training = record["training"] or {}
    output.fields(
        {
            "id": record["id"],
            "name": record["name"],
            "created": moment(record["created_at"]),
            **_details(record["task_details"]),
            "uploads": "\n".join(record["upload_ids"]),
            "teacher evaluations": "\n".join(record["teacher_evaluation_ids"]),
            "training": training.get("id"),
            "training status": record["training_status"],
            "stage": _stage(training),
            "run directory": training.get("run_directory"),
            "report": training.get("report"),
            "error": training.get("error"),
        }
    )
    _scores("teacher evaluation", record["evaluation_results"])
    _scores("training", record["training_evaluation_results"])


def show_models(records: list[dict[str, Any]]) -> None:
    output.table(
        ("id", "name", "created", "uploads", "training status"),
        [
            (r["id"], r["name"], moment(r["created_at"]), len(r["upload_ids"]), r["training_status"])
            for r in records
        ],
    )


def show_upload(record: Mapping[str, Any]) -> None:
    output.fields(
        {
            "upload": record["id"],
            "status": record["status"],
            "created": moment(record["created_at"]),
            **_details(record["task_details"]),
            "content": record["content"],
            "folder": record["folder"],
        }
    )


def show_job(record: Mapping[str, Any]) -> None:
    output.fields(
        {
            "id": record["id"],
            "status": record["status"],
            "stage": _stage(record),
            "upload": record.get("upload_id"),
            "settings": " ".join(record.get("overrides", ())),
            "started": moment(record.get("started_at")),
            "finished": moment(record.get("finished_at")),
            "process": _process(record),
            "run directory": record.get("run_directory"),
            "log": record.get("log"),
            "student": record.get("student"),
            "report": record.get("report"),
            "error": record.get("error"),
        }
    )
    _scores("", record["evaluation_results"])


def moment(when: datetime | None) -> str:
    """To the second, in UTC."""
    return f"{when:%Y-%m-%d %H:%M:%S} UTC" if when else ""


def _details(details: Mapping[str, Any]) -> dict[str, object]:
    rows = [f"{details[name]} {name}" for name in ("train", "test", "unstructured") if details.get(name)]
    return {
        "task": details.get("task"),
        "student": details.get("student_model_name"),
        "teacher": details.get("teacher_model_name"),
        "tools": ", ".join(details.get("tools", ())),
        "rows": ", ".join(rows),
    }


def _stage(job: Mapping[str, Any]) -> str:
    if not job.get("stage"):
        return ""
    amount = f"{job['done']:,}" + (f" of {job['total']:,}" if job["total"] is not None else "")
    return ", ".join(part for part in (job["stage"], amount, job["note"]) if part)


def _process(job: Mapping[str, Any]) -> str:
    """Who is at it; of a job that is over, nobody."""
    return f"{job['pid']} on {job['host']}" if job["status"] in ("PENDING", "RUNNING") else ""


def _scores(title: str, scores: Mapping[str, Any]) -> None:
    if scores:
        output.data(f"\n{title}" if title else "")
        output.scores(scores)


def _path(path: Path) -> str | None:
    return str(path) if path.exists() else None
