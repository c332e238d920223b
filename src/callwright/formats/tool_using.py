"""`tool_using`: messages with calls as `{"name", "parameters"}`, without wrapper and ids, results by tool name.

Tools are bare, with parameters as a JSON Schema or as a list or object of `{"name", "type", "description",
"required"}`. An assistant's text may also say a call in tags: `name:` and `parameters:` in `<tool_call>`.
"""

import re
from collections.abc import Sequence

import msgspec

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
from callwright.errors import FormatError
from callwright.formats import Format
from callwright.formats.beside import bare_tools, read_beside, told_form, write_beside
from callwright.formats.kept import unsayable
from callwright.formats.messages import call, read_messages
from callwright.formats.pairing import ids_to_keep, whole
from callwright.formats.reading import Reading, shown
from callwright.formats.strict_json import JsonFault, parse
from callwright.formats.tagged import CALL, said
from callwright.formats.tools import write_tools

SPEAKER = "<|assistant|>"
"""What the form's text output has before an assistant's words."""

_TAGGED = re.compile(r"<tool_call>\s*name:")
_BODY = re.compile(r"\s*name:([^\n]*)\n\s*parameters:(.*)", re.DOTALL)
_UNPAIRED = "\0"
"""Stands for the id of a result until it is paired."""


class ToolUsing(Format):
    name = "tool_using"
    example = '{"messages": [… {"tool_calls": [{"name": …, "parameters": {…}}]} …], "tools": […]}'

    def sniff(self, row: dict[str, Json]) -> bool:
        if form := told_form(row):
            return form == self.name
        values = row.get("messages")
        if not isinstance(values, list):
            return False
        found = False
        for value in values:
            if not isinstance(value, dict):
                continue
            calls, content = value.get("tool_calls"), value.get("content")
            if isinstance(calls, list) and calls:
                if not all(_own_call(one) for one in calls):
                    return False
                found = True
            elif value.get("role") == "assistant" and isinstance(content, str):
                found = found or (CALL in content and _TAGGED.search(content) is not None)
        return found or _own_tools(row.get("tools"))

    def take(self, row: dict[str, Json], reading: Reading) -> Conversation | None:
        values = row.get("messages")
        if isinstance(values, str):  # as in a CSV file
            values = reading.parsed(values, "$.messages", "a JSON array of messages")
        if not isinstance(values, list):
            if not reading.failed:
                reading.error("$.messages", "an array of messages", shown(values))
            values = []
        row = {**row, "tools": _with_schemas(row["tools"], reading)} if row.get("tools") else row
        frame = read_beside(row, ("messages",), reading)
        spelled = [
            _spelled(value, f"$.messages[{index}].content", reading) for index, value in enumerate(values)
        ]
        read = [*map(_unpaired, read_messages(spelled, "$.messages", reading))]
        if reading.failed:
            return None
        return whole(read, frame, reading, lambda at: f"$.messages[{at}]", _named(values))

    def write(self, conversation: Conversation) -> dict[str, Json]:
        if faults := unsayable(conversation):
            raise FormatError("the tool_using form cannot say this conversation", faults)
        tools = _answered(conversation.messages)
        messages = [_write(message, tools.get(index)) for index, message in enumerate(conversation.messages)]
        kept = ids_to_keep(conversation.messages, tools)
        row = write_beside(conversation, {"messages": messages}, kept, self.name)
        if conversation.tools:
            row["tools"] = [*map(_write_tool, conversation.tools)]
        return row

    def place(self, conversation: Conversation, path: str) -> str:
        if not path.startswith("$.messages["):
            return path
        path = re.sub(r"(\.tool_calls\[\d+\])\.arguments\b", r"\1.parameters", path, count=1)
        path = re.sub(r"(\])\.reasoning$", r"\1.reasoning_content", path, count=1)
        return re.sub(r"(\])\.call_id$", r"\1.name", path, count=1)


FORMAT = ToolUsing()


# ── messages ───────────────────────────────────────────────────────────────────────────────────────────


def _own_call(value: Json) -> bool:
    return (
        isinstance(value, dict)
        and "parameters" in value
        and not {"id", "function", "arguments"} & value.keys()
    )


def _spelled(value: Json, path: str, reading: Reading) -> Json:
    """A message as the OpenAI form has it: calls of its text as calls, a result with an id to replace."""
    if not isinstance(value, dict):
        return value
    if value.get("role") == "tool":
        return {**value, "tool_call_id": value.get("tool_call_id") or _UNPAIRED}
    content = value.get("content")
    if value.get("role") != "assistant" or "tool_calls" in value or not isinstance(content, str):
        return value
    if content.lstrip().startswith(SPEAKER):
        content = content.lstrip().removeprefix(SPEAKER).removeprefix("\n")
    if _TAGGED.search(content) is None:
        return {**value, "content": content}
    says = said(content, _text_call, path, reading)
    malformed = value.get("malformed") or []
    if isinstance(malformed, list):
        malformed = [*msgspec.to_builtins(says.malformed), *malformed]
    calls = [{"name": made.name, "parameters": made.arguments} for made in says.calls]
    # The form sets a call off by a blank line of its own.
    return {**value, "content": says.content.rstrip("\n"), "tool_calls": calls, "malformed": malformed}


def _text_call(inside: str, path: str, reading: Reading) -> tuple[ToolCall, ...]:
    """The call that stands between the tags. Raises `JsonFault`."""
    match = _BODY.fullmatch(inside)
    if not match:
        raise JsonFault("expected a line `name: …` and then `parameters: {…}`")
    trial = Reading()
    made = call({"name": match[1].strip(), "parameters": parse(match[2])}, path, trial)
    if made is None:
        raise JsonFault(f"expected {trial.faults[0].expected}, found {trial.faults[0].found}")
    return (made,)


def _unpaired(message: Message) -> Message:
    if isinstance(message, ToolMessage) and message.call_id == _UNPAIRED:
        return ToolMessage(content=message.content)
    return message


def _named(values: Sequence[Json]) -> dict[int, str]:
    """The tool that each result names, by the index of its message."""
    return {
        index: value["name"]
        for index, value in enumerate(values)
        if value.get("role") == "tool" and isinstance(value.get("name"), str) and value["name"]
    }


def _answered(messages: Sequence[Message]) -> dict[int, str]:
    """The tool whose call each result answers, by the index of its message."""
    tools: dict[str, str] = {}
    found: dict[int, str] = {}
    for index, message in enumerate(messages):
        if isinstance(message, AssistantMessage):
            tools |= {made.id: made.name for made in message.tool_calls}
        elif isinstance(message, ToolMessage) and message.call_id in tools:
            found[index] = tools[message.call_id]
    return found


def _write(message: Message, tool: str | None) -> dict[str, Json]:
    match message:
        case SystemMessage():
            return {"role": "system", "content": message.content}
        case UserMessage():
            return {"role": "user", "content": message.content}
        case ToolMessage():
            return {"role": "tool", "content": message.content, **({"name": tool} if tool else {})}
        case AssistantMessage():
            return _write_assistant(message)


def _write_assistant(message: AssistantMessage) -> dict[str, Json]:
    row: dict[str, Json] = {"role": "assistant", "content": message.content}
    if message.tool_calls or CALL in message.content or SPEAKER in message.content:
        # Where there is the key, though empty, the content is taken as it stands.
        row["tool_calls"] = [{"name": made.name, "parameters": made.arguments} for made in message.tool_calls]
    if message.reasoning:
        row["reasoning_content"] = message.reasoning
    if message.malformed:
        row["malformed"] = msgspec.to_builtins(message.malformed)
    return row


# ── tools ──────────────────────────────────────────────────────────────────────────────────────────────

_KEYWORDS = frozenset(
    (
        *(
            "properties",
            "patternProperties",
            "additionalProperties",
            "unevaluatedProperties",
            "propertyNames",
        ),
        *("items", "additionalItems", "unevaluatedItems", "contains", "contentSchema", "const", "default"),
        *("not", "if", "then", "else", "dependentSchemas"),
    )
)
"""Words of JSON Schema whose value may look like a parameter."""


def _own_tools(value: Json) -> bool:
    """Whether a tool has parameters that are no JSON Schema, but the form's own."""
    return isinstance(value, list) and any(_has_own_parameters(tool) for tool in value)


def _has_own_parameters(tool: Json) -> bool:
    if not isinstance(tool, dict) or "function" in tool:
        return False
    parameters = tool.get("parameters")
    if isinstance(parameters, list):
        return bool(parameters)
    if not isinstance(parameters, dict) or not parameters:
        return False
    typed = all(isinstance(spec, dict) and isinstance(spec.get("type"), str) for spec in parameters.values())
    marked = (isinstance(spec.get("required"), bool) for spec in parameters.values()) if typed else ()
    return typed and (not _KEYWORDS.issuperset(parameters) or any(marked))


def _with_schemas(tools: Json, reading: Reading) -> Json:
    if isinstance(tools, str):
        try:
            tools = parse(tools)
        except JsonFault:
            return tools  # told by who reads the tools
    if not isinstance(tools, list):
        return tools
    return [_with_schema(tool, f"$.tools[{index}].parameters", reading) for index, tool in enumerate(tools)]


def _with_schema(tool: Json, path: str, reading: Reading) -> Json:
    """The tool with a JSON Schema for its parameters."""
    if not _has_own_parameters(tool):
        return tool
    given = tool["parameters"]
    if isinstance(given, list):
        given = _by_name(given, path, reading)
    properties = {name: _schema(spec) for name, spec in given.items()}
    required = [name for name, spec in given.items() if spec.get("required") is True]
    return {**tool, "parameters": {"type": "object", "properties": properties, "required": required}}


def _by_name(given: list[Json], path: str, reading: Reading) -> dict[str, dict[str, Json]]:
    found: dict[str, dict[str, Json]] = {}
    for index, spec in enumerate(given):
        name = spec.get("name") if isinstance(spec, dict) else None
        if not isinstance(name, str):
            expected = 'a parameter, {"name": …, "type": …, "description": …, "required": …}'
            reading.error(f"{path}[{index}]", expected, shown(spec))
        elif name in found:
            reading.error(f"{path}[{index}].name", "a name of its own", f"`{name}` a second time")
        else:
            found[name] = {key: value for key, value in spec.items() if key != "name"}
    return found


def _schema(spec: dict[str, Json]) -> dict[str, Json]:
    """A parameter's schema; whether it is `required` is told beside the parameters."""
    return {key: value for key, value in spec.items() if key != "required" or not isinstance(value, bool)}


def _write_tool(tool: Tool) -> dict[str, Json]:
    bare = bare_tools([tool])[0]
    return write_tools([tool])[0] if _has_own_parameters(bare) else bare
