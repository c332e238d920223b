"""Support-style conversations: a skeleton with other values, other words for a turn, cut where it may end."""

import json
import re
from collections.abc import Sequence
from random import Random

import msgspec
from msgspec.structs import replace

from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    Message,
    SystemMessage,
    Tool,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from callwright.teachers.offline.alignment import leaves
from callwright.teachers.offline.cases import CASES
from callwright.teachers.offline.forms import number_of, say, text_of
from callwright.teachers.offline.grammar import expand, joined
from callwright.teachers.offline.replies import AGREED, FAREWELL, GIVING, LEAVING, THANKING
from callwright.teachers.offline.sequels import CORRECTING
from callwright.teachers.offline.shapes import kind_of, shape
from callwright.teachers.offline.skeletons import Line, Skeleton
from callwright.teachers.offline.standing import prepositions, signature_of
from callwright.teachers.offline.templates import MARK, Hole, Mention
from callwright.teachers.offline.values import Kinds
from callwright.teachers.offline.wording import Wording

CORRECTED = 0.15
"""Share of dialogues in which a value is amended before the call, where that can be."""
EXCHANGED = 0.75
"""Share of the turns that take other words, where others may stand there."""
STOCK = 0.5
"""Of these, the share that takes them from the stock."""
TOLD: dict[tuple[Json, ...], str] = {
    ("agreeing",): AGREED,
    ("farewell", True): LEAVING,
    ("farewell", False): THANKING,
    ("farewell-reply",): FAREWELL,
}


class Amended(msgspec.Struct, frozen=True):
    """A correction before a call."""

    at: int
    """The reply after which it is said; the reply comes again, with the new value."""
    line: Line
    values: list[Json]
    """All values from then on."""


class DialogueComposer:
    """New conversations from skeletons."""

    def __init__(
        self,
        skeletons: Sequence[Skeleton],
        kinds: Kinds,
        wording: Wording,
        *,
        system: str,
        tools: tuple[Tool, ...],
    ) -> None:
        self.skeletons, self.kinds, self.wording, self.tools = list(skeletons), kinds, wording, tools
        self.system = (SystemMessage(system),) if system else ()
        self.whole = [n for n, s in enumerate(skeletons) if s.grounded] or list(range(len(skeletons)))
        """Those whose examples call with nothing, and reply nothing, that was not said."""
        self.before = prepositions(skeletons)
        self.pools: dict[tuple[Json, ...], list[tuple[Line, dict[str, str]]]] = {}
        """Turns that may stand for each other: the line, and which of its marks says which parameter."""
        self.signatures = [[signature_of(s, at) for at in range(len(s.steps))] for s in self.skeletons]
        for found, signatures in zip(self.skeletons, self.signatures, strict=True):
            for at, signature in enumerate(signatures):
                if signature is not None:
                    line = found.steps[at].line
                    keys = {str(m.slot): found.entities[m.slot].key for m in line.mentions}
                    self.pools.setdefault(signature, []).append((line, keys))

    def compose(self, rng: Random) -> Conversation | None:
        """One conversation; None where the values drawn would not fit, to be tried again."""
        number = self.whole[int(rng.random() * len(self.whole))]
        chosen = self.skeletons[number]
        end = _end(chosen, rng)
        lines = [step.line for step in chosen.steps[:end]]
        for at, signature in enumerate(self.signatures[number][:end]):
            if signature is not None and rng.random() < EXCHANGED:
                lines[at] = self._another(chosen, at, signature, rng)
        values = self._values(chosen, lines, rng)
        if values is None:
            return None
        situation, amended = "ordinary", None
        if rng.random() < CORRECTED:
            amended = self._amended(chosen, self.signatures[number][:end], lines, values, rng)
        messages = self._messages(chosen, lines, values, amended, rng)
        if amended:
            situation = "correction"
        draw = rng.random()
        for name, (share, case) in CASES.items():
            draw -= share
            if draw < 0:
                made = case(messages, chosen.tools, rng)
                situation, messages = (name, made) if made else (situation, messages)
                break
        return Conversation(
            messages=(*self.system, *messages),
            tools=chosen.tools,
            origin="offline",
            metadata={"teacher": "offline", "situation": situation, "templates": [number]},
        )

    def _amended(
        self,
        chosen: Skeleton,
        signatures: Sequence[tuple[Json, ...] | None],
        lines: Sequence[Line],
        values: Sequence[Json],
        rng: Random,
    ) -> Amended | None:
        """Where the user amends what is about to be done, before agreeing to it; None where it cannot be."""
        for at, signature in enumerate(signatures[:-2]):
            if signature is None or signature[0] != "confirming":
                continue
            given = {slot for step in chosen.steps[:at] for slot in _slots(step.result)}
            slots = [m.slot for m in lines[at].mentions if m.slot not in given]
            slots = [slot for slot in slots if not chosen.entities[slot].frozen and self._asked(chosen, slot)]
            if not slots:
                continue
            slot = slots[int(rng.random() * len(slots))]
            entity = chosen.entities[slot]
            forms = {m.form for line in lines for m in line.mentions if m.slot == slot}
            used = {text_of(value).casefold() for value in values}
            other = self._fresh(entity.key, entity.value, sorted(forms), used, rng)
            if text_of(other).casefold() in used:
                continue
            form = next(m.form for line in lines for m in line.mentions if m.slot == slot)
            before = self.before[entity.key]
            word = before[int(rng.random() * len(before))]
            grammar = joined(list(CORRECTING)).replace("{p}", f"{word} " if word else "")
            text = expand(grammar.replace("{x}", chr(MARK)), rng)
            new = list(values)
            new[slot] = other
            line = Line(text[:1].upper() + text[1:], (Mention(slot, form),))
            return Amended(at, line, new)
        return None

    def _asked(self, chosen: Skeleton, slot: int) -> bool:
        """Whether users say such values, so that it is known how; a lone number would leave open what it is of."""
        entity = chosen.entities[slot]
        return entity.key in self.before and number_of(entity.value) is None

    def _another(self, chosen: Skeleton, at: int, signature: tuple[Json, ...], rng: Random) -> Line:
        """Another line of the same signature, its marks pointing to this skeleton's entities."""
        own = chosen.steps[at].line
        if rng.random() < STOCK and (told := self._told(own, signature, chosen, rng)):
            return told
        pool = self.pools[signature]
        line, keys = pool[int(rng.random() * len(pool))]
        mine = {chosen.entities[m.slot].key: m.slot for m in own.mentions}
        if len(mine) != len(own.mentions) or sorted(mine) != sorted(keys.values()):
            return own
        return Line(line.text, tuple(Mention(mine[keys[str(m.slot)]], m.form) for m in line.mentions))

    def _told(self, own: Line, signature: tuple[Json, ...], chosen: Skeleton, rng: Random) -> Line | None:
        """A line of the stock in place of this one, where the stock has such."""
        if grammar := TOLD.get(signature[:2] if signature[0] == "farewell" else signature[:1]):
            text = expand(grammar, rng)
            return Line(text[:1].upper() + text[1:] if own.text[:1].isupper() else text)
        if signature[0] != "provides" or signature[2] != "asked" or len(own.mentions) != 1:
            return None
        before = self.before.get(chosen.entities[own.mentions[0].slot].key)
        if not before:
            return None
        word = before[int(rng.random() * len(before))]
        text = expand(GIVING.replace("{p}", f"{word} " if word else "").replace("{x}", chr(MARK)), rng)
        return Line(text[:1].upper() + text[1:] if own.text[:1].isupper() else text, own.mentions)

    def _values(self, chosen: Skeleton, lines: Sequence[Line], rng: Random) -> list[Json] | None:
        forms: dict[int, set[str]] = {}
        for line in lines:
            for mention in line.mentions:
                forms.setdefault(mention.slot, set()).add(mention.form)
        literal = {word for line in lines for word in re.findall(r"\w+", line.text.lower())}
        used = {text_of(e.value).casefold() for e in chosen.entities if e.frozen} | literal
        values: list[Json] = []
        for number, entity in enumerate(chosen.entities):
            value = entity.value
            wanted = sorted(forms.get(number, ()))
            if not entity.frozen:
                value = self._fresh(entity.key, entity.value, wanted, used, rng)
            if any(say(value, form, self.kinds.today) is None for form in wanted):
                return None
            values.append(value)
            used.add(text_of(value).casefold())
        return values

    def _fresh(self, key: str, sample: Json, forms: Sequence[str], used: set[str], rng: Random) -> Json:
        for _ in range(12):
            value = self.kinds.draw(key, sample, rng)
            if text_of(value).casefold() in used or kind_of(shape(value)) != kind_of(shape(sample)):
                continue
            # `1 person` and `4 people`: one stays one, many stay many.
            if number_of(value) is not None and (number_of(value) == 1) != (number_of(sample) == 1):
                continue
            if all(say(value, form, self.kinds.today) is not None for form in forms):
                return value
        return sample

    def _messages(
        self,
        chosen: Skeleton,
        lines: Sequence[Line],
        values: list[Json],
        amended: Amended | None,
        rng: Random,
    ) -> list[Message]:
        messages: list[Message] = []
        ids: dict[tuple[int, int], str] = {}
        for at, line in enumerate(lines):
            step = chosen.steps[at]
            if step.role == "user":
                told = self.wording.reworded(line.text, (), rng)
                text = self.wording.vary(told, rng, first=False, leaning=True)
                messages.append(UserMessage(self._said(replace(line, text=text), values)))
            elif step.role == "tool":
                content = (
                    self._said(line, values)
                    if step.result is None
                    else json.dumps(_filled(step.result, values), ensure_ascii=False)
                )
                messages.append(ToolMessage(content=content, call_id=ids.get(step.answers, "")))
            else:
                calls = []
                for number, (name, arguments) in enumerate(step.calls):
                    ids[at, number] = f"call_{len(ids) + 1}"
                    calls.append(
                        ToolCall(id=ids[at, number], name=name, arguments=_filled(arguments, values))
                    )
                messages.append(AssistantMessage(content=self._said(line, values), tool_calls=tuple(calls)))
            if amended and at == amended.at:
                values = amended.values
                messages.append(UserMessage(self._said(amended.line, values)))
                messages.append(AssistantMessage(content=self._said(line, values)))
        return messages

    def _said(self, line: Line, values: list[Json]) -> str:
        parts: list[str] = []
        for letter in line.text:
            number = ord(letter) - MARK
            if 0 <= number < 256:
                mention = line.mentions[number]
                parts.append(
                    say(values[mention.slot], mention.form, self.kinds.today) or text_of(values[mention.slot])
                )
            else:
                parts.append(letter)
        return "".join(parts)


def _end(chosen: Skeleton, rng: Random) -> int:
    """Where the conversation stops: at its end, or now and then after an earlier reply to a result."""
    steps = chosen.steps
    if rng.random() > 0.25:
        return len(steps)
    ends = [
        at + 1
        for at in range(1, len(steps))
        if steps[at].role == "assistant" and not steps[at].calls and any(s.calls for s in steps[:at])
    ]
    return ends[int(rng.random() * len(ends))] if ends else len(steps)


def _slots(value: Json) -> set[int]:
    """The entities that a result holds."""
    return {leaf.slot for _, leaf in leaves(value) if isinstance(leaf, Hole)}


def _filled(value: Json, values: Sequence[Json]) -> Json:
    if isinstance(value, Hole):
        made = values[value.slot]
        if value.number and isinstance(made, str):
            return number_of(made)
        return text_of(made) if not value.number and not isinstance(made, str) else made
    if isinstance(value, dict):
        return {key: _filled(inner, values) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, values) for inner in value]
    return value
