"""Transcript: a conversation as a person reads it, calls with their results below them."""

import json
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

import orjson

from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    Message,
    ToolCall,
    ToolMessage,
)
from callwright.lint.excerpts import visible

FOLDED = 12
"""Lines of a result that are shown; the rest is counted."""
SHORT = 90
"""Characters of a JSON result that stands in one line."""


class Line(NamedTuple):
    """One line of a transcript."""

    role: str
    """Who speaks: `system`, `user`, `assistant`, `tool`."""
    text: str
    path: str
    """Of the message, the call or the result that it belongs to."""
    first: bool = False
    """Whether the message begins with it."""


def transcript(conversation: Conversation, folded: int = FOLDED) -> Iterator[Line]:
    """The lines of all messages. A result stands below its call where it follows that turn directly."""
    messages = conversation.messages
    below: set[int] = set()
    for index, message in enumerate(messages):
        if index in below:
            continue
        if isinstance(message, AssistantMessage):
            answers = _answers(messages, index)
            below |= set(answers.values())
            yield from _begun(_assistant(message, messages, index, answers, folded))
        elif isinstance(message, ToolMessage):
            yield from _begun(_result(message, index, folded, named=True))
        else:
            role = str(message.__struct_config__.tag)
            at = f"$.messages[{index}]"
            yield from _begun(Line(role, visible(text), at) for text in _lines(message.content))


def _begun(lines: Iterator[Line]) -> Iterator[Line]:
    for number, line in enumerate(lines):
        yield line._replace(first=not number)


def _lines(text: str) -> list[str]:
    return text.split("\n") if text.strip() else [""]


def _answers(messages: Sequence[Message], index: int) -> dict[str, int]:
    """Id of each call of a turn -> index of its result, of those that follow the turn directly."""
    turn = messages[index]
    assert isinstance(turn, AssistantMessage)
    ids = {call.id for call in turn.tool_calls}
    following = takewhile(lambda one: isinstance(one[1], ToolMessage), _from(messages, index + 1))
    found: dict[str, int] = {}
    for at, result in following:
        assert isinstance(result, ToolMessage)
        if result.call_id in ids:
            found.setdefault(result.call_id, at)
    return found


def _from(messages: Sequence[Message], start: int) -> Iterator[tuple[int, Message]]:
    return ((index, messages[index]) for index in range(start, len(messages)))


def _assistant(
    message: AssistantMessage, messages: Sequence[Message], index: int, answers: dict[str, int], folded: int
) -> Iterator[Line]:
    at = f"$.messages[{index}]"
    if message.reasoning:
        yield from (Line("assistant", f"({visible(text)})", at) for text in _lines(message.reasoning))
    if message.content.strip() or not (message.reasoning or message.tool_calls or message.malformed):
        yield from (Line("assistant", visible(text), at) for text in _lines(message.content))
    several = len(message.tool_calls) > 1
    for place, call in enumerate(message.tool_calls):
        identity = f"  [{visible(call.id)}]" if several and call.id else ""
        yield Line("assistant", f"→ {written(call)}{identity}", f"{at}.tool_calls[{place}]")
        if call.id in answers:
            found = answers.pop(call.id)  # of calls with one id, the first has the result
            result = messages[found]
            assert isinstance(result, ToolMessage)
            yield from _result(result, found, folded, named=several)
    for place, bad in enumerate(message.malformed):
        text = f"→ not a call ({visible(bad.error)}): {visible(bad.raw)}"
        yield Line("assistant", text, f"{at}.malformed[{place}]")


def written(call: ToolCall) -> str:
    """A call as a function call: `find(city="Rome", guests=2)`."""
    arguments = (
        f"{key}={json.dumps(value, ensure_ascii=False, default=str)}" for key, value in call.arguments.items()
    )
    return visible(f"{call.name}({', '.join(arguments)})")


def _result(message: ToolMessage, index: int, folded: int, *, named: bool) -> Iterator[Line]:
    at = f"$.messages[{index}]"
    lines = [visible(line) for line in _pretty(message.content).split("\n")]
    head = f"← [{visible(message.call_id)}] " if named and message.call_id else "← "
    shown = lines if len(lines) <= folded + 1 else lines[:folded]
    for number, line in enumerate(shown):
        yield Line("tool", (head if not number else "  ") + line, at)
    if len(shown) < len(lines):
        yield Line("tool", f"  … {len(lines) - len(shown):,} more lines", at)


def _pretty(text: str) -> str:
    if len(text) <= SHORT or text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        value: Json = orjson.loads(text)
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    except (ValueError, TypeError):
        return text
