"""An action that people ask for in any trade, and how they do, as small grammars.

`[a|b]` is one of them, `[|b]` b or nothing. `{x}` is the thing that is named, `{y}` where it goes, what it becomes or
who gets it, `{n}` a word for the thing, `{ns}` for several of it, `{m}` a word for `{y}`, `{V}` a verb of the action,
`{A}` what may stand before a verb.
"""

import msgspec


class Action(msgspec.Struct, frozen=True, kw_only=True):
    triggers: frozenset[str]
    """Words of a tool's name, or the first of its description, that tell the action."""
    verbs: str
    """A grammar for `{V}`, taking the thing as its object."""
    bare: tuple[str, ...] = ()
    """Requests that name nothing."""
    one: tuple[str, ...] = ()
    """Requests that name a thing."""
    place: tuple[str, ...] = ()
    """Requests that name a thing and a place, a receiver or a whole that it goes to."""
    name: tuple[str, ...] = ()
    """Requests that name a thing and what it becomes."""
    ends: bool = False
    """Whether nothing is left of the thing."""


def lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())
