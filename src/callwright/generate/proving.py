"""Proving a blueprint: everything that can be wrong with it is said before a word of dialogue is written."""

import re
from collections.abc import Callable, Iterator

import msgspec

from callwright.checks import FOLDS, Context, Examiner
from callwright.checks.situations import is_error
from callwright.conversation import Conversation, SystemMessage, ToolCall
from callwright.generate import showing
from callwright.generate.blueprint import Blueprint, draft, speaks
from callwright.generate.exchanges import before, exchanges
from callwright.generate.plan import Plan, Scenario
from callwright.generate.prompting import as_json
from callwright.schema import call_faults

FAMILIES = frozenset({"arguments", "structure", "results", "tools"})
"""Families of checks that hold for a draft; the others are about wording, which it has none of yet."""
INVENTED = "grounding-argument"

_TEST_VALUE = re.compile(
    r"\b(?:foo|bar|baz|qux|foobar|lorem|ipsum|placeholder|john doe|jane doe|acme|asdf|xyz|abc123|12345\d*"
    r"|test(?:[_ -]?(?:user|name|value|file|item|city|data))?|sample|string|todo|tbd)\b"
    r"|@(?:example|test)\.\w+|\bexample\.(?:com|org|net)\b|\b555-?01\d\d\b|\b123-456-7890\b|^[.…]+$",
    re.IGNORECASE,
)


def alone(context: Context) -> Context:
    """The context for a look at one conversation by itself: what a set must know of it is not worked out."""
    return msgspec.structs.replace(context, ignore=(*context.ignore, *FOLDS))


class Proof:
    """Says what is wrong with blueprints of a job."""

    def __init__(self, plan: Plan, context: Context, system: str) -> None:
        """`system`: the job's system message, whose facts count as given."""
        self._plan = plan
        self._system = (SystemMessage(system),) if system else ()
        self._examiner = Examiner(alone(msgspec.structs.replace(context, severity={})))

    def faults(self, scenario: Scenario, blueprint: Blueprint) -> list[tuple[str, str]]:
        """All that is wrong: (short reason, sentence for the teacher)."""
        shape = list(self._path(scenario, blueprint))
        if shape:
            return shape
        made = draft(scenario, blueprint, self._plan.traits, self._plan.tools)
        found = [*self._values(blueprint), *self._situation(scenario, blueprint, made)]
        whole = msgspec.structs.replace(made, messages=(*self._system, *made.messages))
        for finding in self._examiner.examine(whole).findings:
            family = finding.code.partition("-")[0]
            if (family in FAMILIES and finding.severity == "error") or finding.code == INVENTED:
                found.append((finding.code, f"{_place(finding.path, whole)}{finding.message}"))
        return found

    def _path(self, scenario: Scenario, blueprint: Blueprint) -> Iterator[tuple[str, str]]:
        planned, turns = scenario.turns, blueprint.turns
        if len(turns) != len(planned):
            yield "path", f"it must have {len(planned)} turns and has {len(turns)}"
            return
        for number, (tools, turn) in enumerate(zip(planned, turns, strict=True), start=1):
            if not turn.wants.strip():
                yield "empty", f"turn {number}: `wants` is empty"
            named = tuple(act.name for act in turn.calls)
            if named != tools:
                wanted = ", ".join(tools) or "nothing"
                yield "path", f"turn {number} must call {wanted} and calls {', '.join(named) or 'nothing'}"
            if speaks(turn, self._plan.traits) and not turn.reply.strip():
                yield "empty", f"turn {number}: `reply` is empty"

    def _values(self, blueprint: Blueprint) -> Iterator[tuple[str, str]]:
        for number, turn in enumerate(blueprint.turns, start=1):
            for act in turn.calls:
                call = ToolCall(name=act.name, arguments=act.arguments)
                for path, why in call_faults(call, self._plan.tools):
                    yield "arguments", f"turn {number}, {act.name}, {path}: {why}"
                for value in _texts(act.arguments):
                    if _TEST_VALUE.search(value) and not self._known(act.name, value):
                        yield "test-value", f"turn {number}, {act.name}: {as_json(value)} is a placeholder"

    def _known(self, tool: str, value: str) -> bool:
        """Whether the tool itself speaks of the value."""
        declared = next(one for one in self._plan.tools if one.name == tool)
        return value.casefold() in as_json(declared.parameters).casefold()

    def _situation(
        self, scenario: Scenario, blueprint: Blueprint, made: Conversation
    ) -> Iterator[tuple[str, str]]:
        shows, wanted = _SHOWN.get(scenario.situation, (None, ""))
        if shows and not shows(scenario, blueprint, made):
            yield "situation", f"turn {scenario.heart + 1} does not show the situation: {wanted}"


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _place(path: str, made: Conversation) -> str:
    """The turn that a path into the draft belongs to."""
    index = re.match(r"\$\.messages\[(\d+)\]", path)
    if not index:
        return ""
    turn = len(exchanges(made.upto(int(index[1]) + 1)))
    argument = re.search(r"\.arguments\.?(\S+)", path)
    return f"turn {turn}{f', `{argument[1]}`' if argument else ''}: "


Draws = Callable[[Scenario, Blueprint, Conversation], bool]


def _asked_for(scenario: Scenario, blueprint: Blueprint, made: Conversation) -> bool:
    heart = scenario.heart
    facts = "\n".join(blueprint.turns[heart].facts)
    earlier = before(exchanges(made)[:heart])
    values = [value for act in blueprint.turns[heart].calls for value in _said(act.arguments)]
    return any(value not in earlier for value in values) and bool(facts.strip())


def _said(arguments: dict[str, object]) -> list[str]:
    return [str(value) for value in arguments.values() if not isinstance(value, bool | dict | list)]


def _corrected(scenario: Scenario, blueprint: Blueprint, made: Conversation) -> bool:
    first, second = blueprint.turns[scenario.heart - 1].calls, blueprint.turns[scenario.heart].calls
    return any(a.name == b.name and a.arguments != b.arguments for a in first for b in second)


def _carried(scenario: Scenario, blueprint: Blueprint, made: Conversation) -> bool:
    return showing.carried_over(made)


def _failed(scenario: Scenario, blueprint: Blueprint, made: Conversation) -> bool:
    return any(act.fails for act in blueprint.turns[scenario.heart].calls) and any(
        is_error(act.content) for act in blueprint.turns[scenario.heart].calls
    )


def _nothing(scenario: Scenario, blueprint: Blueprint, made: Conversation) -> bool:
    return any(showing.is_empty(act.content) for act in blueprint.turns[scenario.heart].calls)


def _differ(scenario: Scenario, blueprint: Blueprint, made: Conversation) -> bool:
    return showing.two_requests(made)


_SHOWN: dict[str, tuple[Draws, str]] = {
    "missing-argument": (_asked_for, "the value asked for is told in this turn, and in none before it"),
    "carried-over": (
        _carried,
        "a value of the call must come from an earlier turn and not be among its facts",
    ),
    "pronoun": (_carried, "a value of the call must come from an earlier turn and not be among its facts"),
    "correction": (_corrected, "the same tool must be called again with another value"),
    "tool-error": (_failed, 'the result must be an error, such as {"error": "…"}, and `fails` true'),
    "empty-result": (_nothing, "the result must be empty, such as []"),
    "two-requests": (_differ, "the calls must differ"),
    "parallel-calls": (_differ, "the calls must differ"),
}
"""Situation -> what of it a draft can show, and how that is told."""
