"""Predictions on disk: whole batches, resumed after a kill, refused where they are another's."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fakes_evaluate import Scripted, call

from callwright.chat import Reply, Sampling
from callwright.conversation import AssistantMessage, Conversation, UserMessage
from callwright.errors import ModelError, RunError
from callwright.evaluate.expansion import Item, items
from callwright.evaluate.predictions import Prediction, predict


def echo(conversation: Conversation) -> Reply:
    last = conversation.messages[-1]
    assert isinstance(last, UserMessage)
    return Reply(message=call("cd", to=last.content), raw=last.content)


def run(path: Path, questions: list[Item], model: Scripted | None = None, **more: str) -> list[Prediction]:
    return predict(model or Scripted(echo), questions, path, Sampling(), batch_size=2, **more)


@pytest.fixture
def questions(talks: list[Conversation]) -> list[Item]:
    return items(talks, expand=True)


def test_there_is_one_prediction_an_item_in_batches_in_their_order(
    questions: list[Item], tmp_path: Path
) -> None:
    model, seen = Scripted(echo), []
    path = tmp_path / "predictions.jsonl"
    done = predict(model, questions, path, Sampling(), batch_size=2, progress=lambda *step: seen.append(step))
    assert [p.item for p in done] == [item.id for item in questions]
    assert model.batches == [2, 2, 2, 1]
    assert seen == [(n, 7, "scripted") for n in (0, 2, 4, 6, 7)]
    rows = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert rows[1]["prediction"] == '{"name": "cd", "parameters": {"to": "go to docs"}}'
    assert [row["staged_tool_call"] for row in rows] == [0.25, 0.75, 0.25, None, 0.75, 0.25, 0.75]


def test_what_is_done_is_not_asked_again(questions: list[Item], tmp_path: Path) -> None:
    path = tmp_path / "predictions.jsonl"
    first, model = run(path, questions), Scripted(echo)
    assert run(path, questions, model) == first
    assert model.batches == []


@pytest.mark.parametrize("kept", [0, 1, 2.5, 3, 4, 5.5, 6, 7])
def test_a_file_cut_anywhere_is_resumed_at_a_whole_batch_and_ends_the_same(
    kept: float, questions: list[Item], tmp_path: Path
) -> None:
    path = tmp_path / "predictions.jsonl"
    run(path, questions)
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    torn = lines[int(kept)][:40] if kept % 1 else b""
    path.write_bytes(b"".join(lines[: int(kept)]) + torn)
    model = Scripted(echo)
    run(path, questions, model)
    assert path.read_bytes() == whole
    done = 7 if kept == 7 else int(kept) // 2 * 2
    assert sum(model.batches) == 7 - done


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = {path}
from test_predictions import echo, run
from fakes_evaluate import Scripted, small_set
from callwright.evaluate.expansion import items

def answer(conversation):
    if conversation.messages[-1].content == "to docs":
        os.kill(os.getpid(), signal.SIGKILL)
    return echo(conversation)

run(Path(sys.argv[1]), items(small_set(), expand=True), Scripted(answer))
"""


def test_killed_in_a_batch_it_goes_on_and_nothing_is_lost_or_done_twice(
    questions: list[Item], tmp_path: Path
) -> None:
    path, calm = tmp_path / "killed.jsonl", tmp_path / "calm.jsonl"
    code = KILLED.format(path=[str(Path(__file__).parent)])
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == -9
    assert len(path.read_bytes().splitlines()) == 4
    model = Scripted(echo)
    assert run(path, questions, model) == run(calm, questions)
    assert path.read_bytes() == calm.read_bytes()
    assert model.batches == [2, 1]


def test_predictions_of_another_model_or_of_other_items_are_refused(
    questions: list[Item], tmp_path: Path
) -> None:
    path = tmp_path / "predictions.jsonl"
    run(path, questions, identity="abc")
    with pytest.raises(RunError, match="different: identity") as caught:
        run(path, questions, identity="abd")
    assert str(path) in caught.value.hint
    with pytest.raises(RunError, match="different: model, identity"):
        run(path, questions, Scripted(echo, name="another"))
    with pytest.raises(RunError, match="different: items, count"):
        run(path, questions[:-1], identity="abc")
    path.with_suffix(".manifest.json").unlink()
    with pytest.raises(RunError, match="another evaluation"):
        run(path, questions, identity="abc")


def test_an_item_without_an_answer_is_recorded_and_a_whole_batch_without_one_stops(
    questions: list[Item], tmp_path: Path
) -> None:
    def broken(conversation: Conversation) -> Reply:
        bad = conversation.messages[-1] != UserMessage("list all") and len(answered) < 3
        answered.append(bad)
        none = Reply(message=AssistantMessage(), finish="error", error="timeout")
        return none if bad else echo(conversation)

    answered: list[bool] = []
    path = tmp_path / "predictions.jsonl"
    done = run(path, questions, Scripted(broken))
    assert [p.error for p in done] == ["", "timeout", "timeout", "", "", "", ""]
    assert json.loads(path.read_bytes().splitlines()[1])["tool_call_equivalence"] is None

    down = Scripted(lambda _: Reply(message=AssistantMessage(), finish="error", error="refused"), name="down")
    with pytest.raises(ModelError, match="down gave no answer to 2 of 2 items: refused"):
        run(tmp_path / "down.jsonl", questions, down)


def test_whatever_a_model_writes_comes_back_the_same(questions: list[Item], tmp_path: Path) -> None:
    odd = call("cd", to="\u2028\ud800\x00</script>", n=2**70, f=1.0, t=True, none=None)
    path = tmp_path / "predictions.jsonl"
    first = run(path, questions, Scripted(lambda _: Reply(message=odd)))
    again = run(path, questions)
    assert again == first
    assert repr(again[0].message) == repr(odd)
    assert path.read_bytes().isascii()
