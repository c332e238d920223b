"""Evidence: all that was said in a conversation, folded, so that a value can be traced to a place before it."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from callwright.checks.kinds import hints
from callwright.checks.moments import (
    RELATIVE,
    SAID_DAY,
    WEEKDAYS,
    Day,
    Time,
    bare_hour,
    day_needles,
    time_needles,
)
from callwright.checks.normal_forms import (
    REMEMBERED,
    WEAK,
    cardinal,
    fold,
    initials,
    number_needles,
    ordinal,
    stem,
    unescaped,
    words,
)
from callwright.checks.other_names import aliases
from callwright.conversation import (
    AssistantMessage,
    Json,
    Message,
    SystemMessage,
    ToolCall,
    ToolMessage,
    UserMessage,
)

_NUMBER_WORDS = {
    said.encode(): str(number)
    for number in range(100, -1, -1)
    for said in (cardinal(number), ordinal(number))
}
_NUMBER_WORDS |= {b"double": "2", b"couple": "2", b"triple": "3", b"single": "1", b"dozen": "12"}
_ENGLISH = frozenset(
    b"the you is are for of and i my please what to with would like it can me that this want".split()
)
_FOREIGN = frozenset(
    b"der die das und ich ist ein eine nicht mir bitte el los de que una por para con quiero le les des une est pour "
    b"je il di che per un ho sono os um com eu het een ik van en och att jag na si mi w z nie prosze bir ve".split()
)
_STRANGE = re.compile(r"[^\W\d_a-zA-Z]")
"""A letter that English does not have."""
_INSTANT = re.compile(rb"(\d\d)t(\d\d)")
"""A day and a time in one, `2024-05-03T18:00`, as folding leaves it."""
_PATIENCE = 20_000_000
"""Characters that thorough searches of one conversation may go over, each of them many times."""
_MATTER = 40
"""Words of a text that are looked for."""
_NEAR = 0.82
"""Likeness from which a word passes for a misspelling of another."""


class Evidence:
    """Everything said in `messages`, folded and joined; `starts[i]` is where message `i` begins.

    Calls count with the values of their arguments, results with their JSON escapes undone, reasoning not at all.
    """

    def __init__(self, messages: tuple[Message, ...]) -> None:
        self.messages = messages
        self._patience = _PATIENCE
        parts = [message.content for message in messages]
        for index, message in enumerate(messages):
            if type(message) is AssistantMessage and message.tool_calls:
                parts[index] = _with_calls(message)
        joined = "\n".join(("", *parts, ""))
        self.addressed = "@" in joined or "://" in joined or "www." in joined
        """Whether there may be an email address or a URL anywhere."""
        if joined.isascii() and "\\" not in joined:
            self.folded = _INSTANT.sub(rb"\1 \2", fold(joined))
            self.starts = list(accumulate([len(part) + 1 for part in parts], initial=1))
        else:
            pieces = [
                _INSTANT.sub(rb"\1 \2", fold(_unescaped(message, part)))
                for message, part in zip(messages, parts, strict=True)
            ]
            self.folded = b" ".join((b"", *pieces, b""))
            self.starts = list(accumulate([len(piece) + 1 for piece in pieces], initial=1))

    def spend(self) -> bool:
        """Whether there is patience left for one more thorough search; a long conversation has it for fewer."""
        self._patience -= len(self.folded)
        return not self.exhausted

    @property
    def exhausted(self) -> bool:
        """Whether searches were refused."""
        return self._patience <= 0

    def said(self, wanted: bytes, end: int) -> bool:
        """Whether a needle is found before `end`."""
        return self.folded.rfind(wanted, 0, end) >= 0

    def any_said(self, wanted: tuple[bytes, ...], end: int) -> bool:
        """Whether one of several needles is found before `end`; the likely ones stand first."""
        rfind = self.folded.rfind
        return any(rfind(one, 0, end) >= 0 for one in wanted)

    def _recent(self, index: int) -> tuple[int, int]:
        """From where the assistant last named a date, or else the system message ended, to message `index`."""
        folded, starts, messages = self.folded, self.starts, self.messages
        for at in range(index - 1, -1, -1):
            kind = type(messages[at])
            if kind is SystemMessage:
                return starts[at + 1], starts[index]
            if kind is AssistantMessage and SAID_DAY.search(folded, starts[at] - 1, starts[at + 1]):
                return starts[at], starts[index]
        return 0, starts[index]

    @cached_property
    def foreign(self) -> bool:
        """Whether the conversation is in a language whose numbers, days and endings are not known here."""
        said = " ".join(message.content for message in self.messages if type(message) is UserMessage)
        strange = len(_STRANGE.findall(said))
        split = set(fold(said).split())
        return strange * 5 > len(said) or len(split & _FOREIGN) > len(split & _ENGLISH)

    def number(self, number: str, end: int) -> bool:
        """Whether a plain decimal was said, in any of its spellings or with a unit behind it."""
        if self.any_said(number_needles(number), end):
            return True
        beginning = b" " + number.replace(".", " ").encode()
        at = self.folded.find(beginning, 0, end)
        while at >= 0:
            after = self.folded[at + len(beginning) : at + len(beginning) + 1]
            if not (after.isdigit() or after == b" "):
                return True
            at = self.folded.find(beginning, at + 1, end)
        return False

    def day(self, day: Day, end: int) -> bool:
        """Whether that day was named."""
        return self.any_said(day_needles(day.month, day.day), end)

    def reaches(self, day: Day, index: int) -> bool:
        """Whether a day was named before message `index`, or can be worked out: `tomorrow`, `on Friday`."""
        needles, end = day_needles(day.month, day.day), self.starts[index]
        if self.any_said(needles[:4], end) or self.relative(index) or self.any_said(needles[4:], end):
            return True
        named = [number for number, name in enumerate(WEEKDAYS) if self.said(name[:4], end)]
        return bool(named) and (day.weekday is None or day.weekday in named)

    def relative(self, index: int) -> bool:
        """Whether words such as `tomorrow` were said before message `index`, from which days are worked out.

        What the assistant has since summed up with an explicit date counts no more.
        """
        start, end = self._recent(index)
        rfind = self.folded.rfind
        return any(rfind(word, start, end) >= 0 for word in RELATIVE)

    def time(self, time: Time, end: int) -> bool:
        """Whether that time of day was named."""
        if self.any_said(time_needles(time.hour, time.minute), end):
            return True
        return time.minute == 0 and bare_hour(time.hour).search(self.folded, 0, end) is not None

    def word(self, word: bytes, end: int) -> bool:
        """Whether a word was said, in any of its forms; a number in any of its spellings."""
        if self.folded.rfind(stem(word), 0, end) >= 0:
            return True
        number = word.decode() if word.isdigit() else _NUMBER_WORDS.get(word)
        if number:
            return self.number(number.lstrip("0") or "0", end)
        return self.shortened(word, end) or self.any_said(hints(word), end)

    def shortened(self, word: bytes, end: int) -> bool:
        """Whether a shorter form was said: `decaf` for `decaffeinated`."""
        folded = self.folded
        at = folded.find(b" " + word[:4], 0, end) if len(word) > 4 and word.isascii() else -1
        while at >= 0:
            if word.startswith(folded[at + 1 : folded.find(b" ", at + 5)]):
                return True
            at = folded.find(b" " + word[:4], at + 5, end)
        return False

    def missing(self, text: str, end: int) -> list[bytes]:
        """The words of `text` that matter and that nobody said before `end`."""
        split = words(text)
        wanted = [word for word in dict.fromkeys(split) if word not in WEAK]
        if not wanted and len(split) > 1:
            return [] if self.squeezed(text, end) else list(split)
        lost = [word for word in (wanted or split)[:_MATTER] if self.folded.rfind(stem(word), 0, end) < 0]
        if lost:
            for covered, needles in aliases(text) if len(text) < REMEMBERED else ():
                if not covered.isdisjoint(lost) and self.any_said(needles, end):
                    lost = [word for word in lost if word not in covered]
            lost = [word for word in lost if not self.word(word, end)]
        if lost and ((len(split) > 1 and self.said(initials(split), end)) or self.squeezed(text, end)):
            return []
        return [word for word in lost if not self.misspelt(word, end)]

    def squeezed(self, text: str, end: int) -> bool:
        """Whether `text` was said with its spaces elsewhere: `cold brew` and `coldbrew`."""
        wanted = fold(text).replace(b" ", b"")
        return len(wanted) > 4 and wanted in self.folded[:end].replace(b" ", b"")

    def misspelt(self, word: bytes, end: int) -> bool:
        """Whether a word much like `word` was said."""
        if len(word) < 5 or len(word) > 40 or word.isdigit() or not word.isascii():
            return False
        alike = re.findall(
            rb" (%c[a-z]{%d,%d})(?= )" % (word[0], len(word) - 4, len(word) + 2), self.folded[:end]
        )
        near = list({other.decode() for other in alike[-500:]})
        return bool(get_close_matches(word.decode(), near, n=1, cutoff=_NEAR))


def matter(text: str) -> list[bytes]:
    """The words of `text` that matter, each once; all of them where none does."""
    split = dict.fromkeys(words(text))
    return ([word for word in split if word not in WEAK] or list(split))[:_MATTER]


def _with_calls(message: AssistantMessage) -> str:
    """What is said beside calls, and the values called with."""
    parts = [message.content]
    for call in message.tool_calls:
        try:
            parts += ["\n".join(call.arguments.values())]
        except TypeError:  # not all of them are strings
            parts += given(call)
    return "\n".join(parts)


def _unescaped(message: Message, text: str) -> str:
    return unescaped(text) if type(message) is ToolMessage and "\\" in text else text


def given(call: ToolCall) -> Iterator[str]:
    """The strings and numbers among the arguments, as text."""
    for key, value in call.arguments.items():
        for _, leaf in leaves(value, Place(None, key)):
            text = written(leaf)
            if text:
                yield text


class Place(NamedTuple):
    """Where a value stands: the place of what holds it, and the key there."""

    inside: "Place | None"
    key: str | int

    def keys(self) -> list[str | int]:
        """From the outermost to here."""
        keys: list[str | int] = []
        place: Place | None = self
        while place is not None:
            keys.append(place.key)
            place = place.inside
        return keys[::-1]


def leaves(value: Json, place: Place) -> Iterator[tuple[Place, Json]]:
    """What is no object or array in `value`, which stands at `place`, in order."""
    waiting = [(place, value)]
    while waiting:
        place, value = waiting.pop()
        if type(value) is dict:
            waiting += [(Place(place, str(key)), inner) for key, inner in reversed(value.items())]
        elif type(value) is list or type(value) is tuple:
            waiting += [(Place(place, at), value[at]) for at in range(len(value) - 1, -1, -1)]
        else:
            yield place, value


def written(value: Json) -> str:
    """A string or number as text; empty for anything else and for numbers too long to write."""
    if type(value) is str:
        return value
    if type(value) is int:
        return str(value) if abs(value) < 10**300 else ""
    if type(value) is float and abs(value) < 1e300:
        short = repr(value)
        return f"{value:.12f}" if "e" in short else short
    return ""
