"""Tally: what each conversation adds to the statistics of its set, small and quick to make, and their sum."""

from collections import Counter
from itertools import chain, pairwise
from typing import NamedTuple, Self

from callwright.checks.declared import Catalog, Declared, given, read, shown
from callwright.checks.situations import (
    ANSWER,
    ASK,
    CALL,
    CHAT,
    ERROR,
    LETTERS,
    PARALLEL,
    SEQUENTIAL,
    SITUATIONS,
    is_error,
    reply,
)
from callwright.checks.statistics import MANY, ParameterUse, Situation, Statistics, ToolUse
from callwright.conversation import AssistantMessage, Conversation, ToolMessage, UserMessage


class Counted(NamedTuple):
    """What one conversation adds."""

    catalog: Catalog
    shape: str
    """A letter for each assistant's turn: its situation."""
    tools: list[str]
    """The tools called, in order."""
    tokens: list[str | None]
    """Of each call of a declared tool: the tool, the parameters given, the values shown."""
    sizes: list[int]
    """Calls of each turn that calls."""
    users: list[int]
    """Characters of each message of the user."""
    results: list[int]
    """Characters of each result."""


_REPLY = {CALL: ANSWER, ERROR: ERROR}
"""What came before -> what a reply is."""
_CALL = {"": CALL, CALL: SEQUENTIAL, ERROR: ERROR}


def counted(conversation: Conversation) -> Counted:
    """What `conversation` adds to a `Tally`."""
    catalog, encoders = read(conversation.tools)
    shape: list[str] = []
    tools: list[str] = []
    tokens: list[str | None] = []
    sizes: list[int] = []
    users: list[int] = []
    results: list[int] = []
    before, last = "", 0
    for message in conversation.messages:
        if type(message) is UserMessage:
            users.append(len(message.content))
            before = ""
        elif type(message) is AssistantMessage:
            made = message.tool_calls
            if made:
                for call in made:
                    tools.append(call.name)
                    if call.name in encoders:
                        tokens += encoders[call.name].tokens(call.arguments)
                sizes.append(len(made))
                shape.append(PARALLEL if len(made) > 1 and before != ERROR else _CALL[before])
                last = len(shape)
                before = CALL  # with its result or, in a form that has none, without
            else:
                shape.append(_REPLY.get(before) or reply(message.content))
                before = ""
        elif type(message) is ToolMessage:
            results.append(len(message.content))
            if is_error(message.content):
                before = ERROR
    return Counted(catalog, _settled("".join(shape), last), tools, tokens, sizes, users, results)


def _settled(shape: str, calls: int) -> str:
    """A question asks before a call, or as the last word of a conversation that calls nothing; else it is chat.

    `calls`: how far the last call is, 0 without any.
    """
    if ASK not in shape:
        return shape
    if calls:
        return shape[:calls] + shape[calls:].replace(ASK, CHAT)
    return shape[:-1].replace(ASK, CHAT) + shape[-1:]


_AT_ONCE = 1024
"""Conversations that are added up together."""
_chained = chain.from_iterable


class Tally:
    """Adds up what conversations count, in any order; memory grows with the tools, not with the rows."""

    def __init__(self) -> None:
        self.rows = 0
        self.calls: Counter[str] = Counter()
        self.called: Counter[str] = Counter()
        """Tool -> conversations that call it."""
        self.opens: Counter[str] = Counter()
        self.declared: Counter[str] = Counter()
        self.tokens: Counter[str | None] = Counter()
        self.orders: Counter[tuple[str, str]] = Counter()
        self.turns: Counter[int] = Counter()
        self.calls_in_row: Counter[int] = Counter()
        self.calls_in_turn: Counter[int] = Counter()
        self.users: Counter[int] = Counter()
        self.results: Counter[int] = Counter()
        self.letters: Counter[str] = Counter()
        self.situated: Counter[str] = Counter()
        """Situation -> conversations that have it."""
        self.shapes: set[str] = set()
        self._variants: dict[str, dict[Declared, None]] = {}
        """Tool -> its declarations that differ."""
        self._met: dict[int, Catalog] = {}
        self._waiting: list[Counted] = []

    def add(self, one: Counted) -> None:
        """One more conversation."""
        self.rows += 1
        self._waiting.append(one)
        if len(self._waiting) >= _AT_ONCE:
            self._add_up()

    def _add_up(self) -> None:
        # Counters are quick with long runs, not with the few things of one conversation.
        rows, self._waiting = self._waiting, []
        for one in rows:
            if id(one.catalog) not in self._met:
                self._meet(one.catalog)
        self.declared.update(_chained(one.catalog.names for one in rows))
        self.calls.update(_chained(one.tools for one in rows))
        self.called.update(_chained(set(one.tools) for one in rows))
        self.opens.update(one.tools[0] for one in rows if one.tools)
        self.orders.update(_chained(pairwise(one.tools) for one in rows))
        self.tokens.update(_chained(one.tokens for one in rows))
        self.calls_in_turn.update(_chained(one.sizes for one in rows))
        self.calls_in_row.update(len(one.tools) for one in rows)
        self.turns.update(len(one.users) for one in rows)
        self.users.update(_chained(one.users for one in rows))
        self.results.update(_chained(one.results for one in rows))
        shapes = Counter(one.shape for one in rows)
        for shape, count in shapes.items():
            for letter in shape:
                self.letters[letter] += count
            for letter in set(shape):
                self.situated[letter] += count
        if len(self.shapes) < MANY:
            self.shapes.update(shapes)

    def _meet(self, catalog: Catalog) -> None:
        if len(self._met) >= MANY:
            self._met.clear()
        self._met[id(catalog)] = catalog  # held, so that no other gets its identity
        for tool in catalog.tools:
            self._variants.setdefault(tool.name, {})[tool] = None

    def merge(self, other: Self) -> None:
        """Add all that `other` has added."""
        self._add_up()
        other._add_up()
        self.rows += other.rows
        for name, counter in vars(self).items():
            if isinstance(counter, Counter):
                counter.update(getattr(other, name))
        self.shapes |= other.shapes
        for name, variants in other._variants.items():
            self._variants.setdefault(name, {}).update(variants)

    def statistics(self) -> Statistics:
        """The sum as it stands."""
        self._add_up()
        names = [name for name, _ in self.calls.most_common()]
        names += [name for name in self._variants if name not in self.calls]
        kinds = zip(SITUATIONS.items(), LETTERS, strict=True)
        return Statistics(
            rows=self.rows,
            calls=self.calls.total(),
            assistant_turns=self.letters.total(),
            tools=tuple(map(self._tool, names)),
            situations=tuple(
                Situation(name=name, title=title, turns=self.letters[letter], rows=self.situated[letter])
                for (name, title), letter in kinds
            ),
            turns=_sorted(self.turns),
            calls_in_row=_sorted(self.calls_in_row),
            calls_in_turn=_sorted(self.calls_in_turn),
            user_characters=_sorted(self.users),
            result_characters=_sorted(self.results),
            orders=tuple((first, then, count) for (first, then), count in self.orders.most_common()),
            shapes=min(len(self.shapes), MANY),
        )

    def _tool(self, name: str) -> ToolUse:
        variants = list(self._variants.get(name, ()))
        parameters = dict.fromkeys(one.name for variant in variants for one in variant.parameters)
        return ToolUse(
            name=name,
            declared=self.declared[name],
            calls=self.calls[name],
            declared_calls=self.tokens[name],
            rows=self.called[name],
            opens=self.opens[name],
            parameters=tuple(self._parameter(variants, one) for one in parameters),
        )

    def _parameter(self, variants: list[Declared], name: str) -> ParameterUse:
        said = [one for variant in variants for one in variant.parameters if one.name == name]
        tool = variants[0].name
        labels = dict.fromkeys(label for one in said for label in one.labels)
        return ParameterUse(
            name=name,
            required=all(one.required for one in said),
            given=self.tokens[given(tool, name)],
            values={label: self.tokens[shown(tool, name, label)] for label in labels},
            default=said[0].default,
            settled=len(said) == len(variants) and len({(one.labels, one.default) for one in said}) == 1,
        )


def _sorted(counter: Counter[int]) -> dict[int, int]:
    return dict(sorted(counter.items()))
