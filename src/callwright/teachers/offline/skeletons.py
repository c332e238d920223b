"""Skeletons: support-style examples, with questions, results and replies, their values taken out.

A value that is said, called with, given by a tool or repeated in a reply is one entity: it is replaced
everywhere at once or not at all. It stays where some words speak of it in a way that cannot be said of
another value.
"""

import json
import re

import msgspec
from msgspec.structs import replace

from callwright.checks import Context, findings
from callwright.conversation import AssistantMessage, Conversation, Json, Tool, ToolMessage, UserMessage
from callwright.teachers.offline.alignment import in_schema_order, key_of, leaves, located
from callwright.teachers.offline.forms import DATE, DAYS, MONTHS, TIME, number_of, ordinal, text_of
from callwright.teachers.offline.shapes import shape
from callwright.teachers.offline.templates import MARK, Hole, Mention
from callwright.teachers.offline.values import parameters

BOOLEAN = frozenset(("true", "false", "yes", "no", "none", "null", "dontcare", "any", ""))
INVENTED = frozenset(("phone", "email", "code", "url"))


class Line(msgspec.Struct, frozen=True):
    """A text with marks for its mentions; `Mention.slot` is an entity."""

    text: str
    mentions: tuple[Mention, ...] = ()


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One message."""

    role: str
    line: Line = Line("")
    calls: tuple[tuple[str, dict[str, Json]], ...] = ()
    """Tool and arguments with holes."""
    result: Json = None
    """A JSON result with holes."""
    answers: tuple[int, int] = (0, 0)
    """Step and call that a result belongs to."""
    provides: tuple[str, ...] = ()
    """Of a user's turn: the parameters whose values it says first, sorted."""
    safe: bool = False
    """Of a user's turn: whether another that provides the same may take its place."""


class Entity(msgspec.Struct, kw_only=True):
    value: Json
    key: str = ""
    frozen: bool = False
    forms: tuple[str, ...] = ()
    called: bool = False


class Skeleton(msgspec.Struct, frozen=True):
    source: str
    steps: tuple[Step, ...]
    entities: tuple[Entity, ...]
    tools: tuple[Tool, ...]
    """Those of the example, which may differ from another's."""
    grounded: bool = True
    """Whether all that the assistant says and calls with was said before."""


def skeleton(conversation: Conversation, tools: tuple[Tool, ...], today: str, source: str) -> Skeleton | None:
    """The skeleton of an example; None where it has nothing to learn from."""
    if any(MARK <= ord(c) < MARK + 256 for m in conversation.messages for c in getattr(m, "content", "")):
        return None
    found = _Builder(conversation, conversation.tools or tools, today).build(source)
    codes = {finding.code.partition("-")[0] for finding in findings(conversation, Context())}
    return replace(found, grounded="grounding" not in codes) if found else None


class _Builder:
    def __init__(self, conversation: Conversation, tools: tuple[Tool, ...], today: str) -> None:
        self.today, self.tools = today, tools
        self.messages = [
            m for m in conversation.messages if isinstance(m, UserMessage | AssistantMessage | ToolMessage)
        ]
        self.by_name = {tool.name: tool for tool in tools}
        self.specs = {tool.name: tool.parameters.get("properties", {}) for tool in tools}
        self.enums = {
            f"{t.name}.{path}": spec.get("enum") for t in tools for path, spec in parameters(t.parameters)
        }
        self.results: dict[int, Json] = {}
        self.owner: dict[int, tuple[int, int]] = {}
        self.entities: dict[str, Entity] = {}
        self.mixed: set[str] = set()
        self._collect()

    def _collect(self) -> None:
        """Results parsed and paired with their calls, and an entity for every value that could be said."""
        calls: dict[str, tuple[int, int]] = {}
        for at, message in enumerate(self.messages):
            if isinstance(message, AssistantMessage):
                for number, call in enumerate(message.tool_calls):
                    calls[call.id] = (at, number)
                    for path, leaf in leaves(call.arguments):
                        self._enter(leaf, key_of(call.name, path), called=True)
            elif isinstance(message, ToolMessage):
                self.owner[at] = calls.get(message.call_id, (at - 1, 0))
                self.results[at] = _json(message.content)
                tool = self._tool(at)
                for path, leaf in leaves(self.results[at]) if self.results[at] is not None else ():
                    self._enter(
                        leaf, key_of(tool, tuple(p for p in path if isinstance(p, str)), ">"), called=False
                    )

    def _tool(self, at: int) -> str:
        owner, number = self.owner[at]
        message = self.messages[owner]
        return (
            message.tool_calls[number].name
            if isinstance(message, AssistantMessage) and message.tool_calls
            else ""
        )

    def _enter(self, leaf: Json, key: str, *, called: bool) -> None:
        if isinstance(leaf, bool) or leaf is None or text_of(leaf).lower() in BOOLEAN:
            return
        entity = self.entities.setdefault(text_of(leaf), Entity(value=leaf, key=key, called=called))
        if called and not entity.called:
            entity.key, entity.called, entity.value = key, True, leaf
        if called and key != entity.key and self._enum(key) != self._enum(entity.key):
            # One word that is a member of an enumeration here and free or of another one there stays as it is.
            self.mixed.add(text_of(leaf))

    def build(self, source: str) -> Skeleton | None:
        names = list(self.entities)
        place = {name: number for number, name in enumerate(names)}
        values = [self.entities[name].value for name in names]
        lines = [self._line(m.content, values, place) for m in self.messages]
        self._freeze(names, place, lines)
        steps = tuple(self._step(at, lines, place, names) for at in range(len(self.messages)))
        if not any(step.role == "user" for step in steps):
            return None
        return Skeleton(source, steps, tuple(self.entities[name] for name in names), self.tools)

    def _line(self, text: str, values: list[Json], place: dict[str, int]) -> Line:
        parts: list[str] = []
        found: list[Mention] = []
        at = 0
        for start, end, value, form in located(text, values, self.today)[:250]:
            parts += [text[at:start], chr(MARK + len(found))]
            found.append(Mention(place[value], form))
            at = end
        return Line("".join([*parts, text[at:]]), tuple(found))

    def _freeze(self, names: list[str], place: dict[str, int], lines: list[Line]) -> None:
        """Which values must stay, and in which forms the others are said."""
        user, reply, given = _firsts(self, lines, place)
        called = self._first_calls(place)
        bare = [re.sub(f"[{chr(MARK)}-{chr(MARK + 255)}]", " ", line.text) for line in lines]
        plain = " ".join(
            text for text, m in zip(bare, self.messages, strict=True) if not isinstance(m, ToolMessage)
        )
        numbers = {n for name in names if (n := number_of(self.entities[name].value)) is not None}
        for name in names:
            entity, number = self.entities[name], place[name]
            entity.forms = tuple(
                dict.fromkeys(m.form for line in lines for m in line.mentions if m.slot == number)
            )
            # A state that a result happens to have is no reason to call with it; a name is.
            telling = not self._listed(entity) and (number_of(entity.value) is None or len(name) >= 4)
            said = min(user.get(number, 9999), given.get(number, 9999) if telling else 9999)
            entity.frozen = (
                name in self.mixed
                or reply.get(number, 9999) < said
                or (number in called and called[number] < said)
                or (number not in called and number not in user and not self._inventable(entity))
                or _alias(entity.value, plain)
                or _reckoned(entity.value, numbers)
            )

    def _inventable(self, entity: Entity) -> bool:
        """Whether a value that only tools gave may be another: a name or an address, no state of a thing."""
        if not isinstance(entity.value, str) or number_of(entity.value) is not None:
            return False
        if self._listed(entity):
            return False
        name = shape(entity.value)
        return name in INVENTED or (
            name in ("word", "words", "ended") and entity.value != entity.value.lower()
        )

    def _listed(self, entity: Entity) -> bool:
        """Whether it is a member of an enumeration, by its parameter or by a result's key of that name."""
        last = entity.key.replace(">", ".").rsplit(".")[-1].removesuffix("[]")
        return any(
            members and key.rsplit(".")[-1].removesuffix("[]") == last for key, members in self.enums.items()
        )

    def _enum(self, key: str) -> Json:
        """The members that a parameter may have, as far as its tool says so; None: any."""
        return self.enums.get(key)

    def _first_calls(self, place: dict[str, int]) -> dict[int, int]:
        found: dict[int, int] = {}
        for at, message in enumerate(self.messages):
            if isinstance(message, AssistantMessage):
                for call in message.tool_calls:
                    for _, leaf in leaves(call.arguments):
                        if not isinstance(leaf, bool) and text_of(leaf) in place:
                            found.setdefault(place[text_of(leaf)], at)
        return found

    def _step(self, at: int, lines: list[Line], place: dict[str, int], names: list[str]) -> Step:
        message = self.messages[at]
        if isinstance(message, ToolMessage):
            tree = self.results[at]
            result = None if tree is None else _holed(tree, place)
            return Step(role="tool", line=lines[at], result=result, answers=self.owner[at])
        if isinstance(message, AssistantMessage):
            calls = tuple(
                (call.name, _holed(in_schema_order(call.arguments, self.by_name.get(call.name)), place))
                for call in message.tool_calls
            )
            return Step(role="assistant", line=lines[at], calls=calls)
        earlier = {m.slot for line in lines[:at] for m in line.mentions}
        new = {m.slot for m in lines[at].mentions} - earlier
        provides = tuple(
            sorted(self.entities[names[slot]].key for slot in new if self.entities[names[slot]].called)
        )
        return Step(role="user", line=lines[at], provides=provides, safe=self._safe(at, place, lines, new))

    def _safe(self, at: int, place: dict[str, int], lines: list[Line], new: set[int]) -> bool:
        """Whether all that the next call takes from the user is said in words that are known."""
        mine = {m.slot for m in lines[at].mentions}
        if mine != new or len(mine) != len(lines[at].mentions):
            return False
        for later in self.messages[at + 1 :]:
            if isinstance(later, AssistantMessage) and later.tool_calls:
                names = list(self.entities)
                for call in later.tool_calls:
                    for path, leaf in leaves(call.arguments):
                        default = self.specs.get(call.name, {}).get(str(path[0]), {}).get("default")
                        slot = None if isinstance(leaf, bool) else place.get(text_of(leaf))
                        if leaf != default and (slot is None or self.entities[names[slot]].frozen):
                            return False
                return True
        return True


def _firsts(
    builder: _Builder, lines: list[Line], place: dict[str, int]
) -> tuple[dict[int, int], dict[int, int], dict[int, int]]:
    """For each entity the first message where the user says it, a reply says it, a tool gives it."""
    user: dict[int, int] = {}
    reply: dict[int, int] = {}
    given: dict[int, int] = {}
    for at, (message, line) in enumerate(zip(builder.messages, lines, strict=True)):
        into = (
            user if isinstance(message, UserMessage) else given if isinstance(message, ToolMessage) else reply
        )
        for mention in line.mentions:
            into.setdefault(mention.slot, at)
        if at in builder.results and builder.results[at] is not None:
            for _, leaf in leaves(builder.results[at]):
                if not isinstance(leaf, bool) and text_of(leaf) in place:
                    given.setdefault(place[text_of(leaf)], at)
    return user, reply, given


def _holed(value: Json, place: dict[str, int]) -> Json:
    if isinstance(value, dict):
        return {key: _holed(inner, place) for key, inner in value.items()}
    if isinstance(value, list):
        return [_holed(inner, place) for inner in value]
    if isinstance(value, bool) or value is None or text_of(value) not in place:
        return value
    return Hole(place[text_of(value)], number=not isinstance(value, str))


def _json(text: str) -> Json:
    """A result as JSON, if it is an object or an array; None: plain text."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _alias(value: Json, text: str) -> bool:
    """Whether the words around speak of the value in another way: SF, `the Crab House`, `5:30`, `the 8th`."""
    said, folded = text_of(value), text.lower()
    if time := TIME.fullmatch(said):
        hour, minute = int(time[1]) % 12 or 12, time[2]
        return bool(re.search(rf"(?<!\d)0?{hour}:{minute}|(?<!\d)0?{hour} ?(?:am|pm)\b", folded))
    if day := DATE.fullmatch(said):
        words = [ordinal(int(day[3]))]
        return any(re.search(rf"\b{word}\b", folded) for word in words)
    if number_of(value) is not None or not isinstance(value, str):
        return False
    letters = re.findall(r"[^\W\d_]+", said)
    if len(letters) > 1 and re.search(rf"\b{''.join(w[0] for w in letters)}\w?\b", text):
        return True
    # One word of a name may stand for the whole; four letters of it, to catch what is cut short.
    kept = {w.lower() for w in (*MONTHS, *DAYS)}
    return any(
        re.search(rf"\b{re.escape(word[:4].lower())}", folded)
        for word in letters
        if len(word) >= 4 and word.lower() not in kept
    )


def _reckoned(value: Json, numbers: set[int | float]) -> bool:
    """Whether other numbers were reckoned with this one: a balance less an amount."""
    number = number_of(value)
    if number is None or isinstance(value, str) or abs(number) < 5:
        return False
    return any(
        other != number and (other + number in numbers or abs(other - number) in numbers - {number})
        for other in numbers
    )
