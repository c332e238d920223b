"""Predictions as figures."""

import pytest
from fakes_evaluate import call

from callwright.chat import Usage
from callwright.conversation import AssistantMessage, Conversation, MalformedCall, UserMessage
from callwright.errors import CallwrightError
from callwright.evaluate.baselines import constant, most_frequent_call
from callwright.evaluate.expansion import Item, items
from callwright.evaluate.predictions import Prediction
from callwright.evaluate.scores import KNOWN, NEW, Step, score
from callwright.metrics.replies import Decisions


@pytest.fixture
def questions(talks: list[Conversation]) -> list[Item]:
    return items(talks, expand=True)


def perfect(questions: list[Item]) -> dict[str, Prediction]:
    return {item.id: Prediction(item=item.id, message=item.expected) for item in questions}


def test_the_reference_itself_scores_one_everywhere(questions: list[Item]) -> None:
    done = score(questions, perfect(questions).values(), model="reference")
    assert {name: (f.value, f.count) for name, f in done.metrics.items()} == {
        "tool_call_equivalence": (1, 6),
        "binary_tool_call": (1, 6),
        "staged_tool_call": (1, 6),
    }
    assert (done.conversations.value, done.conversations.count) == (1, 4)
    assert done.decisions == Decisions(called_when_due=6, replied_when_due=1)
    assert (done.malformed, done.cut, done.errors) == (0, 0, 0)


def test_one_slip_spoils_its_call_its_tool_its_turn_and_its_conversation(questions: list[Item]) -> None:
    given = perfect(questions)
    given["one#2"] = Prediction(item="one#2", message=call("cd", to="doc"))
    done = score(questions, given.values())
    assert done.calls.value == pytest.approx(5 / 6)
    assert done.metrics["staged_tool_call"].value == pytest.approx(5.75 / 6)
    assert [(part.name, part.figure.value, part.figure.count) for part in done.by_tool] == [
        ("cd", pytest.approx(2 / 3), 3),
        ("ls", 1, 3),
    ]
    assert [(part.name, part.figure.value) for part in done.by_turn] == [
        ("user turn 1", 1),
        ("user turn 2", pytest.approx(2 / 3)),
    ]
    assert (done.conversations.value, done.conversations.count) == (0.75, 4)
    assert done.steps == (Step(turn=1, right=4, count=4), Step(turn=2, right=2, count=3))


def test_a_call_where_a_reply_is_due_spoils_the_conversation_but_no_call_metric(
    questions: list[Item],
) -> None:
    given = perfect(questions)
    given["three#1"] = Prediction(item="three#1", message=call("cd", to="docs"))
    done = score(questions, given.values())
    assert done.calls.value == 1
    assert done.conversations.value == 0.75
    assert done.decisions == Decisions(called_when_due=6, called_when_reply_due=1)


def test_another_wording_of_a_reply_is_not_blamed(questions: list[Item]) -> None:
    given = perfect(questions)
    given["three#1"] = Prediction(item="three#1", message=AssistantMessage(content="Which folder?"))
    assert score(questions, given.values()).conversations.value == 1


def test_an_item_without_an_answer_is_counted_apart_and_not_a_zero(questions: list[Item]) -> None:
    given = perfect(questions)
    none = AssistantMessage()
    given["one#1"] = Prediction(item="one#1", message=none, finish="error", error="timeout")
    done = score(questions, given.values())
    assert (done.calls.value, done.calls.count, done.calls.missing) == (1, 5, 1)
    assert (done.conversations.value, done.conversations.missing, done.errors) == (1, 1, 1)
    assert done.decisions == Decisions(called_when_due=5, replied_when_due=1)


def test_broken_and_cut_turns_and_tokens_are_counted(questions: list[Item]) -> None:
    given = perfect(questions)
    broken = AssistantMessage(malformed=(MalformedCall(raw="{", error="cut"),))
    usage = Usage(prompt_tokens=10, completion_tokens=3)
    given["one#1"] = Prediction(item="one#1", message=broken, finish="length", usage=usage)
    done = score(questions, given.values())
    assert (done.malformed, done.cut, done.usage) == (1, 1, usage)


def test_calls_after_words_of_the_training_set_are_told_apart(
    questions: list[Item], talks: list[Conversation]
) -> None:
    done = score(questions, perfect(questions).values(), train=[talks[1]])
    assert {part.name: part.figure.count for part in done.by_history} == {NEW: 4, KNOWN: 2}
    assert score(questions, perfect(questions).values()).by_history == ()


def test_a_missing_prediction_is_an_error_that_names_it(questions: list[Item]) -> None:
    given = perfect(questions)
    del given["two#1"]
    with pytest.raises(CallwrightError, match="1 of 7 items have no prediction: two#1"):
        score(questions, given.values())


def test_the_most_frequent_call_is_a_baseline(questions: list[Item], talks: list[Conversation]) -> None:
    usual = most_frequent_call(talks)
    assert usual is not None
    assert [(c.name, c.arguments) for c in usual.tool_calls] == [("cd", {"to": "docs"})]
    assert score(questions, constant(questions, usual)).calls.value == pytest.approx(2 / 6)
    only_words = Conversation(messages=(UserMessage("hi"), AssistantMessage(content="Hello")))
    assert most_frequent_call([only_words]) is None
