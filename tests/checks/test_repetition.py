"""The same call again, though nothing new came in between."""

import pytest

from callwright.checks import Context, Finding
from callwright.checks.canonical import canonical
from callwright.checks.examples import call, calls, reply, result, said, user
from callwright.checks.repetition import look
from callwright.checks.subject import Subject
from callwright.conversation import AssistantMessage, Json, Message

FIND = call("find_table", city="Rome", guests=2)
SAME = call("find_table", guests=2, city="Rome")
LIGHT = call("set_light", room="hall", on=True)
FOUND = '[{"name": "Da Enzo"}, {"name": "Roscioli"}]'


def found(*messages: Message) -> list[Finding]:
    return list(look(Subject(said(*messages), Context())))


def codes(*messages: Message) -> list[str]:
    return [f"{f.code} {f.severity} {f.path}" for f in found(*messages)]


def test_the_same_call_right_after_its_result_is_found_whatever_the_order_of_keys() -> None:
    (finding,) = found(user("A table."), FIND, result(FOUND), SAME, result(FOUND), reply("Da Enzo."))
    assert (finding.code, finding.severity) == ("repetition-call", "warning")
    assert finding.path == "$.messages[3].tool_calls[0]"
    assert finding.message == (
        "the same call of `find_table` as at $.messages[1].tool_calls[0], and nothing new in between; leave it out"
    )
    assert finding.words == "find_table"


def test_each_later_call_of_a_loop_is_found() -> None:
    turns = (FIND, result(FOUND)) * 4
    assert len(codes(user("A table."), *turns, reply("Da Enzo."))) == 3


def test_twice_in_one_turn_is_an_error_but_where_several_are_asked_for() -> None:
    twice = (calls(LIGHT, LIGHT), result("ok"), result("ok"), reply("Done."))
    assert codes(user("Light!"), *twice) == ["repetition-call error $.messages[1].tool_calls[1]"]
    assert codes(user("Switch it twice."), *twice) == ["repetition-call warning $.messages[1].tool_calls[1]"]


@pytest.mark.parametrize(
    "messages",
    [
        (FIND, result('{"error": "busy"}'), FIND, result(FOUND)),
        (FIND, result("pending"), FIND, result("done")),
        (FIND, result(FOUND), call("find_table", city="Rome", guests=3), result("[]")),
        (FIND, result(FOUND), call("find_table", city="Rome", guests="2"), result("[]")),
        (
            call("find_table", city="Rome", guests=True),
            result("a"),
            call("find_table", city="Rome", guests=1),
            result("a"),
        ),
        (FIND, result(FOUND), LIGHT, result("ok"), FIND, result(FOUND)),
        (LIGHT, result("ok"), call("set_light", room="hall", on=False), result("ok"), LIGHT, result("ok")),
    ],
    ids=["retry", "poll", "other value", "other type", "boolean", "change in between", "on, off, on"],
)
def test_a_call_that_may_bring_something_new_is_passed_over(messages: tuple[AssistantMessage, ...]) -> None:
    assert codes(user("A table."), *messages, reply("Well.")) == []


def test_reading_in_circles_is_found_across_other_reading() -> None:
    other = call("find_table", city="Milan")
    turns = (FIND, result(FOUND), other, result("[]"), FIND, result(FOUND), other, result("[]"))
    assert codes(user("A table."), *turns, reply("Da Enzo.")) == [
        "repetition-call warning $.messages[5].tool_calls[0]",
        "repetition-call warning $.messages[7].tool_calls[0]",
    ]


def test_after_a_word_of_the_user_only_the_very_same_result_is_said() -> None:
    def asked(words: str, second: str = FOUND, made: AssistantMessage = FIND) -> list[str]:
        return codes(
            user("A table."),
            made,
            result(FOUND),
            reply("Da Enzo."),
            user(words),
            made,
            result(second),
            reply("Well."),
        )

    assert asked("What else?") == ["repetition-result warning $.messages[5].tool_calls[0]"]
    assert asked("What else?", "[]") == []
    assert asked("Look again, please.") == []
    assert asked("And now?") == []
    assert asked("Louder!", made=LIGHT) == []


def test_without_results_the_same_call_in_a_row_is_found() -> None:
    conversation = said(user("A table."), FIND, FIND)
    found = look(Subject(conversation, Context(carries_results=False)))
    assert [f.path for f in found] == ["$.messages[2].tool_calls[0]"]


def test_many_calls_of_one_name_take_time_in_proportion() -> None:
    turns = [call("find_table", city=f"city {number}") for number in range(3000)]
    assert codes(user("All cities."), calls(*turns), *[result("[]")] * 3000, reply("None.")) == []


def test_canonical_bytes_tell_values_and_types_apart_and_not_the_order_of_keys() -> None:
    values: list[Json] = [
        1,
        1.0,
        True,
        "1",
        None,
        [],
        {},
        [1],
        {"1": 1},
        2**70,
        -(2**70),
        "\ud800",
        ["\ud800"],
    ]
    assert len({canonical(value) for value in values}) == len(values)
    assert canonical({"a": 2**70, "b": ["\ud800"]}) == canonical({"b": ["\ud800"], "a": 2**70})
    assert canonical({"a": 2**70}) != canonical({"a": [2**70]})
