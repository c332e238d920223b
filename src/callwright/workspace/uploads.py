"""The files of uploads: folders addressed by their content, complete or not there, never changed."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from callwright.errors import InputError, WorkspaceError
from callwright.files import sha256, synced

FORGOTTEN = 24 * 3600
"""Seconds after which a half-made folder belongs to nobody: a process was killed over it."""


@contextmanager
def staged(store: Path, files: Mapping[str, Path]) -> Iterator[Path]:
    """A folder inside `store` with copies of `files` (name -> path), gone afterwards unless `kept`.

    An `InputError` raised inside names the paths that the user gave, not those of the copies.
    """
    for old in store.glob(".*.partial"):
        if time.time() - old.stat().st_mtime > FORGOTTEN:
            shutil.rmtree(old, ignore_errors=True)
    partial = Path(tempfile.mkdtemp(prefix=".", suffix=".partial", dir=store))
    try:
        for name, path in files.items():
            _copy(path, partial / name)
        try:
            yield partial
        except InputError as error:
            raise _as_given(error, partial, files) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def kept(partial: Path, folder: Path) -> None:
    """Make the staged `partial` the folder `folder`, read-only and synced, unless that is there already."""
    for path in partial.rglob("*"):
        path.chmod(0o444 if path.is_file() else 0o755)
    partial.chmod(0o755)
    synced(partial)
    try:
        partial.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
    synced(folder.parent)


def copied(folder: Path, to: Path) -> bool:
    """Copy `folder` out to `to`, whole or not at all; False where it is there already, file for file.

    Raises `WorkspaceError` where `to` has something else in it.
    """
    if to.exists() and not to.is_dir():
        raise WorkspaceError(f"`{to}` is a file: a folder is written there", hint="name another destination")
    if to.is_dir() and any(to.iterdir()):
        if sha256(to) == sha256(folder):
            return False
        raise WorkspaceError(
            f"`{to}` is not empty and holds something else", hint="name another destination, or empty it"
        )
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=to.parent, prefix=f".{to.name}.", suffix=".partial") as name:
        partial = Path(name) / to.name
        for path in folder.rglob("*"):
            if path.is_file():
                _copy(path, partial / path.relative_to(folder))
        partial.mkdir(exist_ok=True)
        partial.rename(to)  # over an empty folder too
    synced(to.parent)
    return True


def _copy(path: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("rb") as source, to.open("wb") as copy:
            shutil.copyfileobj(source, copy, 1 << 20)
            copy.flush()
            os.fsync(copy.fileno())
    except OSError as error:
        raise WorkspaceError(
            f"`{path}` cannot be copied: {error.strerror}", hint="give the path of a file that can be read"
        ) from error


def _as_given(error: InputError, partial: Path, files: Mapping[str, Path]) -> InputError:
    def given(text: str) -> str:
        for name, path in files.items():
            text = text.replace(str(partial / name), str(path))
        folder = next(iter(files.values())).parent if files else partial
        return text.replace(str(partial), str(folder))

    faults = [
        msgspec.structs.replace(fault, file=given(fault.file), found=given(fault.found))
        for fault in error.faults
    ]
    return type(error)(given(error.args[0]), faults, hint=given(error.hint))
