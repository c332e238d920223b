"""What a student wrote, read back: JSON with its end or a reason, and what a turn lost on the way."""

import json
from typing import NoReturn

from callwright.conversation import AssistantMessage, Json, MalformedCall, ToolCall

_PYTHON = {"True": "true", "False": "false", "None": "null"}


class BrokenJson(ValueError):
    """Text that is no JSON; the message says what is wrong, and where."""

    def __init__(self, why: str, *, unfinished: bool = False) -> None:
        super().__init__(why)
        self.unfinished = unfinished
        """Whether more text could still make it right."""


def _constant(name: str) -> NoReturn:
    raise BrokenJson(f"`{name}` is no JSON number")


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BrokenJson(f"the key `{twice}` is given twice")
    return found


_DECODER = json.JSONDecoder(parse_constant=_constant, object_pairs_hook=_unique)


def value_at(text: str, at: int = 0) -> tuple[Json, int]:
    """The JSON value that begins at `at`, whitespace aside, and where it ends. Raises `BrokenJson`."""
    start = len(text) - len(text[at:].lstrip())
    try:
        value, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        # A number, a literal or an escape that is cut off is blamed up to a few characters before the end.
        unfinished = error.msg.startswith("Unterminated") or error.pos >= len(text) - 8
        raise BrokenJson(_why(text, start, error), unfinished=unfinished) from error
    except RecursionError as error:
        raise BrokenJson("the JSON is nested too deeply") from error
    if "\\ud" in text[start:end].lower():
        _refuse_half_characters(value)
    return value, end


def _why(text: str, start: int, error: json.JSONDecodeError) -> str:
    rest = text[error.pos :]
    place = f"at character {error.pos - start}"
    for python, right in _PYTHON.items():
        if rest.startswith(python):
            return f"Python's `{python}` {place}, where JSON has `{right}`"
    if rest.startswith("'"):
        return f"a single quote {place}, where JSON has double quotes"
    if error.msg.startswith("Unterminated"):
        return f"the JSON is not finished: the string {place} has no end"
    if not rest.strip():
        return "the JSON is not finished"
    return f"broken JSON: {error.msg[:1].lower()}{error.msg[1:]} {place}, found `{rest[:20]}`"


def _refuse_half_characters(value: Json) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise BrokenJson("a `\\u` escape is half of a character (a lone surrogate)") from error


def call_of(value: Json, raw: str, *, key: str) -> ToolCall | MalformedCall:
    """The call that a JSON value spells as `{"name": …, key: {…}}`."""

    def malformed(error: str) -> MalformedCall:
        return MalformedCall(raw=raw, error=error)

    if not isinstance(value, dict):
        return malformed(f"expected a JSON object, found {json.dumps(value, ensure_ascii=False)[:40]}")
    name, arguments = value.get("name"), value.get(key)
    if not isinstance(name, str) or not name:
        return malformed('expected the tool\'s name as "name"')
    if isinstance(arguments, str):
        return malformed(f'"{key}" is a string of JSON, expected the object itself')
    if not isinstance(arguments, dict):
        return malformed(f'expected an object as "{key}"')
    if extra := sorted(value.keys() - {"name", key}):
        return malformed(f'unexpected key "{extra[0]}" beside "name" and "{key}"')
    return ToolCall(name=name, arguments=arguments)


def same(one: Json, other: Json) -> bool:
    """Equal value for value and type for type: `1`, `1.0` and `true` are three values; keys in any order."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


def difference(turn: AssistantMessage, read: AssistantMessage) -> str:
    """What reading a turn back gave otherwise, in words; outer whitespace of texts does not count."""
    if read.malformed:
        return f"its call reads back broken: {read.malformed[0].error}"
    if len(turn.tool_calls) != len(read.tool_calls):
        return f"{len(turn.tool_calls)} calls read back as {len(read.tool_calls)}"
    for call, back in zip(turn.tool_calls, read.tool_calls, strict=True):
        if call.name != back.name:
            return f"the call `{call.name}` reads back as `{back.name}`"
        if not same(call.arguments, back.arguments):
            was, now = (json.dumps(c.arguments, ensure_ascii=False) for c in (call, back))
            return f"the arguments {short(was)} of `{call.name}` read back as {short(now)}"
    for what in ("content", "reasoning"):
        was, now = getattr(turn, what).strip(), getattr(read, what).strip()
        if was != now:
            return f"its {what} `{short(was)}` reads back as `{short(now)}`"
    return ""


def says(text: str, part: str) -> bool:
    """Whether `text` has `part`, plain or as inside a JSON string."""
    part = part.strip()
    return part in text or json.dumps(part, ensure_ascii=False)[1:-1] in text


def strings(value: Json) -> list[str]:
    """Every string in a JSON value, keys too."""
    if isinstance(value, dict):
        return [*value, *(leaf for child in value.values() for leaf in strings(child))]
    if isinstance(value, list):
        return [leaf for child in value for leaf in strings(child)]
    return [value] if isinstance(value, str) else []


def short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
