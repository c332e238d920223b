"""Call metrics: what a model called against what should have been called, turn by turn.

All three follow the reference for one call a turn. A turn with several calls is matched one to one, in the
way that gives the most, and the mean is over the longer side: a call too many costs as much as a call too
few. Where the reference turn calls nothing there is nothing to compare: None, see `replies` for the decision
itself.
"""

import json
from collections.abc import Callable, Sequence

from callwright.conversation import AssistantMessage, Json, MalformedCall, Tool, ToolCall
from callwright.metrics import Score
from callwright.metrics.matching import best_total
from callwright.schema import with_defaults

NO_CALL = "the reference turn calls nothing"

_Grade = Callable[[ToolCall, ToolCall], float]


def tool_call_equivalence(
    expected: AssistantMessage, produced: AssistantMessage, tools: tuple[Tool, ...]
) -> Score:
    """1 if the calls are equal once unset parameters are filled from the schemas' defaults, else 0."""

    def grade(wanted: ToolCall, given: ToolCall) -> float:
        if wanted.name != given.name:
            return 0.0
        schema = next((tool.parameters for tool in tools if tool.name == wanted.name), {})
        filled = with_defaults(schema, wanted.arguments), with_defaults(schema, given.arguments)
        return float(same(*filled))

    return _turn(expected, produced, grade)


def binary_tool_call(
    expected: AssistantMessage, produced: AssistantMessage, tools: tuple[Tool, ...]
) -> Score:
    """1 if name and arguments are equal as they are written, the order of keys aside, else 0."""
    return _turn(expected, produced, _exact)


def staged_tool_call(
    expected: AssistantMessage, produced: AssistantMessage, tools: tuple[Tool, ...]
) -> Score:
    """How far a call got: 0 not parseable, .25 JSON but not the name, .5 the name, .75 the keys, 1 exact.

    A reply in text where a call was due is no call at all, and counts as not parseable.
    """
    return _turn(expected, produced, _staged, malformed=_staged_malformed)


def same(one: Json, other: Json) -> bool:
    """Equality of JSON Schema: 25 is 25.0, true is not 1, and keys have no order."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def _exact(wanted: ToolCall, given: ToolCall) -> float:
    return float(wanted.name == given.name and same(wanted.arguments, given.arguments))


def _staged(wanted: ToolCall, given: ToolCall) -> float:
    if wanted.name != given.name:
        return 0.25
    if wanted.arguments.keys() != given.arguments.keys():
        return 0.5
    return 1.0 if same(wanted.arguments, given.arguments) else 0.75


def _staged_malformed(malformed: MalformedCall) -> float:
    """A broken call that is at least a JSON object has no right name, but parses."""
    try:
        return 0.25 if isinstance(json.loads(malformed.raw), dict) else 0.0
    except (ValueError, RecursionError):
        return 0.0


def _turn(
    expected: AssistantMessage,
    produced: AssistantMessage,
    grade: _Grade,
    *,
    malformed: Callable[[MalformedCall], float] = lambda _: 0.0,
) -> Score:
    wanted = expected.tool_calls
    if not wanted:
        return Score(None, NO_CALL)
    if len(wanted) == len(produced.tool_calls) == 1 and not produced.malformed:
        return Score(grade(wanted[0], produced.tool_calls[0]))
    grades: list[Sequence[float]] = [[grade(want, given) for want in wanted] for given in produced.tool_calls]
    # A broken call is worth the same wherever it stands.
    grades += [[malformed(broken)] * len(wanted) for broken in produced.malformed]
    if not grades:
        return Score(0.0, "no call")
    return Score(best_total(grades) / max(len(wanted), len(grades)))
