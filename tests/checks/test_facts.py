"""Facts of replies: those that come from nowhere are found, those that a result or somebody gave are not."""

import pytest

from callwright.checks import Context, Finding, Subject
from callwright.checks.examples import call, reply, result, said, user
from callwright.checks.grounding import CHECK
from callwright.conversation import Conversation, Tool

ANY = Tool(name="act", parameters={"type": "object"})


def found(conversation: Conversation) -> list[Finding]:
    return list(CHECK.look(Subject(conversation, Context())))


def stated(text: str, *, shown: str = '{"ok": true}', asked: str = "Please look it up for me.") -> str:
    """Words of the finding of a reply `text` after the result `shown`; empty where there is none."""
    conversation = said(user(asked), call("act"), result(shown), reply(text), tools=(ANY,))
    return "".join(one.words for one in found(conversation))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("The price is $142.50.", '{"price": "142.5"}'),
        ("It costs 4 dollars.", '{"price": 4.00}'),
        ("There are 1,200 of them.", '{"n": 1200}'),
        ("It leaves at 6:05 pm.", '{"time": "18:05"}'),
        ("It leaves at 5 pm.", '{"time": "17:00"}'),
        ("It is on March 8th.", '{"date": "2019-03-08"}'),
        ("It is on the 8th.", '{"date": "2019-03-08"}'),
        ("I found 3 restaurants.", '[{"n": "a"}, {"n": "b"}, {"n": "c"}]'),
        ("I found 10 restaurants.", '[{"n": "a"}, {"n": "b"}, {"n": "c"}]'),
        ("Call (316) 555-0101.", '{"phone": "316-555-0101"}'),
        ("Write to info@adler.example.", '{"mail": "info@adler.example"}'),
        ("See https://adler.example/menu.", '{"url": "https://adler.example/menu"}'),
        ("How about the Black Angus Steakhouse?", '{"name": "Black Angus Steakhouse"}'),
        ("It is in San Francisco.", '{"city": "SF"}'),
        ("It has a rating of 4.5 out of 5.", '{"rating": 4.5}'),
        ("It is 70 degrees Fahrenheit.", '{"temperature": 70}'),
        ("Done. Have a Wonderful day!", '{"ok": true}'),
        ("Details: City: Graz", '{"city": "graz"}'),
        ("", "[]"),
    ],
)
def test_a_reply_that_says_what_the_result_says_is_not_blamed(text: str, shown: str) -> None:
    assert stated(text, shown=shown) == ""


def test_in_other_languages_capitals_are_no_names_but_numbers_are_numbers() -> None:
    asked = "Was kostet das Essen und ist es weit?"
    assert stated("Es kostet 43 Euro im Gasthaus.", shown='{"price": 43}', asked=asked) == ""
    assert stated("Es kostet 47 Euro im Gasthaus.", shown='{"price": 43}', asked=asked) == "47"


@pytest.mark.parametrize(
    ("text", "shown", "words"),
    [
        ("The price is $142.50.", '{"price": "155.5"}', "142.50"),
        ("It leaves at 6:05 pm.", '{"time": "18:15"}', "6:05"),
        ("It is on March 8th.", '{"date": "2019-03-09"}', "March 8th"),
        ("Call 316-555-0101.", '{"phone": "316-555-7777"}', "316-555-0101"),
        ("Write to info@adler.example.", '{"mail": "hello@krone.example"}', "info@adler.example"),
        ("How about the Black Angus Steakhouse?", '{"name": "Zum Adler"}', "Black Angus Steakhouse"),
        ("I booked it with Lufthansa.", '{"airline": "Austrian"}', "Lufthansa"),
    ],
)
def test_a_fact_from_nowhere_is_found_with_its_words(text: str, shown: str, words: str) -> None:
    assert stated(text, shown=shown) == words
    assert words in text


def test_all_facts_of_a_reply_are_one_finding() -> None:
    conversation = said(
        user("A table?"), call("act"), result('{"ok": 1}'), reply("At 7:45 pm, for $31."), tools=(ANY,)
    )
    (finding,) = found(conversation)
    assert finding.path == "$.messages[3].content"
    assert finding.message.startswith("nothing before the reply says `7:45`, `31`; ")
    assert finding.severity == "warning"


def test_before_the_first_result_a_reply_may_suggest_what_it_likes() -> None:
    conversation = said(
        user("Hi"), reply("Shall I look in Graz for 7 pm?"), user("Yes"), reply("Why Linz at 1234?")
    )
    assert found(conversation) == []
