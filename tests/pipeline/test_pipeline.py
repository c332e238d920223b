"""The whole way over a small job: every artifact there, nothing done twice, the same after a kill."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import callwright
from callwright import pipeline
from callwright.errors import RunError
from callwright.job import Job, read_job
from callwright.runs import read_manifest

EXAMPLE = Path(__file__).parents[2] / "examples" / "filesystem"
SMALL = [
    "synthgen.generation_target=12",
    "tuning.num_train_epochs=1",
    "tuning.pack_size=1024",
    "tuning.per_device_train_batch_size=2",
]


@pytest.fixture(scope="module")
def job_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with six conversations to learn from and two to be tested on."""
    folder = tmp_path_factory.mktemp("job") / "small"
    folder.mkdir()
    for name, rows in (("train", 6), ("test", 2)):
        lines = (EXAMPLE / f"{name}.jsonl").read_text().splitlines(keepends=True)
        (folder / f"{name}.jsonl").write_text("".join(lines[:rows]))
    for name in ("job_description.json", "config.yaml"):
        shutil.copy(EXAMPLE / name, folder)
    return folder


@pytest.fixture(scope="module")
def job(job_folder: Path) -> Job:
    return read_job(job_folder, SMALL)


@pytest.fixture(scope="module")
def run(job: Job, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pipeline.run(job, tmp_path_factory.mktemp("runs") / "small")


def test_every_stage_leaves_its_artifacts_and_its_counts(run: Path) -> None:
    stages = read_manifest(run).stages
    assert list(stages) == [
        *("generate", "check", "base", "prepare", "train"),
        *("evaluate base", "evaluate tuned", "evaluate teacher", "report"),
    ]
    assert all((run / artifact).exists() for stage in stages.values() for artifact in stage.artifacts)
    assert stages["generate"].counts["accepted"] == 12
    assert stages["check"].counts["kept"] == 18
    assert not (run / "training").exists()


def test_the_base_student_that_is_evaluated_is_the_untrained_one(run: Path, job: Job) -> None:
    weights = (run / "base" / "model.safetensors").read_bytes()
    assert weights != (run / "student" / "model.safetensors").read_bytes()
    with pipeline.opened_stages(job, run) as stages:
        first, second = stages.base, stages.base
        assert first is not second
        trained = next(first.model.parameters())
        trained.data.zero_()
        assert float(next(stages.base.model.parameters()).detach().abs().sum()) > 0


def test_the_student_answers_as_the_seed_shows(run: Path) -> None:
    model = callwright.load(run / "student")
    conversation = [
        {"role": "user", "content": "List files here"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"type": "function", "function": {"name": "ls", "arguments": {}}}],
        },
        {"role": "user", "content": "Go to the documents folder"},
    ]
    answer = json.loads(model.generate(json.dumps(conversation)))
    assert "name" in answer
    assert answer["name"] is None or answer["name"] in {tool.name for tool in model.model.student.card.tools}


def test_a_finished_run_is_not_done_again(job: Job, run: Path) -> None:
    before = {
        path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file() and path.name != ".lock"
    }
    told: list[str] = []
    pipeline.run(job, run, progress=lambda stage, *_: told.append(stage))
    after = {
        path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file() and path.name != ".lock"
    }
    assert after == before
    assert told == []


def test_another_setting_in_the_same_directory_is_refused(job_folder: Path, run: Path) -> None:
    other = read_job(job_folder, [*SMALL, "base.random_seed=7"])
    with pytest.raises(RunError, match=r"base\.random_seed: 123 before, 7 now"):
        pipeline.run(other, run)


def test_a_training_row_that_is_a_test_row_is_kept_out_and_counted(job_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "leaking"
    shutil.copytree(job_folder, folder)
    with (folder / "train.jsonl").open("a") as file:
        file.write((folder / "test.jsonl").read_text().splitlines()[0] + "\n")
    place = pipeline.run(read_job(folder, SMALL), tmp_path / "run", until="check")
    assert read_manifest(place).stages["check"].counts["rejected"] == {"leakage-conversation": 1}
    rejected = json.loads((place / "rejected.jsonl").read_text())
    assert rejected["id"] == "train-7"
    assert rejected["findings"][0]["code"] == "leakage-conversation"


def test_the_teacher_is_evaluated_before_anything_is_trained(job: Job, tmp_path: Path) -> None:
    place = pipeline.teacher_evaluation(job, tmp_path / "teacher")
    assert set(read_manifest(place).stages) == {"evaluate teacher", "report"}
    assert json.loads((place / "report.json").read_text())["evaluations"].keys() == {"teacher", "baseline"}


def test_a_preview_and_a_dry_run_write_nothing(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(pipeline.preview(job, 3)) == 3
    assert pipeline.dry_packs(job)["rows_in"] == 6
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_killed_again_and_again_a_run_ends_as_an_undisturbed_one(
    job_folder: Path, run: Path, tmp_path: Path
) -> None:
    command = [
        sys.executable,
        "-m",
        "callwright.cli",
        "run",
        str(job_folder),
        *SMALL,
        f"output_dir={tmp_path / 'run'}",
    ]
    kills = 0
    for patience in range(2, 60):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
            time.sleep(0.1)
            continue
        assert process.returncode == 0
        break
    assert kills >= 3
    ours, theirs = read_manifest(tmp_path / "run").stages, read_manifest(run).stages
    same = ("generated.jsonl", "conversations.jsonl", "packs", "base", "student")
    for artifact in [*same, *(f"predictions/{role}.jsonl" for role in ("base", "tuned", "teacher"))]:
        made = [
            stages[name].artifacts[artifact]
            for stages in (ours, theirs)
            for name in stages
            if artifact in stages[name].artifacts
        ]
        assert made[0] == made[1], artifact
