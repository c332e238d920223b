from pathlib import Path

import pytest

from callwright.train.checkpoints import SEAL, newest, seal


@pytest.fixture
def checkpoints(tmp_path: Path) -> Path:
    for step in (2, 10):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "model.safetensors").write_bytes(b"weights" * step)
        (folder / "trainer_state.json").write_text("{}")
        seal(folder)
    return tmp_path


def test_the_newest_is_the_one_of_the_highest_step(checkpoints: Path) -> None:
    assert newest(checkpoints) == checkpoints / "checkpoint-10"


def test_where_there_is_none_there_is_none(tmp_path: Path) -> None:
    assert newest(tmp_path / "nothing") is None


@pytest.mark.parametrize("cut", ["no seal", "half a seal", "a file too few", "a file too short"])
def test_a_checkpoint_that_was_cut_is_removed_and_the_one_before_is_taken(
    checkpoints: Path, cut: str
) -> None:
    last = checkpoints / "checkpoint-10"
    match cut:
        case "no seal":
            (last / SEAL).unlink()
        case "half a seal":
            (last / SEAL).write_bytes((last / SEAL).read_bytes()[:10])
        case "a file too few":
            (last / "trainer_state.json").unlink()
        case _:
            (last / "model.safetensors").write_bytes(b"wei")
    assert newest(checkpoints) == checkpoints / "checkpoint-2"
    assert not last.exists()
