"""Diversity: how varied the user's turns of a generated set are, and how far they lie from the examples."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from math import log2

from callwright.conversation import AssistantMessage, Conversation, Json, UserMessage

ROWS = 10_000
"""Rows that are looked at; the figures fall with their number, so they are only compared at the same one."""
EVERY = 16
"""Each how manieth turn is laid beside the examples."""
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?|_")


class Diversity:
    """Counts the first `ROWS` conversations that pass; memory does not grow after them."""

    def __init__(self, examples: Iterable[Conversation] = ()) -> None:
        self.rows = self.turns = 0
        self._grams: tuple[set[int], set[int], set[int]] = (set(), set(), set())
        self._totals = [0, 0, 0]
        self._templates: Counter[int] = Counter()
        self._near: list[float] = []
        self._examples = [set(_pairs(line)) for c in examples for line in wordings(c)]

    def seen(self, conversations: Iterable[Conversation]) -> Iterator[Conversation]:
        """The conversations as they come, each counted on its way."""
        for conversation in conversations:
            if self.rows < ROWS:
                self.add(conversation)
            yield conversation

    def add(self, conversation: Conversation) -> None:
        """One more row."""
        self.rows += 1
        for line in wordings(conversation):
            self._templates[hash(line)] += 1
            for size, held in enumerate(self._grams, start=1):
                grams = [hash(line[at : at + size]) for at in range(len(line) - size + 1)]
                held.update(grams)
                self._totals[size - 1] += len(grams)
            if self._examples and self.turns % EVERY == 0:
                own = set(_pairs(line))
                self._near.append(max(_shared(own, other) for other in self._examples))
            self.turns += 1

    def figures(self) -> dict[str, float]:
        """`distinct_1` to `distinct_3`: distinct n-grams of the words around values, as a share of all;
        `templates` and `template_entropy` (bits) of turns without their values; `distance_to_examples`: one
        less the share of word pairs that a turn has in common with the nearest example, on average.
        """
        figures: dict[str, float] = {"rows": self.rows, "turns": self.turns}
        for size, (held, total) in enumerate(zip(self._grams, self._totals, strict=True), start=1):
            figures[f"distinct_{size}"] = round(len(held) / total, 4) if total else 0.0
        figures["templates"] = len(self._templates)
        shares = [count / self.turns for count in self._templates.values()]
        figures["template_entropy"] = round(-sum(share * log2(share) for share in shares), 2)
        if self._near:
            figures["distance_to_examples"] = round(1 - sum(self._near) / len(self._near), 3)
        return figures


def wordings(conversation: Conversation) -> Iterator[tuple[str, ...]]:
    """The words of each user turn, in lower case, the values of calls taken out as `_`."""
    values: set[str] = set()
    for message in conversation.messages:
        if isinstance(message, AssistantMessage):
            for call in message.tool_calls:
                values.update(_texts(call.arguments))
    longest = sorted((re.escape(value) for value in values if value), key=lambda v: (-len(v), v))
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(longest)})(?!\w)", re.IGNORECASE) if longest else None
    for message in conversation.messages:
        if isinstance(message, UserMessage):
            text = pattern.sub("_", message.content) if pattern else message.content
            yield tuple(WORD.findall(text.lower()))


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value).lower()


def _pairs(line: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Words, and pairs of words."""
    for at, word in enumerate(line):
        yield (word,)
        yield line[at : at + 2]


def _shared(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    return len(one & other) / len(one | other) if one or other else 1.0
