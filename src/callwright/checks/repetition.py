"""Repetition: the same call again, though nothing new came in between."""

import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from callwright.checks.canonical import canonical
from callwright.checks.examples import call, calls, reply, result, said, user
from callwright.checks.rules import Check, Finding, Rule
from callwright.checks.situations import is_error
from callwright.checks.subject import Made, Subject
from callwright.conversation import UserMessage

_HALL = call("set_light", room="hall", on=True)
_KITCHEN = call("set_light", room="kitchen", on=True)
_ROME = call("find_table", city="Rome", guests=2)
_TABLE = '[{"name": "Da Enzo"}]'

CALL = Rule(
    code="repetition-call",
    title="the same call is made again, though nothing new came in between",
    why="A model that learns this calls in circles: it has the result and asks for it once more. The same"
    " call is the same tool with the same arguments, in whatever order. It is found where no user message"
    " stands between the two, and the first neither failed (a retry is right) nor was answered otherwise (a"
    " job is polled until it is done). After another call only tools are looked at whose names say that"
    " they merely read (`get`, `find`, `list`), and only where the calls between them do so too: what"
    " changes something may have to be done again. Twice in one turn it is an error, and a warning where"
    " the user asks for several of a kind. Leave the second call and its result out.",
    severity="warning",
    bad=(
        said(
            user("A table for two in Rome."),
            _ROME,
            result(_TABLE),
            _ROME,
            result(_TABLE),
            reply("Da Enzo has one."),
        ),
        said(
            user("Light the hall."),
            calls(_HALL, _HALL),
            result("ok"),
            result("ok"),
            reply("The hall is lit."),
        ),
    ),
    good=(
        said(user("A table for two in Rome."), _ROME, result(_TABLE), reply("Da Enzo has one.")),
        said(
            user("A table for two in Rome."),
            _ROME,
            result('{"error": "the line is busy, try again"}'),
            _ROME,
            result(_TABLE),
            reply("I had to try twice. Da Enzo has one."),
        ),
        said(
            user("Light the hall and the kitchen."),
            calls(_HALL, _KITCHEN),
            result("ok"),
            result("ok"),
            reply("Both are lit."),
        ),
    ),
)
RESULT = Rule(
    code="repetition-result",
    title="a call is made again that gives what the conversation already holds",
    why="The user asks on, the assistant makes the very call it has made before, and the very same result"
    " comes back: the answer was there, and a model should learn to read it. Or the user asked for"
    " something else, and the arguments should say so. Only tools whose names say that they merely read"
    " (`get`, `find`, `list`) are looked at, and only where no other call stands in between and the user"
    " does not ask to look again. A result that differs (the next page, other offers) is no repetition."
    " Answer from the first result, or let the arguments differ.",
    severity="warning",
    bad=(
        said(
            user("A table for two in Rome."),
            _ROME,
            result('[{"name": "Da Enzo"}, {"name": "Roscioli"}]'),
            reply("Da Enzo has one."),
            user("And what else is there?"),
            _ROME,
            result('[{"name": "Da Enzo"}, {"name": "Roscioli"}]'),
            reply("Roscioli has one too."),
        ),
    ),
    good=(
        said(
            user("A table for two in Rome."),
            _ROME,
            result('[{"name": "Da Enzo"}, {"name": "Roscioli"}]'),
            reply("Da Enzo has one."),
            user("And what else is there?"),
            reply("Roscioli has one too."),
        ),
    ),
)

# fmt: off
_READS = frozenset((
    "browse", "count", "describe", "fetch", "find", "get", "list", "look", "lookup", "query", "read", "retrieve",
    "search", "show", "view",
))
_CHANGES = frozenset((
    "add", "book", "buy", "cancel", "copy", "create", "delete", "make", "move", "next", "order", "pay", "play", "post",
    "put", "random", "remove", "rent", "replace", "reserve", "roll", "schedule", "send", "set", "start", "stop",
    "transfer", "update", "write",
))
# fmt: on
_NAME_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_ANEW = re.compile(
    r"\b(?:again|re-?\w*check|re-?try|re-?fresh|still|now|once more|anew|update[ds]?)\b", re.IGNORECASE
)
"""Words with which a user asks to look once more."""
_SEVERAL = re.compile(
    r"\b(?:[2-9]|1\d|two|three|four|five|six|seven|eight|nine|ten|dozen|twice|times|again|both|another|more|double"
    r"|couple|pair|several|few|each|every)\b",
    re.IGNORECASE,
)
"""Words with which a user may ask for several of a kind."""


def look(subject: Subject) -> Iterator[Finding]:
    """Each call against the last that is the same."""
    made = subject.calls
    if len(made) < 2:
        return
    first: dict[str, int] = {}
    latest: dict[tuple[str, bytes], int] = {}
    for number, this in enumerate(made):
        name = this.call.name
        if name not in first:
            first[name] = number
            continue
        before = first[name]
        if before >= 0:  # what the arguments are is asked only once a name comes again
            latest[name, canonical(made[before].call.arguments)] = before
            first[name] = -1
        key = name, canonical(this.call.arguments)
        if key in latest:
            yield from _again(subject, latest[key], number)
        latest[key] = number


CHECK = Check(rules=(CALL, RESULT), look=look)


def _again(subject: Subject, before: int, number: int) -> Iterator[Finding]:
    first, this = subject.calls[before], subject.calls[number]
    if first.turn == this.turn:
        if not _same_result(subject, first, this):
            return  # a die that is cast twice
        asked = _SEVERAL.search(_last_request(subject, this.turn))
        severity = CALL.severity if asked else "error"
        message = (
            f"the very call of `{this.call.name}` at {first.path} once more in the same turn; one is enough"
        )
        found = CALL.at(this.path, message, words=this.call.name)
        yield msgspec.structs.replace(found, severity=severity)
        return
    between = subject.calls[before + 1 : number]
    if between and not all(map(_reads, (first, *between))):
        return
    if not _same_result(subject, first, this):
        return
    words = [m.content for m in subject.messages[first.turn : this.turn] if type(m) is UserMessage]
    if not words:
        message = f"the same call of `{this.call.name}` as at {first.path}, and nothing new in between; leave it out"
        yield CALL.at(this.path, message, words=this.call.name)
    elif _knows(subject, first) and not between and _reads(first) and not any(map(_ANEW.search, words)):
        message = (
            f"the same call of `{this.call.name}` as at {first.path}, with the same result; answer from that"
        )
        yield RESULT.at(this.path, message, words=this.call.name)


def _same_result(subject: Subject, first: Made, this: Made) -> bool:
    """Whether the first did not fail and the second, as far as is known, was answered alike."""
    messages, results = subject.messages, subject.results
    one, other = results.get(first.call.id), results.get(this.call.id)
    if one is None or not subject.carries_results:
        return True
    text = messages[one].content
    return not is_error(text) and (other is None or messages[other].content == text)


def _knows(subject: Subject, made: Made) -> bool:
    """Whether a call has a result that says something."""
    index = subject.results.get(made.call.id)
    return index is not None and subject.messages[index].content.strip() not in ("", "[]", "{}", "null")


def _reads(made: Made) -> bool:
    return _merely_reads(made.call.name)


@lru_cache(maxsize=4096)
def _merely_reads(name: str) -> bool:
    words = {word.lower() for word in _NAME_WORD.findall(name)}
    return not words.isdisjoint(_READS) and words.isdisjoint(_CHANGES)


def _last_request(subject: Subject, turn: int) -> str:
    return next((m.content for m in reversed(subject.messages[:turn]) if type(m) is UserMessage), "")
