"""The central types: frozen, told apart by role, with errors that carry a path."""

import msgspec
import pytest

import callwright
from callwright.conversation import AssistantMessage, Conversation, SystemMessage, Tool, ToolCall, UserMessage

LS = Tool(name="ls", description="List", parameters={"type": "object", "properties": {}})
TALK = Conversation(
    messages=(
        UserMessage("list"),
        AssistantMessage(tool_calls=(ToolCall(name="ls", id="call_1"),)),
        UserMessage("again"),
        AssistantMessage(content="no", tool_calls=(ToolCall(name="ls", id="call_2"), ToolCall(name="pwd"))),
    )
)


def test_a_message_is_chosen_by_its_role() -> None:
    raw = b'[{"role":"user","content":"hi"},{"role":"assistant","tool_calls":[{"name":"ls","arguments":{"a":true}}]}]'
    messages = msgspec.json.decode(raw, type=tuple[callwright.conversation.Message, ...])
    assert messages[0] == UserMessage("hi")
    assert messages[1] == AssistantMessage(tool_calls=(ToolCall(name="ls", arguments={"a": True}),))


def test_arguments_that_are_a_string_are_an_error_with_its_path() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"Expected `object`.*\$\.tool_calls\[0\]\.arguments"):
        msgspec.json.decode(
            b'{"tool_calls":[{"name":"ls","arguments":"{}"}],"role":"assistant"}', type=AssistantMessage
        )


def test_calls_and_turns_come_in_order() -> None:
    assert [call.name for call in TALK.calls()] == ["ls", "ls", "pwd"]
    assert [index for index, _ in TALK.turns()] == [1, 3]
    assert TALK.upto(3).messages == TALK.messages[:3]


def test_what_a_conversation_brings_itself_is_not_replaced() -> None:
    whole = TALK.completed(system="Be brief.", tools=(LS,))
    assert whole.messages == (SystemMessage("Be brief."), *TALK.messages)
    assert whole.tools == (LS,)
    assert whole.completed(system="Other.", tools=()) == whole


def test_every_public_name_is_where_the_package_says() -> None:
    for name in ("Conversation", "Tool", "ToolCall", "CallwrightError", "MalformedCall"):
        assert getattr(callwright, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = callwright.nothing
