"""Skeleton: what is left of a conversation once the values that fill it are taken out."""

import hashlib

from callwright.checks.normal_forms import fold
from callwright.checks.subject import Subject
from callwright.conversation import AssistantMessage, Json, UserMessage

_LEAST = 4
"""Words of a user that are a sentence; of fewer nothing is said."""
_MUCH = 30
"""Words of a user that no two users put alike by chance."""
_DIGITS = b"0123456789"
# fmt: off
_LOOSE = frozenset(
    # what stands before values and within them
    b"a an and at by d for from in is it ll m of on or please re s t the to ve with"
    # numbers, ordinals, days, months, times
    b" one two three four five six seven eight nine ten eleven twelve dozen couple nd rd st th first second third"
    b" fourth fifth sixth seventh eighth ninth tenth monday tuesday wednesday thursday friday saturday sunday january"
    b" february march april may june july august september october november december jan feb mar apr jun jul aug sep"
    b" sept oct nov dec today tomorrow tonight am pm morning afternoon evening night noon".split()
)
# fmt: on


def skeleton(subject: Subject) -> bytes | None:
    """Hash of the calls' names in their order and of the words without values; None where few words are said.

    Values are the words of arguments, numbers and dates; what a user names is nearly always an argument of some call.
    Where the user says much, the user's words alone decide. Where not, the replies are to be alike too, without the
    words of results: people who order a coffee word it alike, and are answered in many ways.
    """
    words = _words(subject.spoken)
    if len(words) < _LEAST:
        return None
    values: list[str] = []
    for made in subject.calls:
        values += [v if type(v) is str else _shown(v) for v in made.call.arguments.values()]
    texts = subject.texts
    if len(words) < _MUCH:
        words += _words("\n".join(texts.replies))
        values += texts.results
    hidden = _LOOSE.union(_words("\n".join(values)))
    left = [word for word in words if word not in hidden]
    return _hash(_path(subject), left) if left else None


def _path(subject: Subject) -> list[str]:
    """The names of the calls, with a mark for each turn of the user."""
    path: list[str] = []
    for message in subject.messages:
        if type(message) is UserMessage:
            path.append("?")
        elif type(message) is AssistantMessage and message.tool_calls:
            path += [call.name for call in message.tool_calls]
    return path


def _words(text: str) -> list[bytes]:
    return fold(text).translate(None, _DIGITS).split()


def _shown(value: Json) -> str:
    """The text of a value that is no text; of objects and arrays nested too deep, nothing."""
    if type(value) is not dict and type(value) is not list:
        return ""
    try:
        return repr(value)
    except (ValueError, RecursionError):
        return ""


def _hash(path: list[str], words: list[bytes]) -> bytes:
    said = "\n".join(path).encode("utf-8", "surrogatepass") + b"\0" + b" ".join(words)
    return hashlib.blake2b(said, digest_size=16).digest()
