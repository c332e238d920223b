"""What went wrong, told so that it can be seen."""

import pytest
from fakes_evaluate import call, small_set

from callwright.conversation import AssistantMessage, MalformedCall, ToolCall
from callwright.evaluate.expansion import items
from callwright.evaluate.failures import Failure, failures
from callwright.evaluate.predictions import Prediction
from callwright.evaluate.scores import score


def failing(item: str, message: AssistantMessage, error: str = "") -> Failure:
    questions = items(small_set(), expand=True)
    given = [
        Prediction(item=i.id, message=message, finish="error" if error else "stop", error=error)
        if i.id == item
        else Prediction(item=i.id, message=i.expected)
        for i in questions
    ]
    (failure,) = failures("tuned", questions, score(questions, given).results)
    return failure


@pytest.mark.parametrize(
    ("item", "message", "kind"),
    [
        ("one#2", call("cd", to="doc"), "wrong value"),
        ("one#2", call("cd", dir="docs"), "wrong parameters"),
        ("one#2", call("ls"), "wrong tool"),
        ("one#2", AssistantMessage(content="Done."), "replied instead of calling"),
        ("one#2", AssistantMessage(malformed=(MalformedCall(raw="{", error="cut"),)), "broken call"),
        (
            "two#1",
            AssistantMessage(tool_calls=(ToolCall(name="ls"), ToolCall(name="cd"))),
            "wrong number of calls",
        ),
        ("three#1", call("ls"), "called instead of replying"),
    ],
)
def test_a_failure_says_of_what_kind_it_is(item: str, message: AssistantMessage, kind: str) -> None:
    found = failing(item, message)
    assert (found.item, found.kind, found.model) == (item, kind, "tuned")


def test_no_answer_is_a_failure_of_its_own_with_the_reason() -> None:
    found = failing("one#2", AssistantMessage(), error="timeout")
    assert (found.kind, found.produced.text) == ("no answer", "timeout")


def test_the_arguments_that_differ_are_marked_on_both_sides() -> None:
    found = failing("one#1", call("ls", b=1))
    (expected,), (produced,) = found.expected.calls, found.produced.calls
    assert [(a.name, a.value, a.differs) for a in expected.arguments] == [("a", "true", True)]
    assert [(a.name, a.value, a.differs) for a in produced.arguments] == [("b", "1", True)]
    assert not expected.differs
    assert not produced.differs


def test_what_a_default_makes_equal_is_not_marked() -> None:
    found = failing("two#1", call("ls", a=False, b=1))
    assert [(a.name, a.differs) for a in found.produced.calls[0].arguments] == [("a", False), ("b", True)]


def test_another_tool_is_marked_by_its_name() -> None:
    found = failing("one#2", call("rm", to="docs"))
    assert found.produced.calls[0].differs
    assert found.expected.calls[0].differs
    assert not found.produced.calls[0].arguments[0].differs


def test_the_history_is_told_without_the_system_message() -> None:
    found = failing("one#2", call("cd", to="\ud800"))
    assert [(said.role, said.text) for said in found.history] == [
        ("user", "list all"),
        ("assistant", 'ls("a": true)'),
        ("tool", "ok"),
        ("user", "go to docs"),
    ]
    assert found.produced.calls[0].arguments[0].value == '"\\ud800"'
