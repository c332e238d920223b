"""Arguments: every call is of a declared tool, and its arguments hold against that tool's JSON Schema."""

import json
import math
from collections.abc import Iterator

import jsonschema_rs
import msgspec

from callwright.checks import Context, Finding
from callwright.conversation import AssistantMessage, Conversation, Json, Tool, ToolCall
from callwright.schema import SchemaFault, call_faults, json_path, validator


def check(conversation: Conversation, context: Context) -> Iterator[Finding]:
    """Codes: `arguments-undeclared`, `-schema`, `-double-encoded`, `-malformed`, `-tool-schema`."""
    quick = _quick(conversation.tools)
    for index, turn in conversation.turns():
        for place, call in enumerate(turn.tool_calls):
            if not quick.passes(call):
                yield from _blame(conversation, index, place, call)
        for place, malformed in enumerate(turn.malformed):
            yield Finding(
                code="arguments-malformed",
                path=f"$.messages[{index}].malformed[{place}]",
                message=f"this should be a call and is none: {malformed.error}: {_short(malformed.raw)}",
            )


class _Quick:
    """The compiled validators of one tuple of tools: yes at once for a good call, else "look closer"."""

    def __init__(self, tools: tuple[Tool, ...]) -> None:
        self.validators: dict[str, tuple[jsonschema_rs.Validator, frozenset[str]]] = {}
        for tool in tools:
            if tool.name not in self.validators:
                try:
                    compiled = validator(tool.parameters)
                except SchemaFault:
                    continue  # said of each call that needs it, by `_blame`
                self.validators[tool.name] = compiled, frozenset(tool.parameters.get("properties") or ())

    def passes(self, call: ToolCall) -> bool:
        compiled, properties = self.validators.get(call.name, (None, frozenset()))
        return (
            compiled is not None and call.arguments.keys() <= properties and _valid(compiled, call.arguments)
        )


def _valid(compiled: jsonschema_rs.Validator, value: Json) -> bool:
    try:
        return compiled.is_valid(value)
    except ValueError:  # a value that JSON cannot say; `_blame` finds the words
        return False


_BY_IDENTITY: dict[int, tuple[tuple[Tool, ...], _Quick]] = {}
"""The tuples are kept alive here, so that an id means one tuple."""
_BY_CONTENT: dict[bytes, _Quick] = {}
_KEPT = 512
"""Tool tuples remembered; a file has one, or one a row."""


def _quick(tools: tuple[Tool, ...]) -> _Quick:
    known = _BY_IDENTITY.get(id(tools))
    if known is not None:
        return known[1]
    content = msgspec.json.encode(tools)
    for table in (_BY_IDENTITY, _BY_CONTENT):
        if len(table) >= _KEPT:
            table.clear()
    quick = _BY_CONTENT.setdefault(content, _BY_CONTENT.get(content) or _Quick(tools))
    _BY_IDENTITY[id(tools)] = tools, quick
    return quick


def _blame(conversation: Conversation, index: int, place: int, call: ToolCall) -> Iterator[Finding]:
    at = f"$.messages[{index}].tool_calls[{place}]"
    try:
        found = call_faults(call, conversation.tools)
        decoded = _decoded(conversation, call)
    except ValueError as error:
        fault = isinstance(error, SchemaFault)
        yield Finding(
            code="arguments-tool-schema" if fault else "arguments-schema",
            path=f"{at}.arguments",
            message=f"the parameters of `{call.name}` are no JSON Schema: {error}" if fault else str(error),
        )
        return
    for path, why in found:
        if path in decoded:
            repaired = msgspec.structs.replace(call, arguments=decoded[path])
            yield Finding(
                code="arguments-double-encoded",
                path=at + path[1:],
                message=f"a value written as a string of JSON: {why}",
                fix=_with_call(conversation, index, place, repaired),
            )
        else:
            code = "arguments-undeclared" if path == "$.name" else "arguments-schema"
            yield Finding(code=code, path=at + path[1:], message=why)


def _decoded(conversation: Conversation, call: ToolCall) -> dict[str, dict[str, Json]]:
    """Path of each string argument that would hold if decoded once more -> the arguments, all so decoded."""
    tool = conversation.tool(call.name)
    if tool is None:
        return {}
    compiled = validator(tool.parameters)
    arguments, paths = call.arguments, []
    for error in compiled.iter_errors(call.arguments):
        keys = error.instance_path
        tried = _decode_at(arguments, keys)
        if tried is not None and all(e.instance_path != keys for e in compiled.iter_errors(tried)):
            arguments = tried
            paths.append(json_path(keys).replace("$", "$.arguments", 1))
    return dict.fromkeys(paths, arguments)


def _decode_at(value: Json, keys: list[str | int]) -> Json:
    """`value` with the string at `keys` decoded; None where there is no string of JSON."""
    if keys:
        inner = _decode_at(value[keys[0]], keys[1:])
        if inner is None:
            return None
        copy = value.copy()
        copy[keys[0]] = inner
        return copy
    if not isinstance(value, str):
        return None
    try:
        decoded = json.loads(value)
    except ValueError:
        return None
    return None if isinstance(decoded, float) and not math.isfinite(decoded) else decoded


def _with_call(conversation: Conversation, index: int, place: int, call: ToolCall) -> Conversation:
    turn = conversation.messages[index]
    assert isinstance(turn, AssistantMessage)
    calls = (*turn.tool_calls[:place], call, *turn.tool_calls[place + 1 :])
    messages = list(conversation.messages)
    messages[index] = msgspec.structs.replace(turn, tool_calls=calls)
    return msgspec.structs.replace(conversation, messages=tuple(messages))


def _short(text: str, limit: int = 80) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
