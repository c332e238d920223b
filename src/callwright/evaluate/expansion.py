"""Expansion: test conversations as items, one for every turn that the model has to take."""

from collections.abc import Iterable

import msgspec

from callwright.conversation import AssistantMessage, Conversation, UserMessage


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One question to a model: the true history up to a turn, and the turn that the reference takes."""

    id: str
    """`conversation#turn`, unique among the items of a set."""
    conversation: str
    """Name of its conversation: its id, else its origin, else its number; unique within the set."""
    turn: int
    """Number of this turn among the assistant's turns of its conversation, from 1."""
    user_turn: int
    """User messages so far; turns of one piece of sequential work share it."""
    prompt: Conversation
    expected: AssistantMessage


def items(conversations: Iterable[Conversation], *, expand: bool) -> list[Item]:
    """One item for every assistant turn, in order; without `expand`, for each conversation's last call only.

    Turns where the reference replies in text are items too: they show whether a model calls when it should
    not. A conversation that never calls is asked for its last turn.
    """
    found: list[Item] = []
    taken: set[str] = set()
    for number, conversation in enumerate(conversations, start=1):
        name = _unique(conversation.id or conversation.origin or f"row {number}", taken)
        turns = list(_turns(name, conversation))
        if not expand and turns:
            turns = [next((t for t in reversed(turns) if t.expected.tool_calls), turns[-1])]
        found += turns
    return found


def _turns(name: str, conversation: Conversation) -> Iterable[Item]:
    for turn, (index, expected) in enumerate(conversation.turns(), start=1):
        yield Item(
            id=f"{name}#{turn}",
            conversation=name,
            turn=turn,
            user_turn=sum(isinstance(message, UserMessage) for message in conversation.messages[:index]),
            prompt=conversation.upto(index),
            expected=expected,
        )


def _unique(name: str, taken: set[str]) -> str:
    candidate, count = name, 1
    while candidate in taken:
        count += 1
        candidate = f"{name} ({count})"
    taken.add(candidate)
    return candidate
