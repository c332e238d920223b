"""Facts: the numbers, dates, times, addresses and names that a reply states, and which of them come from nowhere."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from callwright.checks.evidence import Evidence
from callwright.checks.moments import MONTHS, NAMED_DAY, WEEKDAYS, days_of, times_of
from callwright.checks.normal_forms import fold, needle, number_of, stem, words
from callwright.checks.slots import Slots
from callwright.conversation import AssistantMessage, ToolMessage

_REST = r"\w*+(?:[.,:'’@&/+-]\w++)*+"
_HOUR = r"(?<=\d)\d?+ [ap]m\b"
RUN = re.compile(rf"[A-Z0-9](?:{_HOUR}|(?:(?<=\d)|(?<=[a-z0-9,'’] .)){_REST}(?: [A-Z0-9]{_REST})*+)")
"""Words in a row that begin with a digit, or with a capital inside a sentence."""
FIGURE = re.compile(rf"\d(?:{_HOUR}|{_REST})")
"""A word that begins with a digit."""
ADDRESS = re.compile(
    r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)++|(?:https?://|www\.)[^\s<>\"')\]]*[^\s<>\"')\].,;:!?]"
)
"""Email addresses and URLs."""
_FAR = 100_000
"""Characters after which even plain searches are counted."""
_LONG = 200
"""Characters from which a run is no name but text in capitals."""
_HALF = re.compile(r"\s?([ap])\.?\s?m\b", re.IGNORECASE)
_END = re.compile(r"[.!?](?:\s|$)")
_OPEN_LIST = re.compile(r"\b(?:(?:some|any)thing else|etc|e\.g|such as|for example|or others?)\b")
_SCALE = re.compile(r"(?:out of|/)\s*$")
_LEADING = re.compile(r"\d{1,15}")
_NUMERAL = re.compile(r"\d")
_ISO = re.compile(r"\b\d{4}-\d\d-\d\d")
_WISHED = re.compile(r" (?:day|night|evening|week|time|trip|one|morning)\b")
_LISTED = re.compile(r"[.):]\s")
_COUNTING = frozenset(
    ["found", "are", "is", "have", "see", "got", "there", "of", "over", "another", "other", "more"]
)
"""After these a number is a count."""
_COUNTED = re.compile(r" (?:[a-z-]+ ){0,2}(?!has|is|was|does|this|s\b)[a-z]+s\b| [A-Z][a-z]+s\b")
_SPOKEN = """
    0 1 2 3 4 5 6 7 8 9 I A An The Is Are Do Does Did Would Will Can Could Should What Which When Where Who How
    Why Your You We It This That There These Those Please Sure Okay OK Ok Yes No Not So And But Or If In On At
    For From To With My Any Anything Great Thank Thanks Have Has Had Here Hi Hello I'm I'll I've I'd It's You're
    There's That's What's How's They They're He She Confirm Confirming Sorry Alright Enjoy Also One Two Three
    Just Let Let's Bye Goodbye Good Perfect Done Unfortunately Of Otherwise Both All Its Their Our AM PM TV
"""
OPENERS = frozenset(_SPOKEN.split())
"""Words that state nothing where they stand alone."""
_NO_NAMES = frozenset(
    b"mr mrs ms dr english usd eur id pin dj vs v pst est gmt utc cet wi fi wifi m ll s d ve re t st th nd rd jan feb "
    b"mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun merry christmas new year internet gps atm "
    b"faq url pdf csv api json error note pleasure fahrenheit farenheit celsius ill asap amazing awesome wonderful "
    b"nice next help try total today tomorrow tonight".split()
).union(WEEKDAYS, map(str.encode, MONTHS), (fold(word).strip() for word in OPENERS))
"""Words that are no names though they begin with a capital."""


def invented(evidence: Evidence, slots: Slots) -> Iterator[tuple[int, list[str]]]:
    """Index of each reply that states facts which nothing before it gives, and those facts, in order.

    Looked at are replies after the first result, names in those that follow a result at once. The words of the tools
    themselves (`slots`) count as given.
    """
    rfind, starts = evidence.folded.rfind, evidence.starts
    known: set[str] = set()
    facts = None
    for turn, message in enumerate(evidence.messages):
        if type(message) is not AssistantMessage:
            if type(message) is ToolMessage:
                facts = RUN.findall
            continue
        text = message.content
        if facts is None or not text or message.tool_calls:
            continue
        end = starts[turn]
        if end > _FAR and not evidence.spend():
            return
        strange = []
        for run in facts(text):
            if run not in known and run not in OPENERS and len(run) < _LONG:
                known.add(run)
                if rfind(needle(run), 0, end) < 0 and any(_parsed(run)):
                    strange.append(run)
        facts = FIGURE.findall
        addressed = evidence.addressed and ("@" in text or "://" in text or "www." in text)
        if (strange or addressed) and evidence.spend():
            reply = Reply(evidence, slots, text, turn)
            lost = _strange(reply, strange)
            if addressed:
                lost += [one for one in ADDRESS.findall(text) if evidence.missing(one, end)]
            if lost:
                yield turn, list(dict.fromkeys(lost))


class Reply(NamedTuple):
    """A reply under scrutiny."""

    evidence: Evidence
    slots: Slots
    text: str
    turn: int

    @property
    def end(self) -> int:
        """Where it begins in the evidence."""
        return self.evidence.starts[self.turn]

    @property
    def answers(self) -> str:
        """The result that it follows at once; empty where it follows none."""
        before = self.evidence.messages[self.turn - 1] if self.turn else None
        return before.content if type(before) is ToolMessage else ""

    def has_list(self) -> bool:
        """Whether the last result before it lists several things."""
        for index in range(self.turn - 1, -1, -1):
            message = self.evidence.messages[index]
            if type(message) is ToolMessage:
                return _lists(message.content)
        return False


def _lists(content: str) -> bool:
    """Whether a result has a list of several things, or lines; without reading it as JSON."""
    at = content.find("[")
    if at < 0:
        return content.count("\n") > 1
    objects = content.count("{", at)
    return objects > 1 or (objects == 0 and content.find(",", at) > 0)


def _strange(reply: Reply, runs: list[str]) -> list[str]:
    """What of runs that were not said as they stand comes from nowhere, in order."""
    text, lost = reply.text, []
    for run in runs:
        at = text.find(run)
        while at >= 0 and not _stands_alone(text, at, at + len(run)):
            at = text.find(run, at + 1)
        if at >= 0:
            lost.append((at, _closer(reply, run, at)))
    return [fact for _, facts in sorted(lost) for fact in facts]


def _stands_alone(text: str, start: int, end: int) -> bool:
    return not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())


class _Parsed(NamedTuple):
    """What is in a run."""

    days: tuple[str, ...]
    numbers: tuple[str, ...]
    names: tuple[str, ...]


@lru_cache(maxsize=65536)
def _parsed(run: str) -> _Parsed:
    rest, days = run, NAMED_DAY.findall(run) if _NUMERAL.search(run) else []
    for day in days:
        rest = rest.replace(day, " ")
    tokens = rest.split()
    numbers = tuple(token for token in tokens if _NUMERAL.search(token))
    return _Parsed(tuple(days), numbers, tuple(token for token in tokens if _is_name(token)))


def _closer(reply: Reply, run: str, at: int) -> list[str]:
    """What of a run, which was not said as it stands, comes from nowhere."""
    days, numbers, names = _parsed(run)
    lost = [day for day in days if not _day(reply, day)]
    lost += [token for token in numbers if not _number(reply, token, max(reply.text.find(token, at), at))]
    return lost + _names(reply, run, names, at) if names else lost


def _day(reply: Reply, text: str) -> bool:
    days, evidence = days_of(text), reply.evidence
    # A result with dates is what a date is to agree with.
    dated = _ISO.search(reply.answers)
    return not days or any(
        (evidence.day(day, reply.end) if dated else evidence.reaches(day, reply.turn))
        or reply.slots.tells(f" {day.month:02} {day.day:02} ".encode())
        for day in days
    )


def _number(reply: Reply, token: str, at: int) -> bool:
    """Whether the number `token`, which stands at `at`, comes from somewhere or need not."""
    evidence, text, end = reply.evidence, reply.text, reply.end
    after = at + len(token)
    half = _HALF.match(text, after)
    times = times_of(f"{token} {half[1]}m" if half else token)
    if times and (half or ":" in token):
        return any(evidence.time(time, end) for time in times)
    number = number_of(token)
    if not number:
        return evidence.squeezed(token, end) or all(_part_said(evidence, part, end) for part in words(token))
    # A single digit counts what is being talked about too often to be judged.
    return len(number) == 1 or _counts(reply, number, at, after) or _given(reply, token, number, at, after)


def _part_said(evidence: Evidence, part: bytes, end: int) -> bool:
    """Whether a part of a token such as `10oz` was said, as far as it is a number."""
    leading = _LEADING.match(part.decode("utf-8", "replace"))
    return not leading or evidence.word(part, end) or evidence.number(number_of(leading[0]), end)


def _counts(reply: Reply, number: str, at: int, after: int) -> bool:
    """Whether a number says how many results there are, and may be right: a list may be the first page of more."""
    before = reply.text[max(0, at - 20) : at]
    if "." in number or before[-1:] in ("$", "€", "£"):
        return False
    if (
        not _COUNTED.match(reply.text, after)
        and before.lower().rpartition(" ")[0].rpartition(" ")[2] not in _COUNTING
    ):
        return False
    return reply.has_list()


def _given(reply: Reply, token: str, number: str, at: int, after: int) -> bool:
    """Whether a number was said, or is one that a reply may bring with it."""
    evidence, end = reply.evidence, reply.end
    if evidence.number(number, end) or reply.slots.tells(needle(token)):
        return True
    before = reply.text[max(0, at - 8) : at]
    if before[-1:] in ("", "\n") and _LISTED.match(reply.text, after):
        return True  # the first of a numbered list
    if number in ("5", "10", "100") and _SCALE.search(before):
        return True
    if token[-2:] in ("st", "nd", "rd", "th"):
        return evidence.said(f" {int(number):02} ".encode(), end) or evidence.relative(reply.turn)
    return False


def _names(reply: Reply, run: str, names: tuple[str, ...], at: int) -> list[str]:
    """The names in a run inside a sentence, as one, where nothing was said of most of them."""
    after = at + len(run)
    if reply.text[after : after + 1] == ":" or _WISHED.match(reply.text, after):
        return []
    lost = set(reply.evidence.missing(run, reply.end))
    gone = [name for name in names if not lost.isdisjoint(words(name))]
    if len(gone) * 2 <= len(names) or _suggests(reply, at) or reply.evidence.foreign:
        return []
    tells = reply.slots.tells
    return (
        [] if tells(needle(run)) or all(tells(stem(words(name)[0])) for name in gone) else [" ".join(names)]
    )


@lru_cache(maxsize=65536)
def _is_name(token: str) -> bool:
    """Whether a capital shows a name here: no number, no abbreviation, no word that is often so written."""
    if not token[0].isalpha() or (token.isupper() and len(token) < 4):
        return False
    return not all(word in _NO_NAMES for word in words(token))


def _suggests(reply: Reply, at: int) -> bool:
    """Whether names at `at` are what the assistant offers to choose from, not what it found."""
    if reply.answers:
        return False
    ended = _END.search(reply.text, at)
    asked = ended is not None and ended[0][0] == "?"
    return asked or _OPEN_LIST.search(reply.text) is not None
