"""What conversations add up to: situations, tools with their parameters and values, turns, lengths."""

from collections.abc import Sequence
from typing import Any

import pytest

from callwright.checks.examples import LIGHT, call, calls, reply, result, said, user
from callwright.checks.statistics import middle
from callwright.checks.tally import Tally, counted
from callwright.conversation import AssistantMessage, Conversation, Message, Tool


def tool(name: str, *, required: Sequence[str] = (), **properties: Any) -> Tool:
    return Tool(
        name=name, parameters={"type": "object", "properties": properties, "required": list(required)}
    )


def rows_of(tools: Sequence[Tool], *turns: AssistantMessage) -> list[Conversation]:
    return [
        said(user(f"request {number}"), turn, result("ok"), reply("Done."), tools=tools)
        for number, turn in enumerate(turns)
    ]


@pytest.mark.parametrize(
    ("turns", "situations"),
    [
        ((user("a"), call("go"), result("ok"), reply("It is 3.")), "ca"),
        ((user("a"), calls(call("go"), call("go")), result("1"), result("2"), reply("ok")), "pa"),
        ((user("a"), call("go"), result("ok"), call("go"), result("ok"), reply("ok")), "csa"),
        ((user("a"), call("go"), result('{"error": "no"}'), call("go"), result("ok"), reply("ok")), "cea"),
        ((user("a"), call("go"), result("Error: no such file"), reply("There is none.")), "ce"),
        ((user("a"), call("go"), result('{"success": false}'), reply("It failed.")), "ce"),
        ((user("a"), call("go"), result('[{"title": "Terror"}]'), reply("Found.")), "ca"),
        ((user("a"), call("go"), result('{"errors": [], "ok": true}'), reply("Found.")), "ca"),
        ((user("a"), call("go"), result('{"error": null, "fail'), reply("Found.")), "ca"),
        ((user("a"), reply("Which?"), user("b"), call("go"), result("ok"), reply("Anything else?")), "qca"),
        ((user("a"), call("go"), result("ok"), reply("ok"), user("b"), reply("Anything else?")), "cat"),
        ((user("a"), reply("Which?")), "q"),
        ((user("a"), reply("How are you?"), user("b"), reply("Good.")), "tt"),
        ((user("a"), reply("どれですか？"), user("b"), call("go")), "qc"),
        ((user("a"), reply("I'm sorry, I can't do that. Anything else?"), user("b"), call("go")), "rc"),
        ((user("a"), reply("I cannot open windows.")), "r"),
        ((user("a"), reply("They do not serve alcohol.")), "t"),
        ((user("a"), call("go"), user("b"), call("go"), call("go")), "ccs"),
        ((), ""),
    ],
)
def test_each_turn_of_the_assistant_is_of_one_kind(turns: tuple[Message, ...], situations: str) -> None:
    assert counted(said(*turns)).shape == situations


def test_statistics_count_tools_parameters_values_turns_and_orders() -> None:
    tally = Tally()
    for row in rows_of(
        [LIGHT], *[call("set_light", room="x", on=True)] * 3, call("set_light", on=False, level=1)
    ):
        tally.add(counted(row))
    other = tool("other")
    tally.add(counted(said(user("a"), calls(call("go", x=1), call("set_light")), tools=[other])))
    of = tally.statistics()
    assert [
        (one.name, one.declared, one.calls, one.declared_calls, one.rows, one.opens) for one in of.tools
    ] == [
        ("set_light", 4, 5, 4, 5, 4),
        ("go", 0, 1, 0, 1, 1),
        ("other", 1, 0, 0, 0, 0),
    ]
    assert {one.name: one.given for one in of.tools[0].parameters} == {"room": 3, "on": 4, "level": 1}
    assert of.tools[0].parameters[1].values == {"true": 3, "false": 1}
    assert (of.rows, of.calls, of.assistant_turns) == (5, 6, 9)
    assert (of.turns, of.calls_in_row, of.calls_in_turn) == ({1: 5}, {1: 4, 2: 1}, {1: 4, 2: 1})
    assert (of.user_characters, of.result_characters) == ({1: 1, 9: 4}, {2: 4})
    assert of.orders == (("go", "set_light", 1),)
    assert {one.name: one.turns for one in of.situations if one.turns} == {
        "call": 4,
        "parallel": 1,
        "answer": 4,
    }


def test_the_middle_of_a_histogram() -> None:
    assert [middle({1: 1, 5: 1, 9: 1}), middle({1: 9, 100: 1}, 0.95), middle({})] == [5, 100, 0]
