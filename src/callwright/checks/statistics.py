"""Statistics: how a set of conversations is made up, as counts for people and for the rules of balance."""

from collections.abc import Mapping

import msgspec


class ParameterUse(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter of a tool, over all calls of it."""

    name: str
    required: bool
    given: int
    """Calls that give it."""
    values: dict[str, int] = {}
    """Allowed value -> calls that give it; empty unless it is an enum or a boolean."""
    default: str | None = None
    """That of the schema, spelled like `values`."""
    settled: bool = True
    """Whether all declarations of the tool say the same of it."""


class ToolUse(msgspec.Struct, frozen=True, kw_only=True):
    """A tool that is declared or called."""

    name: str
    declared: int
    """Conversations that declare it."""
    calls: int
    declared_calls: int
    """Calls by conversations that declare it: those whose parameters are counted."""
    rows: int
    """Conversations that call it."""
    opens: int
    """Conversations whose first call it is."""
    parameters: tuple[ParameterUse, ...] = ()


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of assistant's turn; each turn is of one kind."""

    name: str
    title: str
    """What the assistant does there."""
    turns: int
    rows: int
    """Conversations that have such a turn."""


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """A whole set. The histograms are value -> how many, smallest value first."""

    rows: int
    calls: int
    assistant_turns: int
    tools: tuple[ToolUse, ...]
    """The most called first."""
    situations: tuple[Situation, ...]
    """All that there are, those that never occur too."""
    turns: dict[int, int]
    """User's turns -> conversations."""
    calls_in_row: dict[int, int]
    """Calls -> conversations."""
    calls_in_turn: dict[int, int]
    """Calls -> assistant's turns that make so many; turns that make none are not in it."""
    user_characters: dict[int, int]
    """Characters -> messages of the user."""
    result_characters: dict[int, int]
    """Characters -> results."""
    orders: tuple[tuple[str, str, int], ...]
    """A tool, the one called next in the same conversation, how often; the most frequent first."""
    shapes: int
    """Different orders of situations among the conversations; not counted beyond `MANY`."""

    def parameters(self) -> dict[tuple[str, str], tuple[ToolUse, ParameterUse]]:
        """Names of tool and parameter -> both."""
        return {(tool.name, one.name): (tool, one) for tool in self.tools for one in tool.parameters}


MANY = 1000


def middle(histogram: Mapping[int, int], share: float = 0.5) -> int:
    """The value that `share` of all are not above; 0 of an empty one."""
    total = sum(histogram.values())
    seen = 0
    for value in sorted(histogram):
        seen += histogram[value]
        if seen >= total * share:
            return value
    return 0
