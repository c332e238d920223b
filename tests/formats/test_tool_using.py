import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    MalformedCall,
    Message,
    Tool,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from callwright.errors import Fault, FormatError
from callwright.formats import FORMATS, line
from callwright.formats.reading import Reading
from callwright.formats.strict_json import parse
from callwright.testing import random_conversation

TOOL_USING = FORMATS["tool_using"]

WEATHER = Tool(
    name="get_weather",
    description="Weather of a place",
    parameters={
        "type": "object",
        "properties": {
            "location": {"type": "string", "description": "City"},
            "units": {"type": "string", "description": "celsius or fahrenheit"},
        },
        "required": ["location"],
    },
)
BARE_WEATHER = {"name": WEATHER.name, "description": WEATHER.description, "parameters": WEATHER.parameters}
PARAMETERS = [
    {"name": "location", "description": "City", "type": "string", "required": True},
    {"name": "units", "description": "celsius or fahrenheit", "type": "string", "required": False},
]
PARIS = {"name": "get_weather", "parameters": {"location": "Paris"}}
ADD = {"name": "add", "parameters": {"a": 1, "b": 1.0}}
TEXT_CALL = '<tool_call>\nname: get_weather\nparameters: {\n  "location": "Paris"\n}\n</tool_call>'


def take(row: dict[str, Json]) -> tuple[Conversation | None, list[Fault]]:
    reading = Reading()
    return TOOL_USING.take(row, reading), reading.faults


def row_of(*messages: dict[str, Json], **beside: Json) -> dict[str, Json]:
    return {"messages": list(messages), **beside}


def calling(*calls: Json, content: str = "") -> dict[str, Json]:
    return {"role": "assistant", "content": content, "tool_calls": list(calls)}


def result(content: str, name: str | None = None) -> dict[str, Json]:
    return {"role": "tool", "content": content, **({"name": name} if name else {})}


def called(call: dict[str, Json], number: int) -> ToolCall:
    return ToolCall(name=call["name"], arguments=call["parameters"], id=f"call_{number}")


# ── what the rows look like ────────────────────────────────────────────────────────────────────────────


def test_a_row_of_the_script_is_read_and_written_back_as_it_was() -> None:
    row = row_of(
        {"role": "user", "content": "check the weather in Paris for me please."},
        calling(PARIS, content="I look that up."),
        result("21°C, sunny", "get_weather"),
        {"role": "assistant", "content": "It is sunny."},
        tools=[BARE_WEATHER],
    )
    conversation, faults = take(row)
    assert faults == []
    assert conversation == Conversation(
        messages=(
            UserMessage("check the weather in Paris for me please."),
            AssistantMessage(content="I look that up.", tool_calls=(called(PARIS, 1),)),
            ToolMessage(content="21°C, sunny", call_id="call_1"),
            AssistantMessage(content="It is sunny."),
        ),
        tools=(WEATHER,),
    )
    assert TOOL_USING.write(conversation) == row


@pytest.mark.parametrize(
    "parameters",
    [
        PARAMETERS,
        {part["name"]: {k: v for k, v in part.items() if k != "name"} for part in PARAMETERS},
        WEATHER.parameters,
    ],
)
def test_parameters_are_a_list_an_object_by_name_or_a_schema(parameters: Json) -> None:
    row = row_of({"role": "user", "content": "a"}, tools=[{**BARE_WEATHER, "parameters": parameters}])
    for tools in (row["tools"], json.dumps(row["tools"])):
        conversation, faults = take({**row, "tools": tools})
        assert faults == []
        assert conversation
        assert conversation.tools == (WEATHER,)


def test_results_go_to_the_calls_of_their_tool_in_order() -> None:
    conversation, faults = take(
        row_of(
            calling(PARIS, ADD, PARIS),
            result("2", "add"),
            result("sunny", "get_weather"),
            result("rainy", "get_weather"),
            calling(ADD, PARIS),
            result("first"),
            result("second"),
        )
    )
    assert faults == []
    assert conversation
    results = [message for message in conversation.messages if isinstance(message, ToolMessage)]
    assert [(one.content, one.call_id) for one in results] == [
        ("2", "call_2"),
        ("sunny", "call_1"),
        ("rainy", "call_3"),
        ("first", "call_4"),
        ("second", "call_5"),
    ]


@pytest.mark.parametrize("before", ["", "<|assistant|>\n", "\n<|assistant|>"])
def test_a_call_in_the_text_is_read_as_a_call(before: str) -> None:
    content = f"{before}I'll help you with that.\n\n{TEXT_CALL}\n"
    conversation, faults = take(
        row_of({"role": "assistant", "content": content}, result("sunny", "get_weather"))
    )
    assert faults == []
    assert conversation
    assert conversation.messages == (
        AssistantMessage(content="I'll help you with that.", tool_calls=(called(PARIS, 1),)),
        ToolMessage(content="sunny", call_id="call_1"),
    )


@pytest.mark.parametrize(
    ("inside", "error"),
    [
        ("name: get_weather", "a line `name: …`"),
        ("name: get_weather\nparameters: {location: Paris}", "Expecting property name"),
        ("name: get_weather\nparameters: [1]", "a JSON object"),
        ("name: get_weather\nparameters:", "nothing at all"),
    ],
)
def test_a_call_in_the_text_that_is_none_is_malformed_with_its_reason(inside: str, error: str) -> None:
    content = f"Wait.\n\n<tool_call>\n{inside}\n</tool_call>"
    conversation, faults = take(row_of({"role": "assistant", "content": content}))
    assert faults == []
    assert conversation
    turn = conversation.messages[0]
    assert isinstance(turn, AssistantMessage)
    assert turn.content == "Wait."
    assert [malformed.raw for malformed in turn.malformed] == [inside]
    assert error in turn.malformed[0].error


@pytest.mark.parametrize(
    ("row", "path", "said"),
    [
        ({"messages": 3}, "$.messages", "the number `3`"),
        ({"messages": "[{"}, "$.messages", "ends too early"),
        (row_of(result("a", "add")), "$.messages[0]", "a result of `add`, and no call"),
        (row_of(calling(PARIS), result("a", "add")), "$.messages[1]", "a result of `add`, and no call"),
        (row_of(calling({"name": "a"})), "$.messages[0].tool_calls[0]", "neither"),
        (
            row_of(calling({"name": "a", "parameters": "b=1"})),
            "$.messages[0].tool_calls[0].parameters",
            "Expecting value",
        ),
        (row_of({"role": "usr", "content": "a"}), "$.messages[0].role", "did you mean `user`?"),
        (row_of(tools=[{"name": "a", "parameters": [3]}]), "$.tools[0].parameters[0]", "the number `3`"),
        (
            row_of(tools=[{"name": "a", "parameters": [*PARAMETERS, PARAMETERS[0]]}]),
            "$.tools[0].parameters[2].name",
            "`location` a second time",
        ),
    ],
)
def test_what_cannot_be_read_is_told_at_its_place(row: dict[str, Json], path: str, said: str) -> None:
    conversation, faults = take(row)
    assert conversation is None
    assert faults[0].path == path
    assert said in str(faults[0])


OPENAI_CALL = {"id": "1", "type": "function", "function": {"name": "a", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("row", "mine"),
    [
        (row_of(calling(PARIS)), True),
        (row_of(calling({"name": "a", "parameters": 3})), True),
        (row_of({"role": "assistant", "content": f"Wait.\n\n{TEXT_CALL}"}), True),
        (row_of(tools=[{"name": "a", "parameters": PARAMETERS}]), True),
        (row_of(tools=[{"name": "a", "parameters": {"city": {"type": "string"}}}]), True),
        (row_of(calling(OPENAI_CALL)), False),
        (row_of(calling(PARIS), calling(OPENAI_CALL)), False),
        (row_of(calling({"id": "1", **PARIS})), False),
        (row_of(calling({"name": "a", "arguments": {}})), False),
        (row_of({"role": "user", "content": TEXT_CALL}), False),
        (row_of(tools=[BARE_WEATHER]), False),
        (row_of(tools=[{"name": "a", "parameters": {"not": {"type": "object"}}}]), False),
        (row_of(3, {"role": [], "content": {}}), False),
        ({"messages": "[]"}, False),
        ({}, False),
    ],
)
def test_rows_with_bare_calls_or_parameters_are_of_this_form(row: dict[str, Json], mine: bool) -> None:
    assert TOOL_USING.sniff(row) is mine


# ── there and back ─────────────────────────────────────────────────────────────────────────────────────


def back(conversation: Conversation) -> Conversation:
    return TOOL_USING.read(parse(line(TOOL_USING.write(conversation)).decode()))


@pytest.mark.parametrize("seed", range(60))
def test_every_random_conversation_is_read_back_as_it_was(seed: int) -> None:
    conversation = random_conversation(seed, reasoning=seed % 2 == 0)
    assert repr(back(conversation)) == repr(conversation)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"a": {"type": "string"}},
        {"properties": {"a": {"type": "string"}}},
        {"not": {"type": "object"}},
        {"additionalProperties": {"type": "string"}, "if": {"type": "object"}},
        {"type": "object", "properties": {"required": {"type": "boolean"}}, "required": ["required"]},
    ],
)
def test_a_schema_that_looks_like_parameters_by_name_is_written_so_that_it_stays_one(
    parameters: dict[str, Json],
) -> None:
    conversation = Conversation(messages=(), tools=(Tool(name="a", parameters=parameters),))
    assert back(conversation) == conversation


def test_text_that_looks_like_a_call_stays_text() -> None:
    said = (AssistantMessage(content=f"<|assistant|>\n{TEXT_CALL}"), AssistantMessage(content=TEXT_CALL))
    assert back(Conversation(messages=said)).messages == said


def test_paths_lead_to_the_rows_own_words() -> None:
    conversation = Conversation(messages=())
    places = {
        "$.messages[3].tool_calls[0].arguments.arguments": "$.messages[3].tool_calls[0].parameters.arguments",
        "$.messages[3].tool_calls[0].name": "$.messages[3].tool_calls[0].name",
        "$.messages[3].reasoning": "$.messages[3].reasoning_content",
        "$.messages[3].call_id": "$.messages[3].name",
        "$.tools[0].parameters": "$.tools[0].parameters",
    }
    assert {path: TOOL_USING.place(conversation, path) for path in places} == places


@pytest.mark.parametrize(
    ("call", "path"),
    [
        (ToolCall(name=""), "$.messages[0].tool_calls[0].name"),
        (ToolCall(name="a", arguments={"b": float("inf")}), "$.messages[0].tool_calls[0].arguments"),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_place(call: ToolCall, path: str) -> None:
    with pytest.raises(FormatError) as caught:
        TOOL_USING.write(Conversation(messages=(AssistantMessage(tool_calls=(call,)),)))
    assert [fault.path for fault in caught.value.faults] == [path]


TEXTS = st.sampled_from(
    ["", "a", TEXT_CALL, "<|assistant|>a", "<tool_call>\nname: ", "\u2028", "</tool_call>"]
)
CALLS = st.builds(
    ToolCall,
    name=st.sampled_from(["a", "b"]),
    arguments=st.dictionaries(TEXTS, TEXTS | st.none() | st.just(1.0) | st.just(10**40), max_size=2),
    id=st.sampled_from(["", "call_1", "call_2", "x"]),
)
SAID = st.one_of(
    st.builds(UserMessage, TEXTS),
    st.builds(
        AssistantMessage,
        content=TEXTS,
        reasoning=TEXTS,
        tool_calls=st.lists(CALLS, max_size=2).map(tuple),
        malformed=st.lists(st.builds(MalformedCall, raw=TEXTS, error=TEXTS), max_size=1).map(tuple),
    ),
    st.builds(ToolMessage, content=TEXTS, call_id=st.sampled_from(["", "call_1", "call_2", "x"])),
)


@given(st.lists(SAID, max_size=5))
@settings(max_examples=150, deadline=None)
def test_any_messages_are_read_back_as_they_were(said: list[Message]) -> None:
    conversation = Conversation(messages=tuple(said))
    assert repr(back(conversation)) == repr(conversation)


PARTS = st.recursive(
    st.none() | st.integers(-1, 1) | TEXTS | st.sampled_from(["tool", "assistant", "string", "[{"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["role", "content", "name", "parameters", "tool_calls", "type", "required"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "tool"])},
    optional={
        "content": PARTS,
        "tool_calls": PARTS,
        "name": PARTS,
        "malformed": PARTS,
        "tool_call_id": PARTS,
    },
)


@given(
    st.fixed_dictionaries(
        {"messages": st.lists(MESSAGE | PARTS, max_size=4) | PARTS},
        optional={"tools": PARTS | st.lists(PARTS, max_size=2), "metadata": PARTS, "id": PARTS},
    )
)
@settings(max_examples=250, deadline=None)
def test_any_row_near_the_form_gives_a_conversation_or_faults(row: dict[str, Json]) -> None:
    assert TOOL_USING.sniff(row) in (True, False)
    conversation, faults = take(row)
    assert (conversation is None) == any(fault.severity == "error" for fault in faults)
    assert conversation is None or back(conversation) == conversation
