"""Forms: the ways to call the tools of a job with texts that are said, and what is known of each."""

import re
from collections import Counter
from collections.abc import Sequence

import msgspec

from callwright.conversation import Json, Tool
from callwright.teachers.offline.actions import ACTIONS, NOUNS
from callwright.teachers.offline.alignment import leaves
from callwright.teachers.offline.templates import MARK, CallPlan, Exchange, Hole, Signature, Slot

# fmt: off
PLACES = frozenset((
    "destination", "dest", "to", "target", "into", "folder", "directory", "path", "place", "location",
    "where", "room", "recipient", "receiver", "contact", "person", "playlist", "list", "calendar",
))
# fmt: on
"""Parameters that say where a thing goes or who gets it."""
# fmt: off
GENERIC = frozenset((
    "name", "id", "title", "path", "value", "text", "source", "destination", "target", "query", "from",
    "to", "key",
))
# fmt: on
HEADS = {word: group[0] for group in NOUNS for word in group}
CONTAINED = {"folder": ("file",)}
# fmt: off
PREPOSITIONS = frozenset((
    "to", "into", "in", "inside", "for", "from", "with", "at", "by", "on", "under", "of", "as",
    "called", "named",
))
# fmt: on


SHAPES = ("word", "ended", "number", "time", "date")
"""Shapes of values that follow-ups can say; requests of the stock say the first two."""


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """A way to call a tool: which parameters, of which shapes, all of them texts that are said."""

    tool: str
    slots: tuple[tuple[str, Slot], ...]
    """(parameter, slot): the thing first, then where it goes or what it becomes."""
    order: tuple[str, ...] = ()
    """The parameters as the schema has them."""
    signature: Signature
    actions: tuple[str, ...]
    nouns: tuple[str, ...]
    """A word for each slot, empty where none is known."""
    around: str = ""
    """A word for where the tool works."""
    preposition: str = ""
    """What the examples put before the second value."""
    listed: bool = False
    """Whether its value is a member of an enumeration."""
    alone: bool = True
    """Whether no other tool has the action, so that the noun may stay away."""

    @property
    def named(self) -> bool:
        """Whether its values are names, so that requests of the stock can be made with them."""
        return (
            bool(self.actions) and all(slot.shape in SHAPES[:2] for _, slot in self.slots) and not self.listed
        )

    @property
    def ends(self) -> bool:
        """Whether nothing is left of the thing."""
        return any(ACTIONS[name].ends for name in self.actions)


def forms_of(tools: Sequence[Tool], exchanges: Sequence[Exchange]) -> list[Form]:
    """The forms that the examples call with, and that a stock request can be made for."""
    by_name = {tool.name: tool for tool in tools}
    actions = {tool.name: actions_of(tool, exchanges) for tool in tools}
    samples = {
        (slot.key, slot.shape): slot.sample
        for e in reversed(exchanges)
        for slot in e.slots
        if not slot.frozen and re.search(r"\w", str(slot.sample))
    }
    found: dict[Signature, Form] = {}
    for exchange in exchanges:
        if exchange.signature in found or len(exchange.calls) != 1:
            continue
        plan = exchange.calls[0]
        tool = by_name.get(plan.tool)
        if tool is None:
            continue
        slots = _slots(exchange, plan, samples)
        listed = any("enum" in tool.parameters.get("properties", {}).get(name, {}) for name in plan.arguments)
        if slots is None or len(slots) > 2 or (len(slots) != 1 and (listed or not actions[plan.tool])):
            continue
        if len(slots) == 2:
            slots = _ordered(slots)
            if slots is None:
                continue
        rivals = any(
            set(actions[plan.tool]) & set(names) for name, names in actions.items() if name != plan.tool
        )
        found[exchange.signature] = Form(
            tool=plan.tool,
            slots=tuple(slots),
            order=tuple(name for name in tool.parameters.get("properties", {}) if name in plan.arguments),
            signature=exchange.signature,
            actions=actions[plan.tool],
            nouns=tuple(_noun(tool, name, slot) for name, slot in slots),
            around=around(tool),
            preposition=_preposition(slots, exchanges, exchange.signature),
            listed=listed,
            alone=not rivals,
        )
    return list(found.values())


def _slots(
    exchange: Exchange, plan: CallPlan, samples: dict[tuple[str, str], Json]
) -> list[tuple[str, Slot]] | None:
    """The parameters with fresh slots; None where a value is not one that a stock request can say."""
    slots: list[tuple[str, Slot]] = []
    for name, value in plan.arguments.items():
        if not isinstance(value, Hole):
            return None
        slot = exchange.slots[value.slot]
        sample = samples.get((slot.key, slot.shape))
        if sample is None or slot.shape not in SHAPES:
            return None
        slots.append((name, Slot(key=slot.key, sample=sample, shape=slot.shape, forms=("exact",))))
    return slots


def _ordered(slots: list[tuple[str, Slot]]) -> list[tuple[str, Slot]] | None:
    """The thing before the place; None where the names do not tell which is which."""
    places = [bool(set(words_in(name)) & PLACES) for name, _ in slots]
    if sum(places) != 1:
        return None
    return sorted(slots, key=lambda pair: bool(set(words_in(pair[0])) & PLACES))


def actions_of(tool: Tool, exchanges: Sequence[Exchange]) -> tuple[str, ...]:
    """The actions of a tool: by its name, else by the first word of its description."""
    first = re.match(r"\w+", tool.description.lower())
    named = words_in(tool.name)
    for words in (named, [first[0], first[0].removesuffix("s")] if first else []):
        told = [name for name, action in ACTIONS.items() if action.triggers & set(words)]
        if told:
            found = told
            break
    else:
        return ()
    asked = " ".join(e.text.lower() for e in exchanges if e.tools == (tool.name,))
    if "move" in found and re.search(r"rename|new name", f"{tool.description} {asked}".lower()):
        found.append("rename")
    return tuple(dict.fromkeys(found))


def _noun(tool: Tool, name: str, slot: Slot) -> str:
    """A word for what the parameter holds."""
    spec = tool.parameters.get("properties", {}).get(name, {})
    own = [HEADS[word] for word in words_in(name) if word in HEADS]
    told = [HEADS[word] for word in words_in(str(spec.get("description", ""))) if word in HEADS]
    if {"file", "folder"} <= set(told):
        return "file" if slot.shape == "ended" else "folder"
    if own or told:
        return (own + told)[0]
    rest = [word for word in words_in(name) if word not in GENERIC]
    return rest[-1] if len(rest) == 1 and rest[0].isalpha() else ""


def around(tool: Tool) -> str:
    heads = [HEADS[word] for word in words_in(tool.description) if word in HEADS]
    return heads[-1] if heads else ""


def _preposition(
    slots: Sequence[tuple[str, Slot]], exchanges: Sequence[Exchange], signature: Signature
) -> str:
    """What most examples put before the last value."""
    seen: Counter[str] = Counter()
    for exchange in exchanges:
        if exchange.signature != signature:
            continue
        holes = {
            path[0]: value for path, value in leaves(exchange.calls[0].arguments) if isinstance(value, Hole)
        }
        for at, mention in enumerate(exchange.mentions):
            if slots and holes.get(slots[-1][0]) and mention.slot == holes[slots[-1][0]].slot:
                words = re.findall(r"[a-z]+", exchange.text[: exchange.text.find(chr(MARK + at))].lower())
                seen[next((w for w in reversed(words[-2:]) if w in PREPOSITIONS), "")] += 1
    best = seen.most_common(1)
    return best[0][0] if best else ""


def words_in(name: str) -> list[str]:
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    found = re.findall(r"[a-z]+", spaced.lower())
    return [word.removesuffix("s") if word.removesuffix("s") in HEADS else word for word in found]
