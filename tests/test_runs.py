"""Run directories: finished stages stand, changed ones are refused, nothing is done twice."""

from collections.abc import Callable
from pathlib import Path

import pytest

from callwright.errors import RunError
from callwright.runs import Run, opened

CONFIG = {"base": {"task": "tool-calling-closed-book", "seed": 1}}
INPUTS = {"train.jsonl": "aa"}


def writing(run: Run, name: str, text: str, log: list[str]) -> Callable[[], dict[str, int]]:
    def work() -> dict[str, int]:
        log.append(name)
        run.path(name).write_text(text)
        return {"rows": len(text)}

    return work


def test_a_finished_stage_is_not_done_again(tmp_path: Path) -> None:
    log: list[str] = []
    for _ in range(2):
        with opened(tmp_path / "run", version="1", config=CONFIG, inputs=INPUTS) as run:
            stage = run.stage("first", ["a.txt"], writing(run, "a.txt", "abc", log))
            assert stage.counts == {"rows": 3}
    assert log == ["a.txt"]


def test_a_stage_whose_artifact_is_gone_is_done_again_and_all_after_it(tmp_path: Path) -> None:
    log: list[str] = []
    for _ in range(2):
        with opened(tmp_path / "run", version="1", config=CONFIG, inputs=INPUTS) as run:
            run.stage("first", ["a.txt"], writing(run, "a.txt", "abc", log))
            run.stage("second", ["b.txt"], writing(run, "b.txt", "d", log))
            run.path("a.txt").unlink()
    assert log == ["a.txt", "b.txt", "a.txt", "b.txt"]


def test_a_stage_that_fails_leaves_no_entry(tmp_path: Path) -> None:
    def fails() -> dict[str, int]:
        raise KeyError("no")

    with opened(tmp_path / "run", version="1", config=CONFIG, inputs=INPUTS) as run:
        with pytest.raises(KeyError):
            run.stage("first", [], fails)
        assert run.finished("first") is None


def test_an_artifact_changed_by_hand_is_refused_by_name(tmp_path: Path) -> None:
    log: list[str] = []
    with opened(tmp_path / "run", version="1", config=CONFIG, inputs=INPUTS) as run:
        run.stage("first", ["a.txt"], writing(run, "a.txt", "abc", log))
        run.path("a.txt").write_text("abd")
        with pytest.raises(RunError, match=r"a\.txt.*changed after stage `first`"):
            run.finished("first")


def test_other_settings_or_inputs_are_refused_with_the_keys_that_differ(tmp_path: Path) -> None:
    with opened(tmp_path / "run", version="1", config=CONFIG, inputs=INPUTS):
        pass
    other = {"base": {"task": "tool-calling-closed-book", "seed": 2}}
    with (
        pytest.raises(
            RunError, match=r"base\.seed: 1 before, 2 now\n  train\.jsonl: its content has changed"
        ),
        opened(tmp_path / "run", version="1", config=other, inputs={"train.jsonl": "bb"}),
    ):
        pass


def test_a_second_process_is_told_who_works_in_the_directory(tmp_path: Path) -> None:
    with (
        opened(tmp_path / "run", version="1", config=CONFIG, inputs=INPUTS),
        pytest.raises(RunError, match=r"another process \(\d+\) works in"),
        opened(tmp_path / "run", version="1", config=CONFIG, inputs=INPUTS),
    ):
        pass


def test_a_folder_of_somebody_else_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("...")
    with (
        pytest.raises(RunError, match="is no run directory"),
        opened(tmp_path, version="1", config=CONFIG, inputs=INPUTS),
    ):
        pass
    assert [p.name for p in tmp_path.iterdir() if not p.name.startswith(".")] == ["thesis.tex"]


def test_what_a_killed_process_left_half_written_is_swept_away(tmp_path: Path) -> None:
    with opened(tmp_path / "run", version="1", config=CONFIG, inputs=INPUTS) as run:
        run.path(".a.txt.x1.partial").write_text("half")
        run.path(".packs.x2.partial").mkdir()
    with opened(tmp_path / "run", version="1", config=CONFIG, inputs=INPUTS) as run:
        assert list(run.folder.glob("*.partial")) == []
