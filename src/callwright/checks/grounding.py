"""Grounding: what the assistant calls with and replies was said by someone before: the user, a result, a schema."""

import re
from collections.abc import Iterator

from callwright.checks.evidence import Evidence, Place, leaves, matter, written
from callwright.checks.examples import call, reply, result, said, user
from callwright.checks.facts import ADDRESS, invented
from callwright.checks.moments import days_of, times_of
from callwright.checks.normal_forms import REMEMBERED, needle, number_of, words
from callwright.checks.rules import Check, Finding, Rule
from callwright.checks.slots import Slot, slots_of
from callwright.checks.subject import Made, Subject
from callwright.schema import json_path

_ASKED = user("Find me a table in Graz for three.")
_TABLES = result('{"tables": [{"name": "Zum Adler", "phone": "0316 5550"}]}')

ARGUMENT = Rule(
    code="grounding-argument",
    title="a call has a value that nobody gave",
    why="A model that learns to call with values from nowhere will invent a city, an id or an amount of money instead"
    " of asking. A value counts as given if the user, a result, the system message or an earlier turn of the"
    " assistant said it, or if the parameter's schema names it (enum, const, default, examples, description)."
    " Spelling does not matter: two is 2, half past six in the evening is 18:30, SF is San Francisco, and after"
    " `tomorrow` or `on Friday` a date counts as worked out. Booleans are not looked at; of text that the model is to"
    " write itself, such as the body of a message, only numbers, addresses and whether it is about anything that was"
    " said. Let the user say the value, let the assistant ask for it, or take it out.",
    severity="warning",
    bad=(
        said(
            _ASKED,
            call("find_table", city="Linz", guests=3),
            result('{"tables": []}'),
            reply("There is no table."),
        ),
    ),
    good=(
        said(
            _ASKED,
            call("find_table", city="Graz", guests=3),
            result('{"tables": []}'),
            reply("There is no table."),
        ),
    ),
)
REPLY = Rule(
    code="grounding-reply",
    title="a reply states a fact that comes from nowhere",
    why="After a result a reply is to say what the result says. A model trained on numbers, dates, times, addresses"
    " and names that stand neither in a result nor in anything said before learns to invent them, which no one can"
    " see in the served answer. Looked at are the replies after the first result, names in those that follow a result"
    " at once. How many things a list has counts as given, since a list may be the first page of more; greetings,"
    " weekdays and the first words of sentences are not names. Put the fact right, or leave it out.",
    severity="warning",
    bad=(
        said(
            _ASKED,
            call("find_table", city="Graz", guests=3),
            _TABLES,
            reply("There is a table; the number is 0316 7741."),
        ),
    ),
    good=(
        said(
            _ASKED,
            call("find_table", city="Graz", guests=3),
            _TABLES,
            reply("There is a table; the number is 0316 5550."),
        ),
    ),
)


def look(subject: Subject) -> Iterator[Finding]:
    """The arguments of every call, and every reply, against what was said before."""
    evidence = Evidence(subject.messages)
    slots = slots_of(subject.conversation.tools)
    for made, keys, value in _unsaid(subject, evidence):
        slot = slots.slot(made.call.name, keys)
        if not slot.paged and not slot.names(needle(value)) and evidence.spend():
            lost = untraced(evidence, value, slot, made.turn)
            if lost:
                yield _blamed(made, keys, value, lost)
    for turn, lost in invented(evidence, slots):
        yield REPLY.at(
            f"$.messages[{turn}].content",
            f"nothing before the reply says {_listed(lost)}; say what a result or somebody said",
            words=lost[0],
        )
    if evidence.exhausted:
        message = "the conversation is too long to trace every value, and the rest was not judged; split it"
        yield ARGUMENT.at("$", message)


CHECK = Check(rules=(ARGUMENT, REPLY), look=look)


def _unsaid(subject: Subject, evidence: Evidence) -> Iterator[tuple[Made, tuple[str | int, ...], str]]:
    """The values of arguments that nobody said as they stand, each with its call and its keys.

    Where results are not shown, only the first calls are looked at: a later one may have its values from a result.
    """
    rfind = evidence.folded.rfind  # what is called with was mostly said last
    for made in subject.calls:
        end = evidence.starts[made.turn]
        if not subject.carries_results and made.turn != subject.calls[0].turn:
            return
        for key, value in made.call.arguments.items():
            if type(value) is str:
                if rfind(needle(value), 0, end) < 0:
                    yield made, (key,), value
            elif value is not True and value is not False and value is not None:
                for place, leaf in leaves(value, Place(None, key)):
                    text = written(leaf)
                    if text and rfind(needle(text), 0, end) < 0:
                        yield made, tuple(place.keys()), text


def _blamed(made: Made, keys: tuple[str | int, ...], value: str, lost: list[str]) -> Finding:
    return ARGUMENT.at(
        json_path([*keys]).replace("$", f"{made.path}.arguments", 1),
        f"nothing before the call says {_listed(lost)}; let the user give the value, or let the assistant ask",
        words=value,
    )


def _listed(lost: list[str]) -> str:
    shown = ", ".join(f"`{word}`" for word in lost[:4])
    return shown + (f" and {len(lost) - 4} more" if len(lost) > 4 else "")


_PLAIN = frozenset(
    ["true", "false", "yes", "no", "none", "null", "n/a", "any", "all", "dontcare", "default", "auto"]
)
"""Values that are choices rather than facts."""
_CODE = re.compile(r"(?=.*\d)[A-Za-z0-9]+(?:[-_./#:][A-Za-z0-9]+)*")
_NUMERALS = re.compile(r"\d{1,20}(?:\.\d{1,20})?")
_LOOKED_FOR = 40
"""Numbers or addresses of a text that are looked for."""
_LONG = 8
"""Words from which a text is one that the model wrote rather than a value it was given."""
_SHARE = 0.5
"""Share of the words that matter which must have been said."""
_SHARE_WRITTEN = 0.67
"""The same for a short text that the model wrote, such as a query."""
_CONSTANT = frozenset(map(str, (0, 1, 2, 3, 4, 5, 7, 10, 12, 24, 30, 52, 60, 100, 180, 360, 365, 1000, 3600)))
"""Numbers that a formula brings with it."""


def untraced(evidence: Evidence, value: str, slot: Slot, turn: int) -> list[str]:
    """What of `value` was looked for and not found before message `turn`; empty where it is grounded."""
    end = evidence.starts[turn]
    if value.strip().lower() in _PLAIN or not words(value):
        return []
    if len(value) >= REMEMBERED:
        return _free(evidence, value, end)
    if days_of(value) or times_of(value):
        lost = [] if _moment(evidence, value, turn) else [value]
    elif number := number_of(value):
        if number in ("0", "1") or evidence.number(number, end) or evidence.squeezed(number, end):
            return []
        if len(number) > 2:
            return [number]
        lost = [number]
    elif ADDRESS.fullmatch(value.strip()):
        return _shown(evidence.missing(value, end))
    elif slot.written or len(words(value)) > _LONG:
        return _free(evidence, value, end)
    elif _CODE.fullmatch(value):
        return _code(evidence, value, end)
    else:
        lost = _text(evidence, value, end)
    # Numbers in words, names of days and translated names are known in English only.
    return [] if lost and evidence.foreign else lost


def _shown(lost: list[bytes]) -> list[str]:
    return [word.decode("utf-8", "replace") for word in lost]


def _moment(evidence: Evidence, value: str, turn: int) -> bool:
    """Whether a day was said or can be worked out; for a time of day alone, whether that was said."""
    days = days_of(value)
    if days:
        return any(evidence.reaches(day, turn) for day in days)
    return any(evidence.time(time, evidence.starts[turn]) for time in times_of(value))


def _code(evidence: Evidence, value: str, end: int) -> list[str]:
    if evidence.squeezed(value, end):
        return []
    return _shown([part for part in words(value) if not evidence.word(part, end)])


def _text(evidence: Evidence, value: str, end: int) -> list[str]:
    lost = evidence.missing(value, end)
    return _shown(lost) if len(lost) > len(matter(value)) * _SHARE else []


def _free(evidence: Evidence, value: str, end: int) -> list[str]:
    """What of a text that the model wrote comes from nowhere: numbers, addresses, or all it is about."""
    numbers = [number for number in _NUMERALS.findall(value)[:_LOOKED_FOR] if number not in _CONSTANT]
    lost = [number for number in numbers if not evidence.number(number_of(number), end)]
    if len(lost) * 2 <= len(numbers):
        lost = []
    lost += [found for found in ADDRESS.findall(value)[:_LOOKED_FOR] if evidence.missing(found, end)]
    if lost or numbers:
        return lost
    gone = evidence.missing(value, end)
    enough = len(matter(value)) * (1.0 if len(words(value)) > _LONG else _SHARE_WRITTEN)
    return _shown(gone) if gone and len(gone) >= enough and not evidence.foreign else []
