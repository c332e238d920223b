"""The contract of all checks: silent on what is right, however it comes; joined by `check_all`."""

import random
import re

import pytest

from callwright.checks import CHECKS, FOLDS, Context, Finding, check_all, errors, findings
from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    Message,
    Tool,
    ToolCall,
    ToolMessage,
    UserMessage,
)

VALUES: dict[str, list[Json]] = {
    "text": ["", "a b", "é\u2028", '{"a": 1}', "</tool_call>", "12"],
    "count": [0, -3, 2**53],
    "ratio": [1.0, 2, -0.5],
    "hidden": [True, False],
    "maybe": [None, "x"],
    "list": [[], ["a", ""]],
    "deep": [{}, {"k": [1]}],
}
TYPES: dict[str, Json] = {
    "text": {"type": "string"},
    "count": {"type": "integer"},
    "ratio": {"type": "number"},
    "hidden": {"type": "boolean", "default": False},
    "maybe": {"type": ["string", "null"]},
    "list": {"type": "array", "items": {"type": "string"}},
    "deep": {"type": "object"},
}
TOOLS = (
    Tool(name="all", parameters={"type": "object", "properties": TYPES, "required": ["text"]}),
    Tool(name="none", parameters={}),
)


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
                keys = ["text", *dice.sample(sorted(set(VALUES) - {"text"}), dice.randint(0, 6))]
                arguments = {key: dice.choice(VALUES[key]) for key in keys} if dice.random() < 0.8 else None
                name = "none" if arguments is None else "all"
                batch.append(ToolCall(name=name, arguments=arguments or {}, id=f"c{made}"))
            messages.append(AssistantMessage(tool_calls=tuple(batch)))
            dice.shuffle(batch)
            messages += [ToolMessage(content=dice.choice(["", "[]", "ok"]), call_id=c.id) for c in batch]
        messages.append(AssistantMessage(content="Done."))
    return Conversation(messages=tuple(messages), tools=TOOLS)


def test_every_check_is_silent_on_valid_conversations() -> None:
    conversations = [valid_conversation(seed) for seed in range(300)]
    assert [found for _, found in check_all(conversations, Context()) if found] == []


@pytest.mark.parametrize("name", [*CHECKS, *FOLDS])
def test_codes_begin_with_the_name_of_their_check_and_are_documented(name: str) -> None:
    member = CHECKS[name] if name in CHECKS else FOLDS[name]
    document = member.__doc__ or ""
    assert re.search(rf"`{name}-[a-z-]+`", document), f"{name} documents no code"


def test_check_all_gives_every_conversation_in_order_with_all_that_is_said_of_it() -> None:
    good, repeated, leaking = (valid_conversation(seed) for seed in (1, 1, 2))
    bad = Conversation(messages=())
    rows = list(check_all([good, repeated, leaking, bad], Context(), test=[valid_conversation(2)]))
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

    stream = check_all(endless(), Context())
    assert next(stream)[1] == []
    assert next(stream)[1] == []


def test_findings_are_those_of_all_checks_and_errors_those_that_bar() -> None:
    turns = (UserMessage("a" * 50), UserMessage("b"), AssistantMessage(tool_calls=(ToolCall(name="?"),)))
    found = findings(Conversation(messages=turns, tools=TOOLS), Context(max_characters=20))
    assert {f.code for f in found} == {"structure-user-twice", "arguments-undeclared", "length-characters"}
    assert {f.code for f in errors(found)} == {"arguments-undeclared", "length-characters"}
    assert all(isinstance(f, Finding) and f.path.startswith("$.messages") for f in found)
