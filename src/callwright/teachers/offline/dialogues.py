"""Support-style conversations: a skeleton with other values, other words for a turn, cut where it may end."""

import json
import re
from collections.abc import Sequence
from random import Random

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
from callwright.teachers.offline.forms import number_of, say, text_of
from callwright.teachers.offline.shapes import kind_of, shape
from callwright.teachers.offline.skeletons import Line, Skeleton, Step
from callwright.teachers.offline.templates import MARK, Hole, Mention
from callwright.teachers.offline.values import Kinds
from callwright.teachers.offline.wording import Wording

AGREEING = re.compile(
    r"^(?:yes|yeah|yep|yup|ya|sure|ok|okay|correct|perfect|great|right|fine|good|exactly|absolutely|sounds|that)\b",
    re.IGNORECASE,
)
WAVERING = re.compile(
    r"\b(?:no|not|nope|but|change|instead|actually|make it|rather|another|other|different|don't|and)\b|\?|\d",
    re.IGNORECASE,
)
THANKING = re.compile(
    r"\b(?:thank|thanks|thx|that's all|that is all|that will be all|that'll be all|nothing else|bye)\b",
    re.IGNORECASE,
)


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
        self.pools: dict[tuple[Json, ...], list[tuple[Line, dict[str, str]]]] = {}
        """Turns that may stand for each other: the line, and which of its marks says which parameter."""
        self.signatures = [[_signature(s, at) for at in range(len(s.steps))] for s in self.skeletons]
        for found, signatures in zip(self.skeletons, self.signatures, strict=True):
            for at, signature in enumerate(signatures):
                if signature is not None:
                    line = found.steps[at].line
                    keys = {str(m.slot): found.entities[m.slot].key for m in line.mentions}
                    self.pools.setdefault(signature, []).append((line, keys))

    def compose(self, rng: Random) -> Conversation | None:
        """One conversation; None where the values drawn would not fit, to be tried again."""
        number = int(rng.random() * len(self.skeletons))
        chosen = self.skeletons[number]
        end = _end(chosen, rng)
        lines = [step.line for step in chosen.steps[:end]]
        for at, signature in enumerate(self.signatures[number][:end]):
            if signature is not None and rng.random() < 0.6:
                lines[at] = self._another(chosen, at, signature, rng)
        values = self._values(chosen, lines, rng)
        if values is None:
            return None
        messages = self._messages(chosen, lines, values, rng)
        if messages is None:
            return None
        return Conversation(
            messages=(*self.system, *messages),
            tools=chosen.tools,
            origin="offline",
            metadata={"teacher": "offline", "situation": "dialogue", "templates": [number]},
        )

    def _another(self, chosen: Skeleton, at: int, signature: tuple[Json, ...], rng: Random) -> Line:
        """Another line of the same signature, its marks pointing to this skeleton's entities."""
        own = chosen.steps[at].line
        pool = self.pools[signature]
        line, keys = pool[int(rng.random() * len(pool))]
        mine = {chosen.entities[m.slot].key: m.slot for m in own.mentions}
        if len(mine) != len(own.mentions) or sorted(mine) != sorted(keys.values()):
            return own
        return Line(line.text, tuple(Mention(mine[keys[str(m.slot)]], m.form) for m in line.mentions))

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
        self, chosen: Skeleton, lines: Sequence[Line], values: list[Json], rng: Random
    ) -> list[Message] | None:
        messages: list[Message] = []
        ids: dict[tuple[int, int], str] = {}
        for at, line in enumerate(lines):
            step = chosen.steps[at]
            if step.role == "user":
                text = self.wording.vary(line.text, (), rng, first=False, leaning=True)
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


def _signature(skeleton: Skeleton, at: int) -> tuple[Json, ...] | None:
    """What another turn must have in common to take this one's place; None: nothing may."""
    steps = skeleton.steps
    step = steps[at]
    before = steps[at - 1] if at else None
    after = steps[at + 1] if at + 1 < len(steps) else None
    if step.role == "user":
        return _user_signature(steps, at, step, before, after)
    if step.role == "assistant" and not step.calls and not step.line.mentions:
        if after is None:
            return ("farewell-reply", THANKING.search(before.line.text) is not None if before else False)
        asked = (
            step.line.text.rstrip(" .").endswith("?")
            and after.role == "user"
            and after.provides
            and after.safe
        )
        if asked and before is not None and before.role == "user" and not re.search(r"\d", step.line.text):
            return ("asking", after.provides, _next_tool(steps, at))
    return None


def _user_signature(
    steps: tuple[Step, ...], at: int, step: Step, before: Step | None, after: Step | None
) -> tuple[Json, ...] | None:
    text = step.line.text
    last = not any(later.role == "user" for later in steps[at + 1 :])
    if not step.line.mentions:
        if (
            last
            and before
            and before.role == "assistant"
            and THANKING.search(text)
            and "?" not in text
            and len(text) < 60
        ):
            return ("farewell", bool(re.match(r"\W*no", text.lower())))
        if after and after.calls and before and AGREEING.search(text) and not WAVERING.search(text):
            return ("agreeing",)
        return None
    if not step.safe or not step.provides or len(step.provides) != len({m.slot for m in step.line.mentions}):
        return None
    if WAVERING.search(re.sub(f"[{chr(MARK)}-{chr(MARK + 255)}]", "", text)) and before:
        return None
    asks = before is not None and "?" in before.line.text
    kind = "start" if before is None else "asked" if asks else "told"
    return ("provides", step.provides, kind, bool(after and after.calls), _next_tool(steps, at))


def _next_tool(steps: tuple[Step, ...], at: int) -> str:
    return next((step.calls[0][0] for step in steps[at + 1 :] if step.calls), "")


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
