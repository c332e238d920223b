"""A value among words: in quotes where it would run into them, its article as it begins."""

from random import Random

from callwright.teachers.offline.forms import text_of
from callwright.teachers.offline.templates import Slot

QUOTES = "\"'`“”‘’«»"


def quoted(said: str, text: str, at: int, slot: Slot, rng: Random) -> str:
    """In quotes where a name of several small words would run into the words around it."""
    if " " not in said or " " in text_of(slot.sample) or not isinstance(slot.sample, str):
        return said
    if text[at - 1 : at] in QUOTES or slot.shape in ("date", "time") or said == said.title():
        return said
    mark = rng.choice("\"'")
    return f"{mark}{said}{mark}"


def set_article(parts: list[str], said: str) -> None:
    """`a` before the value becomes `an`, or the other way round, as the value begins."""
    before = parts[-1] if parts else ""
    vowel = said[:1].lower() in "aeio"
    if vowel and before.lower().endswith(" a "):
        parts[-1] = before[:-1] + "n "
    elif not vowel and said[:1].isalpha() and before.lower().endswith(" an "):
        parts[-1] = before[:-2] + " "
