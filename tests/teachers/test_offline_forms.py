import pytest

from callwright.conversation import Json
from callwright.teachers.offline.alignment import located
from callwright.teachers.offline.forms import mentions, say


@pytest.mark.parametrize(
    ("value", "text", "said"),
    [
        (12, "for twelve minutes", "twelve"),
        (1500, "send $1,500 now", "1,500"),
        (1450.5, "pay 1,450.50 today", "1,450.50"),
        ("living_room", "in the living room", "living room"),
        ("19:45", "at quarter to 8 in the evening", "quarter to 8 in the evening"),
        ("17:00", "book 5 pm", "5 pm"),
        ("2019-03-08", "on the 8th of March", "8th of March"),
        ("2019-03-02", "tomorrow please", "tomorrow"),
        ("Q3&Q4 summary.xlsx", "open Q3&Q4 summary.xlsx", "Q3&Q4 summary.xlsx"),
        ("heat", "set it to Heat", "Heat"),
        ("~", "go to ~ now", "~"),
    ],
)
def test_a_value_is_found_in_the_words_that_say_it(value: Json, text: str, said: str) -> None:
    start, end, form = mentions(value, text, "2019-03-01")[0]
    assert text[start:end] == said
    assert (say(value, form, "2019-03-01") or "").lower() == said.lower()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("notes", "open notes.txt"),
        ("main.py", "open src/main.py"),
        ("run", "the running total"),
        (5, "at 5 pm"),
        (5, "for 15 minutes"),
        (3, "pay 3,400"),
        ("on", "on the table"),
        (True, "True"),
        ("", "anything"),
    ],
)
def test_part_of_a_word_or_of_a_number_is_no_mention(value: Json, text: str) -> None:
    assert mentions(value, text) == []


def test_the_longer_of_two_values_wins_its_place() -> None:
    spans = located("copy lib to lib/old.txt", ["lib", "lib/old.txt"], "")
    assert [(start, value) for start, _, value, _ in spans] == [(5, "lib"), (12, "lib/old.txt")]


def test_a_form_that_the_value_does_not_have_is_none() -> None:
    assert say("17:45", "h pm") is None
    assert say("2019-03-20", "tomorrow", "2019-03-01") is None
