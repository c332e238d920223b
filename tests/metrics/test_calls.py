"""The three call metrics, as the reference defines them."""

import json

import pytest

from callwright.conversation import AssistantMessage, Json, MalformedCall, Tool, ToolCall
from callwright.metrics import CALL_METRICS
from callwright.metrics.calls import binary_tool_call, same, staged_tool_call, tool_call_equivalence

TOOLS = (
    Tool(
        name="ls",
        parameters={
            "type": "object",
            "properties": {"a": {"type": "boolean", "default": False}, "n": {"type": "number"}},
        },
    ),
)


def turn(*calls: tuple[str, dict[str, Json]], malformed: tuple[str, ...] = ()) -> AssistantMessage:
    return AssistantMessage(
        tool_calls=tuple(ToolCall(name=name, arguments=arguments) for name, arguments in calls),
        malformed=tuple(MalformedCall(raw=raw, error="no call") for raw in malformed),
    )


def scores(expected: AssistantMessage, produced: AssistantMessage) -> list[float | None]:
    """Equivalence, binary, staged."""
    return [metric(expected, produced, TOOLS).value for metric in CALL_METRICS.values()]


@pytest.mark.parametrize(
    ("produced", "wanted"),
    [
        (turn(("ls", {"a": True, "n": 25})), [1, 1, 1]),
        (turn(("ls", {"n": 25.0, "a": True})), [1, 1, 1]),
        (turn(("ls", {"a": 1, "n": 25})), [0, 0, 0.75]),
        (turn(("ls", {"a": True, "n": "25"})), [0, 0, 0.75]),
        (turn(("ls", {"a": True})), [0, 0, 0.5]),
        (turn(("ls", {"a": True, "n": 25, "x": 1})), [0, 0, 0.5]),
        (turn(("dir", {"a": True, "n": 25})), [0, 0, 0.25]),
        (turn(malformed=('{"name": "ls", "arguments": 3}',)), [0, 0, 0.25]),
        (turn(malformed=('{"name": "ls", "argum',)), [0, 0, 0]),
        (AssistantMessage(content="I cannot."), [0, 0, 0]),
    ],
)
def test_one_call_is_graded_as_the_reference_grades_it(
    produced: AssistantMessage, wanted: list[float]
) -> None:
    assert scores(turn(("ls", {"a": True, "n": 25})), produced) == wanted


def test_only_equivalence_fills_defaults_in() -> None:
    short, long = turn(("ls", {})), turn(("ls", {"a": False}))
    assert scores(short, long) == [1, 0, 0.5]
    assert scores(long, short) == [1, 0, 0.5]
    assert scores(short, turn(("ls", {"a": True}))) == [0, 0, 0.5]
    assert scores(short, turn(("ls", {"a": None}))) == [0, 0, 0.5]


def test_several_calls_are_matched_in_the_best_way() -> None:
    wanted = turn(("ls", {"n": 1}), ("cd", {"to": "x"}), ("ls", {"n": 2}))
    assert scores(wanted, turn(*((c.name, c.arguments) for c in reversed(wanted.tool_calls)))) == [1, 1, 1]
    assert tool_call_equivalence(wanted, turn(("ls", {"n": 2})), TOOLS).value == pytest.approx(1 / 3)
    # Greedy pairing of the first call would take the exact partner of the second one.
    given = turn(("ls", {"n": 2}), ("ls", {"n": 2}))
    assert staged_tool_call(turn(("ls", {"n": 1}), ("ls", {"n": 2})), given, TOOLS).value == 0.875


def test_a_call_too_many_and_a_broken_one_cost_as_much_as_one_too_few() -> None:
    wanted, extra = turn(("ls", {})), turn(("ls", {}), ("ls", {}))
    assert scores(wanted, extra) == [0.5, 0.5, 0.5]
    assert scores(wanted, turn(("ls", {}), malformed=("{",))) == [0.5, 0.5, 0.5]
    assert scores(extra, wanted) == [0.5, 0.5, 0.5]


def test_where_nothing_is_to_be_called_nothing_is_scored() -> None:
    score = binary_tool_call(AssistantMessage(content="Hi"), turn(("ls", {})), TOOLS)
    assert (score.value, score.why) == (None, "the reference turn calls nothing")


def test_a_raw_text_of_brackets_without_end_is_unparseable_not_an_error() -> None:
    assert staged_tool_call(turn(("ls", {})), turn(malformed=("[" * 100_000,)), TOOLS).value == 0


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("25", "25.0", True),
        ("true", "1", False),
        ("false", "0", False),
        ("null", "false", False),
        ("[true]", "[1]", False),
        ('{"a": [{"b": 1}]}', '{"a": [{"b": 1.0}]}', True),
        ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}', True),
        ("[1, 2]", "[2, 1]", False),
        ("9007199254740993", "9007199254740992.0", False),
        ('"1"', "1", False),
    ],
)
def test_equality_is_that_of_json_schema(one: str, other: str, equal: bool) -> None:
    assert same(json.loads(one), json.loads(other)) is equal
    assert same(json.loads(other), json.loads(one)) is equal
