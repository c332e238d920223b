"""Words: how telling each is in a job, which of them name something, and what stands before such names."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from math import fsum, log

import msgspec

from callwright.conversation import Json
from callwright.teachers.offline.alignment import located
from callwright.teachers.offline.forms import days_from, text_of
from callwright.teachers.offline.shapes import shape
from callwright.teachers.offline.skeletons import Skeleton
from callwright.teachers.offline.templates import MARK, Exchange
from callwright.teachers.offline.wording import opened
from callwright.teachers.offline.words import STOP

QUOTES = "\"'`“”‘’"
TYPED = ("time", "date", "number")
ARTICLES = ("the", "a", "an", "my", "our", "this", "that")
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
QUOTED = re.compile(r"(?<!\w)[\"“'‘`]([^\"“”'`’]+)[\"”'’`](?!\w)")


class Name(msgspec.Struct, frozen=True, kw_only=True):
    """A run of words that may be a value."""

    text: str
    left: str
    """The word before it, in lower case."""
    strong: bool
    """Whether it looks like a name by itself, and is not merely unknown."""
    end: int
    closed: bool = False
    """Whether a mark ends it, so that it does not go on in the next word."""


class Lexicon:
    """The words of a job's examples."""

    def __init__(
        self, texts: Iterable[set[str]], exchanges: Sequence[Exchange], skeletons: Sequence[Skeleton]
    ) -> None:
        held = list(texts)
        self.vocabulary: Counter[str] = Counter(word for words in held for word in words)
        self.total = len(held)
        self.beside: dict[str, set[str]] = {}
        """Parameter -> the words right before its values."""
        for exchange in exchanges:
            if not exchange.made:
                self._stand(exchange.text, [exchange.slots[m.slot].key for m in exchange.mentions])
        for found in skeletons:
            for step in found.steps:
                if step.role == "user":
                    self._stand(step.line.text, [found.entities[m.slot].key for m in step.line.mentions])

    def _stand(self, text: str, keys: Sequence[str]) -> None:
        for number, key in enumerate(keys):
            if word := last_word(text[: text.index(chr(MARK + number))]):
                self.beside.setdefault(key, set()).add(word)

    def weight(self, word: str) -> float:
        """How telling a word is."""
        known = self.vocabulary.get(word)
        return log((self.total + 1) / (known + 0.5)) if known else 0.6

    def total_weight(self, words: set[str]) -> float:
        """The weights of all; `fsum`, so that the order of a set makes no difference."""
        return fsum(map(self.weight, words))

    def likeness(self, one: set[str], other: set[str]) -> float:
        """Cosine of two sets of words, 0 to 1."""
        if not one or not other:
            return 0.0
        shared, mine, yours = (
            fsum(self.weight(w) ** 2 for w in words) for words in (one & other, one, other)
        )
        return float(shared / (mine * yours) ** 0.5) if mine and yours else 0.0

    def names(self, text: str) -> list[Name]:
        """Runs of words that name something: quoted, with a dot or a digit, capital inside, or unknown."""
        found: list[Name] = []
        for match in re.finditer(rf"{QUOTED.pattern}|\S+", text):
            if match[1]:
                found.append(
                    Name(text=match[1], left=last_word(text[: match.start()]), strong=True, end=match.end())
                )
                continue
            word = match[0].rstrip(".,?!:;").strip(QUOTES)
            strong = bool(re.search(r"[./~_\d*@#]", word)) or (match.start() > 0 and word[:1].isupper())
            strong = strong and word.lower() not in STOP
            if re.fullmatch(r"[£$€]?\d[\d.,]*[%€]?", word):
                strong = False
            known = word.lower() in self.vocabulary or word.lower() in STOP
            if len(word) < 1 or not (strong or (not known and word.isalpha() and match.start() > 0)):
                continue
            if found and text[found[-1].end : match.start()] == " " and not found[-1].closed:
                last = found.pop()
                word, left, strong = f"{last.text} {word}", last.left, last.strong or strong
            else:
                left = last_word(text[: match.start()])
            closed = match[0][-1] in ".,?!:;"
            found.append(Name(text=word, left=left, strong=strong, end=match.end(), closed=closed))
        return found

    def trimmed(self, raw: str) -> str:
        """What a gap in a template holds, without the words around a value; empty where it is no value."""
        bare = raw.strip()
        if len(bare) > 1 and bare[0] in QUOTES and bare[-1] in QUOTES:
            return bare[1:-1]
        parts = bare.strip(QUOTES).split()
        while parts and parts[0] in ARTICLES:
            parts = parts[1:]
        while len(parts) > 1 and parts[-1].islower() and parts[-1].strip("?!.,") in self.vocabulary:
            parts = parts[:-1]
        common = all(part.islower() and part.strip("?!.,") in self.vocabulary for part in parts)
        if len(parts) > 6 or (common and len(parts) > 1) or (parts and parts[0].lower() in STOP):
            return ""
        return " ".join(parts).strip(QUOTES)


def head(text: str) -> str:
    """The word a request begins with, greetings and the like aside."""
    words = re.findall(r"[^\W_]+", opened(text)[0])
    return words[0].lower() if words else ""


def last_word(text: str) -> str:
    """The word before a value, in lower case; empty where another value or nothing is there."""
    words = re.findall(r"[^\W_]+", text)
    return words[-1].lower() if words and not MARK <= ord(words[-1][0]) < MARK + 256 else ""


def words_of(text: str) -> set[str]:
    return {word.lower() for word in WORD.findall(text) if not MARK <= ord(word[0]) < MARK + 256}


def last_said(sample: Json, listed: Sequence[Json] | None, text: str, today: str) -> Json:
    """The last value of the sample's type that the text says."""
    options = list(listed) if listed else candidates(shape(sample), today, text)
    spans = located(text, options, today)
    if not spans:
        return None
    value = next(c for c in options if text_of(c) == spans[-1][2])
    return text_of(value) if isinstance(sample, str) else value


def candidates(name: str, today: str, text: str) -> list[Json]:
    if name == "time":
        return [f"{hour:02}:{minute:02}" for hour in range(24) for minute in range(0, 60, 5)]
    if name == "date":
        found: list[Json] = list(re.findall(r"\d{4}-\d\d-\d\d", text))
        return found + ([days_from(today, n) for n in range(60)] if today else [])
    if name == "number":
        digits: list[Json] = [
            float(n) if "." in n else int(n) for n in re.findall(r"\d+(?:\.\d+)?", text.replace(",", ""))
        ]
        return digits + list(range(2, 100))
    return []
