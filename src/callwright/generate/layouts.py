"""Layouts: how a situation lies in the turns of a conversation, around the tool at its heart."""

from collections.abc import Mapping, Sequence
from random import Random

import msgspec

from callwright.generate.flows import Flows, State
from callwright.generate.traits import Traits


class Layout(msgspec.Struct, frozen=True):
    """The tools of each user turn, and the turn in which the situation is seen."""

    turns: tuple[State, ...]
    heart: int


def layout(
    situation: str, tool: str, flows: Flows, traits: Traits, rng: Random, *, giving: Sequence[str]
) -> Layout:
    """Turns for a situation: its own, with others before and after as the examples have them.

    `tool`: the one at its heart; empty where there is none. `giving`: tools after which there is something to point
    back to. Never longer than the longest example, but for what the situation itself needs.
    """
    core, heart = _core(situation, (tool,) if tool else (), flows, giving, rng)
    turns = list(core)
    if not traits.several_turns:
        return Layout(tuple(turns), heart)
    room = rng.randint(len(core), max(len(core), traits.longest))
    while len(turns) < room:
        first = flows.previous(turns[0], rng)
        if first is None or not _allowed(first, traits):
            break
        turns.insert(0, first)
        heart += 1
    while len(turns) < room:
        last = flows.next(turns[-1], rng)
        if last is None or not _allowed(last, traits):
            break
        turns.append(last)
    return Layout(tuple(turns), heart)


def _core(
    situation: str, state: State, flows: Flows, giving: Sequence[str], rng: Random
) -> tuple[list[State], int]:
    """The turns that the situation needs, and which of them shows it."""
    if situation == "missing-argument":
        return [(), state], 1
    if situation == "correction":
        return [state, state], 1
    if situation in ("carried-over", "pronoun"):
        return [_giving(state, flows, giving, rng), state], 1
    if situation == "change-of-mind":
        return [_calling(flows.previous(state, rng)) or flows.other(state, rng), state], 1
    if situation in ("two-requests", "parallel-calls"):
        second = state if situation == "parallel-calls" and rng.random() < 0.5 else flows.other(state, rng)
        return [state + second], 0
    if situation == "already-known":
        return [_calling(flows.next((), rng)) or flows.other((), rng), ()], 1
    if situation == "out-of-scope" or situation == "small-talk":
        return [()], 0
    return [state], 0


def _giving(state: State, flows: Flows, giving: Sequence[str], rng: Random) -> State:
    """A turn before `state` that leaves a value behind."""
    for _ in range(4):
        first = flows.previous(state, rng)
        if first and any(name in giving for name in first):
            return first
    others = [name for name in giving if (name,) != state] or list(giving)
    return (rng.choice(others),) if others else state


def _calling(state: State | None) -> State:
    return state or ()


def _allowed(state: State, traits: Traits) -> bool:
    if not state:
        return traits.replies
    return len(state) == 1 or traits.results or traits.several_calls


def rival(tool: str, words: Mapping[str, frozenset[str]]) -> str:
    """The tool most like `tool` by the words of its name, description and parameters; empty where it is alone."""
    mine = words[tool]

    def alike(other: str) -> float:
        theirs = words[other]
        return len(mine & theirs) / max(1, len(mine | theirs))

    others = sorted((name for name in words if name != tool), key=lambda name: (-alike(name), name))
    return others[0] if others else ""
