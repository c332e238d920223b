from pathlib import Path

import pytest

from callwright.train.curves import PICTURE, Entry, Log, draw, read, smoothed


def entries(steps: int) -> list[Entry]:
    found = [Entry(step=n, epoch=n / 10, loss=1 / n, learning_rate=0.1) for n in range(1, steps + 1)]
    return [*found, Entry(step=steps, epoch=steps / 10, eval_loss=0.5)]


def log_of(folder: Path, steps: int) -> Log:
    log = Log(folder, upto=0)
    for entry in entries(steps):
        log.add(entry)
    return log


def test_the_log_is_read_as_it_was_written(tmp_path: Path) -> None:
    log_of(tmp_path, 3)
    assert read(tmp_path) == entries(3)


def test_steps_after_the_checkpoint_are_struck_out_when_going_on(tmp_path: Path) -> None:
    log_of(tmp_path, 5)
    Log(tmp_path, upto=3)
    assert [entry.step for entry in read(tmp_path)] == [1, 2, 3]


def test_a_last_line_that_was_cut_is_left_out(tmp_path: Path) -> None:
    log = log_of(tmp_path, 3)
    log.path.write_bytes(log.path.read_bytes()[:-5])
    assert read(tmp_path) == entries(3)[:-1]


def test_the_picture_is_a_png_with_or_without_a_look_at_the_held_out(tmp_path: Path) -> None:
    log_of(tmp_path, 5)
    draw(tmp_path)
    assert (tmp_path / PICTURE).read_bytes().startswith(b"\x89PNG")
    Log(tmp_path, upto=4)
    draw(tmp_path)
    assert (tmp_path / PICTURE).read_bytes().startswith(b"\x89PNG")


def test_smoothing_keeps_a_constant_and_begins_at_the_first_value() -> None:
    assert smoothed([2.0] * 5, span=3) == pytest.approx([2.0] * 5)
    assert smoothed([4.0, 0.0], span=2)[0] == 4.0
    assert smoothed([1.0, 2.0, 3.0], span=1) == pytest.approx([1.0, 2.0, 3.0])
    assert smoothed([]) == []
