"""Duplicates: the very same conversation again, the same with other values, or nearly the same."""

import hashlib
from array import array
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, NamedTuple
from zlib import crc32

import orjson

from callwright.checks.canonical import canonical
from callwright.checks.examples import call, reply, result, said, user
from callwright.checks.latest import Latest
from callwright.checks.rules import Finding, Fold, Rule
from callwright.checks.similarity import Packed, Similar, Sketch, sketch
from callwright.checks.skeleton import skeleton
from callwright.checks.subject import Context, Subject
from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    Message,
    SystemMessage,
    ToolMessage,
    UserMessage,
)

_HALL = said(
    user("Could you please switch on the light in the hall for me?"),
    call("set_light", room="hall", on=True),
    result("ok"),
    reply("The light in the hall is on."),
)
_KITCHEN = said(
    user("Could you please switch on the light in the kitchen for me?"),
    call("set_light", room="kitchen", on=True),
    result("ok"),
    reply("The light in the kitchen is on."),
)
_ROME = said(
    user("We are four and want to eat in Rome tonight, nothing dear. What is there?"),
    call("find_table", city="Rome", guests=4, price="low"),
    result('[{"name": "Da Enzo"}]'),
    reply("Da Enzo has a table for four."),
)
_ROME_AGAIN = said(
    user("We are four and we want to eat in Rome tonight, nothing dear. What is there?"),
    *_ROME.messages[1:],
)

EXACT = Rule(
    code="duplicates-exact",
    title="a conversation stands twice in the set",
    why="A row that comes twice counts twice: the student learns it by heart, and a part of it that is kept"
    " for validation is known beforehand. The same are conversations whose messages and calls are the same;"
    " ids of calls and the order of keys make no difference, declared tools and metadata are not looked at."
    " Each later row is said. Take it out.",
    bad=(_HALL, _HALL),
    good=(_HALL, _ROME),
)
STRUCTURAL = Rule(
    code="duplicates-structural",
    title="a conversation is an earlier one with other values filled in",
    why="Ten rows made from one template with ten rooms teach the template and not the language: the set"
    " looks large and is small, and people who word it otherwise are not understood. Found is the same"
    " sequence of calls under the same words of the user, once the values of arguments, numbers and dates"
    " are taken out; users who say fewer than four words are passed over. Each later row is said. Have them"
    " worded anew.",
    severity="warning",
    bad=(_HALL, _KITCHEN),
    good=(_HALL, _ROME),
)
NEAR = Rule(
    code="duplicates-near",
    title="a conversation is nearly the same as an earlier one",
    why="Nearly the same rows are what a teacher gives when it is asked too often for the same: they cost"
    " training and teach nothing. Compared are the words, and the pairs of words, of the user, the replies"
    " and the calls; two rows are near where they share at least `checks.similarity` of them. What the"
    " tools answer is not looked at. Each later row is said, with the one most like it among those that are"
    " kept; rows said as exact or structural duplicates are not said again. A row that goes on where"
    " another ends (one dialogue cut after each turn) is none; one that ends otherwise after the same long"
    " beginning is. Keep one, or have the other worded anew.",
    severity="warning",
    bad=(_ROME, _ROME_AGAIN),
    good=(_HALL, _ROME),
)


class _Near(NamedTuple):
    sketch: Sketch
    turns: bytes
    """A running hash of all that was said and done, 4 bytes for each turn of the assistant."""

    def goes_on(self, other: bytes) -> bool:
        """Whether this begins as the whole of `other`, or the other way round."""
        return len(self.turns) != len(other) and (
            self.turns.startswith(other) or other.startswith(self.turns)
        )


class _Key(NamedTuple):
    exact: bytes
    structural: bytes | None
    near: _Near | None


class Duplicates(Fold):
    """Remembers hashes, sketches and a name of each; codes `duplicates-exact`, `-structural`, `-near`."""

    rules: ClassVar[tuple[Rule, ...]] = (EXACT, STRUCTURAL, NEAR)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._exact: dict[bytes, str] = {}
        self._structural: dict[bytes, str] = {}
        self._similar: Similar | None = None
        self._names: list[str] = []
        self._turns = Packed()

    @classmethod
    def key(cls, subject: Subject) -> Any:
        wanted = wants(subject.context)
        conversation = subject.conversation
        return _Key(
            digest_of(conversation),
            skeleton(subject) if STRUCTURAL.code in wanted else None,
            _near(conversation, subject.context.similarity) if NEAR.code in wanted else None,
        )

    def add(self, key: Any, name: str) -> Iterable[Finding]:
        exact, structural, near = key
        if first := self._exact.get(exact):
            yield EXACT.at("$", f"the same conversation as {first}; take it out", related=(first,))
            return
        self._exact[exact] = name
        if structural is not None:
            if first := self._structural.get(structural):
                message = f"the conversation of {first} with other values filled in; have it worded anew"
                yield STRUCTURAL.at("$", message, related=(first,))
                return
            self._structural[structural] = name
        if near is not None:
            yield from self._say_near(near, name)

    def _say_near(self, near: _Near, name: str) -> Iterator[Finding]:
        if self._similar is None:
            self._similar = Similar(self.context.similarity)
        for match in self._similar.find(near.sketch):
            if not near.goes_on(self._turns[match.row]):
                first = self._names[match.row]
                message = f"shares {percent(match.similarity)} of its words with {first}; keep one of them"
                yield NEAR.at("$", message, related=(first,))
                return
        self._similar.add(near.sketch)
        self._names.append(name)
        self._turns.append(near.turns)


def percent(share: float) -> str:
    """`93 %`; 100 only where nothing is left."""
    return f"{int(share * 100 + 1e-9)} %"


def _near(conversation: Conversation, similarity: float) -> _Near | None:
    texts: list[str] = []
    turns = array("I")
    running = 0
    for message in conversation.messages:
        kind = type(message)
        said = [message.content]
        if type(message) is AssistantMessage:
            for one in message.tool_calls:
                said += one.name, canonical(one.arguments).decode("utf-8", "surrogatepass")
        if kind is UserMessage or kind is AssistantMessage:
            texts += said
        running = crc32("\0".join(said).encode("utf-8", "surrogatepass"), running + 1)
        if kind is AssistantMessage:
            turns.append(running)
    made = sketch("\n".join(texts), similarity)
    return _Near(made, turns.tobytes()) if made else None


@Latest
def wants(context: Context) -> frozenset[str]:
    """The codes about sets that are looked for, of those that cost."""
    codes = (
        "duplicates-structural",
        "duplicates-near",
        "leakage-near",
        "leakage-conversation",
        "leakage-history",
    )
    return frozenset(code for code in codes if context.wants(code))


def digest(conversation: Conversation) -> bytes:
    """Hash of what is said and called: call ids and the order of keys make no difference."""
    parts = _parts(conversation.messages)
    try:
        text = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
    except (TypeError, ValueError, RecursionError):  # a lone surrogate, a huge integer, a deep value
        text = b"\n".join(map(canonical, parts))
    return hashlib.blake2b(text, digest_size=16).digest()


digest_of = Latest(digest)
"""The digest, for folds that ask for that of the same conversation."""


_KINDS: dict[type[Message], str] = {
    SystemMessage: "s",
    UserMessage: "u",
    AssistantMessage: "a",
    ToolMessage: "t",
}


def _parts(messages: tuple[Message, ...]) -> list[Json]:
    """All that is said, in its order; ids as running numbers, so that who answers whom is kept."""
    numbers: dict[str, int] = {}
    parts: list[Json] = []
    for message in messages:
        parts += (_KINDS[type(message)], message.content)
        if type(message) is AssistantMessage:
            if message.reasoning or message.malformed:
                parts.append([message.reasoning, *((bad.raw, bad.error) for bad in message.malformed)])
            for call in message.tool_calls:
                numbers[call.id] = len(numbers)
                parts += (numbers[call.id], call.name, call.arguments)
        elif type(message) is ToolMessage:
            parts.append(numbers.get(message.call_id, -1))
    return parts
