"""Failures: the turns that went wrong, with what was expected, what came, and where they differ."""

import json
from collections.abc import Iterator, Sequence

import msgspec

from callwright.conversation import AssistantMessage, Message, SystemMessage, ToolCall
from callwright.evaluate.expansion import Item
from callwright.evaluate.scores import Result
from callwright.metrics.calls import same
from callwright.schema import with_defaults


class Argument(msgspec.Struct, frozen=True):
    name: str
    value: str
    """As JSON."""
    differs: bool
    """Whether the other side has another value here, or none."""


class Call(msgspec.Struct, frozen=True):
    name: str
    differs: bool
    """Whether the other side calls something else, or nothing."""
    arguments: tuple[Argument, ...]


class Side(msgspec.Struct, frozen=True):
    """What was expected, or what came."""

    calls: tuple[Call, ...]
    text: str


class Said(msgspec.Struct, frozen=True):
    """A message of the history, as text."""

    role: str
    text: str


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    model: str
    """Role of the model, such as `tuned`."""
    item: str
    kind: str
    """In words, such as `wrong value`; see `kind`."""
    tools: tuple[str, ...]
    """Tools that the reference calls here."""
    history: tuple[Said, ...]
    expected: Side
    produced: Side


def failures(role: str, items: Sequence[Item], results: Sequence[Result]) -> Iterator[Failure]:
    """Every item that is not right, in order; one without an answer is among them."""
    for item, result in zip(items, results, strict=True):
        if result.value == 1:
            continue
        expected, produced = _sides(item, result.produced)
        yield Failure(
            model=role,
            item=item.id,
            kind=kind(item.expected, result),
            tools=tuple(dict.fromkeys(call.name for call in item.expected.tool_calls)),
            history=tuple(_said(message) for message in _spoken(item.prompt.messages)),
            expected=expected,
            produced=msgspec.structs.replace(produced, text=_safe(result.error) or produced.text),
        )


def kind(expected: AssistantMessage, result: Result) -> str:
    """What sort of failure it is, the coarsest first."""
    produced = result.produced
    if result.value is None:
        return "no answer"
    if not expected.tool_calls:
        return "called instead of replying"
    if produced.malformed:
        return "broken call"
    if not produced.tool_calls:
        return "replied instead of calling"
    wanted, given = expected.tool_calls, produced.tool_calls
    if len(wanted) != len(given):
        return "wrong number of calls"
    if sorted(call.name for call in wanted) != sorted(call.name for call in given):
        return "wrong tool"
    keys = [sorted(map(sorted, (call.arguments for call in calls))) for calls in (wanted, given)]
    return "wrong value" if keys[0] == keys[1] else "wrong parameters"


def _sides(item: Item, produced: AssistantMessage) -> tuple[Side, Side]:
    partners = _partners(item.expected.tool_calls, produced.tool_calls)
    back = {id(given): item.expected.tool_calls[place] for place, given in partners.items()}
    wanted = tuple(
        _call(item, call, partners.get(place)) for place, call in enumerate(item.expected.tool_calls)
    )
    given = tuple(_call(item, call, back.get(id(call))) for call in produced.tool_calls)
    raw = "\n".join(malformed.raw for malformed in produced.malformed)
    text = "\n".join(part for part in (produced.content, raw) if part)
    return Side(wanted, _safe(item.expected.content)), Side(given, _safe(text))


def _partners(wanted: Sequence[ToolCall], given: Sequence[ToolCall]) -> dict[int, ToolCall]:
    """Whom to show each expected call beside: an equal one, else one of its name, else the next left."""
    left, partners = list(given), dict[int, ToolCall]()
    for fits in (_equal, _same_name, lambda *_: True):
        for place, call in enumerate(wanted):
            found = None if place in partners else next((other for other in left if fits(call, other)), None)
            if found is not None:
                partners[place] = found
                left = [other for other in left if other is not found]
    return partners


def _equal(one: ToolCall, other: ToolCall) -> bool:
    return one.name == other.name and same(one.arguments, other.arguments)


def _same_name(one: ToolCall, other: ToolCall) -> bool:
    return one.name == other.name


def _call(item: Item, call: ToolCall, partner: ToolCall | None) -> Call:
    alike = partner is not None and partner.name == call.name
    tool = item.prompt.tool(call.name)
    schema = tool.parameters if tool else {}
    others = with_defaults(schema, partner.arguments) if partner and alike else {}
    return Call(
        name=_safe(call.name),
        differs=not alike,
        arguments=tuple(
            Argument(
                name=_safe(name),
                value=_safe(json.dumps(value, ensure_ascii=False)),
                differs=alike and not (name in others and same(value, others[name])),
            )
            for name, value in call.arguments.items()
        ),
    )


def _spoken(messages: Sequence[Message]) -> Iterator[Message]:
    return (message for message in messages if not isinstance(message, SystemMessage))


def _said(message: Message) -> Said:
    role = str(msgspec.to_builtins(message)["role"])
    text = message.content
    if isinstance(message, AssistantMessage):
        calls = [f"{c.name}({json.dumps(c.arguments, ensure_ascii=False)[1:-1]})" for c in message.tool_calls]
        text = "\n".join(part for part in (text, *calls) if part)
    return Said(role=role, text=_safe(text))


def _safe(text: str) -> str:
    """Half a surrogate pair, which no file can hold, as its escape."""
    return text.encode("utf-8", "backslashreplace").decode()
