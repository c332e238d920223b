"""Plots: counts as bars and columns, binned and scaled for a page; what they say is also there as text."""

from collections.abc import Iterable, Mapping

import msgspec

from callwright.checks.statistics import Statistics, middle

_MOST = 24
"""Columns of a histogram, at most."""
_CHIPS = 40
"""Values of a parameter that are drawn; the rest is counted."""


class Bar(msgspec.Struct, frozen=True):
    """A named count, as a share of its whole; `test`: the share in the test set."""

    name: str
    note: str
    count: int
    share: float
    test_count: int
    test: float | None


class Column(msgspec.Struct, frozen=True):
    """A bin of a histogram: the share of all that are in it."""

    label: str
    count: int
    share: float
    test: float | None


class Histogram(msgspec.Struct, frozen=True):
    title: str
    columns: tuple[Column, ...]
    middle: int
    test_middle: int | None
    unit: str

    @property
    def highest(self) -> float:
        """Share of the highest column; never 0."""
        return max((max(one.share, one.test or 0.0) for one in self.columns), default=0.0) or 1.0

    @property
    def every(self) -> int:
        """Of how many columns one has its label written below it."""
        return -(-len(self.columns) // 8)


class Chip(msgspec.Struct, frozen=True):
    """A value that a parameter allows."""

    label: str
    count: int
    test: int | None
    default: bool


class Choice(msgspec.Struct, frozen=True):
    """A parameter that allows few values."""

    tool: str
    name: str
    given: int
    chips: tuple[Chip, ...]
    rest: int
    """Values that are not drawn."""


class Plots(msgspec.Struct, frozen=True):
    tools: tuple[Bar, ...]
    situations: tuple[Bar, ...]
    histograms: tuple[Histogram, ...]
    orders: tuple[Bar, ...]
    choices: tuple[Choice, ...]
    parameters: tuple[tuple[str, tuple[Bar, ...]], ...]
    """Tool -> its parameters, as shares of its calls."""


def plots(here: Statistics, test: Statistics | None) -> Plots:
    """What there is to draw of a set, beside its test set."""
    named = [
        ("Turns of the user", "turns", "turns"),
        ("Calls of a conversation", "calls_in_row", "calls"),
        ("Calls in one turn", "calls_in_turn", "calls"),
        ("Characters of a user's message", "user_characters", "characters"),
        ("Characters of a result", "result_characters", "characters"),
    ]
    made = (
        histogram(title, getattr(here, field), getattr(test, field) if test else None, unit)
        for title, field, unit in named
    )
    following = {(first, then): count for first, then, count in test.orders} if test else {}
    total, of_test = sum(count for *_, count in here.orders), sum(following.values())
    return Plots(
        tools=_tools(here, test),
        situations=_situations(here, test),
        histograms=tuple(one for one in made if one.columns),
        orders=tuple(
            Bar(
                f"{first} → {then}",
                "",
                count,
                _share(count, total),
                following.get((first, then), 0),
                _share(following.get((first, then), 0), of_test) if test else None,
            )
            for first, then, count in here.orders
        ),
        choices=tuple(_choices(here, test)),
        parameters=tuple(_parameters(here, test)),
    )


def _choices(here: Statistics, test: Statistics | None) -> list[Choice]:
    """Those with a value that is never shown come first."""
    there = test.parameters() if test else {}
    found = []
    for (tool, name), (use, one) in here.parameters().items():
        if one.values and use.declared_calls:
            beside = there[tool, name][1].values if (tool, name) in there else None
            chips = [
                Chip(value, count, beside.get(value, 0) if beside else None, value == one.default)
                for value, count in one.values.items()
            ]
            found.append(Choice(tool, name, one.given, tuple(chips[:_CHIPS]), len(chips[_CHIPS:])))
    return sorted(found, key=lambda choice: all(chip.count or chip.default for chip in choice.chips))


def _parameters(here: Statistics, test: Statistics | None) -> Iterable[tuple[str, tuple[Bar, ...]]]:
    there = test.parameters() if test else {}
    for tool in here.tools:
        bars = []
        for one in tool.parameters if tool.declared_calls else ():
            other: float | None = None
            given = 0
            if (tool.name, one.name) in there:
                used, parameter = there[tool.name, one.name]
                other, given = _share(parameter.given, used.declared_calls), parameter.given
            note = "required" if one.required else ""
            bars.append(Bar(one.name, note, one.given, _share(one.given, tool.declared_calls), given, other))
        if bars:
            yield tool.name, tuple(bars)


def _tools(here: Statistics, test: Statistics | None) -> tuple[Bar, ...]:
    known = {tool.name: tool for tool in here.tools}
    there = {tool.name: tool for tool in test.tools} if test else {}
    bars = []
    for name in [*known, *(name for name in there if name not in known)]:
        calls = known[name].calls if name in known else 0
        others = there[name].calls if name in there else 0
        note = (
            "declared, never called" if not calls and name in known else "" if calls else "in the test only"
        )
        share = _share(others, test.calls) if test else None
        bars.append(Bar(name, note, calls, _share(calls, here.calls), others, share))
    return tuple(bars)


def _situations(here: Statistics, test: Statistics | None) -> tuple[Bar, ...]:
    there = {one.name: one.turns for one in test.situations} if test else {}
    return tuple(
        Bar(
            one.name,
            one.title,
            one.turns,
            _share(one.turns, here.assistant_turns),
            there.get(one.name, 0),
            _share(there.get(one.name, 0), test.assistant_turns) if test else None,
        )
        for one in here.situations
        if here.assistant_turns
    )


def histogram(title: str, here: Mapping[int, int], test: Mapping[int, int] | None, unit: str) -> Histogram:
    """`here` in at most `_MOST` bins of a round width; the last takes all that is longer than 99 of 100."""
    both = [one for one in (here, test) if one]
    starts = _starts(both) if here else []
    columns = []
    for place, start in enumerate(starts):
        end = starts[place + 1] if place + 1 < len(starts) else None
        count = _within(here, start, end)
        columns.append(
            Column(
                _label(start, end, max(map(max, both))),
                count,
                _share(count, sum(here.values())),
                None if test is None else _share(_within(test, start, end), sum(test.values())),
            )
        )
    return Histogram(title, tuple(columns), middle(here), None if test is None else middle(test), unit)


def _starts(histograms: Iterable[Mapping[int, int]]) -> list[int]:
    histograms = list(histograms)
    low = min(map(min, histograms))
    high = max(middle(one, 0.99) for one in histograms)
    width = next(
        width
        for power in range(19)
        for width in (10**power, 2 * 10**power, 5 * 10**power)
        if (high - low) // width + 2 <= _MOST
    )
    first = low // width * width
    starts = list(range(first, high + 1, width))
    return [*starts, starts[-1] + width] if max(map(max, histograms)) >= starts[-1] + width else starts


def _within(histogram: Mapping[int, int], start: int, end: int | None) -> int:
    return sum(count for value, count in histogram.items() if start <= value and (end is None or value < end))


def _label(start: int, end: int | None, longest: int) -> str:
    if end is None:
        return f"{start:,}" if start == longest else f"{start:,} to {longest:,}"
    return f"{start:,}" if end == start + 1 else f"{start:,} to {end - 1:,}"


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
