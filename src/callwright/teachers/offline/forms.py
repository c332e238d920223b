"""How a value is said: `mentions` finds a value's words in a text, `say` says another value in the same form.

A form is a short name: `exact`, `lower`, `spaced`, `word` (twelve), `comma` (1,500), `12pm` (7:45 pm),
`month-day` (March 8th), … What is found can be said again for another value, or `say` gives None: then the
value must stay.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from callwright.conversation import Json
from callwright.teachers.offline.words import NUMBER_WORDS, STOP, TENS

TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
NUMBER = re.compile(r"-?\d+(\.\d+)?")
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

# A value ends where no letter, digit or joining sign goes on: `notes.txt` does not say `notes`.
BEFORE = r"(?<![\w])(?<![\w][./\\@-])(?<![/~.])"
AFTER = r"(?![\w])(?![./\\@-]\w)(?!/)"
UNIT = r"(?:°|C|F|K|k?m|cm|mm|mi|ft|min|mins|h|hrs|s|sec|kg|g|mb|gb|eur|usd|px|x)\b"
UNITS = rf"(?![.,:]?\d)(?!\s*(?:am|pm|a\.m|p\.m)\b)(?=$|\W|{UNIT}|%)"


def text_of(value: Json) -> str:
    """A leaf as its plain text: `22.0` is `22`."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else str(value)


def number_of(value: Json) -> int | float | None:
    """The number that a leaf is or spells; None for a truth value or a text that is no number."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and NUMBER.fullmatch(value) and not (len(value) > 1 and value.startswith("0")):
        return float(value) if "." in value else int(value)
    return None


@lru_cache(maxsize=65536)
def _sayings(text: str, number: float | None, today: str) -> tuple[tuple[str, str], ...]:
    """(form, text) in the order of preference."""
    if time := TIME.fullmatch(text):
        return tuple(_times(int(time[1]), int(time[2]), text))
    if day := DATE.fullmatch(text):
        try:
            return tuple(_dates(date(int(day[1]), int(day[2]), int(day[3])), text, today))
        except ValueError:
            return (("exact", text),)
    if number is not None:
        return tuple(_numbers(number, text))
    return tuple(_strings(text))


def sayings(value: Json, today: str = "") -> tuple[tuple[str, str], ...]:
    """All the ways to say `value`, as (form, text)."""
    number = number_of(value)
    return _sayings(text_of(value), None if number is None else float(number), today)


def say(value: Json, form: str, today: str = "") -> str | None:
    """`value` in that form; None where it has none."""
    if form == "exact":
        return text_of(value)
    return next((text for name, text in sayings(value, today) if name == form), None)


def _strings(text: str) -> Iterator[tuple[str, str]]:
    yield "exact", text
    if re.fullmatch(r"[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)+", text) and not any(c.isdigit() for c in text):
        spaced = re.sub(r"[_-]", " ", text)
        yield "spaced", spaced
        yield "spaced-lower", spaced.lower()
        yield "spaced-title", spaced.title()
    if text.lower() != text:
        yield "lower", text.lower()
    if text.upper() != text and len(text) > 2:
        yield "upper", text.upper()
    if text[:1].upper() + text[1:] != text:
        yield "capital", text[:1].upper() + text[1:]
    if text.title() != text:
        yield "title", text.title()
    if re.fullmatch(r"[a-z]{3,}", text):
        yield "plural", text + ("es" if text.endswith(("s", "x", "ch", "sh")) else "s")


def _numbers(number: float, text: str) -> Iterator[tuple[str, str]]:
    yield "exact", text
    if number.is_integer():
        whole = int(number)
        if abs(whole) >= 1000:
            yield "comma", f"{whole:,}"
        yield "cents", f"{whole}.00"
        if abs(whole) >= 1000:
            yield "comma-cents", f"{whole:,}.00"
            if whole % 1000 == 0:
                yield "k", f"{whole // 1000}k"
        if 0 <= whole < 1000:
            yield "word", spelled(whole)
        if 1 <= whole <= 31:
            yield "ordinal", ordinal(whole)
    else:
        yield "cents", f"{number:.2f}"
        if abs(number) >= 1000:
            yield "comma-cents", f"{number:,.2f}"
        if 0 < number < 1 and round(number * 100, 6).is_integer():
            yield "percent", f"{round(number * 100)}%"


def spelled(number: int) -> str:
    """0 to 999 in words."""
    if number >= 100:
        rest = number % 100
        return f"{NUMBER_WORDS[number // 100]} hundred" + (f" and {spelled(rest)}" if rest else "")
    if number < 20:
        return NUMBER_WORDS[number]
    return TENS[number // 10] + (f"-{NUMBER_WORDS[number % 10]}" if number % 10 else "")


def ordinal(number: int) -> str:
    suffix = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def _times(hour: int, minute: int, text: str) -> Iterator[tuple[str, str]]:
    twelve, half = hour % 12 or 12, "am" if hour < 12 else "pm"
    part = (
        "morning"
        if 4 <= hour < 12
        else "afternoon"
        if 12 <= hour < 17
        else "evening"
        if hour >= 17
        else "night"
    )
    clock = f"{twelve}:{minute:02}"
    yield "12-part", f"{clock} in the {part}"
    yield "part-12", f"{part} {clock}"
    for name, mark in (("pm", half), ("PM", half.upper()), ("p.m.", f"{half[0]}.m.")):
        yield f"12 {name}", f"{clock} {mark}"
        yield f"12{name}", f"{clock}{mark}"
        if not minute:
            yield f"h {name}", f"{twelve} {mark}"
            yield f"h{name}", f"{twelve}{mark}"
    for count, name in ((15, "quarter past"), (30, "half past"), (45, "quarter to")):
        if minute == count:
            said = (twelve % 12 + 1) if count == 45 else twelve
            yield f"{name}-part", f"{name} {said} in the {part}"
            yield f"{name}-word-part", f"{name} {spelled(said)} in the {part}"
    if not minute:
        yield "oclock-part", f"{twelve} o'clock in the {part}"
        yield "h-part", f"{twelve} in the {part}"
        yield "part-h", f"{part} {twelve}"
        yield "word-part", f"{spelled(twelve)} in the {part}"
        yield "word-oclock-part", f"{spelled(twelve)} o'clock in the {part}"
    yield "exact", text
    if hour < 10:
        yield "24-short", f"{hour}:{minute:02}"


def _dates(day: date, text: str, today: str) -> Iterator[tuple[str, str]]:
    month, number = MONTHS[day.month - 1], ordinal(day.day)
    yield "exact", text
    yield "month-day", f"{month} {number}"
    yield "day-of-month", f"{number} of {month}"
    yield "the-day-of-month", f"{number} {month}"
    yield "month-number", f"{month} {day.day}"
    yield "number-month", f"{day.day} {month}"
    yield "short-month", f"{month[:3]} {number}"
    yield "short-month-number", f"{month[:3]} {day.day}"
    yield "us", f"{day.month}/{day.day}/{day.year}"
    yield "us-long", f"{day.month:02}/{day.day:02}/{day.year}"
    yield "eu", f"{day.day}.{day.month}.{day.year}"
    if not DATE.fullmatch(today):
        return
    distance = (day - date.fromisoformat(today)).days
    if distance == 0:
        yield "today", "today"
    if distance == 1:
        yield "tomorrow", "tomorrow"
    if distance == 2:
        yield "after-tomorrow", "day after tomorrow"
    if 2 < distance <= 7:
        yield "next", f"next {DAYS[day.weekday()]}"
    if 0 < distance < 7:
        yield "this", f"this {DAYS[day.weekday()]}"
        yield "on", f"on {DAYS[day.weekday()]}"
    if 0 <= distance < 28:
        yield "the", f"the {number}"


def days_from(today: str, distance: int) -> str:
    return (date.fromisoformat(today) + timedelta(days=distance)).isoformat()


def mentions(value: Json, text: str, today: str = "") -> list[tuple[int, int, str]]:
    """Where `text` says `value`: (start, end, form), longest first; they may overlap."""
    if isinstance(value, bool) or value is None or value == "":
        return []
    plain = text_of(value)
    number = number_of(value)
    found: list[tuple[int, int, str]] = []
    folded = text.lower()
    for form, said in sayings(value, today):
        if not _worth(said, number is not None) or said.lower() not in folded:
            continue
        for match in _pattern(said, number is not None).finditer(text):
            real = form if match[0] == said else _cased(form, plain, said, match[0], today)
            if real and not any(a <= match.start() and match.end() <= b for a, b, _ in found):
                found.append((match.start(), match.end(), real))
    return sorted(found, key=lambda span: (span[0] - span[1], span[0]))


@lru_cache(maxsize=65536)
def _pattern(said: str, number: bool) -> re.Pattern[str]:
    if number and said[:1].isdigit():
        return re.compile(r"(?<![\w.])(?<!\d,)(?<!\d:)(?<!\d-)" + re.escape(said) + UNITS)
    before = BEFORE if said[0].isalnum() or said[0] == "_" else r"(?<![\w/.~])"
    after = AFTER if said[-1].isalnum() or said[-1] == "_" else r"(?![\w])"
    return re.compile(before + re.escape(said) + after, re.IGNORECASE)


def _worth(said: str, number: bool) -> bool:
    """Whether finding these words says anything: `on` or `a` would be found anywhere."""
    return number or (said.lower() not in STOP and (len(said) > 1 or said.isdigit() or said == "~"))


def _cased(form: str, plain: str, said: str, found: str, today: str) -> str:
    """The form that spells the value as it was found, where case differs; empty where none does."""
    others = {text: name for name, text in sayings(plain, today)}
    if found in others:
        return others[found]
    if form in ("exact", "spaced", "lower", "upper", "capital", "title"):
        return ""
    # Names of days, months and parts of the day are said in any case.
    return form
