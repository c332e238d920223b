"""Mining: command-style examples become exchanges with slots, and what each of them needs before it."""

from collections import Counter

from msgspec.structs import replace

from callwright.conversation import Conversation, Json, Tool, ToolCall
from callwright.teachers.offline import discourse
from callwright.teachers.offline.alignment import (
    Span,
    Turns,
    content,
    in_schema_order,
    key_of,
    leaves,
    located,
    stems,
    turns,
)
from callwright.teachers.offline.changes import change_between
from callwright.teachers.offline.forms import number_of, text_of
from callwright.teachers.offline.marking import literal, mark, signature_of, with_holes
from callwright.teachers.offline.shapes import kind_of, shape
from callwright.teachers.offline.templates import (
    MARK,
    CallPlan,
    Carry,
    Derived,
    Exchange,
    Hole,
    Pointer,
    Signature,
    Slot,
)
from callwright.teachers.offline.values import parameters


class Mined:
    """Everything that command-style examples teach."""

    def __init__(self, conversations: list[Conversation], tools: tuple[Tool, ...], today: str = "") -> None:
        self.exchanges: list[Exchange] = []
        self.chains: list[list[int]] = []
        """The exchanges of each example, in order."""
        self.observed: dict[str, list[Json]] = {}
        """Values said somewhere, by parameter."""
        self.flows: set[tuple[str, str]] = set()
        """(parameter, parameter) where a value of the first was carried to the second later."""
        self.tools = {tool.name: tool for tool in tools}
        self.enums = {key for tool in tools for key in _enums(tool)}
        taught = [found for c in conversations if (found := turns(c)) and not _marked(found)]
        self._words = _words_of(taught, tools)
        for index, (conversation, found) in enumerate(
            (c, found) for c in conversations if (found := turns(c)) and not _marked(found)
        ):
            _Reader(self, conversation.id or f"example {index + 1}", found, today).read()

    def evidence(self, text: str, names: tuple[str, ...], source: Turns) -> bool:
        """Whether the words tell the tool: another example or its description has one of them."""
        known = self._words
        said = content(text)
        own = Counter(
            word for line, calls in source if {c.name for c in calls} & set(names) for word in content(line)
        )
        return any(known[name][word] > own[word] for name in names for word in said)


def _enums(tool: Tool) -> list[str]:
    return [f"{tool.name}.{path}" for path, spec in parameters(tool.parameters) if "enum" in spec]


def _marked(found: Turns) -> bool:
    return any(MARK <= ord(c) < MARK + 256 for line, _ in found for c in line)


def _words_of(taught: list[Turns], tools: tuple[Tool, ...]) -> dict[str, Counter[str]]:
    words: dict[str, Counter[str]] = {tool.name: Counter() for tool in tools}
    for found in taught:
        for line, calls in found:
            values = {
                w for call in calls for _, leaf in leaves(call.arguments) for w in content(text_of(leaf))
            }
            for call in calls:
                words.setdefault(call.name, Counter()).update(content(line) - values)
    for tool in tools:
        words[tool.name].update({w: 1000 for w in content(tool.description) if len(w) > 2})
    return words


class _Reader:
    """One example, read exchange by exchange."""

    def __init__(self, mined: Mined, source: str, found: Turns, today: str) -> None:
        self.mined, self.source, self.turns, self.today = mined, source, found, today
        self.values: list[dict[Pointer, Json]] = []
        """Per exchange, what later ones may carry: arguments, then slots of the text."""
        self.fixed: list[set[Pointer]] = []
        """Per exchange, the arguments that no words carry."""
        self.made: list[Exchange] = []
        everything = [leaf for _, calls in found for call in calls for _, leaf in leaves(call.arguments)]
        self.candidates = [v for v in _distinct(everything) if isinstance(v, str) and number_of(v) is None]
        self.keys = {
            text_of(leaf): key_of(call.name, path)
            for _, calls in reversed(found)
            for call in calls
            for path, leaf in leaves(call.arguments)
        }

    def read(self) -> None:
        numbers = [self._exchange(index) for index in range(len(self.turns))]
        self.mined.chains.append(numbers)

    def _exchange(self, index: int) -> int:
        text, calls = self.turns[index]
        own = [leaf for call in calls for _, leaf in leaves(call.arguments)]
        spans = located(text, _distinct([*self._said_of(calls, own), *self._elsewhere(own)]), self.today)
        slots: list[Slot] = []
        place: dict[str, int] = {}
        for _, _, value, _ in spans:
            if value not in place:
                place[value] = len(slots)
                slots.append(self._slot(index, value, own, spans, text))
        marked, mentions = mark(text, spans, place)
        plans, pointers, fixed = self._plans(index, calls, slots, place, marked)
        pointers.update({("t", n): slot.sample for n, slot in enumerate(slots)})
        self.values.append(pointers)
        self.fixed.append(fixed)
        number = len(self.mined.exchanges)
        signature = signature_of(plans, slots)
        exchange = Exchange(
            number=number,
            source=self.source,
            text=marked,
            mentions=mentions,
            slots=tuple(slots),
            calls=tuple(plans),
            signature=signature,
        )
        exchange = self._leaning(index, exchange)
        self.made.append(exchange)
        self.mined.exchanges.append(exchange)
        return number

    def _said_of(self, calls: tuple[ToolCall, ...], own: list[Json]) -> list[Json]:
        return [leaf for leaf in own if not isinstance(leaf, bool) and leaf is not None and leaf != ""]

    def _elsewhere(self, own: list[Json]) -> list[Json]:
        """Names of other turns, which this one may speak of; members of an enumeration only where called."""
        return [v for v in self.candidates if v not in own and self.keys[v] not in self.mined.enums]

    def _slot(self, index: int, value: str, own: list[Json], spans: list[Span], text: str) -> Slot:
        sample = next((leaf for leaf in own if text_of(leaf) == value), value)
        key = next(
            (
                key_of(c.name, p)
                for c in self.turns[index][1]
                for p, leaf in leaves(c.arguments)
                if text_of(leaf) == value
            ),
            self.keys.get(value, ""),
        )
        forms = tuple(dict.fromkeys(form for *_, said, form in spans if said == value))
        mine = any(text_of(leaf) == value for leaf in own)
        carry = None if mine else self._source(index, value, weak=True)
        if mine:
            self.mined.observed.setdefault(key, []).append(sample)
        bare = "".join(c for c in literal(text, spans))
        # Words near the value that speak of it, or a second spelling of it, hold for this very value only.
        tied = (
            bool(stems(bare) & stems(value.replace("_", " "))) or len(forms) > 1
        ) and key not in self.mined.enums
        return Slot(
            key=key,
            sample=sample,
            shape=kind_of(shape(sample)),
            carry=carry,
            forms=forms,
            frozen=carry is None and tied and isinstance(sample, str) and number_of(sample) is None,
        )

    def _source(self, index: int, value: str, *, weak: bool) -> Carry | None:
        """The nearest earlier exchange that has the value; only with `weak` one whose words do not say it."""
        for offset in range(1, index + 1):
            held = self.values[index - offset]
            for pointer, leaf in held.items():
                if text_of(leaf) == value and (weak or pointer not in self.fixed[index - offset]):
                    return Carry(offset=offset, pointer=pointer)
        return None

    def _plans(
        self, index: int, calls: tuple[ToolCall, ...], slots: list[Slot], place: dict[str, int], marked: str
    ) -> tuple[list[CallPlan], dict[Pointer, Json], set[Pointer]]:
        plans: list[CallPlan] = []
        pointers: dict[Pointer, Json] = {}
        fixed: set[Pointer] = set()
        deictic = bool(discourse.leans(marked) or discourse.DEICTIC.search(marked) or not content(marked))
        for number, call in enumerate(calls):
            holes: dict[tuple[str | int, ...], Hole] = {}
            for path, leaf in leaves(call.arguments):
                pointer: Pointer = ("a", number, *path)
                pointers[pointer] = leaf
                slot = place.get(text_of(leaf)) if not isinstance(leaf, bool) else None
                if slot is None:
                    slot = self._carried(index, key_of(call.name, path), leaf, slots, place, deictic)
                if slot is None:
                    fixed.add(pointer)
                else:
                    holes[path] = Hole(slot=slot, number=not isinstance(leaf, str))
            arguments = in_schema_order(call.arguments, self.mined.tools.get(call.name))
            plans.append(CallPlan(call.name, with_holes(arguments, holes)))
        return plans, pointers, fixed

    def _carried(
        self, index: int, key: str, leaf: Json, slots: list[Slot], place: dict[str, int], deictic: bool
    ) -> int | None:
        """A slot for an argument that this turn does not say: where an earlier one has it."""
        if isinstance(leaf, bool) or leaf is None:
            return None
        loose = isinstance(leaf, str) and key not in self.mined.enums and number_of(leaf) is None
        if not (loose or deictic):
            return None
        carry = self._source(index, text_of(leaf), weak=deictic)
        if carry is None or (index - carry.offset >= 0 and not loose and carry.pointer[0] == "t"):
            return None
        source = self._key_at(index - carry.offset, carry.pointer)
        if source and source != key and carry.pointer not in self.fixed[index - carry.offset]:
            self.mined.flows.add((source, key))
        place[text_of(leaf)] = len(slots)
        slots.append(Slot(key=key, sample=leaf, shape=kind_of(shape(leaf)), carry=carry))
        return place[text_of(leaf)]

    def _key_at(self, index: int, pointer: Pointer) -> str:
        if pointer[0] == "t":
            return ""
        return key_of(self.turns[index][1][int(pointer[1])].name, pointer[2:])

    def _leaning(self, index: int, exchange: Exchange) -> Exchange:
        """The exchange with what it needs before it."""
        from msgspec.structs import replace

        text = exchange.text
        carries = [slot.carry for slot in exchange.slots if slot.carry]
        exchange = replace(exchange, slots=self._derived(index, exchange.slots))
        if index == 0:
            return exchange
        names = tuple(call.tool for call in exchange.calls)
        same = names == self.made[-1].tools
        plain = "".join(" " if MARK <= ord(c) < MARK + 256 else c for c in text)
        leaning = (
            bool(carries)
            or discourse.leans(plain)
            or (same and discourse.follows(plain))
            or ((same or not content(plain)) and not self.mined.evidence(plain, names, self.turns))
        )
        if not leaning:
            return replace(exchange, first=not discourse.follows(plain), slots=_unbased(exchange.slots))
        reach = max([1, *(carry.offset for carry in carries)])
        if discourse.looks_far(plain):
            reach = max(reach, index - max((n for n in range(index) if not self.made[n].needs), default=0))
        needs: list[frozenset[Signature]] = []
        for offset in range(min(reach, index), 0, -1):
            earlier = self.made[index - offset]
            # A slot of the text is no part of what an exchange is called with: only this very one has it.
            named = any(c.offset == offset and c.pointer[0] == "t" for c in carries)
            tied = bool(stems(plain) & _value_stems(earlier)) or named
            needs.append(frozenset([("=", earlier.number) if tied else earlier.signature]))
        return replace(exchange, needs=tuple(needs), first=False)

    def _derived(self, index: int, slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
        """The slots, those marked that are another value with something done to it."""
        from msgspec.structs import replace

        made: list[Slot] = []
        for number, slot in enumerate(slots):
            found: Derived | None = None
            if slot.carry is None and isinstance(slot.sample, str) and slot.shape in ("ended", "word"):
                bases: list[tuple[int | Carry, Json]] = [
                    (n, other.sample) for n, other in enumerate(slots) if n < number or other.carry
                ]
                if index:
                    bases += [
                        (Carry(1, p), v)
                        for p, v in self.values[index - 1].items()
                        if p not in self.fixed[index - 1] and p[0] == "a"
                    ]
                for base, value in bases:
                    if (
                        base != number
                        and isinstance(value, str)
                        and (change := change_between(value, slot.sample))
                    ):
                        found = Derived(base, *change)
                        break
            made.append(replace(slot, derived=found))
        return tuple(made)


def _unbased(slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
    """Without what is derived from earlier exchanges, for a turn that may follow any other."""
    return tuple(
        replace(slot, derived=None) if slot.derived and isinstance(slot.derived.base, Carry) else slot
        for slot in slots
    )


def _value_stems(exchange: Exchange) -> set[str]:
    found: set[str] = set()
    for slot in exchange.slots:
        if isinstance(slot.sample, str) and number_of(slot.sample) is None:
            found |= stems(slot.sample.replace("_", " "))
    return found


def _distinct(values: list[Json]) -> list[Json]:
    seen: dict[str, Json] = {}
    for value in values:
        if not isinstance(value, bool) and value is not None:
            seen.setdefault(text_of(value), value)
    return list(seen.values())
