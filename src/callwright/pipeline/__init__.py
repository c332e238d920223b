"""The whole way: generate, check, prepare, train, evaluate, joined by files in one run directory.

`run(job)` does every stage that is not done yet; `run(job, until="prepare")` stops earlier. Each stage reads what
the one before has written and enters what it made in the manifest, so any of them can be killed and the same call
goes on.

    stages     the stages of one job over one run directory
    teaching   the teacher that a job names, and other models
    prompted   generation by a teacher that is prompted
    rejected   the file of rows that were turned away
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from callwright import __version__, formats
from callwright.config import Config
from callwright.conversation import Conversation
from callwright.job import Job, read_job
from callwright.pipeline.stages import Progress, Stages, told
from callwright.pipeline.teaching import composer, composes
from callwright.runs import opened
from callwright.students import PRESETS

__all__ = [
    "STAGES",
    "Progress",
    "directory",
    "dry_packs",
    "presets",
    "preview",
    "run",
    "settled",
    "teacher_evaluation",
]

STAGES = ("generate", "check", "prepare", "train", "evaluate")
"""In the order in which they are done."""


def run(
    job: Job | Path | str,
    folder: Path | str | None = None,
    *,
    until: str = "evaluate",
    name: str = "",
    progress: Progress | None = None,
) -> Path:
    """Do every stage up to `until` that is not done yet; returns the run directory.

    Without `folder` it is the job's `output_dir`, else `runs/NAME`; `name` is what the report calls the job. Raises
    `RunError` where the directory holds a run with other settings or inputs.
    """
    with opened_stages(job, folder, progress, name=name) as stages:
        for stage in STAGES[: STAGES.index(until) + 1]:
            getattr(stages, stage)()
    return stages.run.folder


def teacher_evaluation(
    job: Job | Path | str,
    folder: Path | str | None = None,
    *,
    name: str = "",
    progress: Progress | None = None,
) -> Path:
    """Score the teacher on the test rows, before anything is trained; the report is in the run directory returned.

    A directory of its own: without `folder` that of the run with `-teacher` after its name.
    """
    job = job if isinstance(job, Job) else read_job(Path(job))
    folder = folder or directory(job).with_name(f"{directory(job).name}-teacher")
    with opened_stages(job, folder, progress, name=name) as stages:
        stages.evaluate_teacher()
    return stages.run.folder


def settled(config: Config) -> Config:
    """The configuration with the student's own presets where the user has set nothing."""
    return config.with_presets(PRESETS.get(config.base.student_model_name, {}))


def presets(config: Config) -> dict[str, Any]:
    """The settings that the student's presets make because the user has made none."""
    mine = PRESETS.get(config.base.student_model_name, {})
    return {name: value for name, value in mine.items() if name not in config.explicit}


def directory(job: Job) -> Path:
    """Where a run of `job` lives unless told otherwise."""
    return Path(job.config.output_dir or Path("runs") / job.folder.resolve().name)


def preview(job: Job, count: int) -> list[Conversation]:
    """A few conversations as the teacher composes them for `job`; nothing is written."""
    if not composes(job):
        from callwright.pipeline.prompted import preview as written

        return written(job, count)
    from callwright.generate import preview as some

    return some(composer(job), count=count, seed=job.config.base.random_seed)


def dry_packs(job: Job) -> Mapping[str, Any]:
    """What `prepare` would make of the examples of `job`, or of what a run of it has kept so far; writes nothing."""
    with TemporaryDirectory() as scratch, opened_stages(job, Path(scratch)) as stages:
        from callwright.prepare import prepare

        kept = directory(job) / "conversations.jsonl"
        rows = list(formats.read(kept, "openai")) if kept.exists() else list(job.train())
        student = stages.make_base(rows) if stages.makes_base else stages.base
        manifest = prepare(
            rows,
            student.renderer,
            student.encoder,
            Path(scratch) / "packs",
            pack_size=stages.config.tuning.pack_size,
            max_length=student.card.max_length,
            seed=stages.config.base.random_seed,
            dry_run=True,
        )
    return {"conversations from": str(kept if kept.exists() else job.files["train"]), **told(manifest)}


@contextmanager
def opened_stages(
    job: Job | Path | str, folder: Path | str | None, progress: Progress | None = None, *, name: str = ""
) -> Iterator[Stages]:
    """The stages of a job, over its opened run directory."""
    job = job if isinstance(job, Job) else read_job(Path(job))
    config = settled(job.config)
    place = Path(folder) if folder else directory(job)
    recorded = config.recorded()
    with opened(place, version=__version__, config=recorded, inputs=hashes(job)) as run:
        yield Stages(job, config, run, progress or (lambda *_: None), name=name or job.folder.resolve().name)


def hashes(job: Job) -> dict[str, str]:
    """Name -> hash of every file that a run reads; the configuration is recorded as it was resolved instead."""
    return {name: digest for name, digest in job.hashes().items() if name != "config"}
