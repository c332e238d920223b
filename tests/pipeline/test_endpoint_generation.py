"""Generation by a model behind an endpoint, the whole way: killed, stopped, out of budget, refused; always exact."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from callwright import formats, pipeline
from callwright.checks import check_all
from callwright.conversation import Json
from callwright.errors import JobError, ModelError
from callwright.job import Job, read_job
from callwright.runs import read_manifest
from callwright.testing.endpoint import Endpoint, Said, Storm, Trouble, said
from callwright.testing.pretend import Pretend

EXAMPLE = Path(__file__).parents[2] / "examples" / "filesystem"
TARGET = 24
KEY = "sk-wf3c81be40aa9d27"
HEADER = "header-secret-51ad"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLWRIGHT_TEACHER_API_KEY", KEY)
    monkeypatch.setenv("A_HEADER", HEADER)


def settings(endpoint: Endpoint, *more: str) -> list[str]:
    return [
        "base.teacher_model_name=openai.gpt-oss-120b",
        f"base.teacher_base_url={endpoint.url}",
        f"synthgen.generation_target={TARGET}",
        *more,
    ]


def job(endpoint: Endpoint, *more: str) -> Job:
    return read_job(EXAMPLE, settings(endpoint, *more))


TOOLS = read_job(EXAMPLE).tools


def generated(run: Path) -> tuple[bytes, bytes]:
    return (run / "generated.jsonl").read_bytes(), (run / "generated-rejected.jsonl").read_bytes()


def moody(kind: str, body: dict[str, Json], answer: Said | Trouble) -> Said | Trouble:
    """Some blueprints are not what was asked for."""
    if kind == "blueprint" and "touch" in body["messages"][-1]["content"][-900:]:
        return said('{"blueprints": []}')
    return answer


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """A run that nothing befell, and how many requests it took."""
    with Endpoint(answer=Pretend(TOOLS, change=moody)) as endpoint:
        run = pipeline.run(job(endpoint), tmp_path_factory.mktemp("runs") / "calm", until="generate")
        yield run, len(endpoint.requests)


def test_the_number_asked_for_is_there_and_passes_every_check(undisturbed: tuple[Path, int]) -> None:
    run, requests = undisturbed
    rows = list(formats.read(run / "generated.jsonl"))
    assert [row.id for row in rows] == [f"gen-{number:06}" for number in range(1, TARGET + 1)]
    example = read_job(EXAMPLE)
    found = [
        finding.code
        for _, findings in check_all(rows, example.context(), example.test())
        for finding in findings
    ]
    assert [code for code in found if not code.startswith("duplicates-structural")] == []
    counts = read_manifest(run).stages["generate"].counts
    assert counts["planned"] == counts["accepted"] == TARGET
    assert counts["rejected"].keys() == {"blueprint-unreadable"}
    assert sum(delivered for _, delivered in counts["situations"].values()) == TARGET
    assert counts["spent"]["calls"] == requests


def test_what_was_turned_away_has_its_reason_and_the_raw_reply(undisturbed: tuple[Path, int]) -> None:
    rows = [
        json.loads(line) for line in (undisturbed[0] / "generated-rejected.jsonl").read_text().splitlines()
    ]
    assert {row["reason"] for row in rows} == {"blueprint-unreadable"}
    assert {row["raw"] for row in rows} == {'{"blueprints": []}'}
    assert all(row["details"] and row["scenario"] and row["situation"] for row in rows)


def test_no_key_is_in_any_file_of_the_run(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    for name in ("job_description.json", "train.jsonl", "test.jsonl"):
        (folder / name).write_bytes((EXAMPLE / name).read_bytes())

    def tells(body: dict[str, Json]) -> Trouble:
        return Trouble(status=401, message=f"the key {KEY} and {HEADER} are not known")

    with Endpoint(answer=tells) as endpoint:
        (folder / "config.yaml").write_text(_CONFIG.format(url=endpoint.url))
        told: list[str] = []
        with pytest.raises(ModelError) as caught:
            pipeline.run(folder, tmp_path / "run", progress=lambda *step: told.append(str(step)))
        sent = endpoint.headers[0]
    assert (sent["authorization"], sent["x-team"]) == (f"Bearer {KEY}", HEADER)
    files = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"manifest.json", "replies.jsonl"}
    seen = [path.read_text() for path in files] + told + [str(caught.value), caught.value.hint]
    assert [text for text in seen if KEY in text or HEADER in text] == []
    assert "X-Team" in (tmp_path / "run" / "manifest.json").read_text()


_CONFIG = """
base:
  task: multi-turn-tool-calling-closed-book
  teacher_model_name: big
providers:
- name: here
  endpoint: {url}
  provider_type: openai
  api_key: CALLWRIGHT_TEACHER_API_KEY
  extra_body: {{top_k: 40}}
  extra_headers: {{X-Team: "${{oc.env:A_HEADER}}"}}
models:
- alias: big
  model: openai/gpt-oss-20b
  provider: here
  skip_health_check: false
  inference_parameters: {{temperature: 0.75, top_p: 0.95, max_tokens: 1800}}
  input_price: 1.0
  output_price: 2.0
synthgen:
  generation_target: 6
"""


def test_a_model_of_the_configuration_is_asked_as_it_says(tmp_path: Path) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    for name in ("job_description.json", "train.jsonl", "test.jsonl"):
        (folder / name).write_bytes((EXAMPLE / name).read_bytes())
    with Endpoint(answer=Pretend(TOOLS)) as endpoint:
        (folder / "config.yaml").write_text(_CONFIG.format(url=endpoint.url))
        read = read_job(folder)
        assert [str(fault) for fault in read.warnings if "no effect" in str(fault)] == []
        run = pipeline.run(read, tmp_path / "run", until="generate")
        asked = endpoint.requests
    assert {body["model"] for body in asked} == {"openai/gpt-oss-20b"}
    assert {(body["temperature"], body["top_p"], body["top_k"]) for body in asked} == {(0.75, 0.95, 40)}
    assert min(body["max_tokens"] for body in asked) == 1800
    spent = read_manifest(run).stages["generate"].counts["spent"]
    assert spent["dollars"] == pytest.approx(len(asked) * (10 * 1.0 + 5 * 2.0) / 1e6, abs=1e-4)


def started(endpoint: Endpoint, run: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "callwright.cli", "generate", str(EXAMPLE)]
    return subprocess.Popen(
        [*command, *settings(endpoint, f"output_dir={run}")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Counting:
    """Answers as another does, and tells when so many were answered."""

    def __init__(self, answer: Callable[[dict[str, Json]], Said | Trouble], count: int) -> None:
        self.reached = threading.Event()
        self._answer, self._left = answer, count

    def __call__(self, body: dict[str, Json]) -> Said | Trouble:
        self._left -= 1
        if self._left <= 0:
            self.reached.set()
        return self._answer(body)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_stopped_in_the_middle_it_goes_on_and_pays_for_nothing_twice(
    how: signal.Signals, undisturbed: tuple[Path, int], tmp_path: Path
) -> None:
    calm, needed = undisturbed
    counting = Counting(Pretend(TOOLS, change=moody), 30)
    with Endpoint(answer=counting, latency=0.01) as endpoint:
        process = started(endpoint, tmp_path / "run")
        assert counting.reached.wait(60)
        process.send_signal(how)
        _, told = process.communicate(timeout=60)
        before = len(endpoint.requests)
        kept = (tmp_path / "run" / "generating" / "replies.jsonl").read_bytes().count(b"\n")
        assert process.returncode != 0
        assert not (tmp_path / "run" / "generated.jsonl").exists()
        if how == signal.SIGINT:
            assert kept == before
            assert "the same command goes on from here" in told
        run = pipeline.run(job(endpoint), tmp_path / "run", until="generate")
        assert len(endpoint.requests) - before == needed - kept
    assert generated(run) == generated(calm)
    assert not list((run / "generating").glob("accepted.jsonl"))


def test_a_spent_budget_keeps_what_there_is_and_a_larger_one_goes_on(
    undisturbed: tuple[Path, int], tmp_path: Path
) -> None:
    calm, needed = undisturbed
    with Endpoint(answer=Pretend(TOOLS, change=moody)) as endpoint:
        small = job(endpoint, "synthgen.max_calls=60", "base.llm_num_parallel_requests=4")
        with pytest.raises(ModelError) as caught:
            pipeline.run(small, tmp_path / "run", until="generate")
        kept = (tmp_path / "run" / "generating" / "accepted.jsonl").read_text().splitlines()
        assert "the budget of 60 calls is spent" in str(caught.value)
        assert f"{len(kept)} of {TARGET} conversations were accepted" in str(caught.value)
        assert 0 < len(kept) < TARGET
        assert len(endpoint.requests) == 60
        larger = job(endpoint, "synthgen.max_calls=1000", "base.llm_num_parallel_requests=4")
        run = pipeline.run(larger, tmp_path / "run", until="generate")
        assert len(endpoint.requests) == needed
    assert generated(run) == generated(calm)


def test_refusals_and_errors_that_pass_change_nothing(undisturbed: tuple[Path, int], tmp_path: Path) -> None:
    storms = [Storm(begin=0.05, end=0.4), Storm(begin=0.6, end=0.7, trouble=Trouble(status=503))]
    with Endpoint(answer=Pretend(TOOLS, change=moody), latency=0.005, storms=storms, capacity=6) as endpoint:
        run = pipeline.run(job(endpoint), tmp_path / "run", until="generate")
        assert {one.status for one in endpoint.served} >= {200, 429}
    assert generated(run) == generated(undisturbed[0])


def test_a_preview_touches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Endpoint(answer=Pretend(TOOLS)) as endpoint:
        rows = pipeline.preview(job(endpoint), 3)
    assert len(rows) == 3
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_situation_is_refused_with_the_near_one() -> None:
    with Endpoint() as endpoint, pytest.raises(JobError) as caught:
        job(endpoint, "synthgen.situations.correcton=0.5")
    assert "did you mean `correction`?" in str(caught.value)


def test_progress_tells_tokens_and_what_is_in_flight(tmp_path: Path) -> None:
    told: list[str] = []
    with Endpoint(answer=Pretend(TOOLS, change=moody)) as endpoint:
        pipeline.run(
            job(endpoint), tmp_path / "run", until="generate", progress=lambda *step: told.append(step[3])
        )
    assert "0 in flight" in told[-1]
    assert "tokens" in told[-1]
    assert "rejected (blueprint-unreadable" in told[-1]
