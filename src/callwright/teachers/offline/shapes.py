"""The shape of a value: what is kept when another value takes its place."""

import re
from functools import lru_cache

from callwright.conversation import Json
from callwright.teachers.offline.forms import DATE, TIME, number_of
from callwright.teachers.offline.words import ENDINGS

ENDED = re.compile(
    r".*[^./\s]\.(" + "|".join(re.escape(e) for e in ENDINGS) + r"|[a-z][a-z0-9]{0,4}|[A-Z][A-Z0-9]{0,4})"
)
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
URL = re.compile(r"\w+://\S+")
PHONE = re.compile(r"\+?[\d(][\d() .-]{6,}\d")
CODE = re.compile(r"(?=.*\d)[A-Za-z]*[A-Z0-9]+([-_#/][A-Z0-9]+)*|#\d+")


def shape(value: Json) -> str:
    """`number`, `boolean`, `date`, `time`, `email`, `url`, `phone`, `code`, `hidden` (a leading dot), `ended`
    (an ending like a file's), `sentence`, `words` or `word`.
    """
    if isinstance(value, bool) or value is None:
        return "boolean"
    if number_of(value) is not None:
        return "number"
    return _shape(value) if isinstance(value, str) else "word"


@lru_cache(maxsize=16384)
def _shape(text: str) -> str:
    if TIME.fullmatch(text):
        return "time"
    if DATE.fullmatch(text):
        return "date"
    for name, pattern in (("email", EMAIL), ("url", URL), ("phone", PHONE)):
        if pattern.fullmatch(text):
            return name
    last = text.rsplit("/", 1)[-1]
    if ENDED.fullmatch(last):
        return "ended"
    if last.startswith("."):
        return "hidden"
    if CODE.fullmatch(text):
        return "code"
    if is_sentence(text):
        return "sentence"
    return "words" if " " in text else "word"


def is_sentence(text: str) -> bool:
    """Whether a value is free prose: four words or more, mostly in lower case."""
    words = text.split()
    return len(words) >= 4 and sum(word[:1].islower() for word in words) >= 0.6 * len(words)


def kind_of(shape_name: str) -> str:
    """Coarse shape, by which one situation is told from another: a name with an ending is not one without."""
    return {"words": "word", "hidden": "ended", "code": "word"}.get(shape_name, shape_name)
