"""Calls and results without ids: paired in order, or as it was kept where the order cannot tell."""

from collections.abc import Callable, Mapping, Sequence
from itertools import count

from callwright.conversation import AssistantMessage, Conversation, Json, Message, ToolMessage
from callwright.formats.frame import Frame
from callwright.formats.kept import ids, taken, with_ids
from callwright.formats.reading import Reading

Tools = Mapping[int, str]
"""The tool that a result names, by the index of its message; a result that is not in it names none."""


def whole(
    messages: Sequence[Message],
    frame: Frame,
    reading: Reading,
    place: Callable[[int], str],
    tools: Tools | None = None,
) -> Conversation | None:
    """The conversation, with ids: the kept ones; else calls get `call_1`, `call_2`, …, and a result that of a call.

    It answers the first call still open, of the tool that it names if it names one. A result without such a
    call is a fault at the `place` of its message, and there is no conversation.
    """
    metadata, kept = taken(frame.metadata)
    given = kept if "ids" in kept else {"ids": _assigned(messages, tools or {})}
    done = with_ids(messages, given, reading)
    for index, message in enumerate(done if given is not kept else ()):
        if isinstance(message, ToolMessage) and not message.call_id:
            name = (tools or {}).get(index)
            found = f"a result of `{name}`" if name else "a result"
            found += ", and no call before it is still without one"
            reading.error(place(index), "the result of a call", found)
    if reading.failed:
        return None
    return Conversation(messages=done, tools=frame.tools, id=frame.id, metadata=metadata)


def ids_to_keep(messages: Sequence[Message], tools: Tools | None = None) -> dict[str, Json]:
    """The ids, to be kept, where `whole` would give others."""
    said = ids(messages)
    bare = with_ids(messages, {"ids": [""] * len(said)}, Reading())
    told = all(said) and _assigned(bare, tools or {}) == said
    return {} if told else {"ids": said}


def _assigned(messages: Sequence[Message], tools: Tools) -> list[str]:
    """An id for each call and result; `""` for a result that finds no call."""
    taken = set(ids(messages))
    fresh = (f"call_{number}" for number in count(1) if f"call_{number}" not in taken)
    waiting: list[tuple[str, str]] = []
    found: list[str] = []
    for index, message in enumerate(messages):
        if isinstance(message, AssistantMessage) and message.tool_calls:
            waiting = [(call.id or next(fresh), call.name) for call in message.tool_calls]
            found += [identity for identity, _ in waiting]
        elif isinstance(message, ToolMessage):
            tool = tools.get(index)
            answered = (identity for identity, name in waiting if tool in (None, name))
            found.append(message.call_id or next(answered, ""))
            waiting = [pair for pair in waiting if pair[0] != found[-1]]
    return found
