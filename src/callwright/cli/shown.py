"""What the commands print of runs, conversations and findings; the work itself is done by the package."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from msgspec.structs import replace

from callwright.cli.output import Output, as_json, data, fields, note, table, warn
from callwright.errors import InputError, RunError

if TYPE_CHECKING:
    from callwright.conversation import Conversation, Message
    from callwright.job import Job
    from callwright.prepare import Painted

COLOURS = {"system": "magenta", "user": "cyan", "assistant": "green", "tool": "yellow"}


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
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def preview(folder: Path, settings: Sequence[str], count: int) -> None:
    """A few conversations as the teacher writes them; nothing is kept."""
    from callwright import pipeline
    from callwright.job import read_job

    job = read_job(folder, settings)
    warnings(job)
    data(typer.style(job.task_description, dim=True))
    for conversation in pipeline.preview(job, count):
        _print(replace(conversation, messages=conversation.messages[1:]))


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


# Findings


def findings(files: Sequence[Path], job_folder: Path | None, output: Output) -> None:
    """Everything the checks say of files, like a compiler; exits with 1 where there are errors."""
    found = [row for file in files for row in _checked(file, job_folder)]
    errors = sum(row["severity"] == "error" for row in found)
    if output is Output.json:
        as_json(found)
    else:
        for row in found:
            colour = "red" if row["severity"] == "error" else "yellow"
            data(f"{row['place']}: {typer.style(row['severity'], fg=colour)} {row['code']} at {row['path']}")
            data(f"  {row['message']}")
    note(f"{errors} errors, {len(found) - errors} warnings in {len(files)} files")
    if errors:
        raise typer.Exit(1)


def _checked(file: Path, job_folder: Path | None) -> Iterator[dict[str, Any]]:
    from callwright import formats
    from callwright.checks import Context, check_all
    from callwright.job import read_job

    lenient = ["base.bad_rows=leave-out"]  # the job's own rows are not what is asked about
    job = read_job(job_folder, lenient, need=()) if job_folder else None
    readable: list[Conversation] = []
    for row in formats.rows(file):
        for fault in row.faults:
            yield {
                "place": f"{fault.file}:{fault.line}",
                "code": "format",
                "severity": fault.severity,
                "path": fault.path or "$",
                "message": f"expected {fault.expected}, found {fault.found}",
            }
        if row.conversation:
            own = row.conversation
            readable.append(own.completed(system=job.task_description, tools=job.tools) if job else own)
    for conversation, said in check_all(readable, job.context() if job else Context()):
        for finding in said:
            yield {
                "place": conversation.origin,
                "code": finding.code,
                "severity": finding.severity,
                "path": finding.path,
                "message": finding.message,
            }


# Conversations


def conversation(file: Path, row: int, student: str | None) -> None:
    """One conversation of a file or job folder; with a student, its text with the trained tokens marked."""
    chosen = next(islice(_conversations(file), row - 1, None), None)
    if chosen is None:
        raise InputError(f"`{file}` has fewer than {row} conversations")
    if student:
        _paint(chosen, student_folder(student))
    else:
        _print(chosen)


def _conversations(file: Path) -> "Iterator[Conversation]":
    from callwright import formats
    from callwright.job import read_job

    if file.is_dir():
        yield from read_job(file, need=("train",)).train()
    else:
        yield from formats.read(file)


def _print(conversation: "Conversation") -> None:
    data(typer.style(f"── {conversation.id or conversation.origin}", dim=True))
    for message in conversation.messages:
        said = lines(message)
        role = str(message.__struct_config__.tag)
        head = typer.style(f"{role:>9}", fg=COLOURS[role], bold=True)
        data(f"{head}  {said[0] if said else ''}")
        for line in said[1:]:
            data(f"{'':9}  {line}")


def lines(message: "Message") -> list[str]:
    """A message as a person reads it: its text, then a line for every call."""
    import json

    from callwright.conversation import AssistantMessage

    text = message.content.splitlines()
    if not isinstance(message, AssistantMessage):
        return text
    for call in message.tool_calls:
        arguments = (
            f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in call.arguments.items()
        )
        text.append(f"→ {call.name}({', '.join(arguments)})")
    text += [f"→ not a call ({bad.error}): {bad.raw}" for bad in message.malformed]
    return text


def _paint(conversation: "Conversation", folder: Path) -> None:
    from callwright.prepare import show
    from callwright.students import load_student

    student = load_student(folder)
    whole = conversation.completed(system=student.card.task_description, tools=student.card.tools)
    for number, tokens in enumerate(show(whole, student.renderer, student.encoder), start=1):
        trained = sum(token.trained for token in tokens)
        data(typer.style(f"── render {number}: {len(tokens)} tokens, {trained} trained", dim=True))
        data("".join(map(_painted, tokens)))


def _painted(token: "Painted") -> str:
    """The token, green where it is trained."""
    return typer.style(token.text, fg="green", bold=True) if token.trained else token.text


def chat(folder: Path) -> None:
    """A conversation at the terminal."""
    from callwright.agent import talk

    talk(folder)
