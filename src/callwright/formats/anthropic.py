"""`anthropic`: `{"system"?, "messages": […], "tools"?: […]}` with content blocks, as the Messages API has them.

A message of the user with results and text is tool messages and then a message of the user; results that follow
each other, and the text right after them, are written as one message. Text after a call is content of the same
turn, on lines of its own; that it came after is lost, and told. `is_error` of a result is kept as its id in the
metadata, under `is_error`. Images and documents cannot be kept, thinking that is encrypted neither.
"""

from collections.abc import Iterator, Sequence

import msgspec

from callwright.conversation import (
    Conversation,
    Json,
    Message,
    SystemMessage,
    ToolMessage,
)
from callwright.errors import FormatError
from callwright.formats import Format
from callwright.formats.beside import told_form, write_beside
from callwright.formats.blocks import Turns, within, write_blocks
from callwright.formats.frame import Frame, read_frame
from callwright.formats.kept import (
    KEY,
    kept_malformed,
    taken,
    unsayable,
    with_all_ids,
    with_ids,
    with_malformed,
)
from callwright.formats.placed import MESSAGE, read_placed
from callwright.formats.reading import Reading, shown

DECISIVE = ("tool_use", "tool_result")
"""Types of blocks that no other form has."""
THINKING = ("thinking", "redacted_thinking")


class Anthropic(Format):
    name = "anthropic"
    example = '{"system"?: …, "messages": […content blocks…], "tools"?: [{…, "input_schema"}]}'

    def sniff(self, row: dict[str, Json]) -> bool:
        if form := told_form(row):
            return form == self.name
        messages = row.get("messages")
        if not isinstance(messages, list):
            return False
        types = set(_types(messages))
        if not types.isdisjoint(DECISIVE):
            return True
        if any(_of_openai(message) for message in messages):
            return False
        own_tools = any(
            isinstance(tool, dict) and "input_schema" in tool for tool in _listed(row.get("tools"))
        )
        return own_tools or not types.isdisjoint(THINKING) or isinstance(row.get("system"), str | list)

    def take(self, row: dict[str, Json], reading: Reading) -> Conversation | None:
        values = row.get("messages")
        if isinstance(values, str):  # as in a CSV file
            values = reading.parsed(values, "$.messages", "a JSON array of messages")
        if not isinstance(values, list):
            if not reading.failed:
                reading.error("$.messages", "an array of messages", shown(values))
            values = []
        turns = Turns(reading)
        turns.system(row.get("system"))
        for index, value in enumerate(values):
            turns.message(value, f"$.messages[{index}]")
        frame = _frame(row, reading)
        return None if reading.failed else _joined(turns, frame, reading)

    def write(self, conversation: Conversation) -> dict[str, Json]:
        faults = unsayable(conversation)
        found = Reading()
        for index, message in enumerate(conversation.messages):
            if index and isinstance(message, SystemMessage):
                found.error(f"$.messages[{index}]", "one system message, before all", "a system message")
        if faults or found.faults:
            raise FormatError("content blocks cannot say this conversation", [*faults, *found.faults])
        metadata, failed = _errors(conversation)
        messages, kept = with_all_ids(conversation.messages)
        rows, _ = write_blocks(messages, failed)
        row: dict[str, Json] = {"messages": rows}
        if conversation.messages and isinstance(conversation.messages[0], SystemMessage):
            row = {"system": conversation.messages[0].content, **row}
        if conversation.tools:
            row["tools"] = [
                {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
                for tool in conversation.tools
            ]
        kept |= kept_malformed(messages)
        return write_beside(msgspec.structs.replace(conversation, metadata=metadata), row, kept, self.name)

    def place(self, conversation: Conversation, path: str) -> str:
        match = MESSAGE.fullmatch(path)
        if not match:
            tools = path.startswith("$.tools")
            return path.replace("].parameters", "].input_schema", 1) if tools else path
        index, inside = int(match[1]), match[2]
        if inside.startswith(".malformed"):
            return f'$.metadata.{KEY}.malformed["{index}"]{inside.removeprefix(".malformed")}'
        _, places = write_blocks(conversation.messages, frozenset())
        return places[index] + within(conversation.messages[index], places[index], inside)


FORMAT = Anthropic()


def _joined(turns: Turns, frame: Frame, reading: Reading) -> Conversation | None:
    """The conversation of a row whose blocks and frame hold."""
    metadata, kept = taken(frame.metadata)
    messages = with_ids(read_placed(turns.placed, reading, _as_block), kept, reading)
    messages = with_malformed(messages, kept, reading)
    metadata = _with_errors(metadata, messages, turns.failed, reading)
    if reading.failed:
        return None
    return Conversation(messages=messages, tools=frame.tools, id=frame.id, metadata=metadata)


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _types(messages: list[Json]) -> Iterator[str]:
    """The types of all content blocks."""
    for message in messages:
        for block in _listed(message.get("content")) if isinstance(message, dict) else []:
            if isinstance(block, dict) and isinstance(block.get("type"), str):
                yield block["type"]


def _of_openai(message: Json) -> bool:
    own = ("system", "developer", "tool", "function")
    return isinstance(message, dict) and (message.get("role") in own or "tool_calls" in message)


def _frame(row: dict[str, Json], reading: Reading) -> Frame:
    """What stands beside the messages, the tools' schemas under their own name."""
    tools = row.get("tools")
    own = ("system", "messages")
    rest = {key: value for key, value in row.items() if key not in (*own, "stream")}
    if isinstance(tools, list):
        rest["tools"] = [_openai_tool(tool, f"$.tools[{i}]", reading) for i, tool in enumerate(tools)]
    if "stream" in row:  # of a request's body, and too near to `system` to be told from a slip
        given = rest.get("metadata") or {}
        rest["metadata"] = {"stream": row["stream"], **given} if isinstance(given, dict) else given
    inner = Reading()
    frame = read_frame(rest, own, inner)
    for fault in inner.faults:
        path = fault.path
        if path.startswith("$.tools"):
            path = path.replace("].parameters", "].input_schema", 1)
        reading.faults.append(msgspec.structs.replace(fault, path=path))
    return frame


def _openai_tool(tool: Json, path: str, reading: Reading) -> Json:
    if not isinstance(tool, dict) or "function" in tool:
        return tool
    if "input_schema" not in tool and tool.get("type", "custom") not in ("custom", None):
        expected = 'a tool {"name": …, "description": …, "input_schema": {…}}'
        reading.error(path, expected, f"a built-in tool, {shown(tool['type'])}", "declare its schema")
    return {
        "parameters" if key == "input_schema" else key: value for key, value in tool.items() if key != "type"
    }


def _as_block(inside: str) -> str:
    return inside.replace(".tool_call_id", ".tool_use_id", 1)


# Results that say they are errors


def _with_errors(
    metadata: dict[str, Json], messages: Sequence[Message], indices: set[int], reading: Reading
) -> dict[str, Json]:
    """The metadata, with the ids of the results that were marked as errors."""
    failed = [
        message.call_id
        for index, message in enumerate(messages)
        if index in indices and isinstance(message, ToolMessage)
    ]
    if not failed:
        return metadata
    if "is_error" in metadata:
        found = "`is_error` in the metadata, and results marked so"
        reading.error("$.metadata.is_error", "another name for a key of your own", found)
    return {**metadata, "is_error": list(dict.fromkeys(failed))}


def _errors(conversation: Conversation) -> tuple[dict[str, Json], frozenset[str]]:
    """The metadata without `is_error`, and the ids in it, where it names results of this conversation."""
    given = conversation.metadata.get("is_error")
    results = dict.fromkeys(m.call_id for m in conversation.messages if isinstance(m, ToolMessage))
    if not isinstance(given, list) or not given or given != [one for one in results if one in given]:
        return conversation.metadata, frozenset()
    rest = {key: value for key, value in conversation.metadata.items() if key != "is_error"}
    return rest, frozenset(given)
