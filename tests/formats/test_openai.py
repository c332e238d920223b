import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    MalformedCall,
    SystemMessage,
    Tool,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from callwright.errors import Fault, FormatError
from callwright.formats import FORMATS, line
from callwright.formats.reading import Reading
from callwright.formats.strict_json import parse

OPENAI = FORMATS["openai"]

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["</tool_call>", "\u2028\u2029\x85", "<|im_end|>", "日本 é", '"\\', "\x00"]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.just(1.0)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
ARGUMENTS = st.dictionaries(TEXTS, VALUES, max_size=4)
NAMES = TEXTS.filter(lambda text: text.strip() == text != "")
TOOLS = st.lists(
    st.builds(Tool, name=NAMES, description=TEXTS, parameters=st.just({"type": "object", "properties": {}})),
    max_size=2,
    unique_by=lambda tool: tool.name,
).map(tuple)


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    messages: list[object] = [SystemMessage(draw(TEXTS))] if draw(st.booleans()) else []
    for turn in range(draw(st.integers(0, 3))):
        messages.append(UserMessage(draw(TEXTS)))
        calls = tuple(
            ToolCall(name=draw(NAMES), arguments=draw(ARGUMENTS), id=f"call_{turn}_{i}")
            for i in range(draw(st.integers(0, 2)))
        )
        malformed = (MalformedCall(raw=draw(TEXTS), error=draw(TEXTS)),) if draw(st.booleans()) else ()
        turn_ = AssistantMessage(
            content=draw(TEXTS), reasoning=draw(TEXTS), tool_calls=calls, malformed=malformed
        )
        messages += [turn_, *(ToolMessage(content=draw(TEXTS), call_id=call.id) for call in calls)]
    return Conversation(
        messages=tuple(messages),  # type: ignore[arg-type]
        tools=draw(TOOLS),
        id=draw(TEXTS),
        origin="here",
        metadata=draw(st.dictionaries(TEXTS, VALUES, max_size=2)),
    )


@settings(max_examples=60, deadline=None)
@given(conversations())
def test_what_is_written_is_read_back_as_it_was(conversation: Conversation) -> None:
    row = parse(line(OPENAI.write(conversation)).decode())
    again = OPENAI.read(row, origin="here")
    assert again == conversation
    assert repr(again) == repr(conversation)  # 1.0 is not 1, and True is not 1


def test_a_line_on_disk_holds_no_character_that_readers_take_for_its_end() -> None:
    conversation = Conversation(messages=(UserMessage("a\u2028b\u2029c\x85d"),))
    assert len(line(OPENAI.write(conversation)).decode().splitlines()) == 1


def take(row: dict[str, Json]) -> tuple[Conversation | None, list[Fault]]:
    reading = Reading()
    return OPENAI.take(row, reading), reading.faults


def calling(arguments: Json, **more: Json) -> dict[str, Json]:
    function = {"name": "cd", "arguments": arguments}
    return {"role": "assistant", "tool_calls": [{"type": "function", "function": function, **more}]}


@pytest.mark.parametrize("arguments", [{"folder": "a"}, '{"folder": "a"}'])
def test_arguments_may_be_text_or_an_object(arguments: Json) -> None:
    conversation, faults = take({"messages": [calling(arguments)]})
    assert faults == []
    assert conversation
    assert next(conversation.calls()) == ToolCall(name="cd", arguments={"folder": "a"}, id="call_1")


def test_empty_arguments_are_none() -> None:
    conversation, _ = take({"messages": [calling("")]})
    assert conversation
    assert next(conversation.calls()).arguments == {}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (json.dumps(json.dumps({"folder": "a"})), "encoded twice"),
        ("folder=a", "Expecting value"),
        ('{"folder": NaN}', "NaN"),
        ('{"a": 1, "a": 2}', "twice"),
        ("[1]", "an array"),
        (None, "null"),
        (3, "the number `3`"),
    ],
)
def test_arguments_that_are_no_object_are_refused_at_their_place(arguments: Json, said: str) -> None:
    conversation, faults = take({"messages": [{"role": "user", "content": "a"}, calling(arguments)]})
    assert conversation is None
    assert [fault.path for fault in faults] == ["$.messages[1].tool_calls[0].function.arguments"]
    assert said in str(faults[0])


def test_content_in_parts_null_content_and_the_developer_are_understood() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    conversation, faults = take(
        {
            "messages": [
                {"role": "developer", "content": "rules"},
                {"role": "user", "content": parts},
                {"role": "assistant", "content": None, "refusal": None, "tool_calls": None},
            ]
        }
    )
    assert faults == []
    assert conversation
    assert conversation.messages == (SystemMessage("rules"), UserMessage("ab"), AssistantMessage())


def test_ids_that_are_missing_are_given_and_results_paired_in_order() -> None:
    two = {
        "role": "assistant",
        "tool_calls": [{"name": "a", "arguments": {}}, {"name": "b", "arguments": {}}],
    }
    own = {"role": "assistant", "tool_calls": [{"id": "call_1", "name": "c", "arguments": {}}]}
    result = {"role": "tool", "content": "done"}
    conversation, faults = take({"messages": [two, result, result, own, result]})
    assert faults == []
    assert conversation
    assert [call.id for call in conversation.calls()] == ["call_2", "call_3", "call_1"]
    results = [message for message in conversation.messages if isinstance(message, ToolMessage)]
    assert [result.call_id for result in results] == ["call_2", "call_3", "call_1"]


def test_a_result_without_id_and_without_a_call_is_refused() -> None:
    _, faults = take({"messages": [{"role": "user", "content": "a"}, {"role": "tool", "content": "b"}]})
    assert [fault.path for fault in faults] == ["$.messages[1].tool_call_id"]


@pytest.mark.parametrize(
    ("message", "path", "said"),
    [
        ({"role": "asistant", "content": "a"}, "$.messages[0].role", "did you mean `assistant`?"),
        ({"content": "a"}, "$.messages[0].role", "no role"),
        ({"role": "function", "content": "a"}, "$.messages[0].role", "tool_call_id"),
        ({"role": "user", "content": 3}, "$.messages[0].content", "the number `3`"),
        ({"role": "user"}, "$.messages[0].content", "null"),
        ({"role": "user", "content": [{"type": "image_url"}]}, "$.messages[0].content[0]", "image_url"),
        ({"role": "assistant", "function_call": {"name": "a"}}, "$.messages[0].function_call", "tool_calls"),
        ({"role": "assistant", "tool_calls": {}}, "$.messages[0].tool_calls", "an object"),
        ({"role": "assistant", "tool_calls": ["a"]}, "$.messages[0].tool_calls[0]", "the text `a`"),
        (["user", "a"], "$.messages[0]", "an array"),
        ("a", "$.messages[0]", "the text"),
    ],
)
def test_a_message_that_is_none_is_refused_at_its_place(message: Json, path: str, said: str) -> None:
    conversation, faults = take({"messages": [message]})
    assert conversation is None
    assert faults[0].path == path
    assert said in str(faults[0])


def test_all_faults_of_a_row_are_found() -> None:
    row = {"messages": [{"role": "x"}, {"role": "user"}, calling("{")], "tools": [{"name": ""}], "id": []}
    _, faults = take(row)
    assert [fault.path for fault in faults] == [
        "$.id",
        "$.tools[0].name",
        "$.messages[0].role",
        "$.messages[1].content",
        "$.messages[2].tool_calls[0].function.arguments",
    ]


def test_a_key_that_is_not_kept_is_warned_of() -> None:
    conversation, faults = take({"messages": [{"role": "user", "content": "a", "weight": 0}]})
    assert conversation
    assert [(fault.path, fault.severity) for fault in faults] == [("$.messages[0].weight", "warning")]


def test_keys_of_the_users_own_are_kept_as_metadata_but_no_slip_of_a_known_one() -> None:
    conversation, faults = take({"messages": [], "source": "web", "metadata": {"a": 1}})
    assert faults == []
    assert conversation
    assert conversation.metadata == {"a": 1, "source": "web"}
    _, faults = take({"messages": [], "tool": []})
    assert [(fault.path, fault.hint) for fault in faults] == [("$.tool", "did you mean `tools`?")]
    _, faults = take({"messages": [], "functions": [{"name": "a"}]})
    assert faults[0].hint == "did you mean `tools`?"


TOOL: dict[str, Json] = {"name": "cd", "description": "go", "parameters": {"type": "object"}}


@pytest.mark.parametrize(
    "tools",
    [[TOOL], [{"type": "function", "function": TOOL}], json.dumps([TOOL])],
    ids=["bare", "full", "text"],
)
def test_tools_may_be_bare_or_wrapped_or_text(tools: Json) -> None:
    conversation, faults = take({"messages": [], "tools": tools})
    assert faults == []
    assert conversation
    assert conversation.tools == (Tool(name="cd", description="go", parameters={"type": "object"}),)


@pytest.mark.parametrize(
    ("tools", "path", "said"),
    [
        ([{**TOOL, "parameters": []}], "$.tools[0].parameters", "an array"),
        ([{"name": "a", "input_schema": {"a": 1}}], "$.tools[0].parameters", "rename it"),
        ({"cd": TOOL}, "$.tools", "an object"),
        ([{"type": "function", "function": "cd"}], "$.tools[0].function", "the text `cd`"),
        ([{"type": "web_search", "function": TOOL}], "$.tools[0].type", "web_search"),
        ([3], "$.tools[0]", "the number"),
        ("[", "$.tools", "ends too early"),
    ],
)
def test_a_tool_that_is_none_is_refused_at_its_place(tools: Json, path: str, said: str) -> None:
    conversation, faults = take({"messages": [], "tools": tools})
    assert conversation is None
    assert faults[0].path == path
    assert said in str(faults[0])


def test_tools_that_do_not_hold_are_read_as_they_are_and_left_to_the_checks() -> None:
    tools = [TOOL, TOOL, {**TOOL, "parameters": {"type": "dict", "required": ["a"]}}]
    conversation, faults = take({"messages": [], "tools": tools})
    assert faults == []
    assert conversation
    assert [tool.parameters for tool in conversation.tools] == [
        {"type": "object"},
        {"type": "object"},
        {"type": "dict", "required": ["a"]},
    ]
    written = OPENAI.write(conversation)
    assert OPENAI.read(written).tools == conversation.tools


def test_a_value_that_json_cannot_say_is_not_written() -> None:
    call = ToolCall(name="a", arguments={"x": float("nan")})
    with pytest.raises(FormatError, match="cannot be written"):
        OPENAI.write(Conversation(messages=(AssistantMessage(tool_calls=(call,)),)))


def test_reading_one_row_raises_with_all_its_faults() -> None:
    with pytest.raises(FormatError, match="here:7 is no row of the form `openai`") as caught:
        OPENAI.read({"messages": [3, 4]}, origin="here:7")
    assert len(caught.value.faults) == 2
