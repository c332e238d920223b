"""The statistics as tables: the same figures, in rows as long as their columns, the test set's beside them."""

from callwright.checks.examples import LIGHT, call, calls, reply, result, said, user
from callwright.checks.statistics import Statistics
from callwright.checks.tally import Tally, counted
from callwright.conversation import Conversation, Tool
from callwright.lint.tables import Table, percent, tables

LAMP = Tool(name="lamp", parameters={"properties": {"on": {"type": "boolean"}}, "required": ["on"]})
ONE = said(user("Hall!"), call("set_light", room="hall", on=True), result("ok"), reply("It is on."))
TWO = said(
    user("Both!"),
    calls(call("set_light", room="a", on=True, level=5), call("set_light", room="b", on=False)),
    result("ok"),
    result("ok"),
    reply("Done."),
    user("Thanks."),
    reply("You are welcome."),
)


def of(*rows: Conversation) -> Statistics:
    tally = Tally()
    for row in rows:
        tally.add(counted(row))
    return tally.statistics()


def by_title(here: Statistics, test: Statistics | None = None) -> dict[str, Table]:
    made = tables(here, test)
    assert all(len(row) == len(table.columns) for table in made for row in table.rows)
    return {table.title: table for table in made}


def test_one_set_has_a_table_of_each_kind() -> None:
    made = by_title(of(ONE, ONE, TWO))
    assert list(made) == [
        "The set",
        "Tools",
        "Parameters",
        "Values of enums and booleans",
        "Situations",
        "Turns of the user",
        "Calls of a conversation",
        "Calls in one turn",
        "Characters",
        "Tools one after the other",
    ]
    assert made["The set"].columns == ("", "here")
    assert made["Tools"].rows == [("set_light", 3, 3, 4, "100.0", 3), ("find_table", 3, 0, 0, "0.0", 0)]
    assert made["Parameters"].rows[:3] == [
        ("set_light", "room", "required", 4, "100.0"),
        ("set_light", "on", "required", 4, "100.0"),
        ("set_light", "level", "optional", 1, "25.0"),
    ]
    assert made["Parameters"].rows[3] == ("find_table", "city", "required", 0, "-")
    assert made["Values of enums and booleans"].rows[:2] == [
        ("set_light", "on", "true", 3, "75.0"),
        ("set_light", "on", "false", 1, "25.0"),
    ]
    assert made["Turns of the user"].rows == [(1, 2, "66.7"), (2, 1, "33.3")]
    assert made["Calls in one turn"].rows == [(1, 2, "66.7"), (2, 1, "33.3")]
    assert made["Characters"].rows == [("messages of the user", 4, 5, 7, 7), ("results", 4, 2, 2, 2)]
    assert made["Tools one after the other"].rows == [("set_light", "set_light", 1)]


def test_the_test_set_stands_beside() -> None:
    other = said(user("Lamp."), call("lamp", on=True), tools=[LAMP])
    made = by_title(of(ONE, TWO), of(ONE, other))
    assert made["The set"].columns == ("", "here", "test")
    assert made["The set"].rows[0] == ("conversations", 2, 2)
    assert made["Tools"].rows[0] == ("set_light", 2, 2, 3, "100.0", 2, 1, "50.0")
    assert made["Tools"].rows[-1] == ("lamp", 0, 0, 0, "0.0", 0, 1, "50.0")
    assert made["Parameters"].rows[0] == ("set_light", "room", "required", 3, "100.0", "100.0")
    assert made["Turns of the user"].rows == [(1, 1, "50.0", "100.0"), (2, 1, "50.0", "0.0")]
    assert made["Characters"].rows[1][0] == "messages of the user of the test"


def test_what_a_set_has_not_has_no_table() -> None:
    assert list(by_title(of(said(user("Hi."), tools=[])))) == [
        "The set",
        "Turns of the user",
        "Calls of a conversation",
        "Characters",
    ]
    assert list(by_title(of())) == ["The set"]


def test_pairs_of_tools_that_are_not_listed_are_counted() -> None:
    tools = [Tool(name=f"tool_{number}") for number in range(30)]
    made = by_title(
        of(said(user("All!"), calls(*(call(tool.name) for tool in tools)), tools=[*tools, LIGHT]))
    )
    table = made["Tools one after the other (the most frequent; 9 more)"]
    assert len(table.rows) == 20


def test_a_share_is_all_or_nothing_only_if_it_is() -> None:
    assert [percent(1, 3), percent(1, 10_000), percent(9_999, 10_000)] == ["33.3", "0.1", "99.9"]
    assert [percent(0, 5), percent(5, 5), percent(0, 0)] == ["0.0", "100.0", "-"]
