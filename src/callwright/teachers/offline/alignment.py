"""Alignment: for every argument the words that carry it, in the same turn, in an earlier one, or nowhere.

Nowhere is an answer too: the value belongs to the wording (`hidden` says true) and both stay as they are.
"""

import re
from collections.abc import Iterator

from callwright.conversation import AssistantMessage, Conversation, Json, Tool, ToolCall, UserMessage
from callwright.teachers.offline.forms import mentions, number_of, text_of
from callwright.teachers.offline.words import STOP

Turns = list[tuple[str, tuple[ToolCall, ...]]]


def turns(conversation: Conversation) -> Turns | None:
    """User turns with the calls that answer them; None where there is anything else than these."""
    found: Turns = []
    waiting: str | None = None
    for message in conversation.messages:
        if isinstance(message, UserMessage) and waiting is None:
            waiting = message.content
        elif (
            isinstance(message, AssistantMessage)
            and waiting is not None
            and message.tool_calls
            and not message.content.strip()
        ):
            found.append((waiting, message.tool_calls))
            waiting = None
        elif message.__struct_config__.tag != "system":
            return None
    return found if found and waiting is None else None


def leaves(value: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    """The leaves of a JSON value with their paths."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path, value


def key_of(tool: str, path: tuple[str | int, ...], joint: str = ".") -> str:
    """`tool.items[].name` for a leaf: the parameter, whichever item it is."""
    text = ""
    for part in path:
        text += "[]" if isinstance(part, int) else f".{part}" if text else part
    return f"{tool}{joint}{text}"


Span = tuple[int, int, str, str]
"""Start, end, the value's text, the form."""


def located(text: str, values: list[Json], today: str) -> list[Span]:
    """Where the values are said in `text`, in order, none over another; the longer ones win."""
    found: list[Span] = []
    spans: list[Span] = []
    for value in values:
        hits = mentions(value, text, today)
        if number_of(value) is not None and any(form == "exact" for *_, form in hits):
            hits = [hit for hit in hits if hit[2] not in ("word", "ordinal")]
        spans.extend((start, end, text_of(value), form) for start, end, form in hits)
    # `exact` before other forms of the same length, then the leftmost; a stable order in any process.
    for span in sorted(spans, key=lambda s: (s[0] - s[1], s[3] != "exact", s[0], s[2])):
        if all(span[1] <= start or end <= span[0] for start, end, *_ in found):
            found.append(span)
    return sorted(found)


def stems(text: str) -> set[str]:
    """The beginnings of the words that mean something, four letters each."""
    return {word[:4] for word in re.findall(r"[^\W\d_]{4,}", text.lower()) if word not in STOP}


def content(text: str) -> set[str]:
    """The words that tell what a turn is about; question words count."""
    kept = {"where", "which", "what", "who", "when"}
    return {w for w in re.findall(r"[^\W\d_]+", text.lower()) if (w not in STOP or w in kept) and len(w) > 1}


def in_schema_order(arguments: dict[str, Json], tool: Tool | None) -> dict[str, Json]:
    """The arguments as the tool's schema lists them; those it does not know last."""
    order = list(tool.parameters.get("properties", {})) if tool else []
    known = {name: arguments[name] for name in order if name in arguments}
    return known | arguments
