"""Grounded arguments: a string that can only be words of the conversation, so that an order number cannot
be invented.

A text is cut into chunks (words, and single marks around them); a grounded value is a run of whole chunks
of one text that neither starts nor ends with a space. Quotes and closing punctuation thus fall away, and
the name of a file, a price or a hyphenated word is never cut inside.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from callwright.conversation import AssistantMessage, Conversation, Json, Tool, ToolMessage
from callwright.schema import Schema

Grounding = Mapping[str, Mapping[str, str]]
"""Tool -> parameter -> `context` where its value must come from the conversation, else `free`."""

LIKELY = 0.98
"""Share of a parameter's values that must be found in their contexts for it to be grounded."""
LEAST = 5
"""Values that must have been seen before a parameter is grounded."""

_CHUNK = re.compile(
    r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]"  # scripts without spaces: any run of characters
    r"|\.{0,2}[^\W](?:\w|(?:[.\-@&+]|['’](?!s\b))+(?=\w))*"  # words, file names, addresses, prices
    r"|\s|.",
    re.DOTALL,
)


@lru_cache(maxsize=65536)
def chunks(text: str) -> tuple[str, ...]:
    """`text`, cut; joined they are `text` again."""
    return tuple(_CHUNK.findall(text))


def texts(conversation: Conversation) -> list[str]:
    """Every text that a value may be taken from, each once: what was said, the results, earlier calls'
    values.
    """
    found: dict[str, None] = {}
    for message in conversation.messages:
        if isinstance(message, ToolMessage):
            found.update(dict.fromkeys(_leaves(_parsed(message.content))))
        else:
            found[message.content] = None
        if isinstance(message, AssistantMessage):
            for call in message.tool_calls:
                found.update(dict.fromkeys(_leaves(list(call.arguments.values()))))
    return [text for text in found if text.strip()]


def _parsed(content: str) -> Json:
    try:
        return json.loads(content)
    except ValueError:
        return content


def _leaves(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from _leaves(part)
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part)
    elif value is not None and not isinstance(value, bool):
        yield json.dumps(value)


def contains(text: str, value: str) -> bool:
    """Whether `value` is a run of whole chunks of `text`."""
    if not value or value != value.strip() or value not in text:
        return False
    edges, at = {0}, 0
    for chunk in chunks(text):
        at += len(chunk)
        edges.add(at)
    start = text.find(value)
    while start >= 0:
        if start in edges and start + len(value) in edges:
            return True
        start = text.find(value, start + 1)
    return False


def eligible(spec: Json) -> bool:
    """Whether a parameter is a string whose schema does not already say what it can be."""
    return (
        isinstance(spec, dict)
        and spec.get("type") in ("string", ["string", "null"], ["null", "string"])
        and not set(spec) & {"enum", "const", "format", "pattern", "$ref", "anyOf", "oneOf", "allOf", "not"}
    )


def given(spec: Schema) -> list[Json]:
    """Values that the schema itself offers."""
    offered = [*([spec["default"]] if "default" in spec else []), *spec.get("examples", [])]
    return [value for value in offered if isinstance(value, str) or value is None]


def groundable(conversations: Iterable[Conversation], tools: Iterable[Tool]) -> dict[str, dict[str, str]]:
    """For every string parameter, whether practically all its values were in the conversation before the
    call.
    """
    seen: Counter[tuple[str, str]] = Counter()
    found: Counter[tuple[str, str]] = Counter()
    specs = {
        (tool.name, name): spec
        for tool in tools
        for name, spec in tool.parameters.get("properties", {}).items()
        if eligible(spec)
    }
    for conversation in conversations:
        for index, turn in conversation.turns():
            context = texts(conversation.upto(index)) if turn.tool_calls else []
            for call in turn.tool_calls:
                for name, value in call.arguments.items():
                    key = (call.name, name)
                    if key not in specs or value in given(specs[key]) or not isinstance(value, str):
                        continue
                    seen[key] += 1
                    found[key] += any(contains(text, value) for text in context)
    grounding: dict[str, dict[str, str]] = {}
    for key in specs:
        grounded = seen[key] >= LEAST and found[key] >= LIKELY * seen[key]
        grounding.setdefault(key[0], {})[key[1]] = "context" if grounded else "free"
    return grounding
