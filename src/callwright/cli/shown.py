"""What the commands print of runs and their stages; the work itself is done by the package."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from msgspec.structs import replace

from callwright.cli.output import Progress, data, fields, note, table, warn
from callwright.cli.show import printed
from callwright.errors import RunError

if TYPE_CHECKING:
    from callwright.job import Job


def warnings(job: "Job") -> None:
    """What is amiss with a job folder though it can be used."""
    warn(job.warnings)


# Runs


def plan(folder: Path, settings: Sequence[str]) -> None:
    """The job as it was read, the settings as they were resolved, and the stages that are yet to be done."""
    from callwright import pipeline
    from callwright.job import read_job

    job = read_job(folder, settings)
    warnings(job)
    place = pipeline.directory(job)
    done = {name.replace("report", "evaluate") for name in _finished(place)}
    config = pipeline.settled(job.config)
    fields(
        {
            "job": str(folder),
            "task": config.base.task,
            "tools": ", ".join(tool.name for tool in job.tools),
            "train": f"{sum(1 for _ in job.train())} conversations",
            "test": f"{sum(1 for _ in job.test())} conversations",
            "teacher": config.base.teacher_model_name,
            "student": config.base.student_model_name,
            "to generate": f"{config.synthgen.generation_target:,} conversations",
            "settings": "\n".join(f"{name}={value}" for name, value in pipeline.presets(job.config).items()),
            "run directory": str(place),
            "stages": "\n".join(f"{name}: {'done' if name in done else 'to do'}" for name in pipeline.STAGES),
        }
    )


def until(stage: str, job: Path, settings: Sequence[str] | None) -> Path:
    """Do a job to the end of a stage; its run directory."""
    from callwright import pipeline
    from callwright.job import read_job

    read = read_job(job, settings or [])
    warnings(read)
    try:
        with Progress() as progress:
            return pipeline.run(read, until=stage, progress=progress)
    except KeyboardInterrupt:
        note("stopped; the same command goes on from here")
        raise


def _finished(place: Path) -> list[str]:
    from callwright.runs import read_manifest

    return list(read_manifest(place).stages) if (place / "manifest.json").exists() else []


def stage(run: Path, name: str, *artifacts: str) -> None:
    """What a stage did, in numbers, and where its artifacts are."""
    from callwright.runs import read_manifest

    counts = read_manifest(run).stages[name].counts
    fields({key.replace("_", " "): _amount(value) for key, value in counts.items()})
    for artifact in artifacts:
        data(str(run / artifact))


def _amount(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{name}: {_amount(amount)}" for name, amount in value.items()) or "none"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):  # a quota
        return " planned, ".join(f"{amount:,}" for amount in value) + " delivered"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


HANDFUL = 5
"""Conversations of a preview."""


def handful(setting: str) -> int:
    """How many conversations `preview=true`, `preview=false` or `preview=8` asks for."""
    value = setting.partition("=")[2].lower()
    if value in ("true", "false"):
        return HANDFUL if value == "true" else 0
    if not value.isdigit():
        raise typer.BadParameter(f"expected preview=true, preview=false or a number, found `{setting}`")
    return int(value)


def preview(folder: Path, settings: Sequence[str], count: int) -> None:
    """A few conversations as the teacher writes them; nothing is kept."""
    from callwright import pipeline
    from callwright.job import read_job

    job = read_job(folder, settings)
    warnings(job)
    data(typer.style(job.task_description, dim=True))
    for conversation in pipeline.preview(job, count):
        printed(replace(conversation, messages=conversation.messages[1:]))


def outcome(run: Path) -> None:
    """The table of models at the end of a run, and what to do next."""
    from callwright.evaluate import read_report, summary

    data("")
    table(
        ("model", "calls right", "whole conversations right"),
        [(row.who, row.calls, row.conversations) for row in summary(read_report(run))],
    )
    data("")
    data(f"report   {run / 'report.html'}")
    data(f"chat     callwright chat {run}")
    data(f"serve    callwright serve {run}")


def dry_packs(folder: Path, settings: Sequence[str]) -> None:
    """What would be trained."""
    from callwright import pipeline
    from callwright.job import read_job

    job = read_job(folder, settings)
    warnings(job)
    fields({key.replace("_", " "): _amount(value) for key, value in pipeline.dry_packs(job).items()})


def student_folder(name: str) -> Path:
    """The student that is meant by a folder: itself, or the one inside a run."""
    if "train" not in (finished := _finished(Path(name))) and finished:
        raise RunError(
            f"the run `{name}` has not trained its student yet", hint="go on with `callwright run`"
        )
    for folder in (Path(name) / "student", Path(name)):
        if (folder / "callwright.json").exists() or (folder / "config.json").exists():
            return folder
    raise RunError(
        f"`{name}` is no student folder and no finished run", hint="train one first: callwright run JOB"
    )


def chat(folder: Path) -> None:
    """A conversation at the terminal."""
    from callwright.agent import talk

    talk(folder)
