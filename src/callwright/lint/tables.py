"""Tables: the statistics of a set, beside those of its test set, as plain tables."""

from collections.abc import Mapping
from typing import NamedTuple

from callwright.checks.statistics import MANY, ParameterUse, Statistics, ToolUse, middle

_ORDERS = 20
"""Pairs of tools that are listed; the rest is counted in the title."""


class Table(NamedTuple):
    title: str
    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]


def tables(here: Statistics, test: Statistics | None = None) -> list[Table]:
    """The tables that have rows; with `test` each has its figures in the last columns."""
    made = [
        _overview(here, test),
        _tools(here, test),
        _parameters(here, test),
        _values(here, test),
        _situations(here, test),
        _histogram("Turns of the user", "turns", "conversations", here.turns, test.turns if test else None),
        _histogram(
            "Calls of a conversation",
            "calls",
            "conversations",
            here.calls_in_row,
            test.calls_in_row if test else None,
        ),
        _histogram(
            "Calls in one turn", "calls", "turns", here.calls_in_turn, test.calls_in_turn if test else None
        ),
        _lengths(here, test),
        _orders(here),
    ]
    return [table for table in made if table.rows]


def percent(part: int, whole: int) -> str:
    """`12.3`; what is not all is not 100.0, nor is something 0.0."""
    if not whole:
        return "-"
    share = part / whole * 100
    return f"{min(max(share, 0.1), 99.9) if 0 < part < whole else share:.1f}"


def _overview(here: Statistics, test: Statistics | None) -> Table:
    sets = [here] if test is None else [here, test]
    shapes = [f"{MANY} or more" if one.shapes >= MANY else one.shapes for one in sets]
    rows: list[tuple[object, ...]] = [
        ("conversations", *(one.rows for one in sets)),
        ("messages of the user", *(sum(one.user_characters.values()) for one in sets)),
        ("turns of the assistant", *(one.assistant_turns for one in sets)),
        ("calls", *(one.calls for one in sets)),
        ("results", *(sum(one.result_characters.values()) for one in sets)),
        ("tools declared", *(sum(tool.declared > 0 for tool in one.tools) for one in sets)),
        ("tools called", *(sum(tool.calls > 0 for tool in one.tools) for one in sets)),
        ("different courses of situations", *shapes),
    ]
    return Table("The set", ("", "here", "test")[: 1 + len(sets)], rows)


def _tools(here: Statistics, test: Statistics | None) -> Table:
    columns: tuple[str, ...] = ("tool", "declared in", "called in", "calls", "% of calls", "opens")
    there = {tool.name: tool for tool in test.tools} if test else {}
    absent = ToolUse(name="", declared=0, calls=0, declared_calls=0, rows=0, opens=0)
    known = {tool.name: tool for tool in here.tools}
    rows: list[tuple[object, ...]] = []
    for name in [*known, *(name for name in there if name not in known)]:
        tool, other = known.get(name, absent), there.get(name, absent)
        figures = (tool.declared, tool.rows, tool.calls, percent(tool.calls, here.calls), tool.opens)
        rows.append((name, *figures, *((other.calls, percent(other.calls, test.calls)) if test else ())))
    return Table("Tools", columns + (("test calls", "% of test calls") if test else ()), rows)


def _parameters(here: Statistics, test: Statistics | None) -> Table:
    there = test.parameters() if test else {}
    rows: list[tuple[object, ...]] = []
    for tool in here.tools:
        for one in tool.parameters:
            needed = "required" if one.required else "optional"
            figures = (tool.name, one.name, needed, one.given, percent(one.given, tool.declared_calls))
            rows.append(figures + _other_share(there.get((tool.name, one.name)), test))
    columns: tuple[str, ...] = ("tool", "parameter", "", "given", "% of calls")
    return Table("Parameters", columns + (("% of test calls",) if test else ()), rows)


def _other_share(other: tuple[ToolUse, ParameterUse] | None, test: Statistics | None) -> tuple[object, ...]:
    if test is None:
        return ()
    return (percent(other[1].given, other[0].declared_calls) if other else "-",)


def _values(here: Statistics, test: Statistics | None) -> Table:
    there = test.parameters() if test else {}
    rows: list[tuple[object, ...]] = []
    for tool in here.tools:
        for one in tool.parameters:
            other = there.get((tool.name, one.name))
            for value, count in one.values.items():
                figures = (tool.name, one.name, value, count, percent(count, one.given))
                rows.append(figures + ((other[1].values.get(value) if other else None,) if test else ()))
    columns: tuple[str, ...] = ("tool", "parameter", "value", "given", "% of given")
    return Table("Values of enums and booleans", columns + (("test",) if test else ()), rows)


def _situations(here: Statistics, test: Statistics | None) -> Table:
    columns: tuple[str, ...] = ("situation", "the assistant", "turns", "% of turns", "in conversations")
    there = {one.name: one for one in test.situations} if test else {}
    rows: list[tuple[object, ...]] = []
    for one in here.situations if here.assistant_turns else ():
        figures = (one.name, one.title, one.turns, percent(one.turns, here.assistant_turns), one.rows)
        beside = (percent(there[one.name].turns, test.assistant_turns),) if test else ()
        rows.append((*figures, *beside))
    return Table("Situations", columns + (("% of test turns",) if test else ()), rows)


def _histogram(
    title: str, what: str, of: str, here: Mapping[int, int], test: Mapping[int, int] | None
) -> Table:
    total, of_test = sum(here.values()), sum((test or {}).values())
    rows: list[tuple[object, ...]] = []
    for value in sorted({**here, **(test or {})}):
        count = here.get(value, 0)
        beside = () if test is None else (percent(test.get(value, 0), of_test),)
        rows.append((value, count, percent(count, total), *beside))
    return Table(title, (what, of, "%") + (() if test is None else ("test %",)), rows)


def _lengths(here: Statistics, test: Statistics | None) -> Table:
    kinds: list[tuple[str, Mapping[int, int]]] = [
        (f"{what}{whose}", getattr(set_, field))
        for what, field in (("messages of the user", "user_characters"), ("results", "result_characters"))
        for whose, set_ in (("", here), (" of the test", test))
        if set_
    ]
    rows: list[tuple[object, ...]] = [
        (name, sum(histogram.values()), middle(histogram), middle(histogram, 0.95), max(histogram))
        for name, histogram in kinds
        if histogram
    ]
    return Table("Characters", ("", "number", "median", "95th percentile", "longest"), rows)


def _orders(here: Statistics) -> Table:
    rest = len(here.orders) - _ORDERS
    title = "Tools one after the other" + (f" (the most frequent; {rest:,} more)" if rest > 0 else "")
    return Table(title, ("tool", "then", "times"), list(here.orders[:_ORDERS]))
