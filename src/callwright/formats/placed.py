"""Messages that stand in different places of a row, read as one list; each fault at the place where it stands."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from callwright.conversation import Json, Message
from callwright.errors import Fault
from callwright.formats.messages import read_messages, wrapped
from callwright.formats.reading import Reading

MESSAGE = re.compile(r"\$\.messages\[(\d+)\](.*)", re.DOTALL)
"""A path into a message of a conversation: its index, and what follows."""


class Placed(NamedTuple):
    """A message in the OpenAI form and its path in the row."""

    value: Json
    place: str


def read_placed(
    placed: Sequence[Placed], reading: Reading, renamed: Callable[[str], str] = str
) -> tuple[Message, ...]:
    """Every message, as `read_messages` has them; `renamed` spells the end of a fault's path as the row does."""
    inner = Reading()
    messages = read_messages([one.value for one in placed], "$.messages", inner)
    for fault in inner.faults:
        reading.faults.append(_moved(fault, placed, renamed))
    return messages


def _moved(fault: Fault, placed: Sequence[Placed], renamed: Callable[[str], str]) -> Fault:
    match = MESSAGE.fullmatch(fault.path)
    if not match:
        return fault
    return msgspec.structs.replace(fault, path=placed[int(match[1])].place + renamed(match[2]))


def as_openai(path: str) -> str:
    """A path into a conversation as the OpenAI API nests and names it: `….tool_calls[0].function.name`."""
    if path.startswith("$.tools["):
        return re.sub(r"^(\$\.tools\[\d+\])(?=\.)", r"\1.function", path)
    path = re.sub(r"^(\$\.messages\[\d+\])\.call_id\b", r"\1.tool_call_id", path)
    return wrapped(re.sub(r"^(\$\.messages\[\d+\])\.reasoning\b", r"\1.reasoning_content", path))
