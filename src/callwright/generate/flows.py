"""Flows: which tools follow which, turn by turn, as the examples and the tools' own words suggest."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import TypeAlias

import msgspec
import orjson

from callwright.conversation import Conversation, Json, Tool
from callwright.generate.exchanges import exchanges

State: TypeAlias = tuple[str, ...]
"""Tools called between two messages of the user, in order; empty: a reply alone."""

LINK = 0.5
"""What a link between a result and a parameter counts beside one transition seen."""
UNSEEN = 0.1
"""What every other tool counts, as a share of all that was seen."""


class Flows(msgspec.Struct, frozen=True):
    """What was seen."""

    after: Mapping[State | None, Mapping[State | None, float]]
    """State -> what comes next -> how often; None: the beginning and the end."""
    links: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Tool -> tool -> keys of its results that are parameters of the other."""
    tools: tuple[str, ...]

    def next(self, state: State, rng: Random) -> State | None:
        """What follows; None: the end."""
        weights = dict(self.after.get(state, {None: 1.0}))
        for name in state:
            for other in self.links.get(name, ()):
                weights[(other,)] = weights.get((other,), 0.0) + LINK
        return self._drawn(weights, rng)

    def previous(self, state: State, rng: Random) -> State | None:
        """What comes before; None: the beginning."""
        weights = {
            first: seconds[state]
            for first, seconds in self.after.items()
            if state in seconds and first != state
        }
        weights = weights or {None: 1.0}
        for name, others in self.links.items():
            if any(other in others for other in state) and (name,) != state:
                weights[(name,)] = weights.get((name,), 0.0) + LINK
        return self._drawn(weights, rng)

    def other(self, state: State, rng: Random) -> State:
        """A turn with another tool; the same one where there is no other."""
        weights: dict[State | None, float] = {(name,): 1.0 for name in self.tools if (name,) != state}
        for first in self.after.get(state, ()):
            if first and first in weights:
                weights[first] += 2.0
        return (_draw(weights, rng) or state) if weights else state

    def _drawn(self, weights: Mapping[State | None, float], rng: Random) -> State | None:
        rare = UNSEEN * sum(weights.values()) / len(self.tools)
        unseen: dict[State | None, float] = {(name,): rare for name in self.tools}
        return _draw({**unseen, **weights}, rng)


def flows_of(examples: Iterable[Conversation], tools: Sequence[Tool]) -> Flows:
    """Transitions of the examples, and links from the keys of their results to parameters of the same name."""
    after: dict[State | None, Counter[State | None]] = {}
    given: dict[str, set[str]] = {}
    declared = {tool.name for tool in tools}
    for conversation in examples:
        states: list[State | None] = [None]
        for part in exchanges(conversation):
            states.append(tuple(name for name in part.tools if name in declared))
            for name, result in zip(part.tools, part.results, strict=False):
                given.setdefault(name, set()).update(_keys(result))
        for first, second in zip(states, [*states[1:], None], strict=True):
            after.setdefault(first, Counter())[second] += 1
    takes = {tool.name: tool.parameters.get("properties", {}) for tool in tools}
    links = {
        name: {
            other: shared
            for other in takes
            if other != name
            and (shared := tuple(sorted(keys & set(takes[other]) - set(takes.get(name, ())))))
        }
        for name, keys in given.items()
    }
    return Flows(after, links, tuple(tool.name for tool in tools))


def _keys(result: str) -> set[str]:
    try:
        value = orjson.loads(result)
    except ValueError:
        return set()
    found: set[str] = set()
    _collect(value, found)
    return found


def _collect(value: Json, found: set[str]) -> None:
    if isinstance(value, dict):
        found.update(value)
        for inner in value.values():
            _collect(inner, found)
    elif isinstance(value, list):
        for inner in value:
            _collect(inner, found)


def _draw(weights: Mapping[State | None, float], rng: Random) -> State | None:
    states = sorted(weights, key=lambda state: (state is not None, state or ()))
    return rng.choices(states, [weights[state] for state in states])[0]
