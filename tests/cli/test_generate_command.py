"""`callwright generate` with a teacher behind an endpoint: what is printed, what is written, how it ends."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from callwright.cli import app
from callwright.job import read_job
from callwright.testing.endpoint import Endpoint
from callwright.testing.pretend import Pretend

EXAMPLE = Path(__file__).parents[2] / "examples" / "filesystem"
TOOLS = read_job(EXAMPLE).tools


def generated(endpoint: Endpoint, *settings: str) -> tuple[int, str, str]:
    teacher = ["base.teacher_model_name=openai.gpt-oss-120b", f"base.teacher_base_url={endpoint.url}"]
    result = CliRunner().invoke(app, ["generate", str(EXAMPLE), *teacher, *settings])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(("asked", "count"), [("preview=true", 5), ("preview=2", 2)])
def test_a_preview_is_printed_and_nothing_is_written(
    asked: str, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Endpoint(answer=Pretend(TOOLS)) as endpoint:
        code, said, _ = generated(endpoint, asked)
    assert code == 0
    heads = [line for line in said.splitlines() if line.startswith("── ")]
    assert heads == [f"── gen-{number:06}" for number in range(1, count + 1)]
    assert list(tmp_path.iterdir()) == []


def test_a_preview_of_no_number_is_refused() -> None:
    with Endpoint(answer=Pretend(TOOLS)) as endpoint:
        code, _, told = generated(endpoint, "preview=some")
    assert code == 2
    assert "expected preview=true, preview=false or a number" in told


def test_the_funnel_is_printed_at_the_end(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with Endpoint(answer=Pretend(TOOLS)) as endpoint:
        code, said, told = generated(endpoint, "synthgen.generation_target=20", f"output_dir={run}")
    assert code == 0
    for line in ("planned          20", "near duplicates  0", "leaks            0", "accepted         20"):
        assert line in said
    assert "correction: 3 planned, 3 delivered" in said
    assert said.endswith(f"{run / 'generated.jsonl'}\n")
    assert "generate: 20 of 20 (100%)" in told


def test_a_spent_budget_says_what_there_is_and_how_to_go_on(tmp_path: Path) -> None:
    budget = ("synthgen.max_calls=5", f"output_dir={tmp_path / 'run'}")
    with Endpoint(answer=Pretend(TOOLS)) as endpoint:
        code, said, told = generated(endpoint, *budget)
    assert (code, said) == (1, "")
    assert "the budget of 5 calls is spent" in told
    assert "the same command with a larger budget goes on from here" in told
