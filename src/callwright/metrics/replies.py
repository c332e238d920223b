"""The decision between calling and replying, wherever the model had to take it."""

from collections.abc import Iterable

import msgspec

from callwright.conversation import AssistantMessage


class Decisions(msgspec.Struct, frozen=True, kw_only=True):
    """Turns by what was due and what was done."""

    called_when_due: int = 0
    replied_when_call_due: int = 0
    called_when_reply_due: int = 0
    replied_when_due: int = 0


def calls(message: AssistantMessage) -> bool:
    """Whether the turn calls, or tries to: a call that came out broken was still the decision to call."""
    return bool(message.tool_calls or message.malformed)


def decisions(turns: Iterable[tuple[AssistantMessage, AssistantMessage]]) -> Decisions:
    """Counts over `(expected, produced)` turns."""
    table = [[0, 0], [0, 0]]
    for expected, produced in turns:
        table[calls(expected)][calls(produced)] += 1
    (replied, called_instead), (replied_instead, called) = table
    return Decisions(
        called_when_due=called,
        replied_when_call_due=replied_instead,
        called_when_reply_due=called_instead,
        replied_when_due=replied,
    )
