"""User: the user's side sounds like a user: no tool syntax, no assistant's phrases, no opening that all share."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from callwright.checks.control_tokens import TAG, control_tokens, is_call_text, suspect
from callwright.checks.examples import call, reply, result, said, user
from callwright.checks.normal_forms import fold
from callwright.checks.rules import Check, Finding, Fold, Rule
from callwright.checks.subject import Context, Subject
from callwright.conversation import Conversation, UserMessage

_ANSWERED = (call("set_light", room="hall", on=True), result("ok"), reply("It is on."))

MARKUP = Rule(
    code="user-markup",
    title="a user writes tool syntax, reasoning tags or control tokens",
    why="People do not write `<tool_call>` or `Observation:`. Where it stands in a user's message, a"
    " generator has lost its part, or turns were joined wrongly: the call and its result are hidden in the"
    " user's words, and a model learns to expect them there. Found are the tags around calls, results and"
    " reasoning, control tokens, lines that begin with `Observation:` or `Function call:`, and messages"
    " that are nothing but the JSON of a call. Write the message anew, or read the row in the form it was"
    " written in.",
    bad=(said(user('<tool_response>{"light": "off"}</tool_response> Switch it on.'), *_ANSWERED),),
    good=(said(user("The light in the hall is off. Switch it on."), *_ANSWERED),),
)
ASSISTANT_LIKE = Rule(
    code="user-assistant-like",
    title="a user talks like an assistant",
    why="A teacher that plays the user falls out of its part: it offers help, looks things up, asks what"
    " else it can do. A student then sees users that nobody will meet, and turns to which no reply fits."
    " Found are phrases that only who serves says. Write the message anew, or leave the row out.",
    severity="warning",
    bad=(said(user("I'd be happy to help you with the light! Which room is it?"), *_ANSWERED),),
    good=(said(user("Can you help me with the light in the hall?"), *_ANSWERED),),
)
OPENING = Rule(
    code="user-opening",
    title="many conversations of a set open with the same words",
    why="Ask a teacher for a hundred users, and forty begin with `I would like to know if`. A student"
    " trained on them waits for those words. Said once for an opening of five words that more than a tenth"
    " of the rows share, in sets of at least fifty; shorter messages (`Hi`) are how people talk and do not"
    " count as an opening. Ask for other openings, or thin out these.",
    severity="warning",
    bad=tuple(
        said(user(f"I would like to have the light on, dear helper number {number}."), *_ANSWERED)
        for number in range(50)
    ),
    good=(said(user("The light in the hall, please."), *_ANSWERED),),
)


_LINES = re.compile(
    r"^[ \t]*(?:Observation|Action Input|(?:Function|Tool)[ _](?:call|response|result|output)):",
    re.MULTILINE | re.IGNORECASE,
)
_LINE_SIGNS = ("bservation:", "nput:", "all:", "esponse:", "esult:", "utput:")
_PHRASES = re.compile(
    r"\b(?:how (?:can|may|could) i (?:help|assist)|what can i (?:help you|assist you|do for you)"
    r"|i(?:['’]d| would|['’]ll| will)(?: be)? (?:happy|glad|pleased) to (?:help|assist)"
    r"|i(?:['’]m| am) (?:happy|here) to (?:help|assist)|(?:happy|glad) to (?:help|assist) you"
    r"|as an ai\b(?: language model| assistant)?|i(?:['’]m| am) (?:an ai|a virtual) (?:assistant|model)"
    r"|anything else (?:that )?i can (?:help|assist|do for)"
    r"|anything else you(?:['’]d| would)? (?:need help|like help|like assistance)"
    r"|(?:can|could|may) i (?:help|assist) you|i can (?:help|assist) you (?:with|find|book)"
    r"|let me (?:help|assist) you"
    r"|let me (?:quickly )?(?:check|look|find|search|see|get|pull)(?: (?:that|it|this|those|them))?(?: up)? for you"
    r"|i(?:['’]ve| have) (?:booked|reserved|scheduled) [^.!?,\n]{1,60} for you\b"
    r"|thank you for (?:contacting|calling|choosing)|please let me know if you need|would you like me to)",
    re.IGNORECASE,
)
# fmt: off
_HELP_SIGNS = (
    "i help", "help you", "can help", "happy to", "glad to", "pleased to", "m here to", "need help", "like help",
)
_PHRASE_SIGNS = (
    "assist", " an ai", "let me ", "do for you", "booked", "reserved", "scheduled", "you for c", "if you need",
    "like me to", " virtual ",
)
# fmt: on
"""One of these is in every phrase."""


def look(subject: Subject) -> Iterator[Finding]:
    """Quick tests of all the user's words at once, and a closer look where one strikes."""
    spoken = subject.spoken
    own = subject.context.control_tokens
    if (
        suspect(spoken)
        or "{" in spoken
        or (":" in spoken and any(map(spoken.__contains__, _LINE_SIGNS)))
        or (own and any(control_tokens(spoken, own)))
    ):
        for index, text in _turns(subject):
            if words := _markup(text, own):
                message = f"`{words}` in the user's words, where no user writes it; write the message anew"
                yield MARKUP.at(f"$.messages[{index}].content", message, words=words)
    lowered = spoken.lower()
    offered = "help" in lowered and any(map(lowered.__contains__, _HELP_SIGNS))
    if offered or any(map(lowered.__contains__, _PHRASE_SIGNS)):
        for index, text in _turns(subject):
            if found := _PHRASES.search(text):
                message = f"`{found[0]}` is what an assistant says; here the user does"
                yield ASSISTANT_LIKE.at(f"$.messages[{index}].content", message, words=found[0])


def _turns(subject: Subject) -> list[tuple[int, str]]:
    return [(index, m.content) for index, m in enumerate(subject.messages) if type(m) is UserMessage]


def _markup(text: str, own: tuple[str, ...]) -> str:
    """The first words of tool syntax; empty where there is none."""
    if found := TAG.search(text) or _LINES.search(text):
        return found[0].strip()
    if found_token := next(control_tokens(text, own), ""):
        return found_token
    return "{" if "{" in text and is_call_text(text.strip()) else ""


CHECK = Check(rules=(MARKUP, ASSISTANT_LIKE), look=look)


_WORDS = 5
_ROWS = 50
_SHARE = 0.1
_TRACKED = 10_000
"""Openings remembered; of more, the rare ones are forgotten: memory does not grow with the set."""
_NAMED = 3


class Openings(Fold):
    """Counts openings; code `user-opening`."""

    rules: ClassVar[tuple[Rule, ...]] = (OPENING,)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._rows = 0
        self._counts: dict[str, int] = {}
        self._names: dict[str, list[str]] = {}

    @classmethod
    def key(cls, subject: Subject) -> Any:
        return opening(subject.conversation)

    def add(self, key: Any, name: str) -> Iterable[Finding]:
        self._rows += 1
        if key:
            count = self._counts[key] = self._counts.get(key, 0) + 1
            if count <= _NAMED:
                self._names.setdefault(key, []).append(name)
            if len(self._counts) > _TRACKED:
                self._forget()
        return ()

    def _forget(self) -> None:
        rare = self._rows * _SHARE / 20
        self._counts = {key: count for key, count in self._counts.items() if count > rare}
        self._names = {key: self._names[key] for key in self._counts}

    def close(self) -> Iterable[Finding]:
        if self._rows < _ROWS:
            return
        for key, count in sorted(self._counts.items(), key=lambda item: (-item[1], item[0])):
            if count > self._rows * _SHARE:
                message = f"{count:,} of {self._rows:,} conversations open with `{key}`; vary how users begin"
                yield OPENING.at("$", message, related=tuple(self._names[key]))


def opening(conversation: Conversation) -> str:
    """The first words of the first user message, without case and marks; empty where there are fewer."""
    for message in conversation.messages:
        if type(message) is UserMessage:
            words = fold(message.content[:200]).split(None, _WORDS)[:_WORDS]
            return b" ".join(words).decode("utf-8", "replace") if len(words) == _WORDS else ""
    return ""
