"""Leakage: a conversation that gives a test conversation away, so that its score would be learnt by heart.

What a student is tested on is what the users said up to some turn. So a conversation leaks a test row if its
user texts, case and spaces aside, begin with all of the row's, or agree with the row's for two turns or more.
One equal opening ("Hi, I am hungry") of a longer row is how people talk, and no leak.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, NamedTuple

from callwright.checks.duplicates import digest_of, percent, wants
from callwright.checks.examples import call, reply, result, said, user
from callwright.checks.rules import Finding, Fold, Rule
from callwright.checks.similarity import Similar, Sketch, sketch
from callwright.checks.subject import Context, Subject
from callwright.conversation import Conversation, UserMessage

_TELLING = 2
"""Equal user turns from the start that are no accident."""

_ASKED = "We are four and want to eat in Rome tonight. What is there?"
_ANSWER = (
    call("find_table", city="Rome", guests=4),
    result('[{"name": "Da Enzo"}]'),
    reply("Da Enzo has a table for four."),
)
_TEST = said(user(_ASKED), *_ANSWER)
_OTHER = said(
    user("The hall is dark."), call("set_light", room="hall", on=True), result("ok"), reply("Not any more.")
)

CONVERSATION = Rule(
    code="leakage-conversation",
    title="a conversation stands in the test set too",
    why="What a student was trained on, it need not understand: the score says how well it remembers. The"
    " same are conversations whose messages and calls are the same, but for ids and the order of keys. Take"
    " the row out of the training set.",
    bad=(_TEST,),
    good=(_OTHER,),
    test=(_TEST,),
)
HISTORY = Rule(
    code="leakage-history",
    title="a conversation begins with what the user of a test row says",
    why="A test asks what a student does after what the user said. Where a training row has the same words"
    " of the user, upper and lower case and spaces aside, its answer is known, whatever else differs. Found"
    " are rows that begin with all a test row's user says, or that agree with it for two turns or more; one"
    " equal opening of a longer row (`Hi!`) is how people talk. Take the row out of the training set.",
    bad=(said(user(_ASKED.lower()), reply("For when, and how many will you be?")),),
    good=(_OTHER,),
    test=(_TEST,),
)
NEAR = Rule(
    code="leakage-near",
    title="a user says nearly what the user of a test row says",
    why="A test row whose question stands in the training set with a word changed is nearly learnt by"
    " heart: in published sets up to a sixth of the test questions are of this kind. Compared are the words"
    " of the user alone, in whatever order, since they are what a test asks; rows are near where they share"
    " at least `checks.similarity` of them. Rows of less than four words are passed over. Take the row out,"
    " or write other test rows.",
    severity="warning",
    bad=(said(user("We are four and we want to eat in Rome tonight. What is there?"), *_ANSWER),),
    good=(_OTHER,),
    test=(_TEST,),
)

_LEAST = 4
"""Words of a user, below which likeness is how people talk."""


class _Key(NamedTuple):
    whole: bytes
    histories: tuple[tuple[int, bytes], ...]
    near: Sketch | None


class Leakage(Fold):
    """Holds the test conversations; codes `leakage-conversation`, `leakage-history`, `leakage-near`."""

    rules: ClassVar[tuple[Rule, ...]] = (CONVERSATION, HISTORY, NEAR)
    about_test = True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._whole: dict[bytes, str] = {}
        self._histories: dict[bytes, str] = {}
        self._similar: Similar | None = None
        self._near: list[str] = []

    @classmethod
    def key(cls, subject: Subject) -> Any:
        conversation = subject.conversation
        near = None
        if NEAR.code in wants(subject.context):
            spoken = "\n".join([m.content for m in conversation.messages if type(m) is UserMessage])
            if len(spoken.split(None, _LEAST)) >= _LEAST:
                near = sketch(spoken, subject.context.similarity, longest=1)
        return _Key(digest_of(conversation), tuple(histories(conversation)), near)

    def hold(self, key: Any, name: str) -> None:
        whole, histories, near = key
        self._whole.setdefault(whole, name)
        for turns, (_, history) in enumerate(histories, start=1):
            if turns >= _TELLING or turns == len(histories):
                self._histories.setdefault(history, name)
        if near is not None:
            if self._similar is None:
                self._similar = Similar(self.context.similarity)
            self._similar.add(near)
            self._near.append(name)

    def add(self, key: Any, name: str) -> Iterable[Finding]:
        whole, histories, near = key
        if test := self._whole.get(whole):
            yield CONVERSATION.at("$", f"the same conversation as {test}; take it out", related=(test,))
            return
        shared = [(index, history) for index, history in histories if history in self._histories]
        if shared:
            index, history = shared[-1]
            test = self._histories[history]
            message = f"up to here the user says what the user of {test} says; take it out"
            yield HISTORY.at(f"$.messages[{index}]", message, related=(test,))
        elif near is not None and self._similar is not None and (found := self._similar.find(near)):
            test = self._near[found[0].row]
            message = f"the user shares {percent(found[0].similarity)} of the words with that of {test}; take it out"
            yield NEAR.at("$", message, related=tuple(self._near[match.row] for match in found))


_LOWER = bytes(range(65)) + bytes(range(97, 123)) + bytes(range(91, 256))
_SPACES = b" \t\n\r\x0b\x0c"


def histories(conversation: Conversation) -> Iterator[tuple[int, bytes]]:
    """Each user message's index, with a hash of the user texts up to and with it, case and spaces left out."""
    running = hashlib.blake2b(digest_size=16)
    for index, message in enumerate(conversation.messages):
        if type(message) is UserMessage:
            text = message.content
            if text.isascii():
                plain = text.encode().translate(_LOWER, _SPACES)
            else:
                plain = "".join(text.casefold().split()).encode("utf-8", "surrogatepass")
            running.update(plain + b"\n")
            yield index, running.digest()
