"""Traits: what the conversations of a job may have, read off its examples and its task."""

from collections.abc import Iterable, Sequence

import msgspec

from callwright.config.compatibility import SINGLE_TURN
from callwright.conversation import Conversation, Tool
from callwright.generate.exchanges import exchanges

NEEDS = ("replies", "several_calls", "results", "several_turns", "two_tools")
"""What a situation may need of a job; each is a field of `Traits`."""


class Traits(msgspec.Struct, frozen=True, kw_only=True):
    """What a job allows; nothing that is False here is ever planned."""

    replies: bool = False
    """The assistant may answer in words, without a call."""
    several_calls: bool = False
    """A turn may make several calls."""
    results: bool = False
    """Calls have results, after which the assistant goes on."""
    several_turns: bool = False
    """The user speaks more than once."""
    two_tools: bool = False
    longest: int = 1
    """User turns of the longest example."""

    def allow(self, needs: Iterable[str]) -> bool:
        return all(getattr(self, need) for need in needs)


def traits_of(examples: Iterable[Conversation], tools: Sequence[Tool], task: str) -> Traits:
    """What the examples show. A job of one turn has no second one, whatever its examples show."""
    replies = several_calls = results = False
    longest = 1
    for conversation in examples:
        parts = exchanges(conversation)
        longest = max(longest, len(parts))
        for part in parts:
            results = results or bool(part.results)
            replies = replies or bool(part.after and part.reply)
            several_calls = several_calls or any(len(turn.tool_calls) > 1 for _, turn in conversation.turns())
    longest = 1 if task == SINGLE_TURN else longest
    return Traits(
        replies=replies,
        several_calls=several_calls,
        results=results,
        several_turns=longest > 1,
        two_tools=len(tools) > 1,
        longest=longest,
    )
