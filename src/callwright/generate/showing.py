"""What can be seen of a situation in a finished conversation, without a model: positions, values, a few plain words.

English words only where words are needed at all; a test says that a situation is there, never that it is well done.
"""

import re
from collections.abc import Iterable
from itertools import pairwise

import orjson

from callwright.checks import situations
from callwright.conversation import Conversation, Json, ToolCall
from callwright.generate.exchanges import Exchange, before, exchanges

_POINTING = re.compile(
    r"\b(?:it|its|that|this|these|those|them|they|there|here|one|ones|same|him|her|again|both|either|first|second"
    r"|third|last|former|latter)\b",
    re.IGNORECASE,
)
_CORRECTING = re.compile(
    r"\b(?:no|nope|not|sorry|oops|wait|actually|meant|mean|instead|rather|wrong|wasn['’]?t|isn['’]?t|correct\w*|mistake"
    r"|typo|should (?:be|have)|make (?:that|it)|change (?:that|it)|scratch)\b",
    re.IGNORECASE,
)
_DROPPING = re.compile(
    r"\b(?:never\s?mind|forget|instead|changed my mind|second thought|rather|actually|scratch|drop|leave (?:it|that)"
    r"|don['’]?t (?:bother|need|want)|no longer|skip|cancel|not (?:any ?more|after all)|on reflection|stop)\b",
    re.IGNORECASE,
)
_SMALL = frozenset(
    (
        *("the", "a", "an", "to", "of", "in", "on", "for", "and", "is", "it"),
        *("i", "me", "my", "you", "your", "that", "this", "please", "what", "with"),
    )
)
_SMALLEST = 0.12
"""Share of such words; German, French or Spanish texts have less than half of it."""


def ordinary(conversation: Conversation) -> bool:
    return any(part.calls for part in exchanges(conversation))


def missing_argument(conversation: Conversation) -> bool:
    """A question of the assistant, and in the next exchange a call with something that was said only then."""
    parts = exchanges(conversation)
    for number, (asked, given) in enumerate(pairwise(parts), start=1):
        if not asked.calls and situations.reply(asked.reply) == situations.ASK and given.calls:
            earlier = before(parts[:number])
            if any(said(value, given.user) and not said(value, earlier) for value in _values(given.calls)):
                return True
    return False


def carried_over(conversation: Conversation) -> bool:
    """A value of a call that the user has just not said, and that stands in an earlier exchange."""
    parts = exchanges(conversation)
    return any(_carries(parts[:number], part) for number, part in enumerate(parts))


def pronoun(conversation: Conversation) -> bool:
    """The same, where the user points back with a word."""
    parts = exchanges(conversation)
    return any(
        _POINTING.search(part.user) and _carries(parts[:number], part) for number, part in enumerate(parts)
    )


def correction(conversation: Conversation) -> bool:
    """A second call of a tool with another value, after words that take the first one back."""
    for first, second in pairwise(exchanges(conversation)):
        if not _CORRECTING.search(second.user):
            continue
        for call in second.calls:
            if any(call.name == old.name and call.arguments != old.arguments for old in first.calls):
                return True
    return False


def change_of_mind(conversation: Conversation) -> bool:
    return any(part.calls and _DROPPING.search(part.user) for part in exchanges(conversation)[1:])


def two_requests(conversation: Conversation) -> bool:
    """Two calls that differ before the user speaks again."""
    return any(
        any(one.name != other.name or one.arguments != other.arguments for one, other in pairwise(part.calls))
        for part in exchanges(conversation)
    )


def parallel_calls(conversation: Conversation) -> bool:
    return any(len(turn.tool_calls) > 1 for _, turn in conversation.turns())


def tool_error(conversation: Conversation) -> bool:
    return any(
        situations.is_error(result) and part.reply
        for part in exchanges(conversation)
        for result in part.results
    )


def empty_result(conversation: Conversation) -> bool:
    return any(is_empty(result) and part.reply for part in exchanges(conversation) for result in part.results)


def already_known(conversation: Conversation) -> bool:
    """An answer without a call, after an earlier exchange has had a result that worked."""
    parts = exchanges(conversation)
    for number, part in enumerate(parts):
        known = any(not situations.is_error(result) for old in parts[:number] for result in old.results)
        if known and not part.calls and situations.reply(part.reply) == situations.CHAT:
            return True
    return False


def out_of_scope(conversation: Conversation) -> bool:
    return any(
        not part.calls and situations.reply(part.reply) == situations.REFUSE
        for part in exchanges(conversation)
    )


def small_talk(conversation: Conversation) -> bool:
    return any(
        not part.calls and part.reply and situations.reply(part.reply) != situations.REFUSE
        for part in exchanges(conversation)
    )


def said(value: str, text: str) -> bool:
    """Whether a value stands in a text, case and the marks between words aside."""
    return f" {_plain(value)} " in f" {_plain(text)} "


def english(texts: Iterable[str]) -> bool:
    """Whether texts are in English, by the small words that no English text does without."""
    words = [word for text in texts for word in re.findall(r"\w+", text.casefold())]
    return sum(word in _SMALL for word in words) >= _SMALLEST * len(words)


def is_empty(result: str) -> bool:
    """Whether a result has nothing in it: no text, null, or JSON whose every list and object is empty."""
    text = result.strip()
    if text in ("", "null", '""'):
        return True
    if text[:1] not in "[{":
        return False
    try:
        value = orjson.loads(text)
    except ValueError:
        return False
    return _empty(value)


def _empty(value: Json) -> bool:
    if not value:
        return True
    if not isinstance(value, dict):
        return False
    held = [inner for inner in value.values() if isinstance(inner, list | dict)]
    return bool(held) and not any(held)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _values(calls: tuple[ToolCall, ...]) -> list[str]:
    """The values of arguments that a person would say: no booleans, nothing empty."""
    return [
        str(value)
        for call in calls
        for value in call.arguments.values()
        if isinstance(value, str | int | float) and not isinstance(value, bool) and _plain(str(value))
    ]


def _carries(earlier: list[Exchange], part: Exchange) -> bool:
    text = before(earlier)
    return any(said(value, text) and not said(value, part.user) for value in _values(part.calls))
