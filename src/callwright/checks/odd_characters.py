"""Odd characters: line separators that break readers, and characters that nobody sees or that stand for lost ones."""

import re
import unicodedata

SEPARATOR = re.compile("[\u2028\u2029\x85]")
_REMOVED = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # control characters without a use in text
    "\u200b\u2060\ufeff\ufff9-\ufffb\ufffe\uffff"  # no width, no meaning
    "\u202a-\u202e\u2066-\u2069"  # turn the direction of what follows
)
_REMOVE = re.compile(f"\x1b\\[[0-9;]{{0,20}}[A-Za-z]|[{_REMOVED}]")
ODD = re.compile(f"[{_REMOVED}\x0b\x0c\ufffd\ud800-\udfff]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_SOUND = bytes([9, 10, 13, *range(32, 127)])
_NAMES = {0: "NULL", 27: "ESCAPE", 127: "DELETE", 11: "LINE TABULATION", 12: "FORM FEED", 8: "BACKSPACE"}


def strange(text: str) -> str:
    """What of `text` is no plain ASCII; quick, and mostly empty."""
    return text.encode("utf-8", "surrogatepass").translate(None, _SOUND).decode("utf-8", "surrogatepass")


def cleaned(text: str) -> str:
    """`text` without what has no meaning: pairs of surrogates joined, form feeds made line ends, the rest taken out."""
    text = _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
    return _REMOVE.sub("", text.replace("\x0b", "\n").replace("\x0c", "\n"))


def separated(text: str) -> str:
    """`text` with line ends for separators."""
    return SEPARATOR.sub("\n", text)


def called(character: str) -> str:
    """`U+200B ZERO WIDTH SPACE`."""
    code = ord(character)
    surrogate = "half a surrogate pair" if 0xD800 <= code <= 0xDFFF else ""
    name = unicodedata.name(character, "") or _NAMES.get(code, "") or surrogate or "a control character"
    return f"U+{code:04X} {name}"
