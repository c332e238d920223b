"""What stands beside the turns, in rows of published sets and in those of forms with few words of their own."""

from collections.abc import Sequence
from difflib import get_close_matches
from functools import lru_cache

import msgspec

from callwright.conversation import Conversation, Json, Tool
from callwright.formats import FORMATS
from callwright.formats.frame import Frame, read_frame, write_frame
from callwright.formats.kept import KEY, keep, taken
from callwright.formats.reading import Reading


def read_beside(row: dict[str, Json], own: tuple[str, ...], reading: Reading) -> Frame:
    """As `read_frame`, for rows of published sets, which bring keys of many kinds.

    A key is a slip of a known one only if it comes very near to one that the row lacks.
    """
    known = (*own, "id", "tools", "metadata")
    frame = read_frame({key: value for key, value in row.items() if key in known}, own, reading)
    if len(row) == sum(key in row for key in known):
        return frame
    metadata = frame.metadata
    lacking = tuple(key for key in ("system", "id", "tools", "metadata") if key not in row)
    for key, value in row.items():
        if key in known:
            continue
        if meant := _slip(key, lacking):
            expected = "a known key, or one that cannot be mistaken for it"
            reading.error(f"$.{key}", expected, f"`{key}`", f"did you mean `{meant}`?")
        elif key in metadata:
            reading.error(f"$.{key}", "a key once", f"`{key}` here and in `metadata`")
        else:
            metadata = {**metadata, key: value}
    return frame._replace(metadata=metadata)


@lru_cache(maxsize=1024)  # the rows of a file have the same keys
def _slip(key: str, lacking: tuple[str, ...]) -> str:
    if key == "functions" and "tools" in lacking:
        return "tools"
    return next(iter(get_close_matches(key, lacking, n=1, cutoff=0.85)), "") if len(key) > 3 else ""


def write_beside(
    conversation: Conversation, row: dict[str, Json], kept: dict[str, Json], form: str
) -> dict[str, Json]:
    """`row` with id, metadata and what is to be `kept`, and the name of its form where the row tells another.

    Tools are the form's own affair.
    """
    written = _with_frame(conversation, row, kept)
    claiming = next((other.name for other in FORMATS.values() if other.sniff(written)), "")
    return written if claiming == form else _with_frame(conversation, row, {**kept, "form": form})


def _with_frame(conversation: Conversation, row: dict[str, Json], kept: dict[str, Json]) -> dict[str, Json]:
    metadata = keep(conversation.metadata, kept)
    return write_frame(msgspec.structs.replace(conversation, tools=(), metadata=metadata), dict(row))


def told_form(row: dict[str, Json]) -> str:
    """The form that the row says of itself to be; empty where its keys tell it."""
    metadata = row.get("metadata")
    form = taken(metadata)[1].get("form") if isinstance(metadata, dict) and KEY in metadata else None
    return form if isinstance(form, str) else ""


def bare_tools(tools: Sequence[Tool]) -> list[dict[str, Json]]:
    """Each tool as `{"name", "description", "parameters"}`."""
    return [msgspec.to_builtins(tool) for tool in tools]
