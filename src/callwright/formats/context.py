"""`context`: `{"context": "…"}`, where the text is JSON: an array of messages, or `{"messages", "tools"}`.

The form in which logs stand among unlabelled texts (`unstructured_with_openai_messages`). Messages and tools are
spelled as the OpenAI API has them; `id` and `metadata` stand beside the text.
"""

import json

import msgspec

from callwright.conversation import Conversation, Json
from callwright.errors import FormatError
from callwright.formats import Format
from callwright.formats.beside import told_form, write_beside
from callwright.formats.frame import Frame, read_frame
from callwright.formats.kept import taken, unsayable, with_all_ids, with_ids
from callwright.formats.messages import read_messages, write_message
from callwright.formats.placed import as_openai
from callwright.formats.reading import Reading, shown
from callwright.formats.tools import write_tools

EXPECTED = 'a string of JSON: an array of messages, or {"messages": […], "tools": […]}'
TEXT = "plain text that says how users speak belongs in the `unstructured` file of a job, where it needs no messages"
OTHERS = ("question", "answer", "messages", "conversations", "input", "output")
"""Keys of the forms in which a context is only something beside the conversation."""


class Context(Format):
    name = "context"
    example = '{"context": "[…]"}'

    def sniff(self, row: dict[str, Json]) -> bool:
        if form := told_form(row):
            return form == self.name
        return "context" in row and not any(key in row for key in OTHERS)

    def take(self, row: dict[str, Json], reading: Reading) -> Conversation | None:
        value = _parsed(row.get("context"), reading)
        outer = read_frame(row, ("context",), reading)
        inner, path = outer, "$.context"
        if isinstance(value, dict):
            path = "$.context.messages"
            inner = _inner_frame(value, reading)
            value = value.get("messages")
        if not isinstance(value, list):
            if not reading.failed:
                reading.error(path, "an array of messages", shown(value))
            return None
        metadata, kept = taken(_merged(outer, inner, reading))
        messages = with_ids(read_messages(value, path, reading), kept, reading)
        if reading.failed:
            return None
        tools = inner.tools or outer.tools
        return Conversation(messages=messages, tools=tools, id=outer.id or inner.id, metadata=metadata)

    def write(self, conversation: Conversation) -> dict[str, Json]:
        if faults := unsayable(conversation):
            raise FormatError("this conversation cannot be written as a context", faults)
        named, kept = with_all_ids(conversation.messages)
        messages: Json = [write_message(message) for message in named]
        tools = write_tools(conversation.tools)
        text = json.dumps({"messages": messages, "tools": tools} if tools else messages, ensure_ascii=False)
        return write_beside(conversation, {"context": text}, kept, self.name)

    def place(self, conversation: Conversation, path: str) -> str:
        if path.startswith("$.messages") and not conversation.tools:
            return as_openai(path).replace("$.messages", "$.context", 1)
        if path.startswith(("$.messages", "$.tools")):
            return as_openai(path).replace("$", "$.context", 1)
        return path


FORMAT = Context()


def _parsed(value: Json, reading: Reading) -> Json:
    """The array or object that the text holds; None where `reading` got an error."""
    if isinstance(value, list | dict):
        reading.warning("$.context", EXPECTED, shown(value), "taken as meant")
        return value
    if not isinstance(value, str):
        reading.error("$.context", EXPECTED, shown(value))
        return None
    if value.lstrip()[:1] not in ("[", "{"):
        reading.error("$.context", EXPECTED, shown(value), TEXT)
        return None
    return reading.parsed(value, "$.context", EXPECTED)


def _inner_frame(value: dict[str, Json], reading: Reading) -> Frame:
    """What stands beside the messages within the text."""
    inner = Reading()
    frame = read_frame(value, ("messages",), inner)
    for fault in inner.faults:
        reading.faults.append(msgspec.structs.replace(fault, path=fault.path.replace("$", "$.context", 1)))
    return frame


def _merged(outer: Frame, inner: Frame, reading: Reading) -> dict[str, Json]:
    if inner is outer:
        return outer.metadata
    for key in outer.metadata.keys() & inner.metadata.keys():
        reading.error(f"$.context.{key}", "a key once", f"`{key}` here and beside the context")
    for name in ("id", "tools"):
        if getattr(outer, name) and getattr(inner, name) and getattr(outer, name) != getattr(inner, name):
            reading.error(f"$.{name}", f"`{name}` once", "here and in the context")
    return {**inner.metadata, **outer.metadata}
