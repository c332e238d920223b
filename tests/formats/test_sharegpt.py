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
from callwright.testing import random_conversation

SHAREGPT = FORMATS["sharegpt"]

AREA = {
    "name": "area",
    "description": "Area of a shape",
    "parameters": {
        "type": "object",
        "properties": {"shape": {"type": "string"}, "sides": {"type": "array", "items": {"type": "number"}}},
        "required": ["shape"],
    },
}
CALL = {"name": "area", "arguments": {"shape": "square", "sides": [7]}}
OTHER = {"name": "area", "arguments": {"shape": "circle"}}


def take(row: dict[str, Json]) -> tuple[Conversation | None, list[Fault]]:
    reading = Reading()
    return SHAREGPT.take(row, reading), reading.faults


def turns(*pairs: tuple[str, Json], **beside: Json) -> dict[str, Json]:
    return {"conversations": [{"from": word, "value": value} for word, value in pairs], **beside}


def messages(row: dict[str, Json]) -> tuple[object, ...]:
    conversation, faults = take(row)
    assert faults == []
    assert conversation
    return conversation.messages


def called(*calls: dict[str, Json], first: int = 1, **more: str) -> AssistantMessage:
    made = (ToolCall(**call, id=f"call_{number}") for number, call in enumerate(calls, first))
    return AssistantMessage(tool_calls=tuple(made), **more)


# ── dialects ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_row_as_llama_factory_has_it_is_read_and_written_back_as_it_was() -> None:
    row = turns(
        ("human", "How large is a square of side 7?"),
        ("function_call", json.dumps(CALL)),
        ("observation", '{"area": 49}'),
        ("gpt", "49."),
        system="You know geometry.",
        tools=json.dumps([AREA]),
    )
    conversation, faults = take(row)
    assert faults == []
    assert conversation == Conversation(
        messages=(
            SystemMessage("You know geometry."),
            UserMessage("How large is a square of side 7?"),
            called(CALL),
            ToolMessage(content='{"area": 49}', call_id="call_1"),
            AssistantMessage(content="49."),
        ),
        tools=(Tool(**AREA),),
    )
    assert SHAREGPT.write(conversation) == row


@pytest.mark.parametrize("tools", [None, "", "[]", []])
def test_a_row_without_tools_has_none(tools: Json) -> None:
    assert take(turns(("human", "a"), ("gpt", "b"), tools=tools)) == (
        Conversation(messages=(UserMessage("a"), AssistantMessage(content="b"))),
        [],
    )


@pytest.mark.parametrize(
    ("user", "assistant", "call", "result"),
    [
        ("human", "gpt", "function_call", "observation"),
        ("user", "assistant", "tool_call", "tool"),
        ("user", "model", "function-call", "function-response"),
        ("Human", "chatgpt", "function_call", "tool_response"),
        ("human", "bing", "tool_call", "function_response"),
    ],
)
def test_speakers_have_many_names(user: str, assistant: str, call: str, result: str) -> None:
    row = turns((user, "a"), (call, json.dumps(CALL)), (result, "49"), (assistant, "b"))
    assert messages(row) == (
        UserMessage("a"),
        called(CALL),
        ToolMessage(content="49", call_id="call_1"),
        AssistantMessage(content="b"),
    )


@pytest.mark.parametrize("key", ["conversations", "conversation"])
def test_turns_may_have_role_and_content_and_are_written_so_again(key: str) -> None:
    row = {
        key: [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "a"},
            {"role": "function_call", "content": json.dumps(CALL)},
            {"role": "observation", "content": "49"},
        ]
    }
    conversation, faults = take(row)
    assert faults == []
    assert conversation
    assert conversation.messages[:2] == (SystemMessage("be brief"), UserMessage("a"))
    again = SHAREGPT.write(conversation)
    assert again[key] == row[key]
    assert SHAREGPT.read(again) == conversation
    path = "$.messages[2].tool_calls[0].arguments.shape"
    assert SHAREGPT.place(conversation, path) == f"$.{key}[2].content"


def test_a_call_may_be_an_object_and_have_arguments_as_text() -> None:
    as_text = {"name": "area", "arguments": json.dumps(CALL["arguments"])}
    row = turns(("human", "a"), ("function_call", CALL), ("tool", {"area": 49}), ("tool_call", [as_text]))
    assert messages(row)[1:] == (
        called(CALL),
        ToolMessage(content='{"area": 49}', call_id="call_1"),
        called(CALL, first=2),
    )


def test_a_call_in_pythons_notation_is_read_and_told() -> None:
    value = '{"name": "area", "arguments": \'{"shape": "square", "sides": [7]}\'}'
    conversation, faults = take(turns(("human", "a"), ("function-call", value)))
    assert conversation
    assert conversation.messages[1] == called(CALL)
    assert [(fault.path, fault.severity) for fault in faults] == [("$.conversations[1].value", "warning")]
    assert "Python" in faults[0].found


@pytest.mark.parametrize(
    "answers",
    [
        [("observation", '[{"area": 49}, "none"]')],
        [("observation", [{"area": 49}, "none"])],
        [("observation", '{"area": 49}'), ("observation", "none")],
    ],
)
@pytest.mark.parametrize(
    "calls",
    [
        [("function_call", json.dumps([CALL, OTHER]))],
        [("function_call", json.dumps(CALL)), ("function_call", json.dumps(OTHER))],
    ],
)
def test_parallel_calls_and_their_results_stand_in_one_turn_or_in_several(
    calls: list[tuple[str, Json]], answers: list[tuple[str, Json]]
) -> None:
    conversation, faults = take(turns(("human", "a"), *calls, *answers))
    assert faults == []
    assert conversation
    assert conversation.messages[1:] == (
        called(CALL, OTHER),
        ToolMessage(content='{"area": 49}', call_id="call_1"),
        ToolMessage(content="none", call_id="call_2"),
    )
    written = SHAREGPT.write(conversation)["conversations"]
    assert [turn["from"] for turn in written[2:]] == ["observation"] * len(answers)


def test_a_list_that_is_the_result_of_one_call_is_one_result() -> None:
    row = turns(("human", "a"), ("function_call", json.dumps(CALL)), ("observation", "[1, 2]"))
    assert messages(row)[2] == ToolMessage(content="[1, 2]", call_id="call_1")


def test_text_before_calls_is_said_in_the_same_message_and_thoughts_are_reasoning() -> None:
    thought = f"<think>\nseven squared\n</think>\n\n{json.dumps(CALL)}"
    row = turns(
        ("human", "a"),
        ("gpt", "One moment."),
        ("function_call", json.dumps(CALL)),
        ("observation", "49"),
        ("function_call", thought),
        ("observation", "49"),
        ("gpt", "<think>\ndone\n</think>\n\n49."),
    )
    said = messages(row)
    assert said[1] == called(CALL, content="One moment.")
    assert said[3] == called(CALL, first=2, reasoning="seven squared")
    assert said[5] == AssistantMessage(content="49.", reasoning="done")
    conversation, _ = take(row)
    assert conversation
    assert SHAREGPT.write(conversation)["conversations"] == row["conversations"]


def test_keys_of_published_sets_are_kept_as_metadata() -> None:
    row = turns(("human", "a"), ("gpt", "b"), id=7, conversation_id="x", tool_stats={"ls": 1}, completed=True)
    conversation, faults = take(row)
    assert faults == []
    assert conversation
    assert conversation.id == "7"
    assert conversation.metadata == {"conversation_id": "x", "tool_stats": {"ls": 1}, "completed": True}


# ── what is wrong ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "value", ["area(7)", '{"name": "area"', "{}", '{"name": "area", "arguments": 3}', "[]"]
)
def test_a_call_that_is_none_is_malformed_and_says_why(value: str) -> None:
    conversation, faults = take(turns(("human", "a"), ("function_call", value), ("gpt", "b")))
    assert faults == []
    assert conversation
    (malformed,) = conversation.messages[1].malformed  # type: ignore[union-attr]
    assert malformed.raw == value
    assert malformed.error
    assert SHAREGPT.read(SHAREGPT.write(conversation)) == conversation


@pytest.mark.parametrize(
    ("row", "path", "said"),
    [
        ({"conversations": None}, "$.conversations", "null"),
        ({"conversations": "[{"}, "$.conversations", "ends too early"),
        ({"conversations": ["a"]}, "$.conversations[0]", "the text `a`"),
        ({"conversations": [{"value": "a"}]}, "$.conversations[0].from", "no such key"),
        (turns(("humann", "a")), "$.conversations[0].from", "did you mean `human`?"),
        (turns(("human", None)), "$.conversations[0].value", "null"),
        (turns(("human", ["a"])), "$.conversations[0].value", "an array"),
        (turns(("observation", "a")), "$.conversations[0].value", "no call before it"),
        (turns(("function_call", "")), "$.conversations[0].value", "nothing"),
        (turns(("human", "a"), system=3), "$.system", "the number `3`"),
        (turns(("human", "a"), tools="use ls"), "$.tools", "a JSON array of tools"),
        (turns(("human", "a"), tool=[]), "$.tool", "did you mean `tools`?"),
        (turns(("human", "a"), id=[]), "$.id", "an array"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_place(row: dict[str, Json], path: str, said: str) -> None:
    conversation, faults = take(row)
    assert conversation is None
    assert faults[0].path == path
    assert said in str(faults[0])


def test_a_key_of_a_turn_that_is_not_kept_is_warned_of() -> None:
    _, faults = take({"conversations": [{"from": "human", "value": "a", "weight": 1}]})
    assert [(fault.path, fault.severity) for fault in faults] == [("$.conversations[0].weight", "warning")]


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ((AssistantMessage(reasoning="</think>"),), "$.messages[0].reasoning"),
        (
            (called(CALL, OTHER), ToolMessage(content="[1, 2]", call_id="call_1")),
            "$.messages[1].content",
        ),
        ((AssistantMessage(tool_calls=(ToolCall(name=""),)),), "$.messages[0].tool_calls[0].name"),
        (
            (AssistantMessage(tool_calls=(ToolCall(name="a", arguments={"b": float("nan")}),)),),
            "$.messages[0].tool_calls[0].arguments",
        ),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_place(said: tuple[AssistantMessage, ...], path: str) -> None:
    with pytest.raises(FormatError) as caught:
        SHAREGPT.write(Conversation(messages=said))
    assert [fault.path for fault in caught.value.faults] == [path]


# ── which rows ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("row", "mine"),
    [
        (turns(("human", "a")), True),
        ({"conversation": []}, True),
        ({"conversations": 3}, True),
        ({"messages": [{"from": "human", "value": "a"}]}, True),
        ({"messages": [{"role": "user", "content": "a"}]}, False),
        ({"messages": [{"role": "user", "content": "a"}], "conversations": []}, False),
        ({"conversation": "text"}, False),
        ({"question": "a", "answer": "b"}, False),
        ({}, False),
    ],
)
def test_rows_with_turns_are_of_this_form(row: dict[str, Json], mine: bool) -> None:
    assert SHAREGPT.sniff(row) is mine


# ── there and back ─────────────────────────────────────────────────────────────────────────────────────


def written_or_none(conversation: Conversation) -> dict[str, Json] | None:
    try:
        return SHAREGPT.write(conversation)
    except FormatError:
        return None


def back(conversation: Conversation) -> Conversation:
    return SHAREGPT.read(parse(line(SHAREGPT.write(conversation)).decode()))


@pytest.mark.parametrize("seed", range(60))
def test_every_random_conversation_is_read_back_as_it_was(seed: int) -> None:
    conversation = random_conversation(seed, reasoning=seed % 2 == 0)
    assert repr(back(conversation)) == repr(conversation)


@pytest.mark.parametrize(
    "said",
    [
        (AssistantMessage(content="a"), called(CALL)),
        (called(CALL), called(OTHER, first=2)),
        (AssistantMessage(), AssistantMessage(), called(CALL)),
        (AssistantMessage(content="<think>\nno\n</think>\n\nthought"),),
        (SystemMessage(""), SystemMessage("a"), UserMessage("b")),
        (
            called(CALL, OTHER),
            ToolMessage(content="b", call_id="call_2"),
            ToolMessage(content="a", call_id="call_1"),
        ),
        (
            AssistantMessage(malformed=(MalformedCall(raw=json.dumps(CALL), error="unknown tool"),)),
            called(CALL),
        ),
        (ToolMessage(content="a", call_id="gone"),),
    ],
)
def test_messages_that_could_run_together_stay_apart(said: tuple[AssistantMessage, ...]) -> None:
    conversation = Conversation(messages=said)
    assert back(conversation) == conversation


MESSAGES = st.sampled_from(
    [
        AssistantMessage(),
        AssistantMessage(content="a"),
        called(CALL),
        called(CALL, OTHER),
        ToolMessage(content="[1, 2]"),
        UserMessage(""),
    ]
)


@given(st.lists(MESSAGES, max_size=6))
@settings(max_examples=150, deadline=None)
def test_any_order_of_messages_is_read_back_or_refused(said: list[Message]) -> None:
    conversation = Conversation(messages=tuple(said))
    alone = any(
        len(getattr(one, "tool_calls", ())) == 2 and isinstance(two, ToolMessage) and three != two
        for one, two, three in zip(said, said[1:], [*said[2:], None], strict=False)
    )
    if alone:
        with pytest.raises(FormatError, match="the results of all 2 calls"):
            SHAREGPT.write(conversation)
    else:
        assert back(conversation) == conversation


def test_paths_lead_to_the_turn_that_says_it() -> None:
    conversation = Conversation(
        messages=(
            SystemMessage("s"),
            UserMessage("a"),
            msg := called(CALL, OTHER, content="wait"),
            ToolMessage(content="b", call_id="call_1"),
            ToolMessage(content="c", call_id="call_2"),
            AssistantMessage(
                malformed=(MalformedCall(raw="x", error="y"), MalformedCall(raw="z", error="y"))
            ),
        ),
        tools=(Tool(name="area"),),
    )
    assert msg in conversation.messages
    places = {
        "$.messages[0].content": "$.system",
        "$.messages[1]": "$.conversations[0]",
        "$.messages[2].content": "$.conversations[1].value",
        "$.messages[2].tool_calls[1].arguments.shape": "$.conversations[2].value",
        "$.messages[3].content": "$.conversations[3].value",
        "$.messages[4].content": "$.conversations[3].value",
        "$.messages[5].malformed[1].raw": "$.conversations[5].value",
        "$.tools[0].parameters": "$.tools[0].parameters",
        "$.id": "$.id",
    }
    assert {path: SHAREGPT.place(conversation, path) for path in places} == places


WORDS = st.sampled_from(["human", "gpt", "system", "function_call", "observation", "tool", "x"])
PARTS = st.recursive(
    st.none()
    | st.integers(-2, 2)
    | st.sampled_from(
        ["", "a", "[1, 2]", json.dumps(CALL), json.dumps([CALL, OTHER]), "{'name': 'a'}", "<think>"]
    ),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["name", "arguments", "from", "value", "role", "content"]), inner, max_size=3
        )
    ),
    max_leaves=5,
)
TURN = st.fixed_dictionaries(
    {}, optional={"from": WORDS | PARTS, "value": PARTS, "role": WORDS, "error": PARTS}
)


@given(
    st.fixed_dictionaries(
        {"conversations": st.lists(TURN | PARTS, max_size=5) | PARTS},
        optional={"system": PARTS, "tools": PARTS, "metadata": PARTS, "id": PARTS},
    )
)
@settings(max_examples=200, deadline=None)
def test_any_row_near_the_form_gives_a_conversation_or_faults(row: dict[str, Json]) -> None:
    assert SHAREGPT.sniff(row) in (True, False)
    conversation, faults = take(row)
    assert (conversation is None) == any(fault.severity == "error" for fault in faults)
    if conversation:
        written = written_or_none(conversation)
        assert written is None or SHAREGPT.read(written) == conversation
