"""Qwen and all who write calls its way: `<tool_call>` around JSON, from Qwen 3.5 on around tags.

Reasoning stands in `<think>`; some templates open it in the prompt already, which is found by looking.
"""

import json
import re
from functools import cached_property

from callwright.conversation import AssistantMessage, Json, MalformedCall, Tool, ToolCall, UserMessage
from callwright.errors import RenderError
from callwright.renderers.reading import BrokenJson, call_of, difference, value_at
from callwright.renderers.template import TemplateRenderer

OPEN, CLOSE = "<tool_call>", "</tool_call>"
THINK, THOUGHT = "<think>", "</think>"

_FUNCTION = re.compile(r"\s*<function=([^>\n]+)>(.*?)</function>\s*", re.DOTALL)
_PARAMETER = re.compile(r"\s*<parameter=([^>\n]+)>\n?(.*?)\n?</parameter>\s*", re.DOTALL)
_PYTHON = {"True": True, "False": False, "None": None}
_KINDS: dict[type, frozenset[str]] = {
    bool: frozenset({"boolean"}),
    int: frozenset({"integer", "number"}),
    float: frozenset({"number"}),
    list: frozenset({"array"}),
    dict: frozenset({"object"}),
    type(None): frozenset({"null"}),
}

Part = ToolCall | MalformedCall | str


class QwenRenderer(TemplateRenderer):
    name = "qwen"
    stops = ("<|im_end|>", "<|endoftext|>")
    own_control_tokens = ("<|im_start|>",)
    markers = (OPEN, CLOSE, THINK, THOUGHT)

    @cached_property
    def opens_reasoning(self) -> bool:
        """Whether the prompt ends inside the reasoning already."""
        try:
            cue = self.text(self.dicts([UserMessage("probe")]), None, cue=True)
        except RenderError:
            return False
        return cue.rstrip().endswith(THINK)

    def parse(self, text: str, tools: tuple[Tool, ...] = ()) -> AssistantMessage:
        reasoning, rest = self._reasoning(self.unstopped(text))
        parts = list(_parts(rest, tools))
        calls = tuple(part for part in parts if isinstance(part, ToolCall))
        malformed = tuple(part for part in parts if isinstance(part, MalformedCall))
        said = [part for part in parts if isinstance(part, str)]
        content = "\n".join(filter(None, (part.strip("\n") for part in said))) if calls or malformed else rest
        return AssistantMessage(content=content, reasoning=reasoning, tool_calls=calls, malformed=malformed)

    def _reasoning(self, text: str) -> tuple[str, str]:
        """Reasoning, and the rest."""
        if not self.opens_reasoning and not text.lstrip().startswith(THINK):
            return "", text
        inside, closed, rest = text.lstrip().removeprefix(THINK).partition(THOUGHT)
        return inside.strip("\n"), rest.removeprefix("\n\n") if closed else ""

    def lost(self, turn: AssistantMessage, text: str, tools: tuple[Tool, ...]) -> str:
        return difference(turn, self.parse(text, tools))


def _parts(text: str, tools: tuple[Tool, ...]) -> list[Part]:
    """Texts and calls in their order; a `</tool_call>` inside a string of a call does not end it."""
    parts: list[Part] = []
    at = 0
    while (start := text.find(OPEN, at)) >= 0:
        parts.append(text[at:start])
        call, at = _call(text, start + len(OPEN), tools)
        parts.append(call)
    return [*parts, text[at:]]


def _call(text: str, at: int, tools: tuple[Tool, ...]) -> tuple[ToolCall | MalformedCall, int]:
    """The call that begins at `at`, and where what follows it begins."""
    if text[at:].lstrip().startswith("<function="):
        return _tagged(text, at, tools)
    try:
        value, end = value_at(text, at)
    except BrokenJson as error:
        return _broken(text, at, str(error), look_from=len(text) if error.unfinished else at)
    after = len(text) - len(text[end:].lstrip())
    if not text.startswith(CLOSE, after):
        return _broken(
            text, at, f"expected {CLOSE} after the call, found `{text[after : after + 20]}`", look_from=end
        )
    return call_of(value, text[at:end].strip(), key="arguments"), after + len(CLOSE)


def _broken(text: str, at: int, error: str, *, look_from: int) -> tuple[MalformedCall, int]:
    """What is no call, up to the first end tag from `look_from` on, before which a string may spell one."""
    close = text.find(CLOSE, look_from)
    if close < 0:
        return MalformedCall(raw=text[at:].strip(), error=f"the call is not finished: {error}"), len(text)
    return MalformedCall(raw=text[at:close].strip(), error=error), close + len(CLOSE)


def _tagged(text: str, at: int, tools: tuple[Tool, ...]) -> tuple[ToolCall | MalformedCall, int]:
    """A call in tags: `<function=NAME>` with `<parameter=KEY>` lines."""
    found = _FUNCTION.match(text, at)
    if not found or not text.startswith(CLOSE, found.end()):
        end = found.end() if found else len(text)
        return _broken(text, at, f"expected <function=…> … </function> and {CLOSE}", look_from=end)
    name, body = found[1], found[2]
    tool = next((tool for tool in tools if tool.name == name), None)
    properties = tool.parameters.get("properties", {}) if tool else {}
    arguments: dict[str, Json] = {}
    place = 0
    while (parameter := _PARAMETER.match(body, place)) is not None:
        arguments[parameter[1]] = _typed(parameter[2], properties.get(parameter[1]))
        place = parameter.end()
    if body[place:].strip():
        return _broken(
            text, at, f"expected <parameter=…>, found `{body[place:].strip()[:20]}`", look_from=found.end()
        )
    return ToolCall(name=name, arguments=arguments), found.end() + len(CLOSE)


def _typed(text: str, schema: Json) -> Json:
    """A value that was written without its type, as its schema has it; Qwen 3.5 writes Python's `True`."""
    kinds = schema.get("type") if isinstance(schema, dict) else None
    allowed = {kinds} if isinstance(kinds, str) else set(kinds or ())
    if allowed == {"string"}:
        return text
    try:
        value, end = value_at(text)
    except BrokenJson:
        value, end = _PYTHON.get(text, text), len(text)
        if text in _PYTHON and not allowed:
            return text
    if end < len(text) or isinstance(value, str):
        return text
    return value if not allowed or _KINDS[type(value)] & allowed else text


def call_text(call: ToolCall) -> str:
    """A call in Qwen's JSON form."""
    name, arguments = (json.dumps(part, ensure_ascii=False) for part in (call.name, call.arguments))
    return f'{OPEN}\n{{"name": {name}, "arguments": {arguments}}}\n{CLOSE}'
