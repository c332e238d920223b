"""Situations: what each looks like in a conversation, and which a job allows."""

import pytest
from generate_jobs import COMMAND_ROWS, COMMANDS, SERVICE, SERVICE_ROWS, called, gave, row, says

from callwright.config.compatibility import MULTI_TURN, SINGLE_TURN
from callwright.config.situations import SITUATIONS as names
from callwright.conversation import AssistantMessage, Conversation, ToolCall, UserMessage
from callwright.generate.showing import carried_over, english, is_empty
from callwright.generate.situations import SITUATIONS, shares
from callwright.generate.traits import Traits, traits_of

FOUND = '[{"restaurant": "Adler"}]'
SHOWN: dict[str, Conversation] = {
    "ordinary": row(UserMessage("A table in Graz."), called("find_table", city="Graz")),
    "missing-argument": row(
        UserMessage("I need a table."),
        says("In which city?"),
        UserMessage("In Linz."),
        called("find_table", city="Linz"),
    ),
    "carried-over": row(
        UserMessage("A table in Graz."),
        called("find_table", city="Graz"),
        UserMessage("And for five guests?"),
        called("find_table", 2, city="Graz", guests=5),
    ),
    "pronoun": row(
        UserMessage("A table in Graz."),
        called("find_table", city="Graz"),
        gave(FOUND),
        says("Adler has one."),
        UserMessage("Book it at seven."),
        called("book_table", 2, restaurant="Adler", time="seven"),
    ),
    "correction": row(
        UserMessage("A table in Graz."),
        called("find_table", city="Graz"),
        UserMessage("No, I meant Linz."),
        called("find_table", 2, city="Linz"),
    ),
    "change-of-mind": row(
        UserMessage("A table in Graz."),
        called("find_table", city="Graz"),
        UserMessage("Never mind, book Adler at seven."),
        called("book_table", 2, restaurant="Adler", time="seven"),
    ),
    "two-requests": row(
        UserMessage("Find me one in Graz and book Adler at seven."),
        called("find_table", city="Graz"),
        gave("[]"),
        called("book_table", 2, restaurant="Adler", time="seven"),
    ),
    "parallel-calls": row(
        UserMessage("Graz and Linz."),
        AssistantMessage(
            tool_calls=(
                ToolCall(name="find_table", arguments={"city": "Graz"}, id="call_1"),
                ToolCall(name="find_table", arguments={"city": "Linz"}, id="call_2"),
            )
        ),
    ),
    "tool-error": row(
        UserMessage("A table in Graz."),
        called("find_table", city="Graz"),
        gave('{"error": "closed"}'),
        says("It failed."),
    ),
    "empty-result": row(
        UserMessage("A table in Graz."), called("find_table", city="Graz"), gave("[]"), says("There is none.")
    ),
    "already-known": row(
        UserMessage("A table in Graz."),
        called("find_table", city="Graz"),
        gave(FOUND),
        says("Adler has one."),
        UserMessage("What was its name?"),
        says("It is Adler."),
    ),
    "out-of-scope": row(UserMessage("Fly me to Mars."), says("I am sorry, I cannot do that.")),
    "small-talk": row(UserMessage("Hello!"), says("Hello to you.")),
}
PLAIN = row(UserMessage("A table in Graz."), called("find_table", city="Graz"))


@pytest.mark.parametrize("name", SHOWN)
def test_a_situation_is_seen_where_it_is(name: str) -> None:
    shown = SITUATIONS[name].shown
    assert shown is not None
    assert shown(SHOWN[name])


@pytest.mark.parametrize("name", set(SHOWN) - {"ordinary"})
def test_a_situation_is_not_seen_in_a_plain_request(name: str) -> None:
    shown = SITUATIONS[name].shown
    assert shown is not None
    assert not shown(PLAIN)


def test_a_situation_without_a_test_says_why() -> None:
    untold = {name: bool(one.untold) for name, one in SITUATIONS.items() if one.shown is None}
    assert untold == {"near-miss": True}


def test_a_value_that_is_said_again_is_not_carried_over() -> None:
    again = row(
        UserMessage("A table in Graz."),
        called("find_table", city="Graz"),
        UserMessage("In Graz, for five."),
        called("find_table", 2, city="Graz", guests=5),
    )
    assert not carried_over(again)


@pytest.mark.parametrize(
    ("result", "empty"),
    [
        *(("", True), ("[]", True), ("{}", True), ("null", True), ('{"tables": []}', True)),
        *(
            ('[{"a": 1}]', False),
            ('{"tables": [1], "more": []}', False),
            ("done", False),
            ('{"ok": true}', False),
        ),
        ("[broken", False),
    ],
)
def test_an_empty_result_is_one_with_nothing_in_it(result: str, empty: bool) -> None:
    assert is_empty(result) is empty


def test_the_question_and_answer_form_allows_neither_replies_nor_results() -> None:
    traits = traits_of(COMMAND_ROWS, COMMANDS, MULTI_TURN)
    assert traits == Traits(several_turns=True, two_tools=True, longest=3)
    assert set(shares(traits)) == {
        *("ordinary", "carried-over", "pronoun", "correction", "change-of-mind", "near-miss"),
    }


def test_a_service_allows_all_but_parallel_calls() -> None:
    traits = traits_of(SERVICE_ROWS, SERVICE, MULTI_TURN)
    assert set(SITUATIONS) - set(shares(traits)) == {"parallel-calls"}


def test_a_job_of_one_turn_has_no_second_one() -> None:
    assert set(shares(traits_of(COMMAND_ROWS, COMMANDS, SINGLE_TURN))) == {"ordinary", "near-miss"}


def test_shares_add_up_to_one_and_follow_what_is_chosen() -> None:
    traits = traits_of(COMMAND_ROWS, COMMANDS, MULTI_TURN)
    chosen = shares(traits, {"correction": 10.0, "ordinary": 0.0, "tool-error": 5.0})
    assert sum(chosen.values()) == pytest.approx(1.0)
    assert chosen["correction"] > 0.9
    assert not {"ordinary", "tool-error"} & set(chosen)


def test_the_list_of_situations_is_the_one_that_a_configuration_knows() -> None:
    assert tuple(SITUATIONS) == names
    assert sum(one.share for one in SITUATIONS.values()) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(
    ("text", "is_english"),
    [
        ("Can you find me a table in Graz for three?", True),
        ("what is in this folder", True),
        ("Kannst du mir in Graz einen Tisch für drei Leute suchen?", False),
        ("¿Puedes buscarme una mesa para tres en Graz?", False),
        ("Tu peux me trouver une table à Graz pour trois ?", False),
        ("グラーツで三人の席を探して", False),
    ],
)
def test_english_is_told_by_its_small_words(text: str, is_english: bool) -> None:
    assert english([text]) is is_english
