"""Leakage: a conversation that gives a test conversation away, so that its score would be learnt by heart.

What a student is tested on is what the users said up to some turn. So a conversation leaks a test row if its
user texts, case and spaces aside, begin with all of the row's, or agree with the row's for two turns or more.
One equal opening ("Hi, I am hungry") of a longer row is how people talk, and no leak.
"""

import hashlib
from collections.abc import Iterable, Iterator

from callwright.checks import Finding
from callwright.checks.duplicates import digest
from callwright.conversation import Conversation, UserMessage

_TELLING = 2
"""Equal user turns from the start that are no accident."""


class Leakage:
    """Holds the test conversations; codes `leakage-conversation`, `leakage-history`."""

    def __init__(self, test: Iterable[Conversation]) -> None:
        self._whole: dict[bytes, str] = {}
        self._histories: dict[bytes, str] = {}
        for number, conversation in enumerate(test, start=1):
            name = conversation.origin or conversation.id or f"test row {number}"
            self._whole.setdefault(digest(conversation), name)
            keys = [key for _, key in histories(conversation)]
            for turns, key in enumerate(keys, start=1):
                if turns >= _TELLING or turns == len(keys):
                    self._histories.setdefault(key, name)

    def __call__(self, conversation: Conversation) -> Finding | None:
        if not self._whole:
            return None
        if name := self._whole.get(digest(conversation)):
            return Finding(
                code="leakage-conversation", path="$.messages", message=f"the same conversation as {name}"
            )
        last = None
        for index, key in histories(conversation):
            if key in self._histories:
                last = index, self._histories[key]
        if last is None:
            return None
        return Finding(
            code="leakage-history",
            path=f"$.messages[{last[0]}]",
            message=f"up to here the user says what the user of {last[1]} says",
        )


def histories(conversation: Conversation) -> Iterator[tuple[int, bytes]]:
    """Each user message's index, with a hash of the user texts up to and with it, case and spaces folded."""
    running = hashlib.blake2b(digest_size=16)
    for index, message in enumerate(conversation.messages):
        if isinstance(message, UserMessage):
            running.update(
                " ".join(message.content.casefold().split()).encode("utf-8", "surrogatepass") + b"\0"
            )
            yield index, running.digest()
