"""Which of the user's files are uploaded, and what the registry keeps of what is in them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import typer

from callwright.cli.output import note, warn
from callwright.conversation import UserMessage
from callwright.errors import Fault

DATA_FILES = ("job_description.json", "config.yaml")
DATA_ROWS = ("train", "test", "unstructured")
ROW_ENDINGS = {".jsonl": ".jsonl", ".json": ".jsonl", ".csv": ".csv"}
PACKED = ("", ".gz", ".zst")


def chosen(data: Path | None, single: Mapping[str, Path]) -> dict[str, Path]:
    """Name in a job folder -> the user's file: out of a folder, or one by one."""
    if (data is None) == (not single):
        raise typer.BadParameter("give either --data FOLDER or --job-description, --train and --test")
    if data is not None:
        return _folder_files(data)
    needed = ("job_description", "train", "test")
    if missing := [_option(name) for name in needed if name not in single]:
        raise typer.BadParameter(f"{' and '.join(missing)} must be given too")
    found = {}
    for name, path in single.items():
        if not path.is_file():
            raise typer.BadParameter(f"there is no file `{path}`", param_hint=_option(name))
        found[_name(name, path)] = path
    return found


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _folder_files(folder: Path) -> dict[str, Path]:
    from callwright.job import read_job

    if not folder.is_dir():
        raise typer.BadParameter(f"there is no folder `{folder}`", param_hint="--data")
    rows = {
        name + ending + packed for name in DATA_ROWS for ending in (".jsonl", ".csv") for packed in PACKED
    }
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    files = {path.name: path for path in paths if path.name in {*DATA_FILES, *rows}}
    stems = {name.partition(".")[0] for name in files}
    if not {"job_description", "train", "test"} <= stems:
        read_job(folder)  # raises: it sees the other files too, and knows which may have been meant
    if others := [path.name for path in paths if path.name not in files]:
        note(f"left out, being no part of a job: {', '.join(others)}")
    return files


def _name(name: str, path: Path) -> str:
    """The name that a file given one by one has in a job folder."""
    if name in ("job_description", "config"):
        return {"job_description": "job_description.json", "config": "config.yaml"}[name]
    packed = path.suffix if path.suffix in PACKED else ""
    ending = Path(path.name.removesuffix(packed)).suffix
    if ending not in ROW_ENDINGS:
        raise typer.BadParameter(
            f"expected a file ending in .jsonl or .csv (also .gz, .zst), found `{path.name}`",
            param_hint=_option(name),
        )
    return name + ROW_ENDINGS[ending] + packed


def check(files: Mapping[str, Path]) -> Callable[[Path], dict[str, Any]]:
    """What reads a folder of copies of `files` for the registry; raises `JobError` with every fault."""

    def details(folder: Path) -> dict[str, Any]:
        from callwright.job import read_job

        job = read_job(folder)
        warn(_as_given(fault, files) for fault in job.warnings)
        asked = (m.content for row in job.test() for m in row.messages if isinstance(m, UserMessage))
        return {
            "task": job.config.base.task,
            "task_description": job.task_description,
            "student_model_name": job.config.base.student_model_name,
            "teacher_model_name": job.config.base.teacher_model_name,
            "tools": [tool.name for tool in job.tools],
            "train": len(job.train()),
            "test": len(job.test()),
            "unstructured": len(job.unstructured()),
            "example": next(asked, ""),
        }

    return details


def _as_given(fault: Fault, files: Mapping[str, Path]) -> Fault:
    """A fault of a copy, at the user's own file."""
    return msgspec.structs.replace(fault, file=str(files.get(Path(fault.file).name, fault.file)))
