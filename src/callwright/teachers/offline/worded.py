"""What was worded already: a table of bits, whose size does not grow."""

import re
from collections.abc import Iterator
from zlib import crc32

from callwright.conversation import AssistantMessage, Conversation, UserMessage
from callwright.teachers.offline.alignment import leaves
from callwright.teachers.offline.forms import text_of
from callwright.teachers.offline.words import STOP

BITS = 1 << 24
WORD = re.compile(r"[^\W\d_]+")
# fmt: off
LOOSE = frozenset((
    "a", "an", "and", "at", "by", "d", "for", "from", "in", "is", "it", "ll", "m", "of", "on", "or",
    "please", "re", "s", "t", "the", "to", "ve", "with", "st", "nd", "rd", "th", "am", "pm", "one",
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "morning", "afternoon", "evening", "night", "today", "tomorrow",
))
# fmt: on
"""Words that come and go with values; two conversations that differ in these alone are worded the same."""


class Worded:
    """The wordings of conversations, values aside. Now and then a new one is taken for known, never the reverse."""

    def __init__(self) -> None:
        self._table = bytearray(BITS // 8)

    def new(self, conversation: Conversation) -> bool:
        """Whether no conversation before had these words around its values; from now on one has."""
        said = "\n".join(_wording(conversation)).encode("utf-8", "surrogatepass")
        place, bit = divmod(crc32(said) % BITS, 8)
        known = self._table[place] >> bit & 1
        self._table[place] |= 1 << bit
        return not known


def _wording(conversation: Conversation) -> Iterator[str]:
    """The words of the user without those of values, and the names of the tools called.

    Where no value tells two conversations apart, small words do not either.
    """
    hidden = set(LOOSE)
    few = True
    for call in conversation.calls():
        for _, value in leaves(call.arguments):
            if not isinstance(value, bool):
                words = WORD.findall(text_of(value).casefold())
                hidden.update(words)
                few = few and not words
    if few:
        hidden |= STOP
    for message in conversation.messages:
        if isinstance(message, UserMessage):
            yield "?"
            yield from (word for word in WORD.findall(message.content.casefold()) if word not in hidden)
        elif isinstance(message, AssistantMessage):
            yield from (call.name for call in message.tool_calls)
