"""Conversations as JSON in a string."""

import json

import pytest

from callwright.conversation import AssistantMessage, Conversation, Json, Tool, ToolCall, UserMessage
from callwright.errors import Fault, FormatError
from callwright.formats import FORMATS
from callwright.formats.reading import Reading

CONTEXT = FORMATS["context"]
MESSAGES: list[Json] = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
TOOL: dict[str, Json] = {"name": "cd", "description": "go", "parameters": {"type": "object"}}
READ = (UserMessage("a"), AssistantMessage(content="b"))


def take(context: Json, **more: Json) -> tuple[Conversation | None, list[Fault]]:
    reading = Reading()
    return CONTEXT.take({"context": context, **more}, reading), reading.faults


def test_the_text_holds_messages_or_messages_and_tools() -> None:
    conversation, faults = take(json.dumps(MESSAGES), id=7, source="web")
    assert faults == []
    assert conversation == Conversation(messages=READ, id="7", metadata={"source": "web"})
    inner = {"messages": MESSAGES, "tools": [TOOL], "id": "x", "split": "test"}
    conversation, faults = take(json.dumps(inner), metadata={"n": 1.0})
    assert faults == []
    assert conversation
    assert conversation.tools == (Tool(name="cd", description="go", parameters={"type": "object"}),)
    assert (conversation.id, conversation.metadata) == ("x", {"n": 1.0, "split": "test"})


def test_a_list_in_place_of_the_text_is_taken_with_a_warning() -> None:
    conversation, faults = take(MESSAGES)
    assert conversation
    assert conversation.messages == READ
    assert [(fault.path, fault.severity) for fault in faults] == [("$.context", "warning")]


@pytest.mark.parametrize(
    ("context", "path", "said"),
    [
        ("where is my parcel?", "$.context", "belongs in the `unstructured` file"),
        ("", "$.context", "unstructured"),
        ('[{"role": "user"', "$.context", "ends too early"),
        ('{"tools": []}', "$.context.messages", "null"),
        ('{"messages": "a"}', "$.context.messages", "the text `a`"),
        ('[{"role": "usr", "content": "a"}]', "$.context[0].role", "did you mean `user`?"),
        ('{"messages": [3], "tools": []}', "$.context.messages[0]", "the number"),
        ('{"messages": [], "tools": [3]}', "$.context.tools[0]", "the number"),
        (3, "$.context", "the number `3`"),
        (None, "$.context", "null"),
    ],
)
def test_what_is_no_conversation_is_refused_at_its_place(context: Json, path: str, said: str) -> None:
    conversation, faults = take(context)
    assert conversation is None
    assert faults[0].path == path
    assert said in str(faults[0])


def test_what_stands_within_and_beside_must_not_differ() -> None:
    inner = json.dumps({"messages": [], "id": "a", "tools": [TOOL], "n": 1})
    conversation, faults = take(inner, id="b", tools=[{**TOOL, "name": "ls"}], n=2)
    assert conversation is None
    assert [fault.path for fault in faults] == ["$.context.n", "$.id", "$.tools"]


def test_it_is_written_as_text_and_a_finding_has_its_place_in_it() -> None:
    call = ToolCall(name="cd", arguments={"to": "é\u2028"}, id="c")
    bare = Conversation(messages=(UserMessage("a"), AssistantMessage(tool_calls=(call,))))
    full = Conversation(messages=bare.messages, tools=(Tool(name="cd"),))
    assert list(CONTEXT.write(bare)) == ["context"]
    assert isinstance(json.loads(CONTEXT.write(bare)["context"]), list)
    path = "$.messages[1].tool_calls[0].arguments.to"
    assert CONTEXT.place(bare, path) == "$.context[1].tool_calls[0].function.arguments.to"
    assert CONTEXT.place(full, path) == "$.context.messages[1].tool_calls[0].function.arguments.to"
    assert CONTEXT.place(full, "$.tools[0].name") == "$.context.tools[0].function.name"
    assert CONTEXT.place(bare, "$.id") == "$.id"


def test_rows_that_have_a_context_beside_their_own_form_are_not_claimed() -> None:
    assert CONTEXT.sniff({"context": "plain"})
    assert not CONTEXT.sniff({"context": "[]", "question": "a", "answer": "b"})
    assert not CONTEXT.sniff({"context": "[]", "messages": []})


def test_a_call_without_a_name_is_refused() -> None:
    with pytest.raises(FormatError) as caught:
        CONTEXT.write(Conversation(messages=(AssistantMessage(tool_calls=(ToolCall(name=""),)),)))
    assert [fault.path for fault in caught.value.faults] == ["$.messages[0].tool_calls[0].name"]
