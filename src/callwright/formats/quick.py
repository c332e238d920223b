"""Rows of the OpenAI form that are plainly right, read at nearly the speed of the parser.

`quick` gives the very conversation that the full reader gives, or None: look closer. It says nothing about what is
wrong; that is the full reader's part.
"""

from typing import Literal, TypeAlias

import msgspec
import orjson
from msgspec import UNSET, UnsetType

from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    Message,
    SystemMessage,
    Tool,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from callwright.formats.kept import KEY
from callwright.formats.reading import Reading
from callwright.formats.strict_json import JsonFault, parse
from callwright.formats.tools import read_tools


class _Function(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    name: str
    arguments: str


class _Call(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    id: str
    type: Literal["function"]
    function: _Function


class _Assistant(msgspec.Struct, forbid_unknown_fields=True, gc=False, tag_field="role", tag="assistant"):
    content: str | UnsetType | None = UNSET
    tool_calls: list[_Call] | UnsetType = UNSET
    reasoning_content: str | UnsetType = UNSET


class _Tool(msgspec.Struct, forbid_unknown_fields=True, gc=False, tag_field="role", tag="tool"):
    tool_call_id: str
    content: str
    name: str | UnsetType = UNSET


class _Row(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    messages: list[SystemMessage | UserMessage | _Assistant | _Tool]
    id: str | int | UnsetType = UNSET
    tools: msgspec.Raw | UnsetType = UNSET
    metadata: msgspec.Raw | UnsetType = UNSET


_DECODER = msgspec.json.Decoder(_Row)
_CALL_STRINGS = 9
"""The keys `id`, `type`, `function`, `name`, `arguments`, and the values of all but `function`."""


def quick(raw: bytes) -> Conversation | None:
    """The conversation of one line of JSON, if it is an OpenAI row without anything out of the ordinary."""
    if b"<tool" in raw:  # perhaps calls as tagged text, which is another form
        return None
    try:
        row = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    # A typed decoder lets a key pass that is given twice. A text with as many strings, keys and values, as its objects
    # account for has none.
    strings = 1
    tools: tuple[Tool, ...] = ()
    metadata: dict[str, Json] = {}
    if row.tools is not UNSET:
        known = _tools(bytes(row.tools))
        if known is None:
            return None
        tools = known[0]
        strings += 1 + known[1]
    if row.metadata is not UNSET:
        text = bytes(row.metadata)
        value = _value(text)
        if not isinstance(value, dict) or KEY in value:
            return None
        metadata = value
        strings += 1 + _strings(text)
    identity = ""
    if row.id is not UNSET:
        identity = str(row.id)
        strings += 1 + (type(row.id) is str)
    messages: list[Message] = []
    for message in row.messages:
        if type(message) is UserMessage or type(message) is SystemMessage:
            messages.append(message)
            strings += 4
        elif type(message) is _Tool:
            if not message.tool_call_id:
                return None
            messages.append(ToolMessage(content=message.content, call_id=message.tool_call_id))
            strings += 6 if message.name is UNSET else 8
        elif type(message) is _Assistant:
            read = _assistant(message)
            if read is None:
                return None
            messages.append(read[0])
            strings += read[1]
    if strings != _strings(raw):
        return None
    return Conversation(messages=tuple(messages), tools=tools, id=identity, metadata=metadata)


def _assistant(message: _Assistant) -> tuple[AssistantMessage, int] | None:
    """The message, and how many strings it is written with; None: look closer."""
    content, reasoning = message.content, message.reasoning_content
    strings = 2
    if content is UNSET:
        content = ""
    else:
        strings += 1 if content is None else 2
    if reasoning is UNSET:
        reasoning = ""
    else:
        strings += 2
    if message.tool_calls is UNSET:
        return AssistantMessage(content=content or "", reasoning=reasoning), strings
    calls = []
    for made in message.tool_calls:
        call = _call(made)
        if call is None:
            return None
        calls.append(call)
    strings += 1 + _CALL_STRINGS * len(calls)
    return AssistantMessage(content=content or "", reasoning=reasoning, tool_calls=tuple(calls)), strings


def _call(call: _Call) -> ToolCall | None:
    name, text = call.function.name, call.function.arguments
    if not name or not call.id:
        return None
    arguments = _arguments(text)
    return None if arguments is None else ToolCall(name=name, arguments=arguments, id=call.id)


def _arguments(text: str) -> dict[str, Json] | None:
    try:
        arguments = orjson.loads(text)
    except ValueError:
        return None
    if type(arguments) is not dict:
        return None
    strings = len(arguments)
    for value in arguments.values():
        if type(value) is str:
            strings += 1
        elif value is not None and value is not True and value is not False:
            strings = -1  # numbers and what is nested can be right and come out otherwise
            break
    if "\\" not in text and 2 * strings == text.count('"'):
        return arguments
    value = _value(text.encode())
    return value if isinstance(value, dict) else None


def _strings(text: bytes) -> int:
    """How many strings a text of JSON is written with, keys and values."""
    quoted = text.count(b'\\"')
    if quoted != text.count(b"\\"):  # an escaped backslash may stand before a quote that is none
        text = text.replace(b"\\\\", b"")
        quoted = text.count(b'\\"')
    return (text.count(b'"') - quoted) // 2


def _value(text: bytes) -> Json:
    try:
        return parse(text.decode())
    except (JsonFault, UnicodeDecodeError):
        return None


_Known: TypeAlias = tuple[tuple[Tool, ...], int] | None
_KNOWN: dict[bytes, _Known] = {}
_KEPT = 512
"""Lists of tools remembered; the rows of a file mostly bring the same few."""


def _tools(text: bytes) -> _Known:
    """The tools of a row, and how many strings their text has; None: look closer."""
    if text in _KNOWN:
        return _KNOWN[text]
    value = _value(text)
    known: _Known = None
    if isinstance(value, list):
        reading = Reading()
        tools = read_tools(value, "$.tools", reading) if value else ()
        known = None if reading.faults else (tools, _strings(text))
    if len(_KNOWN) >= _KEPT:
        _KNOWN.clear()
    _KNOWN[text] = known
    return known
