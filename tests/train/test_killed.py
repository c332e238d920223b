"""A training whose process is killed outright, and begun again by the same command."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from callwright.students import Student, save_student
from callwright.train import TrainSettings, curves

TRAIN = """
import sys
from pathlib import Path
import msgspec
from callwright.students import load_student
from callwright.train import TrainSettings, train

student, packs, work, settings = sys.argv[1:]
train(load_student(student), Path(packs), Path(work), settings=msgspec.json.decode(settings, type=TrainSettings))
"""


def steps(work: Path) -> list[curves.Entry]:
    return [entry for entry in curves.read(work) if entry.loss is not None]


@pytest.mark.slow
def test_a_killed_training_ends_with_the_loss_of_an_undisturbed_one(
    tiny_packs: Path, student_of: Callable[[], Student], settings: TrainSettings, tmp_path: Path
) -> None:
    settings = msgspec.structs.replace(settings, num_train_epochs=40, checkpoint_steps=7)
    save_student(student_of(), tmp_path / "student")

    def start(work: Path) -> subprocess.Popen[bytes]:
        told = msgspec.json.encode(settings).decode()
        return subprocess.Popen(
            [sys.executable, "-c", TRAIN, str(tmp_path / "student"), str(tiny_packs), str(work), told]
        )

    assert start(tmp_path / "whole").wait() == 0
    work, kills = tmp_path / "killed", 0
    for after in (20, 60, 110):
        process = start(work)
        while process.poll() is None and len(steps(work)) < after:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
    assert kills >= 2
    assert start(work).wait() == 0

    whole, killed = steps(tmp_path / "whole"), steps(work)
    assert [entry.step for entry in killed] == list(range(1, 161))
    assert [e.loss for e in killed] == pytest.approx([e.loss for e in whole], abs=1e-5)
