"""How much of what an endpoint bears is used: calm, with fewer at a time than are asked, and through a storm of 429?

    python benchmarks/throughput.py [--data-designer PYTHON] [--json FILE]

A stub with one second of latency serves as many records to each client as it asks, on this machine. Ours is the
teacher behind its journal and budget, as generation uses it; beside it, in the same run, NVIDIA's `data-designer`
where PYTHON is an interpreter that has it, with `max_parallel_requests` at 64 and its early shutdown off: one
category column and one text column. Both are processes of their own, and measured at the stub, from the first
request to the last answer, so that nobody's start counts.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from callwright.chat import Sampling, replies
from callwright.conversation import Conversation, UserMessage
from callwright.teachers.budget import Account, Budget, Budgeted
from callwright.teachers.journal import Journal, Journaled
from callwright.teachers.openai import OpenAITeacher
from callwright.testing.endpoint import Endpoint, Served, Storm, Trouble

ALLOWED = 64
LATENCY = 1.0
PATIENCE = 420
"""Seconds after which a client is stopped, and what it has by then is its figure."""


class Weather(msgspec.Struct, frozen=True):
    name: str
    records: int
    capacity: int = ALLOWED
    storm: tuple[float, float] = (0.0, 0.0)
    retry_after: str = ""

    def endpoint(self) -> Endpoint:
        trouble = Trouble(status=429, retry_after=self.retry_after)
        storms = [Storm(begin=self.storm[0], end=self.storm[1], trouble=trouble)]
        return Endpoint(latency=LATENCY, capacity=self.capacity, retry_after=self.retry_after, storms=storms)


WEATHERS = (
    Weather("calm", 640),
    Weather("calm, longer", 1920),
    Weather("32 at a time", 960, capacity=32),
    Weather("32 at a time, Retry-After: 1", 960, capacity=32, retry_after="1"),
    Weather("storm of 10 s", 1280, storm=(5.0, 15.0)),
    Weather("storm of 10 s, Retry-After: 1", 1280, storm=(5.0, 15.0), retry_after="1"),
)


class Figure(msgspec.Struct, frozen=True):
    weather: str
    client: str
    answered: int
    refused: int
    seconds: float
    share: float
    """Of the answers that the endpoint would have given in that time, the storm's left out."""
    recovery: float | None
    """Seconds from the storm's end until 95 % of what is allowed was in flight; None: never, or no storm."""


def ours(url: str, records: int) -> None:
    """Ask for `records` answers as generation does: journal, budget, teacher."""
    asked = [Conversation(messages=(UserMessage(f"Write record {number}."),)) for number in range(records)]
    with tempfile.TemporaryDirectory() as folder, Journal(Path(folder) / "replies.jsonl") as journal:
        teacher = OpenAITeacher("stub", base_url=url)
        model = Journaled(Budgeted(teacher, Account(Budget(calls=10 * records))), journal)
        found = replies(model, asked, Sampling(), concurrency=records)
    print(sum(reply.finish == "stop" for reply in found))


DATA_DESIGNER = """
import sys, tempfile
import data_designer.config as dd
from data_designer.interface import DataDesigner
url, records = sys.argv[1], int(sys.argv[2])
provider = dd.ModelProvider(name="stub", endpoint=url, api_key="none")
parameters = dd.ChatCompletionInferenceParams(max_parallel_requests=64, timeout=600)
model = dd.ModelConfig(
    alias="m", model="stub", provider="stub", skip_health_check=True, inference_parameters=parameters
)
builder = dd.DataDesignerConfigBuilder(model_configs=[model])
values = dd.CategorySamplerParams(values=[str(n) for n in range(50)])
builder.add_column(dd.SamplerColumnConfig(name="topic", sampler_type=dd.SamplerType.CATEGORY, params=values))
builder.add_column(dd.LLMTextColumnConfig(name="text", model_alias="m", prompt="Write about {{ topic }}."))
with tempfile.TemporaryDirectory() as folder:
    designer = DataDesigner(artifact_path=folder, model_providers=[provider])
    designer.set_run_config(dd.RunConfig(disable_early_shutdown=True, buffer_size=records, otel_metrics_port=None))
    results = designer.create(builder, num_records=records)
    print(results.count_records())
"""


def measured(weather: Weather, client: str, command: Sequence[str]) -> Figure:
    """Drive one client against a fresh stub."""
    with weather.endpoint() as endpoint:
        asking = [*command, endpoint.url, str(weather.records)]
        environment = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "NEMO_TELEMETRY_ENABLED": "false"}
        try:
            done = subprocess.run(
                asking, env=environment, timeout=PATIENCE, capture_output=True, text=True, check=False
            )
            if done.returncode:
                print(f"  {client} failed: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        except subprocess.TimeoutExpired:
            print(f"  {client} was stopped after {PATIENCE} s", file=sys.stderr)
        served = list(endpoint.served)
    return figure(weather, client, served)


def figure(weather: Weather, client: str, served: Sequence[Served]) -> Figure:
    good = [one for one in served if one.status == 200]
    begin, end = min(one.came for one in served), max((one.left for one in good), default=0.0)
    storm = max(0.0, min(end, weather.storm[1]) - weather.storm[0])
    full = 0.95 * weather.capacity
    times = sorted(one.came for one in good if one.came >= weather.storm[1] > 0)
    recovered = (
        at - weather.storm[1] for at in times if sum(one.came <= at < one.left for one in good) >= full
    )
    return Figure(
        weather=weather.name,
        client=client,
        answered=len(good),
        refused=len(served) - len(good),
        seconds=end - begin,
        share=len(good) * LATENCY / (weather.capacity * (end - begin - storm)),
        recovery=next(recovered, None),
    )


def table(figures: Sequence[Figure]) -> str:
    rows = [
        "| endpoint | client | answered | refused | seconds | share of the ideal | full speed again after |"
    ]
    rows.append("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for one in figures:
        again = "" if one.recovery is None else f"{one.recovery:.1f} s"
        rows.append(
            f"| {one.weather} | {one.client} | {one.answered:,} | {one.refused:,} | {one.seconds:.1f} "
            f"| {one.share:.1%} | {again} |"
        )
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-designer", metavar="PYTHON", type=Path)
    parser.add_argument("--json", metavar="FILE", type=Path)
    parser.add_argument("--only", metavar="NAME", help="endpoints whose name begins so")
    parser.add_argument("--ours", nargs=2, metavar=("URL", "N"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours:
        ours(options.ours[0], int(options.ours[1]))
        return
    clients = {"callwright": [sys.executable, __file__, "--ours"]}
    if options.data_designer:
        clients["data-designer"] = [str(options.data_designer), "-c", DATA_DESIGNER]
    figures = []
    for weather in WEATHERS:
        if options.only and not weather.name.startswith(options.only):
            continue
        for client, command in clients.items():
            figures.append(measured(weather, client, command))
            print(table(figures[-1:]).splitlines()[-1], flush=True)
    print("\n" + table(figures))
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=2))


if __name__ == "__main__":
    main()
