"""Normal forms: one spelling for texts that mean the same, and the spellings that a number or a name may have had.

Folded text is bytes: lower-case words without accents, everything else a space. `needle` puts a space on both sides,
so that `in` finds whole words; a text without spaces between its words (Chinese) is looked for as it is.
"""

import re
import unicodedata
from functools import lru_cache

REMEMBERED = 200
"""Characters from which the forms of a text are not remembered."""
_LETTERS = b"0123456789abcdefghijklmnopqrstuvwxyz"
_FOLD = bytes(c + 32 if 65 <= c <= 90 else c if c in _LETTERS or c > 127 else 32 for c in range(256))
_UNSPLIT = {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"}
"""Letters that Unicode does not take apart."""


class _Plain(dict[int, str]):
    """Character -> what is left of it: letters and digits stay, accents go, the rest is a space."""

    def __missing__(self, code: int) -> str:
        parts = unicodedata.normalize("NFKD", chr(code)).casefold()
        self[code] = "".join(map(_plain, parts)) if code > 127 else parts
        return self[code]


def _plain(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if character.isalnum():
        return _UNSPLIT.get(character, character)
    return "" if unicodedata.category(character) in ("Mn", "Cf") else " "


_PLAIN = _Plain()
_NAMED_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|[nrtbf"/\\])')


def fold(text: str) -> bytes:
    """`text` in lower case, without accents, a space for everything that is no letter or digit.

    As long as `text` where that is ASCII.
    """
    if not text.isascii():
        text = text.translate(_PLAIN)
    return text.encode().translate(_FOLD)


def unescaped(text: str) -> str:
    """JSON text with its escapes as the characters they stand for; controls and quotes become spaces."""
    return _NAMED_ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else " ", text)


def needle(text: str) -> bytes:
    """What to look for in folded text to find `text` as whole words; empty where it has none."""
    return _needle(text) if len(text) < REMEMBERED else _bounded(fold(text).strip())


@lru_cache(maxsize=65536)
def _needle(text: str) -> bytes:
    return _bounded(fold(text).strip())


def _bounded(folded: bytes) -> bytes:
    return b" " + folded + b" " if folded.isascii() and folded else folded


_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def words(text: str) -> tuple[bytes, ...]:
    """The folded words of `text`, `camelCase` taken apart."""
    return _words(text) if len(text) < REMEMBERED else tuple(fold(_HUMP.sub(" ", text)).split())


@lru_cache(maxsize=65536)
def _words(text: str) -> tuple[bytes, ...]:
    return tuple(fold(_HUMP.sub(" ", text)).split())


@lru_cache(maxsize=65536)
def stem(word: bytes) -> bytes:
    """What to look for to find `word` in any of its forms: the beginning that its endings leave alone."""
    if not word.isascii():
        text = word.decode()
        return text[: max(2, len(text) - 2)].encode()
    if len(word) < 5:
        return b" " + word.removesuffix(b"s") if len(word) == 4 else b" " + word + b" "
    return b" " + word[: max(4, len(word) - 3)]


def initials(found: tuple[bytes, ...]) -> bytes:
    """Needle of the first letters of words: `nyc`."""
    return b" " + b"".join([word[:1] for word in found]) + b" "


WEAK = frozenset(
    b"a an and any are as at be by can city com de do does for from hotel i in into is it its la las le los me my near "
    b"new north not of on one or org please restaurant saint san show south st t that the their them there these this "
    b"to town use up us was we what where which who will with www you your el east west s "
    b"txt pdf csv json md py html xml yaml doc docx xls xlsx png jpg zip log".split()
)
"""Words that, found alone, do not show that a value was given."""

_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
_COUNTED = {
    2: "couple pair both twice double duo wife husband girlfriend boyfriend partner spouse fiance date us",
    3: "triple thrice trio",
    4: "quadruple",
    6: "half a dozen",
    12: "dozen",
    24: "two dozen",
}
"""Other words that a number may have been said in."""


def cardinal(number: int) -> str:
    """0 to 9,999 in words, without hyphens: `twenty five`; empty for others."""
    if number < 0 or number > 9999:
        return ""
    if number < 20:
        return _SMALL[number]
    if number < 100:
        return _TENS[number // 10] + (" " + _SMALL[number % 10] if number % 10 else "")
    size, name = (1000, "thousand") if number >= 1000 else (100, "hundred")
    rest = number % size
    return f"{cardinal(number // size)} {name}" + (" " + cardinal(rest) if rest else "")


def ordinal(number: int) -> str:
    """0 to 9,999 as an ordinal in words: `twenty fifth`; empty for others."""
    before, _, last = cardinal(number).rpartition(" ")
    if not last:
        return ""
    ending = _ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")
    return f"{before} {ending}".strip()


def suffixed(number: int) -> str:
    """`1st`, `22nd`, `13th`."""
    tens = number % 100
    return f"{number}{'th' if 10 <= tens <= 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


_NUMBER = re.compile(
    r"[+\-~≈]?\s*(?:usd|eur|gbp|[$€£¥])?\s*(-?\d[\d,]*(?:\.\d+)?|\.\d+)\s*(k|m|%|st|nd|rd|th)?"
)
_UNIT = re.compile(r"\s*(?:usd|eur|gbp|dollars?|euros?|pounds?|bucks|[$€£¥])?\.?")


@lru_cache(maxsize=65536)
def number_of(text: str) -> str:
    """The plain decimal that `text` is and nothing else, such as `12.5` for `$12.50`; empty where it is none.

    Signs are left out: `10 below` is how people say them.
    """
    lowered = text.strip().lower()
    found = _NUMBER.match(lowered)
    if not found or not _UNIT.fullmatch(lowered, found.end()):
        return ""
    whole, _, fraction = found[1].replace(",", "").lstrip("-").partition(".")
    shift = {"k": 3, "m": 6}.get(found[2] or "", 0)
    digits = fraction.ljust(shift, "0")
    return plain_decimal(whole + digits[:shift], digits[shift:])


def plain_decimal(whole: str, fraction: str) -> str:
    """`1000` and `50` as `1000.5`."""
    whole, fraction = whole.lstrip("0") or "0", fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


@lru_cache(maxsize=65536)
def number_needles(number: str) -> tuple[bytes, ...]:
    """Needles for the spellings of a plain decimal: digits, separators, words, ordinals, thousands, percent."""
    whole, _, fraction = number.partition(".")
    if len(whole) > 15:
        return (needle(number),)
    spaced = f"{int(whole):,}".replace(",", " ")
    found = [f"{form} {end}".strip() for form in {whole, spaced} for end in _fractions(fraction)]
    if not fraction:
        found += _words_for(int(whole))
    elif len(fraction) < 3:
        found += [f"{int(whole + fraction.ljust(2, '0'))}"] if whole == "0" else []
        found += {"0.5": ["half"], "0.25": ["quarter"], "0.75": ["three quarters"]}.get(number, [])
    return tuple(_bounded(form.encode()) for form in dict.fromkeys(found) if form)


def _fractions(fraction: str) -> tuple[str, ...]:
    return (fraction, fraction + "0", fraction + "00") if fraction else ("", "0", "00")


def _words_for(number: int) -> list[str]:
    found = [suffixed(number), cardinal(number), ordinal(number)]
    if number >= 100:
        for said in (cardinal(number), cardinal(number).replace("one ", "a ", 1)):
            found += [said, said.replace("hundred ", "hundred and ")]
        found.append(f"0 {number:02}")
    found += _COUNTED.get(number, "").split() if number in (2, 3, 4, 12) else [_COUNTED.get(number, "")]
    for size, short, name in ((1000, "k", "thousand"), (1_000_000, "m", "million"), (10**9, "b", "billion")):
        if number >= size and number % (size // 10) == 0:
            said = f"{number // size} {number % size * 10 // size}".removesuffix(" 0")
            found += [said + short, f"{said} {name}", f"{cardinal(number // size)} {name}"]
    if 0 < number < 100:
        found.append(f"0 {number:02}".rstrip("0"))
    return found
