"""Two models, pair by pair."""

import pytest
from fakes_evaluate import call

from callwright.conversation import AssistantMessage, Conversation
from callwright.errors import CallwrightError
from callwright.evaluate.comparison import compare
from callwright.evaluate.expansion import items
from callwright.evaluate.predictions import Prediction
from callwright.evaluate.scores import Evaluation, score


def answering(talks: list[Conversation], model: str, *wrong: str, silent: str = "") -> Evaluation:
    questions = items(talks, expand=True)
    given = [
        Prediction(item=i.id, message=AssistantMessage(), finish="error", error="down")
        if i.id == silent
        else Prediction(item=i.id, message=call("rm") if i.id in wrong else i.expected)
        for i in questions
    ]
    return score(questions, given, model=model)


def test_wins_and_losses_are_counted_over_calls_and_over_conversations(talks: list[Conversation]) -> None:
    first = answering(talks, "a", "two#1")
    second = answering(talks, "b", "one#1", "one#2", "four#1")
    found = compare(first, second)
    assert (found.first, found.second) == ("a", "b")
    assert (found.calls.wins, found.calls.losses, found.calls.ties) == (3, 1, 2)
    assert (found.conversations.wins, found.conversations.losses, found.conversations.ties) == (2, 1, 1)
    assert found.conversations.p == 1
    assert found.difference is not None
    assert found.difference.value == pytest.approx(2 / 6)
    assert found.difference.low < 0 < found.difference.high


def test_only_calls_that_both_have_a_score_for_are_paired(talks: list[Conversation]) -> None:
    found = compare(answering(talks, "a", silent="one#1"), answering(talks, "b", "one#1"))
    assert (found.calls.wins, found.calls.losses, found.calls.ties) == (0, 0, 5)


def test_models_asked_other_things_are_not_compared(talks: list[Conversation]) -> None:
    with pytest.raises(CallwrightError, match="not evaluated on the same items"):
        compare(answering(talks, "a"), answering(talks[:2], "b"))
