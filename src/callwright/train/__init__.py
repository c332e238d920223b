"""Training: a student learns from packs, full or by LoRA, proved before the first step and after the last.

`train` works in a folder of its own, where checkpoints, `log.jsonl` and `loss.png` are kept, and goes on from
what it finds there. `export` writes the student's folder and proves that it is the student that was trained.
Importing this package loads no torch; training does.
"""

import shutil
from pathlib import Path

from callwright.students import Student
from callwright.train.settings import Progress, TrainSettings

__all__ = ["Progress", "TrainSettings", "export", "train"]


def train(
    student: Student,
    packs: Path,
    folder: Path,
    *,
    settings: TrainSettings,
    progress: Progress | None = None,
) -> Student:
    """The student, trained on the packs in `packs`; `folder` keeps what a killed training needs to go on.

    The student's own model is changed. Raises `ProofError` before the first step where student and packs do
    not fit, `RunError` where `folder` holds another training, and `KeyboardInterrupt` after Ctrl-C, once the
    step is finished and kept.
    """
    from callwright.train.loop import run

    return run(student, packs, folder, settings=settings, progress=progress)


def export(student: Student, folder: Path, *, work: Path) -> None:
    """Save a trained student as `folder`, once it is proved that what is saved is what was trained.

    `work`: the folder that `train` worked in; there is how the student answered before. Raises `ProofError`, and
    then leaves the unproved student in `work`.
    """
    from callwright.students import save_student
    from callwright.train import proofs

    unproved = work / "unproved"
    save_student(student, unproved)
    proofs.of_export(student, unproved, work)
    shutil.rmtree(folder, ignore_errors=True)
    unproved.rename(folder)
