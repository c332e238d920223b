"""Calling or replying, counted."""

from callwright.conversation import AssistantMessage, MalformedCall, ToolCall
from callwright.metrics.replies import Decisions, decisions

CALL = AssistantMessage(tool_calls=(ToolCall(name="ls"),))
BROKEN = AssistantMessage(malformed=(MalformedCall(raw="{", error="cut"),))
REPLY = AssistantMessage(content="Which one?")


def test_each_turn_falls_in_its_cell_and_a_broken_call_is_a_call() -> None:
    turns = [(CALL, CALL), (CALL, BROKEN), (CALL, REPLY), (REPLY, CALL), (REPLY, REPLY), (REPLY, REPLY)]
    assert decisions(turns) == Decisions(
        called_when_due=2, replied_when_call_due=1, called_when_reply_due=1, replied_when_due=2
    )
