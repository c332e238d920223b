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

HERMES = FORMATS["hermes"]

PRICE = Tool(
    name="price",
    description="Price of a stock",
    parameters={"type": "object", "properties": {"symbol": {"type": "string"}}, "required": ["symbol"]},
)
OPENAI_PRICE = {
    "type": "function",
    "function": {"name": PRICE.name, "description": PRICE.description, "parameters": PRICE.parameters},
}
QWEN_SYSTEM = f"""Be brief.

# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{json.dumps(OPENAI_PRICE)}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{{"name": <function-name>, "arguments": <args-json-object>}}
</tool_call>"""
CALL_TEXT = '<tool_call>\n{"name": "price", "arguments": {"symbol": "TSLA"}}\n</tool_call>'
OTHER_TEXT = '<tool_call>\n{"name": "price", "arguments": {"symbol": "</tool_call>"}}\n</tool_call>'
CALL = ToolCall(name="price", arguments={"symbol": "TSLA"}, id="call_1")
OTHER = ToolCall(name="price", arguments={"symbol": "</tool_call>"}, id="call_2")


def take(row: dict[str, Json]) -> tuple[Conversation | None, list[Fault]]:
    reading = Reading()
    return HERMES.take(row, reading), reading.faults


def chat(*pairs: tuple[str, Json], **beside: Json) -> dict[str, Json]:
    return {"messages": [{"role": role, "content": content} for role, content in pairs], **beside}


def turns(*pairs: tuple[str, Json], **beside: Json) -> dict[str, Json]:
    return {"conversations": [{"from": word, "value": value} for word, value in pairs], **beside}


def assistant(text: str) -> AssistantMessage:
    conversation, faults = take(chat(("user", "a"), ("assistant", text)))
    assert faults == []
    assert conversation
    turn = conversation.messages[1]
    assert isinstance(turn, AssistantMessage)
    return turn


# ── dialects ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_row_of_qwens_text_is_read_and_written_back_as_it_was() -> None:
    row = chat(
        ("system", QWEN_SYSTEM),
        ("user", "What is Tesla at?"),
        ("assistant", f"<think>\nI look.\n</think>\n\nOne moment.\n{CALL_TEXT}"),
        ("tool", "<tool_response>\n181.0\n</tool_response>"),
        ("assistant", "At 181."),
    )
    conversation, faults = take(row)
    assert faults == []
    assert conversation == Conversation(
        messages=(
            SystemMessage("Be brief."),
            UserMessage("What is Tesla at?"),
            AssistantMessage(content="One moment.", reasoning="I look.", tool_calls=(CALL,)),
            ToolMessage(content="181.0", call_id="call_1"),
            AssistantMessage(content="At 181."),
        ),
        tools=(PRICE,),
    )
    assert HERMES.write(conversation) == row


def test_a_published_row_of_hermes_is_read_and_keeps_its_dialect() -> None:
    row = turns(
        (
            "system",
            "You call functions, whose signatures stand within <tools></tools> XML tags. Here they are: "
            f"<tools> [{OPENAI_PRICE}] </tools> Use {{'title': 'FunctionCall'}} for each.",
        ),
        ("human", "Tesla and Apple?"),
        (
            "gpt",
            "<tool_call>\n{'arguments': {'symbol': 'TSLA'}, 'name': 'price'}\n</tool_call>\n"
            '<tool_call>\n{"arguments": {"symbol": "AAPL"}, "name": "price"}\n</tool_call>\n',
        ),
        ("tool", "<tool_response>\n181.0\n</tool_response>\n<tool_response>\n{}\n</tool_response>"),
        ("gpt", "I know of one."),
        id="85ed",
        tools=json.dumps([OPENAI_PRICE]),
        category="Finance",
    )
    conversation, faults = take(row)
    assert [(fault.path, fault.severity) for fault in faults] == [("$.conversations[2].value", "warning")]
    assert conversation
    assert conversation.id == "85ed"
    assert conversation.tools == (PRICE,)
    own = (
        "You call functions, whose signatures stand within <tools></tools> XML tags. Here they are:\n"
        "Use {'title': 'FunctionCall'} for each."
    )
    second = ToolCall(name="price", arguments={"symbol": "AAPL"}, id="call_2")
    assert conversation.messages == (
        SystemMessage(own),
        UserMessage("Tesla and Apple?"),
        AssistantMessage(tool_calls=(CALL, second)),
        ToolMessage(content="181.0", call_id="call_1"),
        ToolMessage(content="{}", call_id="call_2"),
        AssistantMessage(content="I know of one."),
    )
    assert conversation.metadata["category"] == "Finance"
    assert HERMES.place(conversation, "$.messages[4].content") == "$.conversations[3].value"
    assert HERMES.place(conversation, "$.messages[5]") == "$.conversations[4]"
    assert HERMES.place(conversation, "$.tools[0].name") == "$.conversations[0].value"
    again = HERMES.write(conversation)
    assert [turn["from"] for turn in again["conversations"]] == ["system", "human", "gpt", "tool", "gpt"]
    assert HERMES.read(again) == conversation


def test_tools_may_stand_in_a_key_only_and_stay_there() -> None:
    row = chat(("user", "a"), ("assistant", CALL_TEXT), tools=[OPENAI_PRICE])
    conversation, faults = take(row)
    assert faults == []
    assert conversation
    assert conversation.tools == (PRICE,)
    assert conversation.messages == (UserMessage("a"), AssistantMessage(tool_calls=(CALL,)))
    written = HERMES.write(conversation)
    assert (written["messages"], written["tools"]) == (row["messages"], row["tools"])
    assert HERMES.place(conversation, "$.messages[1].tool_calls[0].name") == "$.messages[1].content"
    assert HERMES.place(conversation, "$.tools[0].name") == "$.tools[0].name"


def test_tools_that_differ_between_key_and_text_leave_the_text_as_it_is_and_are_told() -> None:
    bare = [{"name": "other", "description": "", "parameters": {}}]
    conversation, faults = take(chat(("system", QWEN_SYSTEM), ("assistant", CALL_TEXT), tools=bare))
    assert [(fault.path, fault.severity) for fault in faults] == [("$.messages[0].content", "warning")]
    assert conversation
    assert conversation.messages[0] == SystemMessage(QWEN_SYSTEM)
    assert conversation.tools == (Tool(name="other"),)


@pytest.mark.parametrize("role", ["user", "tool"])
def test_results_stand_in_turns_of_the_user_or_the_tool_one_or_several(role: str) -> None:
    results = "<tool_response>\n1\n</tool_response>\n<tool_response>\n2\n</tool_response>"
    joined = chat(("user", "a"), ("assistant", f"{CALL_TEXT}\n{OTHER_TEXT}"), (role, results))
    each = chat(
        ("user", "a"),
        ("assistant", f"{CALL_TEXT}\n{OTHER_TEXT}"),
        (role, "<tool_response>\n1\n</tool_response>"),
        (role, "<tool_response> 2 </tool_response>"),
    )
    for row in (joined, each):
        conversation, faults = take(row)
        assert faults == []
        assert conversation
        assert conversation.messages[2:] == (
            ToolMessage(content="1", call_id="call_1"),
            ToolMessage(content="2", call_id="call_2"),
        )
        assert len(HERMES.write(conversation)["messages"]) == len(row["messages"])


def test_a_result_without_tags_is_taken_as_it_stands() -> None:
    conversation, _ = take(chat(("assistant", CALL_TEXT), ("tool", {"price": 3})))
    assert conversation
    assert conversation.messages[1] == ToolMessage(content='{"price": 3}', call_id="call_1")


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>{"name": "price", "arguments": {"symbol": "TSLA"}}</tool_call>',
        '<tool_call>\n{"arguments": "{\\"symbol\\": \\"TSLA\\"}", "name": "price"}\n</tool_call>\n',
        '\n<tool_call>\n[{"name": "price", "parameters": {"symbol": "TSLA"}}]\n</tool_call>',
        "<think>\n\n</think>\n\n" + CALL_TEXT,
    ],
)
def test_a_call_is_found_however_it_is_set(text: str) -> None:
    assert assistant(text) == AssistantMessage(tool_calls=(CALL,))


def test_an_end_tag_inside_a_string_does_not_end_the_call() -> None:
    assert assistant(f"{CALL_TEXT}\n{OTHER_TEXT}").tool_calls == (CALL, OTHER)
    one_a_line = '<tool_call>\n{"name": "a", "arguments": {}}\n{"name": "b", "arguments": {}}\n</tool_call>'
    assert [call.name for call in assistant(one_a_line).tool_calls] == ["a", "b"]


def test_words_after_a_call_are_kept_and_told() -> None:
    conversation, faults = take(chat(("assistant", f"First.\n{CALL_TEXT}\nThen.")))
    assert conversation
    assert conversation.messages == (AssistantMessage(content="First.\nThen.", tool_calls=(CALL,)),)
    assert [fault.severity for fault in faults] == ["warning"]


def test_thoughts_are_reasoning() -> None:
    assert assistant("<think>\nhm\n</think>\n\nyes") == AssistantMessage(content="yes", reasoning="hm")
    assert assistant("<think>hm</think>yes") == AssistantMessage(content="yes", reasoning="hm")
    assert assistant("<think>endless") == AssistantMessage(content="<think>endless")


# ── what is wrong ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("inside", "error"),
    [
        ('{"name": "price", "arguments": {"symbol": "TSLA"}', "ends too early"),
        ('{"name": "price", "arguments": {"symbol": "TSLA",}}', "a comma after the last item"),
        ('{"name": "price", "arguments": {"symbol": True}}', "Expecting value"),
        ('{"name": "price", "arguments": {"a": 1, "a": 2}}', "the key `a` twice"),
        ('{"name": "price"}', "`arguments`"),
        ('{"arguments": {}}', "the name of a tool"),
        ('{"name": "price", "arguments": "TSLA"}', "a JSON object"),
        ("price(TSLA)", "Expecting value"),
        ("", "nothing at all"),
    ],
)
def test_a_tagged_call_that_is_none_is_malformed_with_its_reason(inside: str, error: str) -> None:
    text = f"Wait.\n<tool_call>\n{inside}\n</tool_call>\n{CALL_TEXT}"
    conversation, faults = take(chat(("user", "a"), ("assistant", text)))
    assert faults == []
    assert conversation
    turn = conversation.messages[1]
    assert isinstance(turn, AssistantMessage)
    assert (turn.content, turn.tool_calls) == ("Wait.", (CALL,))
    assert [malformed.raw for malformed in turn.malformed] == [inside]
    assert error in turn.malformed[0].error
    assert HERMES.read(HERMES.write(conversation)) == conversation


def test_a_call_that_is_not_finished_is_malformed() -> None:
    turn = assistant('<tool_call>\n{"name": "price"')
    assert turn == AssistantMessage(
        malformed=(MalformedCall(raw='{"name": "price"', error="no </tool_call> after it"),)
    )


def test_declared_tools_that_cannot_be_read_are_told() -> None:
    text = "Use <tools>{price: see below}</tools>."
    conversation, faults = take(chat(("system", text), ("assistant", CALL_TEXT)))
    assert conversation
    assert conversation.messages[0] == SystemMessage(text)
    assert [(fault.path, fault.severity) for fault in faults] == [("$.messages[0].content", "warning")]


@pytest.mark.parametrize(
    "text",
    [
        "<tool_call>{" * 20_000,
        "<tools>[" * 20_000 + "</tools>",
        "<think>" * 20_000,
        "<tool_call>['a'," + "-" * 50_000 + "</tool_call>",
        "<tool_response>" * 20_000 + "</tool_response>",
    ],
)
def test_endless_tags_are_read_in_one_go(text: str) -> None:
    conversation, _ = take(chat(("system", text), ("assistant", text)))
    assert conversation
    assert len(conversation.messages) == 2


@pytest.mark.parametrize(
    ("row", "path", "said"),
    [
        ({"messages": 3}, "$.messages", "the number `3`"),
        (chat(("usr", "a")), "$.messages[0].role", "did you mean `user`?"),
        (chat(("user", None)), "$.messages[0].content", "null"),
        (chat(("tool", "a")), "$.messages[0].content", "no call before it"),
        (turns(("function_call", "{}")), "$.conversations[0]", "`sharegpt`"),
        (
            {"messages": [{"role": "assistant", "content": "", "tool_calls": [{}]}]},
            "$.messages[0].tool_calls",
            "`openai`",
        ),
        (chat(("system", '<tools>[{"name": ""}]</tools>')), "$.messages[0].content[0].name", "without space"),
        (
            {"messages": [{"role": "assistant", "content": "", "malformed": 3}]},
            "$.messages[0].malformed",
            "array",
        ),
    ],
)
def test_what_cannot_be_read_is_told_at_its_place(row: dict[str, Json], path: str, said: str) -> None:
    conversation, faults = take(row)
    assert conversation is None
    assert faults[0].path == path
    assert said in str(faults[0])


@pytest.mark.parametrize(
    ("message", "path"),
    [
        (AssistantMessage(content=CALL_TEXT), "$.messages[0]"),
        (AssistantMessage(content=" \n", tool_calls=(CALL,)), "$.messages[0]"),
        (AssistantMessage(reasoning="a</think>b"), "$.messages[0]"),
        (UserMessage("<tool_response>\n1\n</tool_response>"), "$.messages[0].content"),
        (SystemMessage('<tools>[{"name": "a"}]</tools>'), "$.messages[0].content"),
        (AssistantMessage(tool_calls=(ToolCall(name=""),)), "$.messages[0].tool_calls[0].name"),
    ],
)
def test_what_the_tags_cannot_say_is_refused_with_its_place(message: Message, path: str) -> None:
    with pytest.raises(FormatError) as caught:
        HERMES.write(Conversation(messages=(message,)))
    assert [fault.path for fault in caught.value.faults] == [path]


# ── which rows ─────────────────────────────────────────────────────────────────────────────────────────

MENTIONING = "What does </tool_call> after <tool_call> mean, and <tool_response>?"


@pytest.mark.parametrize(
    ("row", "mine"),
    [
        (chat(("system", QWEN_SYSTEM), ("user", "a")), True),
        (chat(("user", "a"), ("assistant", CALL_TEXT)), True),
        (chat(("user", "a"), ("assistant", f"Wait.\n{CALL_TEXT}"), tools=[OPENAI_PRICE]), True),
        (chat(("user", "a"), ("assistant", "<tool_call>\nprice(TSLA)\n</tool_call>")), True),
        (chat(("user", "<tool_response>\n1\n</tool_response>")), True),
        (turns(("human", "a"), ("gpt", CALL_TEXT)), True),
        (turns(("human", "a"), ("gpt", "b")), False),
        (chat(("user", MENTIONING), ("assistant", f"It ends one. {MENTIONING}")), False),
        (chat(("user", CALL_TEXT), ("assistant", "<think>\na\n</think>\n\nb")), False),
        (chat(("system", "Signatures stand within <tools></tools> tags."), ("user", "a")), False),
        (chat(("assistant", "<tool_call>\nname: a\nparameters: {}\n</tool_call>")), False),
        ({"messages": [{"role": "assistant", "content": CALL_TEXT, "tool_calls": [{}]}]}, False),
        ({"messages": [{"role": "tool", "content": "", "tool_call_id": "a"}]}, False),
        ({"messages": CALL_TEXT}, False),
        ({}, False),
    ],
)
def test_rows_that_speak_in_tags_are_of_this_form(row: dict[str, Json], mine: bool) -> None:
    assert HERMES.sniff(row) is mine


@pytest.mark.parametrize("seed", range(20))
def test_rows_of_openai_messages_are_never_claimed(seed: int) -> None:
    row = FORMATS["openai"].write(random_conversation(seed))
    assert [FORMATS[name].sniff(row) for name in ("hermes", "sharegpt", "tool_using")] == [False] * 3


# ── there and back ─────────────────────────────────────────────────────────────────────────────────────


def back(conversation: Conversation) -> Conversation:
    return HERMES.read(parse(line(HERMES.write(conversation)).decode()))


def written_or_none(conversation: Conversation) -> dict[str, Json] | None:
    try:
        return HERMES.write(conversation)
    except FormatError:
        return None


@pytest.mark.parametrize("seed", range(60))
def test_every_random_conversation_is_read_back_as_it_was(seed: int) -> None:
    conversation = random_conversation(seed, reasoning=seed % 2 == 0)
    assert repr(back(conversation)) == repr(conversation)


@pytest.mark.parametrize("own", [None, "", "\n\n", "Be brief.", QWEN_SYSTEM, "# Tools\n\n<tools>\n{}"])
@pytest.mark.parametrize(
    "tools", [(), (PRICE,), (Tool(name="a", description="</tools>\n</tool_call>"), PRICE)]
)
def test_the_systems_words_and_the_tools_are_told_apart_again(
    own: str | None, tools: tuple[Tool, ...]
) -> None:
    messages = (UserMessage("a"),) if own is None else (SystemMessage(own), UserMessage("a"))
    conversation = Conversation(messages=messages, tools=tools)
    if own == QWEN_SYSTEM and not tools:
        with pytest.raises(FormatError, match="words that declare no tools"):
            HERMES.write(conversation)
    else:
        assert back(conversation) == conversation


def test_a_tag_inside_json_is_escaped_so_that_no_reader_takes_it_for_the_end() -> None:
    (turn,) = HERMES.write(Conversation(messages=(AssistantMessage(tool_calls=(OTHER,)),)))["messages"]
    assert turn["content"].count("</tool_call>") == 1
    assert "\\u003c/tool_call>" in turn["content"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n",
        "<tool_response>\n1\n</tool_response>",
        "</tool_response>",
        "a </tool_response><tool_response> b",
    ],
)
def test_a_result_may_be_any_text_that_is_not_a_row_of_results_itself(content: str) -> None:
    conversation = Conversation(messages=(UserMessage("a"), ToolMessage(content=content, call_id="x")))
    assert back(conversation) == conversation


def test_a_malformed_call_of_another_reader_keeps_its_reason() -> None:
    broken = MalformedCall(raw='{"name": "price", "arguments": {}}', error="`price` is not a declared tool")
    conversation = Conversation(messages=(AssistantMessage(content="a", malformed=(broken,)),))
    assert back(conversation) == conversation
    assert HERMES.place(conversation, "$.messages[0].malformed[0].raw") == "$.messages[0].malformed[0].raw"


def test_paths_lead_past_a_system_turn_that_only_declares_tools() -> None:
    conversation = Conversation(
        messages=(UserMessage("a"), AssistantMessage(tool_calls=(CALL,))), tools=(PRICE,)
    )
    places = {
        "$.messages[0].content": "$.messages[1].content",
        "$.messages[1]": "$.messages[2]",
        "$.messages[1].tool_calls[0].arguments.symbol": "$.messages[2].content",
        "$.tools[0].parameters": "$.messages[0].content",
        "$.metadata": "$.metadata",
    }
    assert {path: HERMES.place(conversation, path) for path in places} == places


BITS = st.sampled_from(
    [
        *(
            "<tool_call>",
            "</tool_call>",
            "<tool_response>",
            "</tool_response>",
            "<think>",
            "</think>",
            "\n",
            "\n\n",
        ),
        *('{"name": "a", "arguments": {}}', "{'name': 'a'}", "[", '"', "<tools>", "</tools>", " ", "a", "\\"),
    ]
)
TAGGED = st.lists(BITS, max_size=8).map("".join) | st.sampled_from([QWEN_SYSTEM, CALL_TEXT, OTHER_TEXT])
SAID = st.one_of(
    st.builds(SystemMessage, TAGGED),
    st.builds(UserMessage, TAGGED),
    st.builds(
        AssistantMessage,
        content=TAGGED,
        reasoning=st.just("") | TAGGED,
        tool_calls=st.sampled_from([(), (), (CALL,), (OTHER, CALL)]),
        malformed=st.just(())
        | st.lists(st.builds(MalformedCall, raw=TAGGED, error=TAGGED), max_size=2).map(tuple),
    ),
    st.builds(ToolMessage, content=TAGGED, call_id=st.sampled_from(["call_1", "call_2", "x"])),
)


@given(st.lists(SAID, max_size=4), st.sampled_from([(), (PRICE,)]))
@settings(max_examples=250, deadline=None)
def test_any_words_with_tags_are_read_back_or_refused(said: list[Message], tools: tuple[Tool, ...]) -> None:
    conversation = Conversation(messages=tuple(said), tools=tools)
    written = written_or_none(conversation)
    assert written is None or HERMES.read(written) == conversation


ROLES = st.sampled_from(["user", "assistant", "system", "tool", "gpt", "human", "function_call", ""])
JUNK = st.none() | st.integers(-1, 1) | TAGGED | st.just([{}]) | st.just({"a": []})
TURN = st.fixed_dictionaries(
    {},
    optional={
        "role": ROLES | JUNK,
        "content": TAGGED | JUNK,
        "from": ROLES,
        "value": TAGGED,
        "malformed": JUNK,
    },
)


@given(
    st.sampled_from(["messages", "conversations"]),
    st.lists(TURN | JUNK, max_size=5) | JUNK,
    st.fixed_dictionaries(
        {}, optional={"system": TAGGED | JUNK, "tools": JUNK, "metadata": JUNK, "id": JUNK}
    ),
)
@settings(max_examples=250, deadline=None)
def test_any_row_near_the_form_gives_a_conversation_or_faults(
    at: str, values: Json, beside: dict[str, Json]
) -> None:
    row = {at: values, **beside}
    assert HERMES.sniff(row) in (True, False)
    conversation, faults = take(row)
    assert (conversation is None) == any(fault.severity == "error" for fault in faults)
    if conversation:
        written = written_or_none(conversation)
        assert written is None or HERMES.read(written) == conversation
