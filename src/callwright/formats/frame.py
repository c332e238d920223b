"""What stands beside the messages in a row of any form: `id`, `tools`, `metadata`, keys of the user's own."""

from typing import NamedTuple

from callwright.conversation import Conversation, Json, Tool
from callwright.formats.reading import Reading, shown
from callwright.formats.tools import read_tools, write_tools
from callwright.registry import near


class Frame(NamedTuple):
    id: str
    tools: tuple[Tool, ...]
    metadata: dict[str, Json]


def read_frame(row: dict[str, Json], own: tuple[str, ...], reading: Reading) -> Frame:
    """Everything but the keys in `own`, which the form itself reads.

    A key that seems a slip of a known one is a fault: kept as metadata it would be lost without a word.
    """
    metadata = row.get("metadata") or {}
    if not isinstance(metadata, dict):
        reading.error("$.metadata", "an object", shown(metadata))
        metadata = {}
    known = (*own, "id", "tools", "metadata")
    for key, value in row.items():
        if key in known:
            continue
        hint = near(key, list(known))
        if key == "functions" or (hint.startswith("did you mean") and len(key) > 3):
            hint = "did you mean `tools`?" if key == "functions" else hint
            reading.error(f"$.{key}", "a known key, or one that cannot be mistaken for it", f"`{key}`", hint)
        elif key in metadata:
            reading.error(f"$.{key}", "a key once", f"`{key}` here and in `metadata`")
        else:
            metadata = {**metadata, key: value}
    identity = row.get("id")
    if not isinstance(identity, str | int | None) or isinstance(identity, bool):
        reading.error("$.id", "text or a number", shown(identity))
    tools = read_tools(row["tools"], "$.tools", reading) if row.get("tools") else ()
    return Frame(id="" if identity is None else str(identity), tools=tools, metadata=metadata)


def write_frame(conversation: Conversation, row: dict[str, Json]) -> dict[str, Json]:
    """`row` with what stands beside it, each only where there is something."""
    if conversation.id:
        row = {"id": conversation.id, **row}
    if conversation.tools:
        row["tools"] = write_tools(conversation.tools)
    if conversation.metadata:
        row["metadata"] = conversation.metadata
    return row
