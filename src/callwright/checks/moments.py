"""Moments: dates and times of day as people and programs write them, and every way they may have been said."""

import re
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from callwright.checks.normal_forms import cardinal, ordinal, suffixed

MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
WEEKDAYS = (b"monday", b"tuesday", b"wednesday", b"thursday", b"friday", b"saturday", b"sunday")
_NAMES = "|".join(month[:3] for month in MONTHS)


class Day(NamedTuple):
    """A day of the year; of which year is seldom said."""

    month: int
    day: int
    weekday: int | None = None
    """Monday is 0; None where the year is not known."""


class Time(NamedTuple):
    """A time of day."""

    hour: int
    minute: int


_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:t|\s|$)")
_SLASHED = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](?:\d{4}|\d{2})$")
_MONTH_FIRST = re.compile(
    rf"(?:[a-z]+,? )?({_NAMES})[a-z]*\.? (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?(?:,? (\d{{4}}))?$"
)
_DAY_FIRST = re.compile(
    rf"(?:[a-z]+,? )?(?:the )?(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_NAMES})[a-z]*\.?(?:,? (\d{{4}}))?$"
)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?\s*([ap])?(?:\.?m\.?)?(?:z|[+-]\d\d:?\d\d)?$")
_HOUR = re.compile(r"(\d{1,2})\s*([ap])\.?m\.?$")


NAMED_DAY = re.compile(rf"\b(?:{_NAMES})[a-z]*\.? \d{{1,2}}(?:st|nd|rd|th)?\b", re.IGNORECASE)
"""A month and a day in running text."""
SAID_DAY = re.compile(rf" (?:{_NAMES})[a-z]* \d\d?(?:st|nd|rd|th)? ".encode())
"""The same in folded text."""


@lru_cache(maxsize=65536)
def days_of(text: str) -> tuple[Day, ...]:
    """The days that `text` may be and nothing else; two for `03/01/2019`, none where it is no date."""
    text = " ".join(text.lower().split())
    if found := _ISO.match(text):
        return _days(int(found[1]), int(found[2]), int(found[3]))
    if found := _SLASHED.match(text):
        first, second = int(found[1]), int(found[2])
        return _days(None, first, second) + _days(None, second, first)
    if found := _MONTH_FIRST.match(text):
        month, day, year = found[1], found[2], found[3]
    elif found := _DAY_FIRST.match(text):
        day, month, year = found[1], found[2], found[3]
    else:
        return ()
    number = next(i for i, name in enumerate(MONTHS, start=1) if name.startswith(month))
    return _days(int(year) if year else None, number, int(day))


def _days(year: int | None, month: int, day: int) -> tuple[Day, ...]:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return ()
    try:
        return (Day(month, day, date(year, month, day).weekday() if year else None),)
    except ValueError:  # 30 February: said or not, it is looked for
        return (Day(month, day),)


@lru_cache(maxsize=65536)
def times_of(text: str) -> tuple[Time, ...]:
    """The times that `text` may be and nothing else; two for `6:30`, none where it is no time."""
    text = text.lower().strip()
    if _ISO.match(text):
        text = text[10:].lstrip("t ")
    if found := _CLOCK.match(text):
        hour, minute, half = int(found[1]), int(found[2]), found[3]
    elif found := _HOUR.match(text):
        hour, minute, half = int(found[1]), 0, found[2]
    else:
        return {"noon": (Time(12, 0),), "midday": (Time(12, 0),), "midnight": (Time(0, 0),)}.get(text, ())
    if hour > 24 or minute > 59:
        return ()
    if half:
        return (Time(hour % 12 + (12 if half == "p" else 0), minute),)
    return (Time(hour, minute), Time(hour + 12, minute)) if 1 <= hour < 12 else (Time(hour % 24, minute),)


@lru_cache(maxsize=4096)
def day_needles(month: int, day: int) -> tuple[bytes, ...]:
    """Needles for the ways to say a day: `march 1st`, `1 of march`, `03 01`, `the first`; the likely ones first."""
    name, nth, word = MONTHS[month - 1], suffixed(day), ordinal(day)
    found = [nth, f"{month:02} {day:02}", f"{name} {day}", word]
    found += [f"the {day}", f"{month} {day}", f"{day:02} {month:02}", f"{day} {month}", f"on {day}"]
    for called in {name, name[:3], name[:4]}:
        found += [f"{called} {day}", f"{called} {day:02}", f"{day} {called}", f"{day:02} {called}"]
        found += [f"{day} of {called}", f"{called} {cardinal(day)}"]
    return (*(f" {form} ".encode() for form in found), f"{month}月{day}".encode())


@lru_cache(maxsize=4096)
def time_needles(hour: int, minute: int) -> tuple[bytes, ...]:
    """Needles for the ways to say a time: `18 30`, `6 30`, `half past six`, `6 pm`; the likely ones first."""
    twelve = (hour - 1) % 12 + 1
    half, following = ("pm" if hour >= 12 else "am"), twelve % 12 + 1
    spelt = (f"{twelve}", f"{hour:02}", f"{hour}", f"{twelve:02}")
    found = [
        f"{said}{mark}" for mark in (f" {minute:02}", f"h{minute:02}", f"{minute:02} ") for said in spelt
    ]
    if minute == 0:
        found = [f"{twelve} {half}", *found]
    if minute == 0:
        found += _on_the_hour(hour, twelve, half)
    else:
        for said in (str(twelve), cardinal(twelve)):
            found += [
                f"{said} {cardinal(minute)} ",
                f"{cardinal(minute)} past {said} ",
                f"{minute} past {said} ",
            ]
        for said in (str(following), cardinal(following)):
            found += [f"{60 - minute} to {said} ", f"{cardinal(60 - minute)} to {said} "]
        named = {15: ("quarter past", twelve), 30: ("half past", twelve), 45: ("quarter to", following)}
        if minute in named:
            said, at = named[minute]
            found += [f"{said} {at} ", f"{said} {cardinal(at)} ", f"{said.replace('past', 'after')} {at} "]
            found += [f"{said.replace('to', 'till')} {at} "]
    return tuple(f" {form}".encode() for form in found)


def _on_the_hour(hour: int, twelve: int, half: str) -> list[str]:
    found = {0: ["midnight "], 12: ["noon ", "midday ", "lunch"]}.get(hour, [])
    for said in (str(twelve), cardinal(twelve)):
        found += [
            f"{said} {half}",
            f"{said} {half[0]} m ",
            f"{said}{half}",
            f"{said} o clock",
            f"{said} oclock",
        ]
        found += [f"{said} in the ", f"{said} at night", f"{said} sharp", f"{said} this ", f"{said} tonight"]
    return [*found, f"{hour}h", f"{hour} uhr"]


_BEFORE = "at|around|about|by|after|before|for|is|to|till|until|from|between|past|or|morning|afternoon|evening|night"


@lru_cache(maxsize=4096)
def bare_hour(hour: int) -> re.Pattern[bytes]:
    """The hour alone, where the word before it shows that it is one: `at 6`, `evening 6`, not `at 6 30`."""
    twelve = (hour - 1) % 12 + 1
    return re.compile(rf" (?:{_BEFORE}) {{1,2}}(?:{twelve}|{cardinal(twelve)}) (?!\d\d[ap ])".encode())


_RELATIVE = """
    today tomorrow week next day tonight now same days weekend month nights morning evening afternoon night later soon
    yesterday weekends weeks asap immediately right
"""
RELATIVE = tuple(f" {word} ".encode() for word in _RELATIVE.split())
"""Said before a call, these make a date one that can be worked out."""
