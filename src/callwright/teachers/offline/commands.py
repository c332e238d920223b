"""Command-style conversations: exchanges laid one after the other so that each finds before it what it needs.

A target exchange is drawn, rare ones as readily as common ones; what must precede it is laid from any
exchanges of the same signature, each with its own needs met; values are drawn, carried and said; nothing is
called that no words say.
"""

import re
from collections.abc import Sequence
from random import Random

import msgspec

from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    Message,
    SystemMessage,
    Tool,
    ToolCall,
    UserMessage,
)
from callwright.teachers.offline.changes import changed
from callwright.teachers.offline.choosing import STOCK, balanced, follow, lengths
from callwright.teachers.offline.forms import say, text_of
from callwright.teachers.offline.grammar import expand
from callwright.teachers.offline.saying import quoted, set_article
from callwright.teachers.offline.shapes import kind_of, shape
from callwright.teachers.offline.templates import MARK, Carry, Exchange, Hole, Pointer, Signature, Slot
from callwright.teachers.offline.values import Kinds
from callwright.teachers.offline.wording import Wording

LONGER = 0.8
"""Share of conversations of one request without a value that go on."""
OPTIONS = 6
"""How many turns are tried where one has to be laid before another."""
MARKS = re.compile(f"[{chr(MARK)}-{chr(MARK + 255)}]")


class Done(msgspec.Struct, frozen=True):
    """An exchange with its values."""

    exchange: Exchange
    text: str
    calls: tuple[tuple[str, dict[str, Json]], ...]
    values: tuple[Json, ...]

    def at(self, pointer: Pointer) -> Json:
        """The value an exchange holds there."""
        if pointer[0] == "t":
            return self.values[int(pointer[1])]
        held: Json = self.calls[int(pointer[1])][1]
        for part in pointer[2:]:
            held = held[part]
        return held


class CommandComposer:
    """New conversations from mined exchanges."""

    def __init__(
        self,
        exchanges: Sequence[Exchange],
        chains: Sequence[Sequence[int]],
        kinds: Kinds,
        flows: set[tuple[str, str]],
        wording: Wording,
        *,
        system: str,
        tools: tuple[Tool, ...],
        ending: frozenset[str] = frozenset(),
    ) -> None:
        """`ending`: tools that leave nothing of what they are called with."""
        self.ending = ending
        self.exchanges, self.kinds, self.wording = exchanges, kinds, wording
        self.flows = sorted(flows)
        self.system = (SystemMessage(system),) if system else ()
        self.tools = tools
        self.alike: dict[Signature, list[Exchange]] = {}
        for exchange in exchanges:
            self.alike.setdefault(exchange.signature, []).append(exchange)
        self.worded: dict[Signature, list[Exchange]] = {}
        """Requests of the stock by what they call with."""
        for exchange in exchanges:
            if exchange.grammar and not exchange.needs:
                self.worded.setdefault(exchange.signature, []).append(exchange)
        self.frozen = {e.number for e in exchanges if any(slot.frozen for slot in e.slots)}
        self._found: dict[frozenset[Signature], list[Exchange]] = {}
        self.by_number = {exchange.number: exchange for exchange in exchanges}
        self.lengths = lengths(chains)
        self.targets, self.weights = balanced(exchanges)
        self.free = [e for e in exchanges if not e.needs] or list(exchanges)
        self.openers = [e for e in exchanges if e.first and not e.needs]
        self.follow = follow(exchanges, chains)
        self.single = max((len(chain) for chain in chains), default=1) == 1

    def compose(self, rng: Random) -> Conversation | None:
        """One conversation; None where the values drawn would not fit, to be tried again."""
        length = rng.choices(self.lengths[0], cum_weights=self.lengths[1])[0]
        done: list[Done] = []
        used: set[str] = set()
        for _ in range(24):
            if len(done) >= length:
                break
            plan = self._plan(done, rng, length - len(done))
            if length == 1 < self.lengths[0][-1] and not plan[-1].slots and rng.random() < LONGER:
                # Requests that name nothing are few; alone they would soon be said twice.
                length = 2
            for exchange in plan:
                finished = self._realise(exchange, done, used, rng)
                if finished is None:
                    break
                done.append(finished)
        if not done:
            return None
        return self._conversation(done)

    def _plan(self, done: Sequence[Done], rng: Random, room: int) -> list[Exchange]:
        """The next target with what must be laid before it."""
        tail = [d.exchange for d in done]
        said = {exchange.number for exchange in tail}
        for _ in range(12):
            target = rng.choices(self.targets, cum_weights=self.weights)[0]
            if tail and rng.random() < 0.35:
                followed = self.follow.get(tail[-1].tools)
                if followed:
                    target = self._reworded(followed[int(rng.random() * len(followed))], rng)
            plan = self._laid(target, tail, rng, 0)
            # Nobody says the very same thing twice, unless there is nothing else to say.
            numbers = [exchange.number for exchange in plan if not exchange.grammar]
            if plan and len(plan) <= room and len({*numbers}) == len(numbers) and said.isdisjoint(numbers):
                return plan
        choices = self.free if tail else (self.openers or self.free)
        return [choices[int(rng.random() * len(choices))]]

    def _reworded(self, target: Exchange, rng: Random) -> Exchange:
        """Now and then the same kind of request in words of the stock."""
        others = [] if target.needs or rng.random() > STOCK else self.worded.get(target.signature, [])
        return others[int(rng.random() * len(others))] if others else target

    def _laid(self, target: Exchange, tail: list[Exchange], rng: Random, depth: int) -> list[Exchange]:
        """`target` behind what it needs; empty where that cannot be laid."""
        if not target.needs:
            return [target] if target.first or tail else []
        if _met(target, tail) and rng.random() < 0.9:
            return [target]
        if depth > 6:
            return []
        plan: list[Exchange] = []
        for allowed in target.needs:
            options = self._options(allowed, rng)
            for option in options[: OPTIONS if depth < 2 else 2]:
                step = (
                    self._laid(option, [*tail, *plan], rng, depth + 1)
                    if not plan
                    else ([option] if (not option.needs or _met(option, [*tail, *plan])) else [])
                )
                if step:
                    plan += step
                    break
            else:
                return []
        return [*plan, target] if _met(target, [*tail, *plan]) else []

    def _options(self, allowed: frozenset[Signature], rng: Random) -> list[Exchange]:
        """A few of the exchanges allowed, in any order."""
        found = self._allowed(allowed)
        drawn = [found[int(rng.random() * len(found))] for _ in range(OPTIONS)] if found else []
        # A turn whose wording holds for one value alone would come too often where it only leads up to one.
        drawn.sort(key=lambda e: e.number in self.frozen and rng.random() < 0.7)
        return drawn

    def _allowed(self, allowed: frozenset[Signature]) -> list[Exchange]:
        if allowed not in self._found:
            self._found[allowed] = found = []
            for signature in sorted(allowed, key=repr):
                if signature[0] == "=":
                    found.append(self.by_number[signature[1]])
                else:
                    found += self.alike.get(signature, [])
        return self._found[allowed]

    def _realise(self, exchange: Exchange, done: Sequence[Done], used: set[str], rng: Random) -> Done | None:
        values: list[Json] = [None] * len(exchange.slots)
        order = sorted(range(len(values)), key=lambda n: _rank(exchange.slots[n]))
        fresh: list[str] = []
        for number in order:
            slot = exchange.slots[number]
            value = self._value(slot, values, done, used, rng, exchange)
            if value is None:
                return None
            values[number] = value
            if slot.carry is None:
                fresh.append(text_of(value).casefold())
                used.add(fresh[-1])
        text = self._text(exchange, values, rng, first=not done)
        if text is None:
            return None
        calls = tuple((plan.tool, _filled(plan.arguments, values)) for plan in exchange.calls)
        return Done(exchange, text, calls, tuple(values))

    def _value(
        self,
        slot: Slot,
        values: list[Json],
        done: Sequence[Done],
        used: set[str],
        rng: Random,
        exchange: Exchange,
    ) -> Json:
        if slot.carry:
            return _carried(slot.carry, done)
        if slot.frozen:
            return slot.sample if text_of(slot.sample).casefold() not in used else None
        if slot.derived and rng.random() < 0.6:
            base = (
                values[slot.derived.base]
                if isinstance(slot.derived.base, int)
                else _carried(slot.derived.base, done)
            )
            made = changed(text_of(base), slot.derived.change, slot.derived.extra, rng)
            if made != base and text_of(made).casefold() not in used | {text_of(base).casefold()} - (
                {text_of(base).casefold()} if slot.derived.change == "case" else set()
            ):
                return made
        if done and not exchange.needs and isinstance(slot.sample, str) and rng.random() < 0.12:
            again = self._again(slot, done)
            if again is not None and all(say(again, form, self.kinds.today) for form in slot.forms):
                return again
        return self._fresh(slot, used, rng)

    def _again(self, slot: Slot, done: Sequence[Done]) -> Json:
        """A value of the exchange before that may flow into this parameter by its name."""
        last = done[-1].exchange
        if self.ending.intersection(last.tools):
            return None
        for number, other in enumerate(last.slots):
            if (other.key, slot.key) in self.flows and other.shape == slot.shape:
                return done[-1].values[number]
        return None

    def _fresh(self, slot: Slot, used: set[str], rng: Random) -> Json:
        value: Json = None
        for _ in range(10):
            value = self.kinds.draw(slot.key, slot.sample, rng)
            if kind_of(shape(value)) != slot.shape or not all(
                say(value, form, self.kinds.today) for form in slot.forms
            ):
                continue
            if text_of(value).casefold() not in used:
                return value
        if isinstance(slot.sample, str) and slot.shape not in ("time", "date"):
            return slot.sample if text_of(slot.sample).casefold() not in used else None
        return None

    def _text(self, exchange: Exchange, values: Sequence[Json], rng: Random, *, first: bool) -> str | None:
        if exchange.grammar:
            told = expand(exchange.grammar, rng)
        else:
            told = self.wording.reworded(exchange.text, exchange.tools, rng)
        varied = self.wording.vary(told, rng, first=first or self.single, leaning=bool(exchange.needs))
        parts: list[str] = []
        done = 0
        for match in MARKS.finditer(varied):
            at = match.start()
            parts.append(varied[done:at])
            done = match.end()
            mention = exchange.mentions[ord(match[0]) - MARK]
            said = say(values[mention.slot], mention.form, self.kinds.today)
            if said is None:
                return None
            slot = exchange.slots[mention.slot]
            set_article(parts, said)
            if "enum" in self.kinds[slot.key].schema:
                # `living_room` is said as `bedroom` was: in plain words.
                parts.append(
                    said
                    if "_" in text_of(slot.sample) and mention.form == "exact"
                    else said.replace("_", " ")
                )
            else:
                parts.append(quoted(said, varied, at, slot, rng))
        parts.append(varied[done:])
        return "".join(parts)

    def _conversation(self, done: Sequence[Done]) -> Conversation:
        messages: list[Message] = list(self.system)
        number = 0
        for step in done:
            calls = []
            for name, arguments in step.calls:
                number += 1
                calls.append(ToolCall(id=f"call_{number}", name=name, arguments=arguments))
            messages += (UserMessage(step.text), AssistantMessage(tool_calls=tuple(calls)))
        templates = [step.exchange.number for step in done]
        return Conversation(
            messages=tuple(messages),
            tools=self.tools,
            origin="offline",
            metadata={"teacher": "offline", "situation": _situation(done), "templates": templates},
        )


def _situation(done: Sequence[Done]) -> str:
    """The most telling of what its turns are cases of."""
    made = {step.exchange.made for step in done}
    for name in ("change-of-mind", "correction", "pronoun"):
        if name in made:
            return name
    carried = any(slot.carry for step in done for slot in step.exchange.slots)
    return "carried-over" if carried or any(step.exchange.needs for step in done) else "ordinary"


def _rank(slot: Slot) -> int:
    return 0 if slot.carry else 2 if slot.derived else 1


def _carried(carry: Carry, done: Sequence[Done]) -> Json:
    source = done[-carry.offset]
    for signature, pointer in carry.others:
        if source.exchange.signature == signature:
            return source.at(pointer)
    return source.at(carry.pointer)


def _met(exchange: Exchange, tail: Sequence[Exchange]) -> bool:
    needs = exchange.needs
    if len(tail) < len(needs):
        return False
    return all(
        earlier.signature in allowed or ("=", earlier.number) in allowed
        for allowed, earlier in zip(needs, tail[len(tail) - len(needs) :], strict=True)
    )


def _filled(value: Json, values: Sequence[Json]) -> Json:
    if isinstance(value, Hole):
        return values[value.slot]
    if isinstance(value, dict):
        return {key: _filled(inner, values) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, values) for inner in value]
    return value
