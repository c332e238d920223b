"""Traces and observations as they are exported."""

import json

import pytest

from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    Tool,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from callwright.errors import Fault
from callwright.formats import FORMATS
from callwright.formats.reading import Reading

LANGFUSE = FORMATS["langfuse"]
ASKED: list[Json] = [{"role": "user", "content": "where am I?"}]
CALL: dict[str, Json] = {"id": "c1", "type": "function", "function": {"name": "pwd", "arguments": "{}"}}
CALLING: dict[str, Json] = {"role": "assistant", "content": None, "tool_calls": [CALL]}
ANSWER: dict[str, Json] = {"role": "assistant", "content": "home"}
TOOL: dict[str, Json] = {"type": "function", "function": {"name": "pwd", "parameters": {"type": "object"}}}
READ_TOOL = Tool(name="pwd", parameters={"type": "object"})
READ_CALL = AssistantMessage(tool_calls=(ToolCall(name="pwd", id="c1"),))
USER = UserMessage("where am I?")
HOME = AssistantMessage(content="home")


def take(row: dict[str, Json]) -> tuple[Conversation | None, list[Fault]]:
    reading = Reading()
    return LANGFUSE.take(row, reading), reading.faults


def good(row: dict[str, Json]) -> Conversation:
    conversation, faults = take(row)
    assert faults == []
    assert conversation
    return conversation


@pytest.mark.parametrize(
    "asked", [ASKED, {"messages": ASKED}, json.dumps(ASKED), json.dumps({"messages": ASKED})]
)
@pytest.mark.parametrize(
    ("output", "answer"),
    [
        (ANSWER, HOME),
        ([ANSWER], HOME),
        ({"content": "home"}, HOME),
        (json.dumps(ANSWER), HOME),
        ("home", HOME),
        ('{"path": "/home"}', AssistantMessage(content='{"path": "/home"}')),
        ({"choices": [{"index": 0, "message": ANSWER}], "model": "m"}, HOME),
        (CALLING, READ_CALL),
        ({"tool_calls": [{"name": "pwd", "args": {}, "id": "c1", "type": "tool_call"}]}, READ_CALL),
        ({"role": "assistant", "content": "", "additional_kwargs": {"tool_calls": [CALL]}}, READ_CALL),
        ({"messages": [*ASKED, ANSWER]}, HOME),
    ],
)
def test_input_and_output_are_read_in_all_their_spellings(
    asked: Json, output: Json, answer: AssistantMessage
) -> None:
    assert good({"input": asked, "output": output}).messages == (USER, answer)


def test_without_an_output_the_input_is_all() -> None:
    assert good({"input": ASKED, "output": None}).messages == (USER,)
    assert good({"input": ASKED}).messages == (USER,)


@pytest.mark.parametrize(
    "beside",
    [
        {"input": {"messages": ASKED, "tools": [TOOL]}},
        {"input": ASKED, "metadata": {"tools": [TOOL]}},
        {"input": ASKED, "metadata": json.dumps({"tools": [TOOL]})},
        {"input": ASKED, "modelParameters": {"tools": json.dumps([TOOL])}},
        {"input": ASKED, "model_parameters": json.dumps({"tools": [TOOL]})},
    ],
)
def test_tools_are_found_in_their_places(beside: dict[str, Json]) -> None:
    assert good({"output": ANSWER, **beside}).tools == (READ_TOOL,)


def test_other_keys_are_kept_as_metadata_and_are_no_slips_of_ours() -> None:
    row = {
        "id": "t-1",
        "name": "chat",
        "input": {"messages": ASKED, "temperature": 0.5},
        "output": ANSWER,
        "inputCost": 0.1,
        "outputCost": 0.2,
        "traceId": "x",
        "metadata": {"user": "u"},
    }
    conversation = good(row)
    assert conversation.id == "t-1"
    assert conversation.metadata == {
        "user": "u",
        "name": "chat",
        "inputCost": 0.1,
        "outputCost": 0.2,
        "traceId": "x",
        "input": {"temperature": 0.5},
    }


def test_a_key_that_the_metadata_has_otherwise_is_warned_of() -> None:
    conversation, faults = take({"input": ASKED, "output": ANSWER, "name": "a", "metadata": {"name": "b"}})
    assert conversation
    assert conversation.metadata == {"name": "b"}
    assert [(fault.path, fault.severity) for fault in faults] == [("$.name", "warning")]


TRACE: dict[str, Json] = {
    "id": "t-1",
    "name": "agent",
    "input": "where am I?",
    "output": "home",
    "observations": [
        {"id": "o-3", "type": "GENERATION", "startTime": "2026-01-01T00:00:02Z", "input": [
            *ASKED, CALLING, {"role": "tool", "tool_call_id": "c1", "content": "/home"}], "output": ANSWER},
        {"id": "o-1", "type": "GENERATION", "startTime": "2026-01-01T00:00:00Z", "input": ASKED, "output": CALLING},
        {"id": "o-2", "type": "SPAN", "startTime": "2026-01-01T00:00:05Z", "input": {}, "output": "/home"},
    ],
}  # fmt: skip


def test_of_a_trace_the_last_generation_is_read() -> None:
    conversation, faults = take(TRACE)
    assert conversation
    assert conversation.messages == (USER, READ_CALL, ToolMessage(content="/home", call_id="c1"), HOME)
    assert conversation.id == "t-1"
    assert conversation.metadata["observation"]["id"] == "o-3"
    assert [(fault.path, fault.severity) for fault in faults] == [("$.observations", "warning")]
    assert "2 other observations" in faults[0].found


def test_a_fault_within_an_observation_has_its_place() -> None:
    broken = {"type": "GENERATION", "input": [{"role": "user"}], "output": ANSWER}
    _, faults = take({"observations": [broken]})
    assert [fault.path for fault in faults] == ["$.observations[0].input[0].content"]


@pytest.mark.parametrize(
    ("row", "path", "said"),
    [
        ({"input": "hello", "output": "b"}, "$.input", "plain text says nothing"),
        ({"input": "[{", "output": "b"}, "$.input", "ends too early"),
        ({"input": {"prompt": "a"}, "output": "b"}, "$.input", "an object"),
        ({"input": {"messages": 3}, "output": "b"}, "$.input.messages", "the number"),
        ({"input": ASKED, "output": {"answer": 3}}, "$.output", "an object"),
        ({"input": ASKED, "output": 3}, "$.output", "the number"),
        ({"input": ASKED, "output": {"role": "asistant"}}, "$.output.role", "did you mean `assistant`?"),
        ({"input": ASKED, "output": {"choices": [{"message": 3}]}}, "$.output.choices[0].message", "3"),
        ({"input": {"messages": ASKED, "tools": [3]}, "output": None}, "$.input.tools[0]", "the number"),
        ({"input": ASKED, "metadata": 3}, "$.metadata", "the number"),
        ({"observations": []}, "$.observations", "none"),
        ({"observations": 3, "input": ASKED}, "$.observations", "the number"),
    ],
)  # fmt: skip
def test_what_is_no_conversation_is_refused_at_its_place(row: dict[str, Json], path: str, said: str) -> None:
    conversation, faults = take(row)
    assert conversation is None
    assert faults[0].path == path
    assert said in str(faults[0])


def test_several_choices_are_told() -> None:
    conversation, faults = take({"input": ASKED, "output": {"choices": [{"message": ANSWER}] * 2}})
    assert conversation
    assert [(fault.path, fault.severity) for fault in faults] == [("$.output.choices", "warning")]


def test_it_is_written_as_integrations_write_it_and_a_finding_has_its_place() -> None:
    bare = Conversation(messages=(USER, READ_CALL))
    assert LANGFUSE.write(bare)["input"] == ASKED
    full = Conversation(
        messages=(USER, READ_CALL, ToolMessage(content="/home", call_id="c1")), tools=(READ_TOOL,)
    )
    row = LANGFUSE.write(full)
    assert list(row["input"]) == ["messages", "tools"]
    assert row["output"] is None
    path = "$.messages[1].tool_calls[0].name"
    assert LANGFUSE.place(bare, path) == "$.output.tool_calls[0].function.name"
    assert LANGFUSE.place(full, path) == "$.input.messages[1].tool_calls[0].function.name"
    assert LANGFUSE.place(full, "$.messages[2].call_id") == "$.input.messages[2].tool_call_id"
    assert LANGFUSE.place(bare, "$.messages[0]") == "$.input[0]"
    assert LANGFUSE.place(full, "$.tools[0].name") == "$.input.tools[0].function.name"


@pytest.mark.parametrize(
    ("row", "claimed"),
    [
        ({"input": ASKED, "output": ANSWER}, True),
        (TRACE, True),
        ({"input": json.dumps(ASKED), "output": "b"}, True),
        ({"instruction": "a", "input": "b", "output": "c"}, False),
        ({"input": [1, 2], "output": [3]}, False),
        ({"input": ASKED, "messages": []}, False),
        ({"input": {"messages": 3}}, False),
    ],
)
def test_rows_of_this_form_are_told_from_others(row: dict[str, Json], claimed: bool) -> None:
    assert LANGFUSE.sniff(row) is claimed
