"""Messages and calls as the OpenAI API has them, read into ours and written back.

Read generously where nothing is lost (content in parts or null, arguments as text or object, ids left out),
refused with the place where something would be.
"""

import json
import re
from collections.abc import Sequence
from itertools import count

import msgspec

from callwright.conversation import (
    AssistantMessage,
    Json,
    MalformedCall,
    Message,
    SystemMessage,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from callwright.formats.reading import Reading, shown
from callwright.registry import near

ROLES = ("system", "user", "assistant", "tool")
ALIASES = {"developer": "system"}
"""Other spellings of a role that the API itself knows."""


def read_messages(values: Sequence[Json], path: str, reading: Reading) -> tuple[Message, ...]:
    """Every message; calls and results that lack an id are given one, in their order."""
    read = [_message(value, f"{path}[{index}]", reading) for index, value in enumerate(values)]
    messages = [message for message in read if message is not None]
    return tuple(messages) if reading.failed else _identified(messages, path, reading)


def _message(value: Json, path: str, reading: Reading) -> Message | None:
    if not isinstance(value, dict):
        reading.error(path, 'a message, {"role": …, "content": …}', shown(value))
        return None
    role = value.get("role")
    role = ALIASES.get(role, role) if isinstance(role, str) else role
    if role not in ROLES:
        hint = 'results are now {"role": "tool", "tool_call_id": …}' if role == "function" else ""
        hint = hint or (near(role, list(ROLES)) if isinstance(role, str) else "")
        found = shown(role) if "role" in value else "no role"
        reading.error(f"{path}.role", "one of `system`, `user`, `assistant`, `tool`", found, hint)
        return None
    if role == "assistant":
        return _assistant(value, path, reading)
    if value.get("tool_calls"):
        found = f"calls in a turn of `{role}`"
        reading.error(f"{path}.tool_calls", "calls in a turn of the assistant alone", found)
    if role == "tool":
        reading.keys(value, ("role", "content", "tool_call_id", "name"), path)
        content = _content(value.get("content"), f"{path}.content", reading)
        identity = value.get("tool_call_id") or ""
        return ToolMessage(content=content, call_id=reading.text(identity, f"{path}.tool_call_id", "an id"))
    reading.keys(value, ("role", "content"), path)
    content = _content(value.get("content"), f"{path}.content", reading)
    return UserMessage(content) if role == "user" else SystemMessage(content)


def _assistant(value: dict[str, Json], path: str, reading: Reading) -> AssistantMessage:
    if value.get("function_call"):
        hint = 'write {"tool_calls": [{"id": …, "type": "function", "function": {…}}]}'
        reading.error(f"{path}.function_call", "`tool_calls`", "the retired `function_call`", hint)
    known = ("role", "content", "tool_calls", "reasoning_content", "malformed", "function_call")
    reading.keys(value, known, path)
    content = value.get("content")
    calls = value.get("tool_calls")
    if calls is not None and not isinstance(calls, list):
        reading.error(f"{path}.tool_calls", "an array of calls", shown(calls))
        calls = None
    read = (call(item, f"{path}.tool_calls[{i}]", reading) for i, item in enumerate(calls or []))
    return AssistantMessage(
        content="" if content is None else _content(content, f"{path}.content", reading),
        reasoning=reading.text(value.get("reasoning_content") or "", f"{path}.reasoning_content"),
        tool_calls=tuple(one for one in read if one is not None),
        malformed=_malformed(value.get("malformed"), f"{path}.malformed", reading),
    )


def _content(value: Json, path: str, reading: Reading) -> str:
    """Text, or text in parts; a part of another kind cannot be kept."""
    if not isinstance(value, list):
        return reading.text(value, path)
    texts = []
    for index, part in enumerate(value):
        if isinstance(part, dict) and part.get("type") in ("text", "input_text", "output_text"):
            texts.append(reading.text(part.get("text"), f"{path}[{index}].text"))
        else:
            reading.error(f"{path}[{index}]", 'a part {"type": "text", "text": …}', shown(part))
    return "".join(texts)


def _malformed(value: Json, path: str, reading: Reading) -> tuple[MalformedCall, ...]:
    if not value:
        return ()
    try:
        return msgspec.convert(value, tuple[MalformedCall, ...])
    except msgspec.ValidationError as error:
        reading.error(path, 'an array of {"raw": …, "error": …}', str(error))
        return ()


def call(value: Json, path: str, reading: Reading) -> ToolCall | None:
    """One call, with or without the `function` wrapper; `arguments` (or `parameters`) as text or object."""
    if not isinstance(value, dict):
        reading.error(path, 'a call, {"name": …, "arguments": {…}}', shown(value))
        return None
    identity = reading.text(value.get("id") or "", f"{path}.id", "an id, as text")
    if "function" in value:
        if value.get("type", "function") != "function":
            reading.error(f"{path}.type", '"function"', shown(value["type"]))
        reading.keys(value, ("id", "type", "function", "index"), path)
        value, path = value["function"], f"{path}.function"
        if not isinstance(value, dict):
            reading.error(path, 'a call, {"name": …, "arguments": {…}}', shown(value))
            return None
    reading.keys(value, ("id", "type", "name", "arguments", "parameters", "index"), path)
    name = value.get("name")
    if not isinstance(name, str) or not name:
        reading.error(f"{path}.name", "the name of a tool", shown(name) if "name" in value else "no name")
    given = [key for key in ("arguments", "parameters") if key in value]
    if len(given) != 1:
        found = "both" if given else "neither"
        reading.error(path, "`arguments` (or `parameters`) of the call", found, "{} where there are none")
        return None
    arguments = _arguments(value[given[0]], f"{path}.{given[0]}", reading)
    if not isinstance(name, str) or not name or arguments is None:
        return None
    return ToolCall(name=name, arguments=arguments, id=identity)


def _arguments(value: Json, path: str, reading: Reading) -> dict[str, Json] | None:
    if value == "":  # what some servers send for a call without arguments
        return {}
    text = value
    if isinstance(value, str):
        faults = len(reading.faults)
        value = reading.parsed(value, path, "the arguments as a JSON object")
        if len(reading.faults) > faults:
            return None
    if isinstance(value, dict):
        return value
    twice = isinstance(text, str) and isinstance(value, str)
    hint = "encoded twice: pass the object through json.dumps once" if twice else "{} where there are none"
    reading.error(path, "the arguments as a JSON object, by name", shown(value), hint)
    return None


def _identified(messages: list[Message], path: str, reading: Reading) -> tuple[Message, ...]:
    """Calls without an id get `call_1`, `call_2`, …; results without one, the calls still open."""
    assistants = [message for message in messages if isinstance(message, AssistantMessage)]
    taken = {call.id for message in assistants for call in message.tool_calls}
    fresh = (f"call_{number}" for number in count(1) if f"call_{number}" not in taken)
    open_calls: list[str] = []
    done: list[Message] = []
    for index, message in enumerate(messages):
        if isinstance(message, AssistantMessage) and message.tool_calls:
            calls = tuple(
                c if c.id else msgspec.structs.replace(c, id=next(fresh)) for c in message.tool_calls
            )
            message = msgspec.structs.replace(message, tool_calls=calls)
            open_calls = [call.id for call in calls]
        elif isinstance(message, ToolMessage):
            if not message.call_id and open_calls:
                message = msgspec.structs.replace(message, call_id=open_calls[0])
            elif not message.call_id:
                found = "a result without an id, and no call before it is still without a result"
                reading.error(f"{path}[{index}].tool_call_id", "the id of the call that it answers", found)
            open_calls = [identity for identity in open_calls if identity != message.call_id]
        done.append(message)
    return tuple(done)


def wrapped(path: str) -> str:
    """A path into a call as the OpenAI API nests it: `….tool_calls[0].function.name`."""
    return re.sub(r"(\.tool_calls\[\d+\])(?=\.(name|arguments)\b)", r"\1.function", path, count=1)


def write_message(message: Message) -> dict[str, Json]:
    """The message in the OpenAI form, arguments as text. Raises ValueError for what JSON cannot say."""
    match message:
        case SystemMessage():
            return {"role": "system", "content": message.content}
        case UserMessage():
            return {"role": "user", "content": message.content}
        case ToolMessage():
            return {"role": "tool", "tool_call_id": message.call_id, "content": message.content}
        case AssistantMessage():
            return _write_assistant(message)


def _write_assistant(message: AssistantMessage) -> dict[str, Json]:
    row: dict[str, Json] = {"role": "assistant", "content": message.content}
    if message.reasoning:
        row["reasoning_content"] = message.reasoning
    if message.tool_calls:
        row["tool_calls"] = [_write_call(call) for call in message.tool_calls]
    if message.malformed:
        row["malformed"] = msgspec.to_builtins(message.malformed)
    return row


def _write_call(call: ToolCall) -> dict[str, Json]:
    arguments = json.dumps(call.arguments, ensure_ascii=False, allow_nan=False)
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}
