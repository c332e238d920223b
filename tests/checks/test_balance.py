"""What a set never shows is said once, small sets are left alone, and a test set that is like it is not blamed."""

import pickle
import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callwright.checks import Context, Finding, Subject
from callwright.checks.balance import Balance
from callwright.checks.contrast import apart, fisher
from callwright.checks.examples import LIGHT, call, reply, result, said, user
from callwright.checks.tally import Tally, counted
from callwright.conversation import (
    AssistantMessage,
    Conversation,
    MalformedCall,
    Message,
    SystemMessage,
    Tool,
    ToolCall,
    ToolMessage,
    UserMessage,
)

ALL = Context(select=("balance",))


def found(
    rows: Sequence[Conversation], test: Sequence[Conversation] = (), context: Context = ALL
) -> list[Finding]:
    balance = Balance(context)
    for row in test:
        balance.hold(Balance.key(Subject(row, context)), "test")
    for row in rows:
        assert list(balance.add(Balance.key(Subject(row, context)), "row")) == []
    return list(balance.close())


def codes(rows: Sequence[Conversation], test: Sequence[Conversation] = ()) -> list[str]:
    """Those of the rules that are on by default."""
    rules = {rule.code: rule for rule in Balance.rules}
    return [finding.code for finding in found(rows, test) if rules[finding.code].selected]


def tool(name: str, *, required: Sequence[str] = (), **properties: Any) -> Tool:
    return Tool(
        name=name, parameters={"type": "object", "properties": properties, "required": list(required)}
    )


def rows_of(tools: Sequence[Tool], *turns: AssistantMessage) -> list[Conversation]:
    return [
        said(user(f"request {number}"), turn, result("ok"), reply("Done."), tools=tools)
        for number, turn in enumerate(turns)
    ]


WORD = {"type": "string"}
PRICE = {"type": "string", "enum": ["low", "middle", "high"]}


def test_a_tool_that_is_never_called_is_said_once_for_the_set() -> None:
    tools = [tool("go", to=WORD), tool("stay"), tool("wait")]
    (finding,) = [
        one for one in found(rows_of(tools, *[call("go", to="x")] * 10)) if one.code == "balance-tool"
    ]
    assert (finding.path, finding.severity) == ("$", "warning")
    assert finding.message.startswith("2 tools are never called in 10 conversations: `stay`, `wait`;")


def test_small_sets_are_left_alone() -> None:
    tools = [tool("go", to=PRICE, far=WORD), tool("stay")]
    assert found(rows_of(tools, *[call("go", to="low")] * 9)) == []


def test_a_tool_that_few_conversations_declare_is_left_alone() -> None:
    rows = rows_of([tool("go")], *[call("go")] * 20) + rows_of([tool("go"), tool("rare")], *[call("go")] * 9)
    assert codes(rows) == []


def test_prompts_are_left_alone() -> None:
    rows = [said(user(f"request {number}"), tools=[tool("go")]) for number in range(30)]
    assert found(rows, context=Context(select=("balance",), prompts=True)) == []


def test_declared_tools_that_nobody_calls_are_a_missing_situation() -> None:
    rows = [said(user(f"request {number}"), reply("Hello."), tools=[tool("go")]) for number in range(10)]
    assert codes(rows) == ["balance-situation"]


def test_parameters_never_given_are_named_with_their_tools() -> None:
    tools = [tool("go", to=WORD, far=WORD), tool("rare", far=WORD)]
    rows = rows_of(tools, *[call("go", to="x")] * 10, *[call("rare")] * 9)
    (finding,) = [one for one in found(rows) if one.code == "balance-parameter"]
    assert finding.message.startswith("1 parameter is never given, in any call of its tool: `go.far`;")


@pytest.mark.parametrize(
    ("schema", "values", "missing"),
    [
        (PRICE, ["low", "middle"], "high"),
        (PRICE, ["low"], "middle, high"),
        (PRICE, ["low", "middle", "high"], None),
        ({**PRICE, "default": "high"}, ["low", "middle"], None),
        ({"type": "boolean"}, [True], "false"),
        ({"type": "boolean"}, [True, False], None),
        ({"type": ["boolean", "null"]}, [True], "false"),
        ({"type": "integer", "enum": [1, 2]}, [1.0], "2"),
        ({"type": "integer", "enum": [1, 2]}, [True, 1], "2"),
        ({"type": "array", "items": PRICE}, [["low", "middle"]], "high"),
        ({"enum": ["low", None, {"an": "object"}, ["a list"]]}, ["low"], None),
    ],
)
def test_allowed_values_that_are_never_shown_are_named(
    schema: Any, values: list[Any], missing: str | None
) -> None:
    tools = [tool("go", required=["how"], how=schema)]
    rows = rows_of(tools, *(call("go", how=values[number % len(values)]) for number in range(24)))
    said_of = [one.message for one in found(rows) if one.code == "balance-enum"]
    assert [f"`go.how`: {missing};" in message for message in said_of] == ([True] if missing else [])


def test_a_flag_says_false_by_being_left_out() -> None:
    tools = [tool("go", fast={"type": "boolean"})]
    flags = [call("go", fast=True)] * 20
    assert codes(rows_of(tools, *flags, call("go"))) == []
    assert codes(rows_of(tools, *flags)) == ["balance-enum"]


def test_what_only_some_declarations_of_a_tool_say_is_not_missed() -> None:
    first = rows_of([tool("search", price=PRICE, city=WORD)], *[call("search", price="low")] * 10)
    second = rows_of([tool("search", price=WORD)], *[call("search", price="cheap")] * 10)
    assert codes(first + second) == []


def talk(number: int, *more: Message) -> Conversation:
    made = (call("set_light", room=f"room {number}", on=number % 2 > 0), result("ok"), reply("Done."))
    again = (user(f"and {number}"), call("set_light", room=f"hall {number}", on=True, level=5))
    return said(user(f"light {number}"), *made, *again, result("ok"), reply("Done."), *more, tools=[LIGHT])


def test_conversations_of_one_course_are_told_and_so_is_a_missing_question() -> None:
    assert codes([talk(number) for number in range(10)]) == ["balance-situation", "balance-turns"]
    thanks = (user("Thanks."), reply("You are welcome."))
    rows = [talk(number, *thanks * (number % 3)) for number in range(12)]
    (missing,) = [finding for finding in found(rows) if finding.code == "balance-situation"]
    assert "asks for what is missing" in missing.message
    asked = said(
        user("light"), reply("Where?"), user("here"), call("set_light", room="here", on=True), tools=[LIGHT]
    )
    assert codes([*rows, asked]) == []


def test_rows_of_one_request_may_all_be_alike() -> None:
    assert codes(rows_of([tool("go")], *[call("go")] * 50)) == []


def test_rows_without_results_may_call_upon_every_request() -> None:
    turns = [turn for number in range(3) for turn in (user(f"go {number}"), call("go"))]
    rows = [said(*turns[: 2 + 2 * (number % 3)], tools=[tool("go")]) for number in range(30)]
    assert codes(rows) == []


def test_a_reply_that_declines_and_an_error_are_looked_for_where_they_are_selected() -> None:
    rows = [talk(number) for number in range(10)]
    assert {"balance-refusal", "balance-error"} <= {finding.code for finding in found(rows)}
    declined = said(user("window"), reply("I cannot do that."), tools=[LIGHT])
    failed = said(
        user("light"),
        call("set_light", room="x", on=True),
        result("Error: none"),
        reply("No."),
        tools=[LIGHT],
    )
    assert not {"balance-refusal", "balance-error"} & {one.code for one in found([*rows, declined, failed])}


def drawn(seed: int, number: int) -> list[Conversation]:
    """Conversations of skewed tools, turn numbers and situations; those of one have the same tool again."""
    chance = random.Random(seed)
    tools = [tool(f"tool_{place}", how=PRICE) for place in range(12)]
    rows = []
    for at in range(number):
        name = f"tool_{min(int(chance.expovariate(0.4)), 11)}"
        turns: list[Message] = []
        for turn in range(1 + min(int(chance.expovariate(0.5)), 8)):
            turns += [
                user(f"{at} {turn}"),
                chance.choice([reply("Which?"), reply("Fine."), call(name, how="low")]),
            ]
        rows.append(said(*turns, tools=tools))
    return rows


def test_honest_random_splits_are_hardly_ever_called_different() -> None:
    chance = random.Random(7)
    blamed = 0
    for seed in range(10):
        keys = [counted(row) for row in drawn(seed, 300)]
        for split in range(30):
            chance.shuffle(keys)
            balance = Balance(ALL)
            for key in keys[: 20 + 5 * split]:
                balance.hold(key, "")
            for key in keys[20 + 5 * split :]:
                balance.add(key, "")
            blamed += any(finding.code == "balance-test" for finding in balance.close())
    assert blamed <= 2


def test_other_tools_other_situations_and_longer_talks_in_the_test_are_told() -> None:
    rows = drawn(1, 200)
    short = [row for row in rows if len(row.messages) <= 4]
    long = [row for row in rows if len(row.messages) > 4]
    messages = [one.message for one in found(short, long) if one.code == "balance-test"]
    assert any("turns of the user here" in message for message in messages)
    one = rows_of([tool("go"), tool("stay")], *[call("go")] * 30)
    two = rows_of([tool("go"), tool("stay")], *[call("stay")] * 30)
    (message,) = [finding.message for finding in found(one, two) if finding.code == "balance-test"]
    assert "`go` in 100 % of the conversations here, 0 % there" in message


def test_fishers_test_agrees_with_the_counted_chances() -> None:
    assert fisher(3, 4, 1, 4) == pytest.approx(2 * 17 / 70)
    assert fisher(10, 10, 0, 10) == pytest.approx(2 / 184756)
    assert fisher(5, 10, 50, 100) == 1
    assert fisher(0, 10, 0, 10) == 1


def test_histograms_are_apart_only_with_rows_enough() -> None:
    assert not apart({1: 5}, {2: 5})
    assert apart({1: 10}, {2: 10})
    assert not apart({}, {2: 10})
    assert not apart({1: 100_000, 2: 100_000}, {1: 105_000, 2: 95_000})


def test_a_number_of_thousands_of_digits_and_one_without_end_are_no_values() -> None:
    schema = {"enum": [10**5000, float("inf"), float("nan"), 1]}
    rows = rows_of(
        [tool("go", required=["how"], how=schema)], *[call("go", how=value) for value in schema["enum"]]
    )
    assert codes(rows * 10) == []


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(["go", "stay", "", "a\0b", "\ud800"])
schemas = json_values | st.fixed_dictionaries(
    {},
    optional={
        "properties": st.dictionaries(
            names,
            st.fixed_dictionaries(
                {}, optional={"enum": json_values, "default": json_values, "type": json_values}
            )
            | json_values,
            max_size=3,
        )
        | json_values,
        "required": json_values,
    },
)
texts = st.text(max_size=20) | st.sampled_from(
    ["\ud800?", "I can't", '{"error": 1', '{"ok": false}', "Error\0"]
)
messages = st.one_of(
    st.builds(SystemMessage, texts),
    st.builds(UserMessage, texts),
    st.builds(ToolMessage, content=texts, call_id=names),
    st.builds(
        AssistantMessage,
        content=texts,
        tool_calls=st.lists(
            st.builds(
                ToolCall, name=names, arguments=st.dictionaries(names, json_values, max_size=3), id=names
            ),
            max_size=3,
        ).map(tuple),
        malformed=st.lists(st.builds(MalformedCall, raw=texts, error=texts), max_size=1).map(tuple),
    ),
)
conversations = st.builds(
    Conversation,
    messages=st.lists(messages, max_size=8).map(tuple),
    tools=st.lists(st.builds(Tool, name=names, parameters=schemas), max_size=3).map(tuple),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(conversations, max_size=6), st.lists(conversations, max_size=3))
def test_whatever_conversations_hold_they_are_counted_and_parts_add_up(
    rows: list[Conversation], test: list[Conversation]
) -> None:
    found(rows * 12, test * 12)
    whole, first, second = Tally(), Tally(), Tally()
    for number, row in enumerate(rows):
        key = pickle.loads(pickle.dumps(counted(row)))
        whole.add(key)
        (first, second)[number >= len(rows) // 2].add(key)
    first.merge(second)
    assert first.statistics() == whole.statistics()
