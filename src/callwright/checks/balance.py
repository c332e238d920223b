"""Balance: what a whole set never shows, and whether it is like its test set."""

from collections.abc import Iterable, Iterator
from typing import Any

from callwright.checks.balance_rules import ENUM, ERROR, PARAMETER, REFUSAL, SITUATION, TEST, TOOL, TURNS
from callwright.checks.contrast import apart, shares
from callwright.checks.rules import Finding, Fold
from callwright.checks.statistics import ParameterUse, Statistics, ToolUse, middle
from callwright.checks.subject import Context, Subject
from callwright.checks.tally import Tally, counted

ROWS = 10
"""Conversations of which something can be expected to be in one."""
VALUES = 12
"""Calls that give a parameter, of which the same holds for its values; or four for each value, if that is more."""
_LISTED = 12


class Balance(Fold):
    """Counts what there is; silent on sets too small to show everything."""

    rules = (TOOL, PARAMETER, ENUM, SITUATION, TURNS, TEST, REFUSAL, ERROR)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.tally = Tally()
        self.test = Tally()

    @classmethod
    def key(cls, subject: Subject) -> Any:
        return counted(subject.conversation)

    def hold(self, key: Any, name: str) -> None:
        self.test.add(key)

    def add(self, key: Any, name: str) -> Iterable[Finding]:
        self.tally.add(key)
        return ()

    def close(self) -> Iterator[Finding]:
        here, test = self.tally.statistics(), self.test.statistics()
        if here.rows >= ROWS and not self.context.prompts:
            yield from _tools(here)
            yield from _situations(here)
            yield from _turns(here)
        if test.rows:
            yield from _contrast(here, test)


def _tools(here: Statistics) -> Iterator[Finding]:
    if not here.calls:
        return
    uncalled = [f"`{tool.name}`" for tool in here.tools if tool.declared >= ROWS and not tool.calls]
    if uncalled:
        said = f"{_number(len(uncalled), 'tool')} never called in {here.rows:,} conversations: {_listed(uncalled)}"
        yield TOOL.at("$", f"{said}; show calls of each, or do not declare it")
    ungiven = [
        f"`{tool.name}.{one.name}`"
        for tool in here.tools
        if tool.declared_calls >= ROWS
        for one in tool.parameters
        if one.settled and not one.given
    ]
    if ungiven:
        said = (
            f"{_number(len(ungiven), 'parameter')} never given, in any call of its tool: {_listed(ungiven)}"
        )
        yield PARAMETER.at("$", f"{said}; show calls with each, or do not declare it")
    unshown = [
        (f"`{tool.name}.{one.name}`: {', '.join(missing)}", len(missing))
        for tool in here.tools
        for one in tool.parameters
        if (missing := _unshown(tool, one))
    ]
    if unshown:
        total = sum(count for _, count in unshown)
        said = (
            f"{_number(total, 'allowed value')} never shown: {_listed([text for text, _ in unshown], '; ')}"
        )
        yield ENUM.at("$", f"{said}; show a call with each, or do not allow it")


def _unshown(tool: ToolUse, one: ParameterUse) -> list[str]:
    """Values that a parameter of `tool` allows and no call gives, though calls enough give others."""
    if not one.settled or one.given < max(VALUES, 4 * len(one.values)):
        return []
    missing = [value for value, count in one.values.items() if not count and value != one.default]
    # A flag that may be left out says `false` by being left out.
    flag = set(one.values) == {"true", "false"} and not one.required and one.given < tool.declared_calls
    return [] if flag and missing == ["false"] else missing


def _situations(here: Statistics) -> Iterator[Finding]:
    turns = {situation.name: situation.turns for situation in here.situations}
    declared = any(tool.declared for tool in here.tools)
    if declared and not here.calls:
        yield SITUATION.at(
            "$", f"none of {here.rows:,} conversations calls a tool, though tools are declared; show calls"
        )
    # Rows of one request, and forms without results, are about calls alone.
    talks = bool(here.calls and here.result_characters) and max(here.turns) > 1
    if talks and not turns["ask"] + turns["refuse"] + turns["chat"]:
        said = f"every request of {here.rows:,} conversations is answered with a call"
        yield SITUATION.at("$", f"{said}; show some that want no call, or not yet")
    elif talks and not turns["ask"] and any(one.required for tool in here.tools for one in tool.parameters):
        said = (
            f"in none of {here.rows:,} conversations the assistant asks for what is missing before it calls"
        )
        yield SITUATION.at("$", f"{said}; show some in which the user leaves something out")
    if declared and not turns["refuse"]:
        said = f"in none of {here.rows:,} conversations the assistant declines"
        yield REFUSAL.at("$", f"{said}; show requests that no tool can fulfil")
    if here.result_characters and not turns["error"]:
        said = f"none of {sum(here.result_characters.values()):,} results is an error"
        yield ERROR.at("$", f"{said}; show calls that fail, and what is to be done then")


def _turns(here: Statistics) -> Iterator[Finding]:
    (turns, *others) = here.turns
    if others or turns < 2 or (here.shapes > 1 and here.rows < 2 * ROWS):
        return
    alike = "calls and replies in the same order" if here.shapes == 1 else "no more and no less"
    said = f"each of {here.rows:,} conversations has {turns} turns of the user, {alike}"
    yield TURNS.at("$", f"{said}; show shorter and longer ones")


def _contrast(here: Statistics, test: Statistics) -> Iterator[Finding]:
    sets = [
        (
            "tools",
            {tool.name: tool.rows for tool in here.tools},
            {tool.name: tool.rows for tool in test.tools},
        ),
        (
            "situations",
            {situation.title: situation.rows for situation in here.situations},
            {situation.title: situation.rows for situation in test.situations},
        ),
    ]
    for subject, first, second in sets:
        found = [
            f"`{share.name}` in {_percent(share.here)} of the conversations here, {_percent(share.test)} there"
            for share in shares(first, here.rows, second, test.rows)
        ]
        if found:
            said = f"the test set has other {subject}: {_listed(found, '; ', 4)}"
            yield TEST.at("$", f"{said}; draw both from the same conversations")
    if apart(here.turns, test.turns):
        said = f"conversations have {middle(here.turns)} turns of the user here and {middle(test.turns)} in the test"
        yield TEST.at("$", f"{said}, in the middle; draw both from the same conversations")


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun} is" if count == 1 else f"{count:,} {noun}s are"


def _listed(names: list[str], between: str = ", ", at_most: int = _LISTED) -> str:
    rest = len(names) - at_most
    return between.join(names[:at_most]) + (f" and {rest:,} more" if rest > 0 else "")


def _percent(share: float) -> str:
    text = f"{share * 100:.0f} %"
    return f"{share * 100:.1f} %" if share and text in ("0 %", "100 %") and share < 1 else text
