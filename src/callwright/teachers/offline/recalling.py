"""Answering call after call: the mined exchange that is most like the last turn, its slots filled."""

import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    Tool,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from callwright.teachers.offline import discourse
from callwright.teachers.offline.alignment import content, leaves, located
from callwright.teachers.offline.forms import number_of, text_of
from callwright.teachers.offline.lexicon import Lexicon, Name, candidates, head, last_word, words_of
from callwright.teachers.offline.shapes import kind_of, shape
from callwright.teachers.offline.templates import MARK, Carry, Exchange, Hole, Pointer, Signature, Slot
from callwright.teachers.offline.values import Kinds


class Past(msgspec.Struct, frozen=True):
    """An exchange of the conversation that is answered."""

    text: str
    calls: tuple[ToolCall, ...]


class Commands:
    """Mined exchanges, ready to be looked up."""

    def __init__(
        self, exchanges: Sequence[Exchange], kinds: Kinds, lexicon: Lexicon, tools: Sequence[Tool]
    ) -> None:
        self.exchanges, self.kinds, self.lexicon = list(exchanges), kinds, lexicon
        self.words = [words_of(e.text) for e in self.exchanges]
        self.heads = [head(e.text) for e in self.exchanges]
        self.gaps = [
            len({m.slot for m in e.mentions if isinstance(e.slots[m.slot].sample, str)})
            for e in self.exchanges
        ]
        self.tool_words: dict[tuple[str, ...], set[str]] = {
            (tool.name,): {*words_of(tool.name.replace("_", " ")), *content(tool.description)}
            for tool in tools
        }
        for exchange, words in zip(self.exchanges, self.words, strict=True):
            if not exchange.made:
                self.tool_words.setdefault(exchange.tools, set()).update(words)

    def answer(self, conversation: Conversation, past: Sequence[Past]) -> tuple[ToolCall, ...]:
        """The calls of the exchange that fits best; none where nothing fits."""
        last = next(m.content for m in reversed(conversation.messages) if isinstance(m, UserMessage))
        best: tuple[float, tuple[ToolCall, ...]] = (-9.0, ())
        words = words_of(last)
        ranked = sorted(
            range(len(self.exchanges)),
            key=lambda n: (-self._score(n, words, last, past), self.exchanges[n].number),
        )
        for number in ranked[:25]:
            exchange = self.exchanges[number]
            values = self._values(exchange, last, past)
            if values is None:
                continue
            score = self._score(number, words, last, past) - 0.35 * sum(v is None for v in values)
            if score > best[0] and not any(v is None for v in values):
                best = (
                    score,
                    tuple(
                        ToolCall(id=f"call_{n + 1}", name=plan.tool, arguments=filled(plan.arguments, values))
                        for n, plan in enumerate(exchange.calls)
                    ),
                )
        return best[1]

    def _score(self, number: int, words: set[str], text: str, past: Sequence[Past]) -> float:
        exchange = self.exchanges[number]
        score = self.lexicon.likeness(words, self.words[number])
        known = self.tool_words.get(exchange.tools, set())
        total = self.lexicon.total_weight(words)
        score += 0.5 * self.lexicon.total_weight(words & known) / total if total else 0.0
        if found := _pattern(exchange.text).fullmatch(text.strip()):
            said = [self.lexicon.trimmed(raw) for raw in found.groups()]
            if all(said):
                score += 1.0 - 0.6 * sum(map(len, said)) / len(text)
        first = head(text)
        if first and first == self.heads[number]:
            score += 0.4
        elif first and first in known:
            score += 0.2
        # A name that the template has no gap for speaks against it, and so does a gap without a name.
        strong = sum(name.strong for name in self.lexicon.names(text))
        score -= 0.25 * max(0, strong - self.gaps[number]) + 0.15 * max(0, self.gaps[number] - max(strong, 1))
        if past and discourse.leans(text) and exchange.tools == tuple(c.name for c in past[-1].calls):
            score += 0.3
        if exchange.needs:
            score += 0.15 if _met(exchange, past) else -1.0
        elif not exchange.first:
            score += 0.02 if past else -0.05
        return score

    def _values(self, exchange: Exchange, text: str, past: Sequence[Past]) -> list[Json] | None:
        """A value for each slot, None where none is found; no list where a carried one is missing."""
        values: list[Json] = [None] * len(exchange.slots)
        for number, slot in enumerate(exchange.slots):
            if slot.carry:
                values[number] = _carried(slot.carry, past)
                if values[number] is None and any(_fills(plan.arguments, number) for plan in exchange.calls):
                    return None
                values[number] = "" if values[number] is None else values[number]
        groups = _pattern(exchange.text).fullmatch(text.strip())
        names = self.lexicon.names(text)
        taken: set[int] = set()
        for number in dict.fromkeys(m.slot for m in exchange.mentions):
            slot = exchange.slots[number]
            if slot.carry:
                continue
            mention = next(n for n, m in enumerate(exchange.mentions) if m.slot == number)
            raw = groups.group(mention + 1) if groups else ""
            values[number] = self._found(slot, raw, text, names, taken)
        return values

    def _found(self, slot: Slot, raw: str, text: str, names: list[Name], taken: set[int]) -> Json:
        """What the template's gap holds, else the name that stands where its parameter's names stand."""
        listed = self.kinds[slot.key].schema.get("enum")
        if listed or number_of(slot.sample) is not None or slot.shape in ("time", "date"):
            return self._typed(slot, listed, raw or text, taken)
        if raw and (said := self.lexicon.trimmed(raw)):
            taken.update(n for n, name in enumerate(names) if name.text in said)
            return said
        beside = self.lexicon.beside.get(slot.key, set())
        free = [n for n in range(len(names)) if n not in taken]
        if not free:
            return None
        best = max(
            free,
            key=lambda n: (
                2 * (names[n].left in beside)
                + (kind_of(shape(names[n].text)) == slot.shape)
                + names[n].strong,
                -n,
            ),
        )
        taken.add(best)
        return names[best].text

    def _typed(self, slot: Slot, listed: Sequence[Json] | None, text: str, taken: set[int]) -> Json:
        """A member of an enumeration, a number, a time or a date that the text says, by the word before."""
        options = list(listed) if listed else candidates(shape(slot.sample), self.kinds.today, text)
        spans = [s for s in located(text, options, self.kinds.today) if -1 - s[0] not in taken]
        if not spans:
            return None
        beside = self.lexicon.beside.get(slot.key, set())
        chosen = max(spans, key=lambda s: (last_word(text[: s[0]]) in beside, -s[0]))
        taken.add(-1 - chosen[0])
        value = next(c for c in options if text_of(c) == chosen[2])
        return text_of(value) if isinstance(slot.sample, str) else value


def past_of(conversation: Conversation) -> list[Past] | None:
    """The exchanges before the last user turn; None where there are results or replies between."""
    past: list[Past] = []
    said: str | None = None
    for message in conversation.messages:
        if isinstance(message, UserMessage):
            said = message.content
        elif isinstance(message, AssistantMessage) and message.tool_calls and said is not None:
            past.append(Past(said, message.tool_calls))
            said = None
        elif isinstance(message, AssistantMessage | ToolMessage):
            return None
    return past if said is not None else None


def _fits(signature: Signature, calls: tuple[ToolCall, ...]) -> bool:
    if signature[:1] == ("=",) or len(signature) != len(calls):
        return False
    for (tool, arguments), call in zip(signature, calls, strict=True):
        held = {".".join(map(str, path)): leaf for path, leaf in leaves(call.arguments)}
        if tool != call.name or {name for name, _ in arguments} != held.keys():
            return False
        for name, want in arguments:
            is_shape = isinstance(want, str)
            if (is_shape and want != f":{kind_of(shape(held[name]))}") or (
                not is_shape and want[1] != repr(held[name])
            ):
                return False
    return True


def _met(exchange: Exchange, past: Sequence[Past]) -> bool:
    needs = exchange.needs
    return len(past) >= len(needs) and all(
        any(_fits(signature, earlier.calls) for signature in sorted(allowed, key=repr))
        for allowed, earlier in zip(needs, past[len(past) - len(needs) :], strict=True)
    )


def _carried(carry: Carry, past: Sequence[Past]) -> Json:
    if carry.offset > len(past):
        return None
    source = past[-carry.offset]
    for signature, pointer in carry.others:
        if _fits(signature, source.calls):
            return _at(source, pointer)
    return _at(source, carry.pointer)


def _at(source: Past, pointer: Pointer) -> Json:
    if pointer[0] == "t" or int(pointer[1]) >= len(source.calls):
        return None
    held: Json = source.calls[int(pointer[1])].arguments
    for part in pointer[2:]:
        try:
            held = held[part]
        except (KeyError, IndexError, TypeError):
            return None
    return held


def _fills(value: Json, slot: int) -> bool:
    return any(isinstance(leaf, Hole) and leaf.slot == slot for _, leaf in leaves(value))


def filled(value: Json, values: Sequence[Json]) -> Json:
    if isinstance(value, Hole):
        made = values[value.slot]
        if value.number:
            number = number_of(made)
            return made if number is None else number
        return text_of(made)
    if isinstance(value, dict):
        return {key: filled(inner, values) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, values) for inner in value]
    return value


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str]:
    """A template's text as a pattern; one group for each mention."""
    parts = [
        r"[\"'`“‘]?(.+?)[\"'`”’]?" if MARK <= ord(c) < MARK + 256 else re.escape(c)
        for c in text.strip().rstrip(".!?")
    ]
    return re.compile("".join(parts) + r"[.!?]*", re.IGNORECASE | re.DOTALL)
