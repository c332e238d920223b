"""A run directory: what was made, from what, and whether it still stands.

`manifest.json` holds the resolved configuration, the hashes of the inputs, and for each finished stage its
artifacts with their hashes and its counts. An artifact is complete before it is entered; so after `kill -9` the
same command goes on with the first stage that is not entered, and a stage whose inputs stand is not done again.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec

from callwright.errors import RunError
from callwright.files import atomic, sha256

FORM = 1
"""Version of the manifest's form."""


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """A finished stage."""

    artifacts: dict[str, str]
    """Path inside the run -> sha256."""
    counts: dict[str, Any] = {}
    """What it did, in numbers: rows in, out, left out and why."""


class Manifest(msgspec.Struct, kw_only=True):
    form: int = FORM
    callwright: str
    """Version that began the run."""
    config: dict[str, Any]
    """Resolved configuration, secrets never among it."""
    inputs: dict[str, str]
    """Input file -> sha256."""
    stages: dict[str, Stage] = {}


class Run:
    """An open run directory, held by one process at a time; made by `opened`."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest

    def path(self, name: str) -> Path:
        return self.folder / name

    def finished(self, stage: str) -> Stage | None:
        """The stage, if it was finished and its artifacts are as it left them.

        Raises `RunError` where an artifact was changed by somebody since: going on would mix two runs.
        """
        done = self.manifest.stages.get(stage)
        if done is None:
            return None
        for name, hashed in done.artifacts.items():
            if not self.path(name).exists():
                return None
            if sha256(self.path(name)) != hashed:
                raise RunError(
                    f"`{self.path(name)}` was changed after stage `{stage}` wrote it",
                    hint="delete it to have it made again, or work in another directory with output_dir=PATH",
                )
        return done

    def stage(
        self, name: str, artifacts: list[str], work: Callable[[], Mapping[str, Any]], *, scratch: str = ""
    ) -> Stage:
        """Do `work`, which makes `artifacts` and returns its counts, unless it is finished already.

        Everything entered after it is struck out first: it was made from what is now made again. `scratch` is a
        folder of the stage's own, kept while it is unfinished and removed when it is done.
        """
        if done := self.finished(name):
            return done
        self._strike_out_from(name)
        counts = dict(work())
        stage = Stage(
            artifacts={artifact: sha256(self.path(artifact)) for artifact in artifacts}, counts=counts
        )
        self.manifest.stages[name] = stage
        self._save()
        if scratch:
            shutil.rmtree(self.path(scratch), ignore_errors=True)
        return stage

    def _strike_out_from(self, name: str) -> None:
        names = list(self.manifest.stages)
        for later in names[names.index(name) :] if name in names else []:
            for artifact in self.manifest.stages.pop(later).artifacts:
                path = self.path(artifact)
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def _save(self) -> None:
        with atomic(self.folder / "manifest.json") as file:
            file.write(msgspec.json.format(msgspec.json.encode(self.manifest), indent=2) + b"\n")


@contextmanager
def opened(folder: Path, *, version: str, config: dict[str, Any], inputs: dict[str, str]) -> Iterator[Run]:
    """The run in `folder`, new or gone on with, locked against other processes.

    Raises `RunError` where the folder belongs to a run with other settings or inputs, naming what differs, where
    another process works in it, or where it is somebody else's folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "manifest.json"
    with _locked(folder):
        for half_written in folder.glob(".*.partial"):  # left by a process that was killed
            shutil.rmtree(half_written) if half_written.is_dir() else half_written.unlink()
        if path.exists():
            manifest = _read(path)
            _same(folder, manifest, config, inputs)
            run = Run(folder, manifest)
        else:
            strangers = [p.name for p in folder.iterdir() if not p.name.startswith(".")]
            if strangers:
                raise RunError(
                    f"`{folder}` is not empty and is no run directory (it has `{strangers[0]}`)",
                    hint="name a new or empty directory with output_dir=PATH",
                )
            run = Run(folder, Manifest(callwright=version, config=config, inputs=inputs))
            run._save()
        yield run


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the run in `folder`. Raises `RunError` where there is none."""
    path = folder / "manifest.json"
    if not path.exists():
        raise RunError(
            f"`{folder}` is no run directory: it has no manifest.json", hint="make one: callwright run JOB"
        )
    return _read(path)


def _read(path: Path) -> Manifest:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise RunError(
            f"`{path}` cannot be read: {error}", hint="it was changed by hand; work in another directory"
        ) from error


def _same(folder: Path, manifest: Manifest, config: dict[str, Any], inputs: dict[str, str]) -> None:
    before, now = dict(_flat(manifest.config)), dict(_flat(config))
    differ = [
        f"{key}: {before.get(key, 'not set')!r} before, {now.get(key, 'not set')!r} now"
        for key in sorted({*before, *now})
        if before.get(key) != now.get(key)
    ]
    differ += [
        f"{name}: its content has changed"
        for name in sorted({*inputs, *manifest.inputs})
        if inputs.get(name) != manifest.inputs.get(name)
    ]
    if differ:
        raise RunError(
            f"`{folder}` holds a run that was begun otherwise:\n  " + "\n  ".join(differ),
            hint="name another directory with output_dir=PATH, or delete this one to begin anew",
        )


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


@contextmanager
def _locked(folder: Path) -> Iterator[IO[str]]:
    with (folder / ".lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            raise RunError(
                f"another process ({file.read().strip() or 'unknown'}) works in `{folder}`",
                hint="wait for it, stop it, or name another directory with output_dir=PATH",
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield file
