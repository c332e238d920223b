"""What holds for every form in the table: what it writes it reads back, or it says why it cannot be written."""

import copy
import json
import re
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
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
from callwright.errors import FormatError
from callwright.formats import FORMATS, line
from callwright.formats.reading import Reading

BOUNDED = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

# ── conversations ──────────────────────────────────────────────────────────────────────────────────────

AWKWARD = [
    "",
    " ",
    "\n",
    "\u2028\u2029\x85",
    "\x00\x1b\x7f",
    "日本 é \U0001f600",
    '"\\',
    "null",
    '{"a": 1}',
    "[{}]",
    "```json\n{}\n```",
    "</tool_call>",
    '<tool_call>\n{"name": "a", "arguments": {}}\n</tool_call>',
    "<tool_response>\nx\n</tool_response>",
    "<think>\nx\n</think>",
    "</think>",
    "<|im_end|>",
    '<tools>[{"name": "a"}]</tools>',
    "# Tools",
]
TEXTS = st.sampled_from(AWKWARD) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from([1.0, -0.0, 0.1, 1e300, 10**40, -(2**63) - 1])
    | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
ARGUMENTS = st.dictionaries(TEXTS | st.sampled_from(["a", "name", "arguments"]), VALUES, max_size=3)
NAMES = st.sampled_from(["ls", "cd", "a b", "日本", "</tool_call>"]) | TEXTS.filter(
    lambda text: text.strip() == text != ""
)
IDS = st.sampled_from(["", "call_1", "call_2", "toolu_1", "é", "1"]) | TEXTS
SCHEMAS: list[dict[str, Json]] = [
    {},
    {"type": "object", "properties": {}},
    {
        "type": "object",
        "properties": {
            "to": {"type": "array", "items": {"$ref": "#/$defs/place"}, "minItems": 1},
            "when": {"anyOf": [{"type": "null"}, {"type": "string", "format": "date"}], "default": None},
            "größe": {"enum": [1.0, True, None, "</tool_call>"]},
        },
        "required": ["to"],
        "additionalProperties": False,
        "$defs": {"place": {"type": "object", "properties": {"lat": {"type": "number", "maximum": 90.0}}}},
    },
]
TOOLS = st.lists(
    st.builds(Tool, name=NAMES, description=TEXTS, parameters=st.sampled_from(SCHEMAS)),
    max_size=2,
    unique_by=lambda tool: tool.name,
).map(tuple)
METADATA = st.dictionaries(
    TEXTS
    | st.sampled_from(["callwright", "call_ids", "tools", "messages", "input", "is_error", "turns", "id"]),
    VALUES,
    max_size=2,
)
CALLS = st.builds(ToolCall, name=NAMES, arguments=ARGUMENTS, id=IDS)
MALFORMED = st.builds(MalformedCall, raw=TEXTS, error=TEXTS)
TURNS = st.builds(
    AssistantMessage,
    content=TEXTS,
    reasoning=st.just("") | TEXTS,
    tool_calls=st.lists(CALLS, max_size=2).map(tuple),
    malformed=st.just(()) | st.lists(MALFORMED, max_size=1).map(tuple),
)
ANYTHING = st.lists(
    st.builds(SystemMessage, TEXTS)
    | st.builds(UserMessage, TEXTS)
    | TURNS
    | st.builds(ToolMessage, content=TEXTS, call_id=IDS),
    max_size=5,
)


@st.composite
def in_order(draw: st.DrawFn) -> list[Message]:
    """As conversations are: each call answered, the results of parallel calls in any order."""
    messages: list[Message] = [SystemMessage(draw(TEXTS))] if draw(st.booleans()) else []
    for turn in range(draw(st.integers(1, 3))):
        messages.append(UserMessage(draw(TEXTS)))
        calls = [
            ToolCall(name=draw(NAMES), arguments=draw(ARGUMENTS), id=f"call_{turn}_{number}")
            for number in range(draw(st.integers(0, 2)))
        ]
        content = draw(TEXTS)
        messages.append(
            AssistantMessage(content=content, tool_calls=tuple(calls), reasoning=draw(st.just("") | TEXTS))
        )
        answered = draw(st.permutations(calls))
        messages += [ToolMessage(content=draw(TEXTS), call_id=call.id) for call in answered]
        if calls and draw(st.booleans()):
            messages.append(AssistantMessage(content=draw(TEXTS)))
    return messages


@st.composite
def asked_and_called(draw: st.DrawFn) -> list[Message]:
    """As questions and answers are: one call a turn, and no results."""
    messages: list[Message] = []
    for _ in range(draw(st.integers(1, 3))):
        call = ToolCall(name=draw(NAMES), arguments=draw(ARGUMENTS), id=draw(IDS))
        messages += [UserMessage(draw(TEXTS)), AssistantMessage(tool_calls=(call,))]
    return messages


CONVERSATIONS = st.builds(
    lambda messages, **rest: Conversation(messages=tuple(messages), **rest),
    in_order() | asked_and_called() | ANYTHING,
    tools=TOOLS,
    id=TEXTS,
    origin=st.just("here"),
    metadata=METADATA,
)

OWN_METADATA = {"distil": ("form", "question")}
"""What a form says of itself in the metadata of what it reads."""


def exact(conversation: Conversation, form: str) -> tuple[str, str]:
    """Everything there is, told apart as `==` does not: 1, 1.0 and True; the order of arguments."""
    own = OWN_METADATA.get(form, ())
    metadata = {key: value for key, value in conversation.metadata.items() if key not in own}
    bare = msgspec.structs.replace(conversation, metadata={})
    return repr(bare), json.dumps(metadata, sort_keys=True)


# ── written and read back ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", FORMATS)
@BOUNDED
@given(conversation=CONVERSATIONS)
def test_what_is_written_is_read_back_or_refused_with_its_place(
    name: str, conversation: Conversation
) -> None:
    before = exact(conversation, "")
    row, refusal = None, None
    try:
        row = FORMATS[name].write(conversation)
    except FormatError as error:
        refusal = error
    assert exact(conversation, "") == before
    if row is None:
        assert refusal
        assert refusal.faults
        assert all(fault.path.startswith("$") for fault in refusal.faults)
        return
    again = FORMATS[name].read(json.loads(line(row)), origin="here")
    assert exact(again, name) == exact(conversation, name)
    claiming = next(form for form in FORMATS.values() if form.sniff(row))
    assert claiming is FORMATS[name]


@pytest.mark.parametrize("name", FORMATS)
@BOUNDED
@given(conversation=CONVERSATIONS)
def test_messages_and_calls_have_a_place_that_is_in_the_row(name: str, conversation: Conversation) -> None:
    form = FORMATS[name]
    try:
        row = form.write(conversation)
    except FormatError:
        assume(False)
    for path in paths(conversation):
        place = form.place(conversation, path)
        assert exists(row, place), (path, place)


def paths(conversation: Conversation) -> Iterator[str]:
    """Paths that findings have, whatever the words in the conversation."""
    for index, message in enumerate(conversation.messages):
        yield f"$.messages[{index}]"
        for number in range(len(message.tool_calls) if isinstance(message, AssistantMessage) else 0):
            yield f"$.messages[{index}].tool_calls[{number}]"
    yield from (f"$.tools[{index}]" for index in range(len(conversation.tools)))


def exists(row: Json, path: str) -> bool:
    """Whether a path leads somewhere, also through strings that hold JSON."""
    assert re.fullmatch(r'\$(\.\w+|\[\d+\]|\["[^"]*"\])*', path), path
    for key, index, quoted in re.findall(r'\.(\w+)|\[(\d+)\]|\["([^"]*)"\]', path):
        row = json.loads(row) if isinstance(row, str) else row
        try:
            row = row[int(index)] if index else row[key or quoted]
        except (KeyError, IndexError, TypeError):
            return False
    return True


# ── what each can say ──────────────────────────────────────────────────────────────────────────────────

USER, REPLY = UserMessage("where am I?"), AssistantMessage(content="in /home")
CALL = ToolCall(name="pwd", arguments={"deep": True}, id="call_1")
OTHER = ToolCall(name="ls", id="call_2")
CALLING = AssistantMessage(tool_calls=(CALL,))
PARALLEL = AssistantMessage(tool_calls=(CALL, OTHER))
RESULT, OTHER_RESULT = (
    ToolMessage(content="/home", call_id="call_1"),
    ToolMessage(content="", call_id="call_2"),
)
THOUGHT = AssistantMessage(content="in /home", reasoning="they ask for the folder")
BAD_CALL = AssistantMessage(malformed=(MalformedCall(raw="<tool_call>{", error="cut off"),))
CASES: dict[str, tuple[Message, ...]] = {
    "asked and called": (USER, CALLING),
    "several turns of calls": (USER, CALLING, USER, AssistantMessage(tool_calls=(OTHER,))),
    "a reply": (USER, REPLY),
    "a system message": (SystemMessage("be brief"), USER, REPLY),
    "a result": (USER, CALLING, RESULT, REPLY),
    "text with a call": (USER, AssistantMessage(content="one moment", tool_calls=(CALL,)), RESULT, REPLY),
    "parallel calls": (USER, PARALLEL, RESULT, OTHER_RESULT, REPLY),
    "results in another order": (USER, PARALLEL, OTHER_RESULT, RESULT, REPLY),
    "the user last": (USER, REPLY, USER),
    "the user after a result": (USER, CALLING, RESULT, USER, REPLY),
    "reasoning": (USER, THOUGHT),
    "a malformed call": (USER, BAD_CALL),
    "a system message within": (USER, REPLY, SystemMessage("be brief"), USER, REPLY),
    "no messages": (),
}
NOT_ASKED_AND_CALLED = set(CASES) - {"asked and called", "several turns of calls"}
CANNOT: dict[str, set[str]] = {
    "anthropic": {"a system message within"},
    "distil": NOT_ASKED_AND_CALLED,
}
"""What a form has no words for; all else of the cases it must write."""


@pytest.mark.parametrize("name", FORMATS)
def test_a_form_refuses_what_it_cannot_say_and_nothing_else(name: str) -> None:
    tools = (Tool(name="pwd", description="where", parameters=SCHEMAS[2]), Tool(name="ls"))
    refused = set()
    for case, messages in CASES.items():
        conversation = Conversation(
            messages=messages, tools=tools, id="row-1", origin="here", metadata={"source": "web", "n": 1.0}
        )
        try:
            row = json.loads(line(FORMATS[name].write(conversation)))
        except FormatError:
            refused.add(case)
            continue
        again = FORMATS[name].read(row, origin="here")
        assert exact(again, name) == exact(conversation, name), case
    assert refused == CANNOT.get(name, set())


# ── rows that are nearly right ─────────────────────────────────────────────────────────────────────────

JUNK = st.sampled_from(
    [
        None,
        True,
        0,
        -1.5,
        10**40,
        "",
        "[{",
        "{}",
        "[]",
        '{"role": "user"}',
        "<tool_call>{",
        [],
        {},
        [[]],
        ["a", 3],
        {"role": "tool"},
        {"type": "text"},
        {"type": []},
        {"role": {}},
        {"name": [], "arguments": 3},
        {"callwright": {"ids": 3}},
        {"callwright": {"malformed": {"9": []}}},
        {"call_ids": {"ids": [1], "own": None}},
    ]
)


def nodes(value: Json) -> Iterator[tuple[Json, Json]]:
    """Every place in a row: the object or array, and the key or index in it."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from nodes(value[key])


@st.composite
def nearly(draw: st.DrawFn) -> dict[str, Json]:
    """A row of some form in which a few values were dropped, replaced or doubled."""
    form = FORMATS[draw(st.sampled_from(list(FORMATS)))]
    try:
        row: dict[str, Json] = copy.deepcopy(form.write(draw(CONVERSATIONS)))
    except FormatError:
        row = {"messages": [], "question": "a", "answer": "{}", "tools": []}
    for _ in range(draw(st.integers(1, 4))):
        if not (places := list(nodes(row))):
            break
        inside, key = places[draw(st.integers(0, len(places) - 1))]
        change = draw(st.sampled_from(["drop", "replace", "double", "cut", "unpack"]))
        if change == "drop":
            del inside[key]
        elif change == "double" and isinstance(inside, list):
            inside.insert(key, copy.deepcopy(inside[key]))
        elif change == "double":
            inside[draw(TEXTS)] = copy.deepcopy(inside[key])
        elif change == "cut" and isinstance(inside[key], str):
            inside[key] = inside[key][:-1]
        elif change == "unpack" and isinstance(inside[key], str) and inside[key][:1] in ("[", "{"):
            inside[key] = copy.deepcopy(draw(JUNK))
        else:
            inside[key] = copy.deepcopy(draw(JUNK))
    return row


@settings(BOUNDED, max_examples=250)
@given(row=nearly())
def test_no_row_makes_a_reader_raise(row: dict[str, Json]) -> None:
    before = copy.deepcopy(row)
    for form in FORMATS.values():
        assert form.sniff(row) in (True, False)
        reading = Reading()
        conversation = form.take(row, reading)
        assert row == before
        assert all(fault.path.startswith("$") and fault.expected for fault in reading.faults)
        assert conversation is not None or reading.failed
        if conversation is None or reading.failed:
            continue
        try:
            again = form.write(conversation)
        except FormatError:
            continue
        assert exact(form.read(json.loads(line(again))), form.name) == exact(conversation, form.name)
