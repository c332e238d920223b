"""Variation of wording: openings, politeness, short forms, verbs, case, punctuation, a rare slip.

It happens on the words around the values: values are marks (private-use characters) meanwhile.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from random import Random

from callwright.teachers.offline.alignment import content
from callwright.teachers.offline.phrases import (
    BARE,
    CONTRACTIONS,
    ORDERS,
    REQUESTS,
    SEQUELS,
    SUFFIXES,
    VERBS,
    WORDS,
)
from callwright.teachers.offline.words import STOP

OPENERS = re.compile(
    r"^(?:(?:please|pls|plz|hey|hi|hello|hi there|hey there|ok|okay|now|then|next|great|good|right|alright|"
    r"thanks|"
    r"thank you|good morning|can you|could you|would you|will you|can u|could u|i(?:'d| would) like you to|"
    r"i need you to|i want you to|just|kindly|quickly|let's|lets|go ahead and|be so kind and|"
    r"after that|also)(?:[,.!:]+ *| +))+",
    re.IGNORECASE,
)
LETTERS = re.compile(r"[a-z]{4,}")
# fmt: off
COMMON = frozenset((
    "please", "could", "would", "which", "where", "what", "need", "want", "like", "here", "with",
    "called", "named", "current",
))
# fmt: on


class Wording:
    """How one job's people write, and which verbs may stand for each other there."""

    def __init__(self, lines: Iterable[tuple[str, tuple[str, ...]]], described: dict[str, str]) -> None:
        self._used: dict[str, set[str]] = {name: content(text) for name, text in described.items()}
        total = low = bare = asked = 0
        seen: Counter[str] = Counter()
        for line, tools in lines:
            total += 1
            asked += opened(line)[0] != line
            seen.update(set(LETTERS.findall(line.lower())))
            low += line[:1].islower()
            bare += line[-1:] not in ".?!"
            for tool in tools:
                self._used.setdefault(tool, set()).update(content(line))
        self.low = low / total if total else 0.3
        """Share of turns that begin in lower case."""
        self.bare = bare / total if total else 0.3
        """Share of turns without a final mark."""
        self.asking = 0.1 + 0.5 * (asked / total if total else 0.5)
        """Share of requests that are given an opening: half of what the examples have, and a little."""
        verbs = {word for group in ORDERS for phrase in group for word in phrase.split()}
        self.common = {word for word, count in seen.items() if count > 2} | verbs | COMMON
        """Words in which a slip is understood; never one that may say a value."""
        wrong = {slip for word in sorted(self.common) for slip in _slips(word)} - self.common
        self.slipping = min(0.15, (sum(seen[word] for word in wrong) + 1) / (total + 30))
        """Share of turns with a slip."""
        self._swaps: dict[tuple[str, tuple[str, ...]], list[tuple[re.Pattern[str], str]]] = {}

    def swaps(self, text: str, tools: tuple[str, ...]) -> list[tuple[re.Pattern[str], str]]:
        """Verbs of `text` with what may stand for them: never a word that another tool is asked for with."""
        key = (text, tools)
        if key not in self._swaps:
            others = set().union(*(words for tool, words in sorted(self._used.items()) if tool not in tools))
            mine = set().union(*(self._used.get(tool, set()) for tool in tools)) if tools else set()
            self._swaps[key] = list(_swaps(text, mine, others))
        return self._swaps[key]

    def reworded(self, text: str, tools: tuple[str, ...], rng: Random) -> str:
        """A wording of the examples, half the time with another verb or noun."""
        if rng.random() < 0.5 and (swaps := self.swaps(text, tools)):
            pattern, other = swaps[int(rng.random() * len(swaps))]
            text = pattern.sub(lambda m: other.capitalize() if m[0][:1].isupper() else other, text, count=1)
        return text

    def vary(self, text: str, rng: Random, *, first: bool, leaning: bool) -> str:
        """`text` said a little differently; its marks stay, in their order."""
        if rng.random() < self.asking and not leaning:
            text = _opened(text, rng, first=first)
        if rng.random() < 0.12:
            text = _closed(text, rng)
        if rng.random() < 0.2:
            short = CONTRACTIONS[int(rng.random() * len(CONTRACTIONS))]
            if short[0] in text:
                text = re.sub(
                    rf"(?<!\w){re.escape(short[0])}(?!\w)" if short[0][-1] != " " else re.escape(short[0]),
                    short[1],
                    text,
                    count=1,
                )
        if rng.random() < self.slipping:
            text = self._slipped(text, rng)
        return self._cased(text, rng)

    def _slipped(self, text: str, rng: Random) -> str:
        """One common word with a slip in it."""
        found = [m for m in LETTERS.finditer(text) if m[0] in self.common]
        if not found:
            return text
        match = found[int(rng.random() * len(found))]
        slips = [slip for slip in _slips(match[0]) if slip not in self.common and slip not in STOP]
        return text[: match.start()] + rng.choice(slips) + text[match.end() :] if slips else text

    def _cased(self, text: str, rng: Random) -> str:
        chance = rng.random()
        if chance < 0.08 * (self.low > 0.1):
            text = text.lower()
        elif chance < 0.3:
            low = rng.random() < self.low
            text = (
                text[:1].lower() if low and not text.startswith(("I ", "I'")) else text[:1].upper()
            ) + text[1:]
        if rng.random() < 0.25:
            if rng.random() < self.bare:
                text = text.rstrip(".!") if not text.endswith("?") or rng.random() < 0.5 else text[:-1]
            elif text[-1:].isalpha():
                text += "."
        return text


def _swaps(text: str, mine: set[str], others: set[str]) -> Iterable[tuple[re.Pattern[str], str]]:
    for group, order in [(group, True) for group in ORDERS] + [(group, False) for group in WORDS]:
        for word in group:
            pattern = _word(word, order)
            if not pattern.search(text):
                continue
            for other in group:
                heads = content(other) - {"me"}
                if other != word and (heads <= mine or not heads & others):
                    yield pattern, other


@lru_cache(maxsize=1024)
def _word(word: str, order: bool) -> re.Pattern[str]:
    whole = rf"(?<![\w'-]){re.escape(word)}(?![\w'-])"
    if not order:
        return re.compile(whole, re.IGNORECASE)
    before = r"(?:^|(?<=\byou )|(?<=\bto )|(?<=\band )|(?<=\bplease )|(?<=\bnow )|(?<=\bthen )|(?<=[,.!:;] ))"
    # `make that twelve`, `find me a room`, `show me how`: other verbs do not take these.
    after = r"(?! (?:that|it|sure|this|me|us|which|where|what|how|if|whether|who|when)\b)"
    return re.compile(before + whole + after, re.IGNORECASE)


@lru_cache(maxsize=8192)
def opened(text: str) -> tuple[str, bool]:
    """The turn without its opening words, and whether it is a request that others may open."""
    bare = OPENERS.sub("", text)
    word = re.match(r"[a-z]+", bare.lower())
    return bare, bool(word and word[0] in VERBS and len(bare.split()) > 1)


def _opened(text: str, rng: Random, *, first: bool) -> str:
    bare, request = opened(text)
    if not request:
        return text
    choices = REQUESTS if first or rng.random() < 0.5 else SEQUELS
    chosen = choices[int(rng.random() * len(choices))] + " "
    if bare != text and re.search(
        r"\b(?:can|could|would|will) (?:you|u)\b", text[: len(text) - len(bare)], re.IGNORECASE
    ):
        bare = bare.rstrip("?")
    if rng.random() < 0.15:
        chosen = ""
    head = bare.split(None, 1)[0]
    if head.lower() in BARE and head.lower() != "find" and "you" in chosen:
        chosen = ""
    if chosen:
        bare = bare[:1].lower() + bare[1:]
    if re.search(r"\b(?:can|could|would) you", chosen, re.IGNORECASE):
        bare = bare.rstrip(".!") + ("?" if rng.random() < 0.7 else "") if not bare.endswith("?") else bare
    if "please" in chosen.lower() or "kindly" in chosen.lower():
        bare = re.sub(r",? (?:please|pls)(?=[.?!]*$)", "", bare)
    return chosen + (bare if chosen else bare[:1].upper() + bare[1:] if rng.random() < 0.5 else bare)


def _closed(text: str, rng: Random) -> str:
    if re.search(r"(?:please|pls|thanks|thank|thx|for me)", text, re.IGNORECASE) or not opened(text)[1]:
        return text
    end = re.search(r"[.?!]*$", text)
    mark = end[0] if end else ""
    body = text[: len(text) - len(mark)]
    return body + SUFFIXES[int(rng.random() * (len(SUFFIXES)))] + mark


def _slips(word: str) -> Iterable[str]:
    """The word with two letters exchanged, one left out or one doubled."""
    for at in range(1, len(word) - 1):
        yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        yield word[:at] + word[at + 1 :]
        yield word[:at] + word[at] + word[at:]
