"""Checkpoints that survive `kill -9`: one counts only when all of it is on the disk.

Trainer writes the files of `checkpoint-N`; when it is done they are synced and listed with their sizes in a
seal, which is written last. A folder without its seal, or with a file that differs from it, was cut and is
removed.
"""

import os
import shutil
from pathlib import Path

import msgspec

from callwright.files import atomic, synced

SEAL = "complete.json"


def seal(checkpoint: Path) -> None:
    """Declare a checkpoint whole."""
    sizes = {}
    for path in sorted(p for p in checkpoint.rglob("*") if p.is_file()):
        with path.open("rb") as file:
            os.fsync(file.fileno())
        sizes[path.relative_to(checkpoint).as_posix()] = path.stat().st_size
    with atomic(checkpoint / SEAL) as file:
        file.write(msgspec.json.encode(sizes))
    synced(checkpoint.parent)


def newest(folder: Path) -> Path | None:
    """The last whole checkpoint in `folder`; those that were cut are removed."""
    found = sorted(folder.glob("checkpoint-*"), key=step_of, reverse=True)
    for checkpoint in found:
        if _whole(checkpoint):
            return checkpoint
        shutil.rmtree(checkpoint)
    return None


def step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])


def _whole(checkpoint: Path) -> bool:
    try:
        sizes = msgspec.json.decode((checkpoint / SEAL).read_bytes(), type=dict[str, int])
    except (OSError, msgspec.DecodeError):
        return False
    files = (checkpoint / name for name in sizes)
    return all(
        path.is_file() and path.stat().st_size == size
        for path, size in zip(files, sizes.values(), strict=True)
    )
