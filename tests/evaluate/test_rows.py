"""Predictions in the reference's download shape."""

import json

from fakes_evaluate import call

from callwright.conversation import AssistantMessage, Conversation, MalformedCall, ToolCall
from callwright.evaluate.expansion import items
from callwright.evaluate.rows import answer, row
from callwright.metrics import Score


def test_a_row_has_question_answer_prediction_and_each_score_under_its_name(
    talks: list[Conversation],
) -> None:
    item = items(talks, expand=True)[1]
    made = row(item, call("cd", to="é"), {"staged_tool_call": Score(0.75), "judge": Score(None, "no judge")})
    assert json.loads(made["question"]) == [
        {"role": "user", "content": "list all"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"id": "c", "type": "function", "function": {"name": "ls", "arguments": {"a": True}}}
            ],
        },
        {"role": "tool", "tool_call_id": "c", "content": "ok"},
        {"role": "user", "content": "go to docs"},
    ]
    assert made["answer"] == '{"name": "cd", "parameters": {"to": "docs"}}'
    assert made["prediction"] == '{"name": "cd", "parameters": {"to": "é"}}'
    assert (made["staged_tool_call"], made["judge"]) == (0.75, None)
    assert (made["id"], made["conversation"], made["turn"]) == ("one#2", "one", 2)


def test_several_calls_are_an_array_and_what_is_broken_stands_as_written() -> None:
    two = AssistantMessage(tool_calls=(ToolCall(name="a"), ToolCall(name="b", arguments={"x": 1})))
    assert json.loads(answer(two)) == [{"name": "a", "parameters": {}}, {"name": "b", "parameters": {"x": 1}}]
    assert answer(AssistantMessage(malformed=(MalformedCall(raw='{"name"', error="cut"),))) == '{"name"'
    assert answer(AssistantMessage(content="Which?")) == "Which?"
