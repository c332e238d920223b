"""What a form has no words for: kept in the row's metadata under `callwright`, and taken out when it is read.

Ids that are empty or that the form does not carry, calls that are none, the name of a form that cannot be told
from the row: each a named key. What cannot be kept so is a fault with its place.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import count

import msgspec

from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    MalformedCall,
    Message,
    ToolCall,
    ToolMessage,
)
from callwright.errors import Fault
from callwright.formats.reading import Reading, shown
from callwright.formats.tools import read_tools, write_tools

KEY = "callwright"
NAMES = frozenset(("form", "ids", "malformed", "metadata", "own"))
"""`own`: what the conversation's metadata itself holds under `callwright`; `metadata`: keys the form sets anew."""


def keep(metadata: dict[str, Json], kept: dict[str, Json]) -> dict[str, Json]:
    """The metadata of a row that also keeps `kept`; `taken` gives both back."""
    if KEY in metadata:
        kept = {**kept, "own": metadata[KEY]}
    return {**metadata, KEY: kept} if kept else metadata


def taken(metadata: dict[str, Json]) -> tuple[dict[str, Json], dict[str, Json]]:
    """The conversation's metadata, and what was kept beside it."""
    kept = metadata.get(KEY)
    if not isinstance(kept, dict) or not kept or not kept.keys() <= NAMES:
        return metadata, {}  # of the user's own making
    rest = {key: value for key, value in metadata.items() if key != KEY}
    if "own" in kept:
        rest[KEY] = kept["own"]
    return rest, kept


# Ids


def ids(messages: Sequence[Message]) -> list[str]:
    """The ids of calls and results, in their order."""
    found: list[str] = []
    for message in messages:
        if isinstance(message, AssistantMessage):
            found += (call.id for call in message.tool_calls)
        elif isinstance(message, ToolMessage):
            found.append(message.call_id)
    return found


def with_all_ids(messages: Sequence[Message]) -> tuple[tuple[Message, ...], dict[str, Json]]:
    """The messages with an id for each call and result, and the ids as they are, to be kept, where some are empty.

    A result without an id gets that of the first call before it that had none and has no result yet.
    """
    found = ids(messages)
    if all(found):
        return tuple(messages), {}
    fresh = (name for number in count(1) if (name := f"call_{number}") not in found)
    waiting: list[str] = []
    given: list[str] = []
    for message in messages:
        if isinstance(message, AssistantMessage):
            waiting = [next(fresh) for call in message.tool_calls if not call.id] or waiting
            left = iter(waiting)
            given += (call.id or next(left) for call in message.tool_calls)
        elif isinstance(message, ToolMessage):
            given.append(message.call_id or (waiting.pop(0) if waiting else next(fresh)))
    left = iter(given)
    return tuple(_with_id(message, left) for message in messages), {"ids": found}


def with_ids(messages: Sequence[Message], kept: dict[str, Json], reading: Reading) -> tuple[Message, ...]:
    """The messages with the ids that were kept, if any were."""
    given = kept.get("ids")
    if given is None or reading.failed:
        return tuple(messages)
    expected = len(ids(messages))
    if not isinstance(given, list) or len(given) != expected or not all(isinstance(i, str) for i in given):
        reading.error(f"$.metadata.{KEY}.ids", f"the {expected} ids of calls and results", shown(given))
        return tuple(messages)
    left = iter(given)
    return tuple(_with_id(message, left) for message in messages)


def _with_id(message: Message, left: Iterator[str]) -> Message:
    if isinstance(message, AssistantMessage) and message.tool_calls:
        calls = tuple(msgspec.structs.replace(call, id=next(left)) for call in message.tool_calls)
        return msgspec.structs.replace(message, tool_calls=calls)
    if isinstance(message, ToolMessage):
        return msgspec.structs.replace(message, call_id=next(left))
    return message


# Calls that are none


def kept_malformed(messages: Sequence[Message]) -> dict[str, Json]:
    """The calls that are none, to be kept, by the index of their message."""
    found = {
        str(index): msgspec.to_builtins(message.malformed)
        for index, message in enumerate(messages)
        if isinstance(message, AssistantMessage) and message.malformed
    }
    return {"malformed": found} if found else {}


def with_malformed(
    messages: Sequence[Message], kept: dict[str, Json], reading: Reading
) -> tuple[Message, ...]:
    """The messages with the calls that were kept, if any were."""
    if "malformed" not in kept:
        return tuple(messages)
    expected = 'arrays of {"raw": …, "error": …} by the index of their assistant message'
    path = f"$.metadata.{KEY}.malformed"
    done = list(messages)
    try:
        given = msgspec.convert(kept["malformed"], dict[str, tuple[MalformedCall, ...]])
    except msgspec.ValidationError as error:
        reading.error(path, expected, str(error))
        return tuple(messages)
    turns = {str(i): i for i, message in enumerate(messages) if isinstance(message, AssistantMessage)}
    for key, malformed in given.items():
        if key not in turns:
            reading.error(path, expected, f"the index `{key}`")
            continue
        done[turns[key]] = msgspec.structs.replace(done[turns[key]], malformed=malformed)
    return tuple(done)


# What no form can say


def unsayable(conversation: Conversation) -> list[Fault]:
    """Calls and tools that could not be read again, each with its path in the conversation."""
    reading = Reading()
    for index, turn in conversation.turns():
        for number, call in enumerate(turn.tool_calls):
            _check_call(call, f"$.messages[{index}].tool_calls[{number}]", reading)
    if conversation.tools:
        _check_tools(conversation, reading)
    return reading.faults


def _check_call(call: ToolCall, path: str, reading: Reading) -> None:
    if not call.name:
        reading.error(f"{path}.name", "the name of a tool", "none")
    try:
        json.dumps(call.arguments, allow_nan=False)
    except (ValueError, TypeError, RecursionError) as error:
        reading.error(f"{path}.arguments", "values that JSON can say", str(error))


def _check_tools(conversation: Conversation, reading: Reading) -> None:
    found = Reading()
    try:
        read_tools(write_tools(conversation.tools), "$.tools", found)
    except (ValueError, TypeError) as error:
        found.error("$.tools", "values that JSON can say", str(error))
    for fault in found.faults:
        if fault.severity == "error":
            reading.faults.append(
                msgspec.structs.replace(fault, path=fault.path.replace("].function", "]", 1))
            )
