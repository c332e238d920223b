"""Text in which a model's tags say the calls: `<tool_call>`, `<tool_response>`, `<tools>` and `<think>`.

What is written reads back exactly or not at all: who writes compares. Inside JSON a tag is escaped, so that no
reader takes it for the end.
"""

import ast
import json
import re
import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeVar

import msgspec

from callwright.conversation import Json, MalformedCall, Tool, ToolCall
from callwright.formats.messages import call
from callwright.formats.reading import Reading
from callwright.formats.strict_json import JsonFault, parse
from callwright.formats.tools import write_tools

CALL, CALLED = "<tool_call>", "</tool_call>"
RESPONSE, RESPONDED = "<tool_response>", "</tool_response>"
THINK, THOUGHT = "<think>", "</think>"

T = TypeVar("T")

_TAG = re.compile(r"<(?=/?(?:tool_call|tool_response|tools|think)>)")
_BETWEEN_RESPONSES = re.compile(rf"{RESPONDED}\s*{RESPONSE}")
_TOOLS = re.compile(r"<tools>(?=\s*[\[{])")
_SINGLE_QUOTED = re.compile(r"[{\[:,]\s*'")
_LONGER = 20
"""Further end tags that are tried where one stands inside a string."""

# How the chat templates of Qwen declare tools, so that a text of theirs gives its own words back.
_DECLARED = (
    "# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
    "You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n"
)
_EXPLAINED = (
    "\n</tools>\n\nFor each function call, return a json object with function name and arguments within "
    '<tool_call></tool_call> XML tags:\n<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}'
    "\n</tool_call>"
)


class Said(NamedTuple):
    """What a text with calls says."""

    content: str
    calls: tuple[ToolCall, ...] = ()
    malformed: tuple[MalformedCall, ...] = ()


def json_text(value: Json) -> str:
    """`value` as JSON with no tag of ours in it. Raises ValueError or TypeError for what JSON cannot say."""
    return _TAG.sub(r"\\u003c", json.dumps(value, ensure_ascii=False, allow_nan=False))


# ── reasoning ──────────────────────────────────────────────────────────────────────────────────────────


def with_reasoning(reasoning: str, text: str) -> str:
    """`text` after its reasoning; after an empty one where it would itself be read as reasoning."""
    if not reasoning and not text.lstrip().startswith(THINK):
        return text
    return f"{THINK}\n{reasoning}\n{THOUGHT}\n\n{text}"


def reasoning_of(text: str) -> tuple[str, str]:
    """Reasoning, and the rest."""
    if THINK not in text or not text.lstrip().startswith(THINK):
        return "", text
    inside, closed, rest = text.lstrip().removeprefix(THINK).partition(THOUGHT)
    if not closed:
        return "", text
    return _unframed(inside), rest.removeprefix("\n\n") if rest.startswith("\n\n") else rest.removeprefix(
        "\n"
    )


def _unframed(inside: str) -> str:
    """Without the line breaks that stand next to the tags; without all space where these are missing."""
    if len(inside) > 1 and inside[0] == inside[-1] == "\n":
        return inside[1:-1]
    return inside.strip()


# ── calls ──────────────────────────────────────────────────────────────────────────────────────────────


def call_text(made: ToolCall) -> str:
    """A call in its tags. Raises ValueError or TypeError for what JSON cannot say."""
    return f'{CALL}\n{{"name": {json_text(made.name)}, "arguments": {json_text(made.arguments)}}}\n{CALLED}'


def malformed_text(broken: MalformedCall) -> str:
    return f"{CALL}\n{broken.raw}\n{CALLED}"


Body = Callable[[str, str, Reading], tuple[ToolCall, ...]]
"""Reads what stands between the tags, at a path; raises `JsonFault` for what is no call."""


def said(text: str, body: Body, path: str, reading: Reading) -> Said:
    """The calls of `text`, and what it says beside them; what is no call is malformed, not a fault."""
    at = text.find(CALL)
    if at < 0:
        return Said(text)
    beside = [text[:at].removesuffix("\n") if text[:at].strip() else ""]
    calls: list[ToolCall] = []
    malformed: list[MalformedCall] = []
    while at >= 0:
        start = at + len(CALL)
        made, end = _inside(text, start, CALLED, lambda inner: body(inner, path, reading))
        if isinstance(made, JsonFault):
            raw = _unframed(text[start:end].removesuffix(CALLED))
            malformed.append(MalformedCall(raw=raw, error=str(made)))
        else:
            calls += made
        at = text.find(CALL, end)
        if after := text[end : at if at >= 0 else len(text)].strip():
            reading.warning(path, "what is said before the calls", "words after one", "taken as said before")
            beside.append(after)
    return Said("\n".join(filter(None, beside)), tuple(calls), tuple(malformed))


def json_calls(inside: str, path: str, reading: Reading) -> tuple[ToolCall, ...]:
    """A JSON object, a list of them, or one a line: `{"name": …, "arguments": {…}}`. Raises `JsonFault`."""
    values, python = _values(inside)
    if not values:
        raise JsonFault("no call at all")
    trial = Reading()
    calls = [call(value, path, trial) for value in values]
    if trial.failed:
        wrong = next(fault for fault in trial.faults if fault.severity == "error")
        found = f", found {wrong.found}" if wrong.found else ""
        raise JsonFault(f"expected {wrong.expected}{found}")
    reading.faults += trial.faults
    if python:
        reading.warning(path, "a call in JSON", "one in Python's notation", "taken as meant")
    return tuple(one for one in calls if one)


def read_malformed(value: Json, path: str, reading: Reading) -> tuple[MalformedCall, ...]:
    """Malformed calls that are kept beside the text, which cannot say them with their reasons."""
    try:
        return msgspec.convert(value or [], tuple[MalformedCall, ...])
    except msgspec.ValidationError as error:
        reading.error(path, 'an array of {"raw": …, "error": …}', str(error))
        return ()


def _inside(text: str, at: int, closing: str, read: Callable[[str], T]) -> tuple[T | JsonFault, int]:
    """What `read` makes of the text up to `closing`, or why not, and where what follows begins."""
    end = text.find(closing, at)
    if end < 0:
        return JsonFault(f"no {closing} after it"), len(text)
    first: tuple[JsonFault, int] | None = None
    for _ in range(_LONGER):
        try:
            return read(text[at:end]), end + len(closing)
        except JsonFault as fault:
            first = first or (fault, end + len(closing))
            end = text.find(closing, end + 1)
            if end < 0 or "Unterminated string" not in str(fault):
                break
    assert first
    return first


def _values(text: str) -> tuple[list[Json], bool]:
    """The JSON values of `text`, and whether they are in Python's notation. Raises `JsonFault`."""
    try:
        value = parse(text)
    except JsonFault:
        if (lines := _lines(text)) is not None:
            return lines, False
        value = python_value(text)
        if value is None:
            raise
        return value if isinstance(value, list) else [value], True
    return value if isinstance(value, list) else [value], False


def _lines(text: str) -> list[Json] | None:
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) < 2 or not all(line.lstrip().startswith("{") for line in lines):
        return None
    try:
        return [parse(line) for line in lines]
    except JsonFault:
        return None


def python_value(text: str) -> Json:
    """What Python prints for a JSON value, with strings in single quotes; None for anything else."""
    if not _SINGLE_QUOTED.search(text):
        return None
    try:
        with warnings.catch_warnings(action="ignore"):  # of escapes that Python does not know
            value = ast.literal_eval(text.strip())
        return parse(json.dumps(value, allow_nan=False))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


# ── results ────────────────────────────────────────────────────────────────────────────────────────────


def responses_text(contents: Sequence[str]) -> str:
    return "\n".join(f"{RESPONSE}\n{content}\n{RESPONDED}" for content in contents)


def responses_of(text: str) -> list[str] | None:
    """The results that `text` consists of; None if it is anything else."""
    if RESPONSE not in text:
        return None
    text = text.strip()
    if not text.startswith(RESPONSE) or not text.endswith(RESPONDED):
        return None
    inner = _BETWEEN_RESPONSES.split(text[len(RESPONSE) : -len(RESPONDED)])
    return [_unframed(content) for content in inner]


# ── tools ──────────────────────────────────────────────────────────────────────────────────────────────


def tools_text(own: str | None, tools: Sequence[Tool]) -> str:
    """A system message of the user's `own` words and the tools. Raises ValueError or TypeError as JSON does."""
    lines = "\n".join(json_text(tool) for tool in write_tools(tools))
    return ("" if own is None else f"{own}\n\n") + _DECLARED + lines + _EXPLAINED


@lru_cache(maxsize=64)  # rows of one file mostly begin with the same few texts
def tools_of(text: str) -> tuple[str | None, list[Json]] | None:
    """The user's own words, None where there are none, and the tools; None if `text` declares no tools.

    What is given is shared: it is for reading only.
    """
    if "<tools>" not in text:
        return None
    at = text.rfind(_DECLARED)
    if at >= 0 and text.endswith(_EXPLAINED):
        body = text[at + len(_DECLARED) : -len(_EXPLAINED)]
        values, _ = _read_or_none(body)
        if values is not None:
            return (text[:at].removesuffix("\n\n") if at else None), values
    end = 0
    while found := _TOOLS.search(text, end):
        read, end = _inside(text, found.end(), "</tools>", _values)
        if not isinstance(read, JsonFault):
            around = (text[: found.start()].strip(), text[end:].strip())
            return "\n".join(filter(None, around)) or None, read[0]
    return None


def _read_or_none(text: str) -> tuple[list[Json] | None, bool]:
    try:
        return _values(text)
    except JsonFault:
        return None, False
