"""The contract of all checks: silent on what is right, sturdy on anything, joined by `check_all`."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callwright.checks import CHECKS, Context, Examiner, Finding, Ledger, check_all, errors, findings
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

VALUES: dict[str, list[Json]] = {
    "text": ["", "a b", "é", '{"a": 1}', "12"],
    "count": [0, -3, 2**53],
    "ratio": [1.0, 2, -0.5],
    "hidden": [True, False],
    "maybe": [None, "x"],
    "list": [[], ["a", ""]],
    "deep": [{}, {"k": [1]}],
}
TYPES: dict[str, Json] = {
    "text": {"type": "string", "description": "A text."},
    "count": {"type": "integer", "description": "A number."},
    "ratio": {"type": "number", "description": "A ratio."},
    "hidden": {"type": "boolean", "default": False, "description": "Whether it is hidden."},
    "maybe": {"type": ["string", "null"], "description": "A text, or nothing."},
    "list": {"type": "array", "items": {"type": "string"}, "description": "Texts."},
    "deep": {"type": "object", "description": "Anything."},
}
TOOLS = (
    Tool(
        name="all",
        description="Everything.",
        parameters={"type": "object", "properties": TYPES, "required": ["text"]},
    ),
    Tool(name="none", description="Nothing.", parameters={}),
)
CERTAIN = Context(select=("structure", "arguments", "results", "tools", "length", "duplicates", "leakage"))
"""Families that need no sense in what is said."""


def valid_conversation(seed: int) -> Conversation:
    dice = random.Random(seed)
    messages: list[Message] = []
    made = 0
    for _ in range(dice.randint(1, 5)):
        messages.append(UserMessage(f"request {dice.random()}"))
        for _ in range(dice.randint(0, 3)):
            batch = []
            for _ in range(dice.randint(1, 3)):
                made += 1
                chosen = {"text", *dice.sample(sorted(set(VALUES) - {"text"}), dice.randint(0, 6))}
                arguments = {key: dice.choice(VALUES[key]) for key in VALUES if key in chosen}
                none = dice.random() < 0.2
                call = ToolCall(name="none") if none else ToolCall(name="all", arguments=arguments)
                batch.append(ToolCall(name=call.name, arguments=call.arguments, id=f"c{made}"))
            messages.append(AssistantMessage(tool_calls=tuple(batch)))
            dice.shuffle(batch)
            messages += [ToolMessage(content=dice.choice(["", "[]", "ok"]), call_id=c.id) for c in batch]
        messages.append(AssistantMessage(content="Done."))
    return Conversation(messages=tuple(messages), tools=TOOLS)


def test_what_needs_no_sense_is_silent_on_valid_conversations() -> None:
    conversations = [valid_conversation(seed) for seed in range(300)]
    chosen = Context(select=CERTAIN.select, ignore=("duplicates-near", "duplicates-structural"))
    assert [found for _, found in check_all(conversations, chosen) if found] == []


def test_check_all_gives_every_conversation_in_order_with_all_that_is_said_of_it() -> None:
    good, repeated, leaking = (valid_conversation(seed) for seed in (1, 1, 2))
    bad = Conversation(messages=())
    chosen = Context(select=("structure", "duplicates-exact", "leakage-conversation"))
    rows = list(check_all([good, repeated, leaking, bad], chosen, test=[valid_conversation(2)]))
    assert [conversation for conversation, _ in rows] == [good, repeated, leaking, bad]
    assert [[finding.code for finding in found] for _, found in rows] == [
        [],
        ["duplicates-exact"],
        ["leakage-conversation"],
        ["structure-empty"],
    ]


def test_check_all_streams() -> None:
    def endless():  # type: ignore[no-untyped-def]
        seed = 0
        while True:
            seed += 1
            yield valid_conversation(seed)

    stream = check_all(endless(), CERTAIN)
    assert next(stream)[1] == []
    assert next(stream)[1] == []


def test_findings_are_those_of_all_checks_and_errors_those_that_bar() -> None:
    turns = (UserMessage("a" * 50), UserMessage("b"), AssistantMessage(tool_calls=(ToolCall(name="?"),)))
    conversation = Conversation(messages=turns, tools=TOOLS)
    found = findings(conversation, Context(max_characters=20, select=("structure", "arguments", "length")))
    assert {f.code for f in found} == {"structure-user-twice", "arguments-undeclared", "length-characters"}
    assert {f.code for f in errors(found)} == {"arguments-undeclared", "length-characters"}
    assert all(isinstance(f, Finding) and f.path.startswith("$.messages") for f in found)


# ── whatever a conversation holds ──────────────────────────────────────────────────────────────────────────

TEXTS = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "\ud800",
            "\x00",
            "{",
            '{"a": 1',
            "{'a': True}",
            "[1, 2",
            "Error: no",
            '{"error": {"code": 1}}',
            "Done, it has been sent.",
            "I want 2 on 3 May",
            "<tool_call>",
            "```json\n{}\n```",
            "9" * 5000,
            "True",
            "12",
            "null",
        ]
    ),
    st.text(max_size=20),
)
NAMES = st.sampled_from(["f", "g", "", "a.b", "\ud800", "get_x", "text", "f "])
VALUE = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([10**400, float("nan"), float("inf"), 1e300]),
        TEXTS,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(NAMES | st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
# fmt: off
KEYWORDS = st.sampled_from([
    "type", "properties", "required", "enum", "default", "items", "description", "examples", "example", "$ref",
    "additionalProperties", "$schema", "anyOf", "pattern", "minimum",
])
# fmt: on
SCHEMA = st.recursive(
    st.one_of(
        st.sampled_from(
            [{}, {"type": "string"}, {"type": "integer"}, {"type": "boolean"}, {"enum": ["True", {}, []]}]
        ),
        st.dictionaries(KEYWORDS, VALUE, max_size=3),
    ),
    lambda inner: st.builds(
        lambda properties, more: {"type": "object", "properties": properties, **more},
        st.dictionaries(NAMES, inner, max_size=3),
        st.dictionaries(KEYWORDS, VALUE, max_size=2),
    ),
    max_leaves=5,
)
IDS = st.sampled_from(["", "a", "b", "\ud800"])
ARGUMENTS = st.dictionaries(NAMES | st.text(max_size=4), VALUE, max_size=4)
CALLS = st.builds(ToolCall, name=NAMES, arguments=ARGUMENTS, id=IDS)
MESSAGES = st.one_of(
    st.builds(SystemMessage, TEXTS),
    st.builds(UserMessage, TEXTS),
    st.builds(ToolMessage, content=TEXTS, call_id=IDS),
    st.builds(
        AssistantMessage,
        content=TEXTS,
        reasoning=TEXTS,
        tool_calls=st.lists(CALLS, max_size=3).map(tuple),
        malformed=st.lists(st.builds(MalformedCall, raw=TEXTS, error=TEXTS), max_size=1).map(tuple),
    ),
)
ANYTHING = st.builds(
    Conversation,
    messages=st.lists(MESSAGES, max_size=8).map(tuple),
    tools=st.lists(st.builds(Tool, name=NAMES, description=TEXTS, parameters=SCHEMA), max_size=3).map(tuple),
)
CONTEXTS = (
    Context(select=("all",)),
    Context(select=("all",), prompts=True, single_call=True, plain_text=True, json_results=("f", "")),
)


@settings(max_examples=200, deadline=None)
@given(ANYTHING)
def test_whatever_a_conversation_holds_no_check_raises_and_fixes_give_conversations(
    conversation: Conversation,
) -> None:
    for context in CONTEXTS:
        examiner, ledger = Examiner(context), Ledger(context)
        found, keys = examiner.examine(conversation)
        found += ledger.add(keys, "row") + ledger.close()
        for finding in found:
            assert finding.path.startswith("$")
            assert finding.message
            if finding.fix:
                conversation = finding.fix(conversation)
                assert isinstance(conversation, Conversation)


@pytest.mark.parametrize("name", ["structure", "arguments", "results"])
def test_a_conversation_ten_times_as_long_costs_about_ten_times_as_much(name: str) -> None:
    from callwright.checks import Subject

    turns = valid_conversation(3).messages

    def cost(times: int) -> float:
        conversation = Conversation(messages=tuple(turns) * times, tools=TOOLS)
        seconds = []
        for _ in range(3):
            began = time.process_time()
            list(CHECKS[name].look(Subject(conversation, Context())))
            seconds.append(time.process_time() - began)
        return min(seconds)

    cost(10)
    assert cost(5_000) < 50 * max(cost(500), 0.005)  # quadratic would be a hundred times
