"""A blueprint: what is to happen in a conversation, turn by turn, before a word of it is written."""

from collections.abc import Sequence

import msgspec

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
from callwright.generate.lenient import parsed
from callwright.generate.plan import Scenario
from callwright.generate.prompting import as_json
from callwright.generate.traits import Traits


class Act(msgspec.Struct, frozen=True):
    """A call and what comes of it."""

    name: str
    arguments: dict[str, Json] = {}
    result: Json = None
    fails: bool = False

    @property
    def content(self) -> str:
        """The result as a tool message has it."""
        return self.result if isinstance(self.result, str) else as_json(self.result)


class Turn(msgspec.Struct, frozen=True):
    """A message of the user and what follows it."""

    wants: str
    """What the user is after."""
    facts: tuple[str, ...] = ()
    """What they tell, as they spell it."""
    calls: tuple[Act, ...] = ()
    reply: str = ""
    """What the assistant's answer must tell."""


class Blueprint(msgspec.Struct, frozen=True):
    """A whole conversation."""

    turns: tuple[Turn, ...]


class _Numbered(msgspec.Struct, frozen=True):
    turns: tuple[Turn, ...]
    number: int = 0


def read_blueprints(text: str, count: int) -> list[Blueprint | str]:
    """The blueprints in a reply, one for each of `count` scenarios in order; a sentence where there is none."""
    try:
        value = parsed(text)
    except ValueError as error:
        return [str(error)] * count
    if isinstance(value, dict):
        value = value.get("blueprints", [value] if "turns" in value else None)
    if not isinstance(value, list):
        return ['there is no list under "blueprints"'] * count
    found: list[Blueprint | str] = [f"the {len(value)} blueprints do not hold this number"] * count
    for place, one in enumerate(value):
        number = one.get("number") if isinstance(one, dict) else None
        index = number - 1 if isinstance(number, int) and not isinstance(number, bool) else place
        if 0 <= index < count:
            found[index] = _one(one)
    return found


def _one(value: Json) -> Blueprint | str:
    try:
        return Blueprint(msgspec.convert(value, _Numbered).turns)
    except msgspec.ValidationError as error:
        return str(error)


def schema(traits: Traits, tools: Sequence[Tool]) -> dict[str, Json]:
    """The JSON Schema of the answer, for endpoints that can be held to one."""
    act: dict[str, Json] = {
        "name": {"type": "string", "enum": [tool.name for tool in tools]},
        "arguments": {"type": "object"},
    }
    if traits.results:
        act |= {"result": {}, "fails": {"type": "boolean"}}
    turn: dict[str, Json] = {
        "wants": {"type": "string"},
        "facts": {"type": "array", "items": {"type": "string"}},
        "calls": {
            "type": "array",
            "items": {"type": "object", "properties": act, "required": ["name", "arguments"]},
        },
    }
    if traits.replies:
        turn |= {"reply": {"type": "string"}}
    one = {
        "number": {"type": "integer"},
        "turns": {"type": "array", "items": {"type": "object", "properties": turn, "required": list(turn)}},
    }
    listed = {"type": "array", "items": {"type": "object", "properties": one, "required": list(one)}}
    return {"type": "object", "properties": {"blueprints": listed}, "required": ["blueprints"]}


def together(scenario: Scenario, index: int, traits: Traits) -> bool:
    """Whether the calls of a turn are made all at once, rather than one after the other's result."""
    if len(scenario.turns[index]) < 2:
        return False
    return not traits.results or (scenario.situation == "parallel-calls" and index == scenario.heart)


def speaks(turn: Turn, traits: Traits) -> bool:
    """Whether the assistant answers in words at the end of a turn; after a call only where calls have results."""
    return traits.replies and (traits.results or not turn.calls)


def draft(scenario: Scenario, blueprint: Blueprint, traits: Traits, tools: Sequence[Tool]) -> Conversation:
    """The blueprint as a conversation in its own words: the user says wants and facts, the assistant its direction."""
    messages: list[Message] = []
    number = 0
    for index, turn in enumerate(blueprint.turns):
        messages.append(UserMessage("\n".join(turn.facts) or turn.wants))
        calls = []
        for act in turn.calls:
            number += 1
            calls.append((ToolCall(name=act.name, arguments=act.arguments, id=f"call_{number}"), act))
        at_once = index < len(scenario.turns) and together(scenario, index, traits)
        for group in [calls] if at_once else [[one] for one in calls]:
            messages.append(AssistantMessage(tool_calls=tuple(call for call, _ in group)))
            if traits.results:
                messages += (ToolMessage(content=act.content, call_id=call.id) for call, act in group)
        if speaks(turn, traits):
            messages.append(AssistantMessage(content=turn.reply))
    return Conversation(messages=tuple(messages), tools=tuple(tools))
