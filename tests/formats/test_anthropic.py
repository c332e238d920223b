"""Content blocks of the Messages API."""

import json

import pytest

from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    SystemMessage,
    Tool,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from callwright.errors import Fault, FormatError
from callwright.formats import FORMATS, line
from callwright.formats.reading import Reading

ANTHROPIC = FORMATS["anthropic"]


def take(row: dict[str, Json]) -> tuple[Conversation | None, list[Fault]]:
    reading = Reading()
    return ANTHROPIC.take(row, reading), reading.faults


def good(row: dict[str, Json]) -> Conversation:
    conversation, faults = take(row)
    assert faults == []
    assert conversation
    return conversation


def text(words: str) -> dict[str, Json]:
    return {"type": "text", "text": words}


def use(name: str, identity: str = "toolu_1", **given: Json) -> dict[str, Json]:
    return {"type": "tool_use", "id": identity, "name": name, "input": given}


def result(content: Json, identity: str = "toolu_1", **more: Json) -> dict[str, Json]:
    return {"type": "tool_result", "tool_use_id": identity, "content": content, **more}


def said(role: str, *content: Json) -> dict[str, Json]:
    return {"role": role, "content": list(content)}


WEATHER: dict[str, Json] = {
    "system": "be brief",
    "messages": [
        {"role": "user", "content": "weather in Rome and Oslo?"},
        said(
            "assistant", text("I look."), use("weather", city="Rome"), use("weather", "toolu_2", city="Oslo")
        ),
        said("user", result("sunny"), result([text("snow")], "toolu_2"), text("and in short?")),
        {"role": "assistant", "content": "sun, snow"},
    ],
    "tools": [{"name": "weather", "description": "of a city", "input_schema": {"type": "object"}}],
}


def test_blocks_become_messages_in_their_order() -> None:
    conversation = good(WEATHER)
    assert conversation.messages == (
        SystemMessage("be brief"),
        UserMessage("weather in Rome and Oslo?"),
        AssistantMessage(
            content="I look.",
            tool_calls=(
                ToolCall(name="weather", arguments={"city": "Rome"}, id="toolu_1"),
                ToolCall(name="weather", arguments={"city": "Oslo"}, id="toolu_2"),
            ),
        ),
        ToolMessage(content="sunny", call_id="toolu_1"),
        ToolMessage(content="snow", call_id="toolu_2"),
        UserMessage("and in short?"),
        AssistantMessage(content="sun, snow"),
    )
    assert conversation.tools == (
        Tool(name="weather", description="of a city", parameters={"type": "object"}),
    )
    assert ANTHROPIC.read(json.loads(line(ANTHROPIC.write(conversation)))) == conversation


def test_results_and_the_words_after_them_are_written_as_one_message() -> None:
    row = ANTHROPIC.write(good(WEATHER))
    assert row["messages"][2] == said(
        "user", result("sunny"), result("snow", "toolu_2"), text("and in short?")
    )
    assert row["system"] == "be brief"
    assert row["tools"] == WEATHER["tools"]


def test_a_finding_has_its_place_in_the_row() -> None:
    conversation = good(WEATHER)
    places = {
        "$.messages[0]": "$.system",
        "$.messages[0].content": "$.system",
        "$.messages[1].content": "$.messages[0].content",
        "$.messages[2].content": "$.messages[1].content[0].text",
        "$.messages[2].tool_calls[1].arguments.city": "$.messages[1].content[2].input.city",
        "$.messages[2].tool_calls[0].name": "$.messages[1].content[1].name",
        "$.messages[4].call_id": "$.messages[2].content[1].tool_use_id",
        "$.messages[5].content": "$.messages[2].content[2].text",
        "$.messages[6].content": "$.messages[3].content",
        "$.tools[0].parameters.type": "$.tools[0].input_schema.type",
    }
    assert {path: ANTHROPIC.place(conversation, path) for path in places} == places


def test_a_system_message_may_be_in_blocks() -> None:
    conversation = good({"system": [text("a"), text("b")], "messages": []})
    assert conversation.messages == (SystemMessage("ab"),)


def test_thinking_is_reasoning() -> None:
    thought = {"type": "thinking", "thinking": "hm"}
    conversation = good({"messages": [said("assistant", thought, text("yes"))]})
    assert conversation.messages == (AssistantMessage(content="yes", reasoning="hm"),)
    assert ANTHROPIC.write(conversation)["messages"] == [said("assistant", thought, text("yes"))]
    assert ANTHROPIC.place(conversation, "$.messages[0].reasoning") == "$.messages[0].content[0].thinking"


def test_results_that_are_errors_stay_so() -> None:
    row: dict[str, Json] = {
        "messages": [said("assistant", use("ls")), said("user", result("no such folder", is_error=True))]
    }
    conversation = good(row)
    assert conversation.metadata == {"is_error": ["toolu_1"]}
    assert ANTHROPIC.write(conversation) == row


def test_is_error_that_names_no_result_is_the_users_own_key() -> None:
    conversation = Conversation(messages=(UserMessage("a"),), metadata={"is_error": ["b"]})
    row = ANTHROPIC.write(conversation)
    assert row["metadata"]["is_error"] == ["b"]
    assert ANTHROPIC.read(row) == conversation


@pytest.mark.parametrize(
    ("block", "expected", "found"),
    [
        ({"type": "redacted_thinking", "data": "xyz"}, "thinking as text", "not kept"),
        ({**text("a"), "cache_control": {"type": "ephemeral"}}, "a key that is read here", "cache_control"),
        ({"type": "thinking", "thinking": "a", "signature": "s"}, "a key that is read here", "signature"),
    ],
)
def test_what_cannot_be_kept_is_warned_of(block: Json, expected: str, found: str) -> None:
    conversation, faults = take({"messages": [said("assistant", block, text("b"))]})
    assert conversation
    assert [(fault.severity, fault.expected) for fault in faults] == [("warning", expected)]
    assert faults[0].path.startswith("$.messages[0].content[0]")
    assert found in faults[0].found


def test_text_after_a_call_is_content_of_the_same_turn_and_its_order_is_told() -> None:
    conversation, faults = take({"messages": [said("assistant", text("a"), use("ls"), text("b"))]})
    assert conversation
    assert conversation.messages == (
        AssistantMessage(content="a\nb", tool_calls=(ToolCall(name="ls", id="toolu_1"),)),
    )
    assert [(fault.path, fault.severity) for fault in faults] == [("$.messages[0].content[2]", "warning")]


def test_words_before_results_stay_before_them() -> None:
    conversation = good({"messages": [said("assistant", use("ls")), said("user", text("wait"), result("a"))]})
    assert conversation.messages[1:] == (UserMessage("wait"), ToolMessage(content="a", call_id="toolu_1"))


def test_calls_that_have_no_ids_are_given_some() -> None:
    call, answer = use("ls"), result("a")
    del call["id"], answer["tool_use_id"]
    conversation = good({"messages": [said("assistant", call), said("user", answer)]})
    assert conversation.messages[1] == ToolMessage(content="a", call_id="call_1")


@pytest.mark.parametrize(
    ("message", "path", "found"),
    [
        (said("user", {"type": "image", "source": {}}), "$.messages[0].content[0]", "`image`"),
        (said("user", result([{"type": "image"}])), "$.messages[0].content[0].content[0]", "`image`"),
        (said("user", {"type": "document"}), "$.messages[0].content[0]", "`document`"),
        (said("assistant", {"type": "server_tool_use"}), "$.messages[0].content[0]", "server_tool_use"),
        (said("assistant", result("a")), "$.messages[0].content[0]", "tool_result"),
        (said("user", use("ls")), "$.messages[0].content[0]", "tool_use"),
        (said("user", "a"), "$.messages[0].content[0]", "the text `a`"),
        (said("user", {"type": []}), "$.messages[0].content[0]", "an array"),
        (said("assistant", {**use("ls"), "input": [1]}), "$.messages[0].content[0].input", "an array"),
        (said("assistant", {**use("ls"), "input": "{"}), "$.messages[0].content[0].input", "ends too early"),
        (said("assistant", use("")), "$.messages[0].content[0].name", "none"),
        (said("user", result("a", "")), "$.messages[0].content[0].tool_use_id", "without an id"),
        (said("user", {"type": "text", "text": None}), "$.messages[0].content[0].text", "null"),
        ({"role": "tool", "content": "a"}, "$.messages[0].role", "the text `tool`"),
        ({"role": "asistant", "content": "a"}, "$.messages[0].role", "asistant"),
        ({"content": "a"}, "$.messages[0].role", "no role"),
        ({"role": "user", "content": 3}, "$.messages[0].content", "the number `3`"),
        ({"role": "user"}, "$.messages[0].content", "null"),
        (3, "$.messages[0]", "the number"),
    ],
)
def test_a_message_that_is_none_is_refused_at_its_place(message: Json, path: str, found: str) -> None:
    conversation, faults = take({"messages": [message]})
    assert conversation is None
    assert [(fault.path, fault.severity) for fault in faults] == [(path, "error")]
    assert found in str(faults[0])


@pytest.mark.parametrize(
    ("tool", "path", "found"),
    [
        ({"name": "a", "input_schema": ["dict"]}, "$.tools[0].input_schema", "dict"),
        ({"name": "", "input_schema": {}}, "$.tools[0].name", ""),
        ({"type": "bash_20250124", "name": "bash"}, "$.tools[0]", "bash_20250124"),
    ],
)
def test_a_tool_that_is_none_is_refused_at_its_place(tool: Json, path: str, found: str) -> None:
    conversation, faults = take({"messages": [], "tools": [tool]})
    assert conversation is None
    assert faults[0].path == path
    assert found in str(faults[0])


def test_the_rest_of_a_requests_body_is_kept_as_metadata() -> None:
    conversation = good({"model": "m", "max_tokens": 10, "stream": False, "system": "s", "messages": []})
    assert conversation.metadata == {"model": "m", "max_tokens": 10, "stream": False}


@pytest.mark.parametrize(
    ("row", "claimed"),
    [
        (WEATHER, True),
        ({"messages": [said("assistant", use("ls"))]}, True),
        ({"system": "s", "messages": [{"role": "user", "content": "a"}]}, True),
        ({"messages": [], "tools": WEATHER["tools"]}, True),
        ({"messages": [{"role": "user", "content": "a"}]}, False),
        ({"messages": [said("user", text("a"))]}, False),
        ({"system": "s", "messages": [{"role": "system", "content": "a"}]}, False),
        ({"messages": [{"role": "assistant", "tool_calls": []}], "tools": WEATHER["tools"]}, False),
        ({"messages": "[]"}, False),
        ({"messages": [3, {"content": [{"type": []}]}], "tools": 3}, False),
    ],
)
def test_rows_of_this_form_are_told_from_plain_ones(row: dict[str, Json], claimed: bool) -> None:
    assert ANTHROPIC.sniff(row) is claimed


def test_a_row_that_tells_nothing_of_its_form_says_it() -> None:
    row = ANTHROPIC.write(Conversation(messages=(UserMessage("a"),)))
    assert row == {
        "messages": [{"role": "user", "content": "a"}],
        "metadata": {"callwright": {"form": "anthropic"}},
    }


@pytest.mark.parametrize(
    ("conversation", "path"),
    [
        (Conversation(messages=(UserMessage("a"), SystemMessage("b"))), "$.messages[1]"),
        (
            Conversation(messages=(AssistantMessage(tool_calls=(ToolCall(name=""),)),)),
            "$.messages[0].tool_calls[0].name",
        ),
        (
            Conversation(
                messages=(AssistantMessage(tool_calls=(ToolCall(name="a", arguments={"x": float("inf")}),)),)
            ),
            "$.messages[0].tool_calls[0].arguments",
        ),
        (Conversation(messages=(), tools=(Tool(name=" "),)), "$.tools[0].name"),
    ],
)
def test_what_this_form_cannot_say_is_refused_at_its_place(conversation: Conversation, path: str) -> None:
    with pytest.raises(FormatError, match="cannot say") as caught:
        ANTHROPIC.write(conversation)
    assert [fault.path for fault in caught.value.faults] == [path]


@pytest.mark.parametrize(
    ("kept", "path"),
    [
        ({"ids": ["a"]}, "$.metadata.callwright.ids"),
        ({"ids": 3}, "$.metadata.callwright.ids"),
        ({"malformed": {"7": []}}, "$.metadata.callwright.malformed"),
        ({"malformed": [3]}, "$.metadata.callwright.malformed"),
    ],
)
def test_what_was_kept_and_does_not_fit_is_refused(kept: Json, path: str) -> None:
    conversation, faults = take({"messages": [], "metadata": {"callwright": kept}})
    assert conversation is None
    assert [fault.path for fault in faults] == [path]
