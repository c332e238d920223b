"""Normal forms, moments and other names: what counts as the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwright.checks.kinds import hints
from callwright.checks.moments import Day, Time, bare_hour, day_needles, days_of, time_needles, times_of
from callwright.checks.normal_forms import (
    cardinal,
    fold,
    initials,
    needle,
    number_needles,
    number_of,
    ordinal,
    stem,
    suffixed,
    unescaped,
    words,
)
from callwright.checks.other_names import aliases


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("San José, CA", b"san jose  ca"),
        ("file_name-2.TXT", b"file name 2 txt"),
        ("Smørrebrød", b"smorrebrod"),
        ("STRASSE Straße", b"strasse strasse"),
        ("２５ ٢٥", b"25 25"),
        ("a\ud800b", b"a b"),
        ("„Zitat“ – ja…", b" zitat    ja   "),
        ("cafe\u0301", b"cafe"),
        ("", b""),
    ],
)
def test_folded_text_is_lower_case_without_accents_and_punctuation(text: str, folded: bytes) -> None:
    assert fold(text) == folded


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_folded_ascii_is_as_long_as_it_was(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text).decode()) == fold(text)


def test_a_needle_finds_whole_words_and_a_text_without_spaces_as_it_is() -> None:
    assert needle(" Jose! ") == b" jose "
    assert needle("北京") == "北京".encode()
    assert needle("...") == b""


def test_escapes_of_json_become_the_characters_they_stand_for() -> None:
    assert unescaped(r"S\u00e3o\nPaulo \"x\"") == "São Paulo  x "


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("liveMusic", (b"live", b"music")),
        ("USA", (b"usa",)),
        ("a.b@c.de", (b"a", b"b", b"c", b"de")),
        ("", ()),
    ],
)
def test_words_are_folded_and_humps_taken_apart(text: str, split: tuple[bytes, ...]) -> None:
    assert words(text) == split


@pytest.mark.parametrize(
    ("word", "said"),
    [
        (b"restaurants", b" a restaurant "),
        (b"restaurant", b" restaurants "),
        (b"cheaper", b" cheap "),
        (b"cheap", b" the cheapest "),
        (b"cats", b" one cat "),
        ("Москва".lower().encode(), " в москве ".encode()),
    ],
)
def test_a_stem_is_found_in_other_forms_of_its_word(word: bytes, said: bytes) -> None:
    assert stem(word) in said


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2", "2"),
        ("002", "2"),
        ("1,000", "1000"),
        ("1000.0", "1000"),
        ("1k", "1000"),
        ("1.5k", "1500"),
        ("$12.50", "12.5"),
        ("12 dollars", "12"),
        ("USD 12", "12"),
        ("-3", "3"),
        ("15%", "15"),
        ("3rd", "3"),
        ("nan", ""),
        ("inf", ""),
        ("two", ""),
        ("12 apples", ""),
        ("1e5", ""),
        ("", ""),
        ("9" * 400, "9" * 400),
    ],
)
def test_a_number_has_one_plain_decimal(text: str, number: str) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("2", "two of us"),
        ("2", "for a couple"),
        ("6", "half a dozen eggs"),
        ("25", "twenty-five"),
        ("25", "the twenty-fifth"),
        ("3", "on the 3rd floor"),
        ("1000", "a thousand"),
        ("1000", "1,000.00"),
        ("1500", "1.5k"),
        ("120", "a hundred and twenty"),
        ("2000000", "two million"),
        ("4", "4.00"),
        ("3.7", "3.70"),
        ("0.15", "15 %"),
        ("15", "0.15"),
        ("0.5", "half of it"),
    ],
)
def test_a_number_is_found_however_it_was_said(number: str, said: str) -> None:
    text = needle(said)
    assert any(one in text for one in number_needles(number))


def test_a_number_is_not_found_inside_another() -> None:
    text = needle("rooms 12 and 250 of twenty two")
    assert not any(one in text for one in number_needles("25"))


@pytest.mark.parametrize(
    ("number", "said", "nth", "short"),
    [
        (1, "one", "first", "1st"),
        (12, "twelve", "twelfth", "12th"),
        (20, "twenty", "twentieth", "20th"),
        (33, "thirty three", "thirty third", "33rd"),
        (111, "one hundred eleven", "one hundred eleventh", "111th"),
        (4002, "four thousand two", "four thousand second", "4002nd"),
    ],
)
def test_cardinals_and_ordinals_in_words(number: int, said: str, nth: str, short: str) -> None:
    assert (cardinal(number), ordinal(number), suffixed(number)) == (said, nth, short)


def test_numbers_beyond_words_have_none() -> None:
    assert cardinal(10_000) == ordinal(-1) == ""


@given(st.integers(min_value=0, max_value=10**30))
def test_every_whole_number_is_found_as_its_digits(number: int) -> None:
    assert f" {number} ".encode() in number_needles(str(number))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2019-03-01", (Day(3, 1, 4),)),
        ("2019/3/1", (Day(3, 1, 4),)),
        ("2019-03-01T18:30:00Z", (Day(3, 1, 4),)),
        ("03/01/2019", (Day(3, 1), Day(1, 3))),
        ("31/12/19", (Day(12, 31),)),
        ("March 1st", (Day(3, 1),)),
        ("Friday, Mar. 1, 2019", (Day(3, 1, 4),)),
        ("the 1st of March", (Day(3, 1),)),
        ("2019-02-30", (Day(2, 30),)),
        ("2019-13-40", ()),
        ("415-555-0101", ()),
        ("march", ()),
        ("", ()),
    ],
)
def test_a_day_is_read_from_its_spellings(text: str, days: tuple[Day, ...]) -> None:
    assert days_of(text) == days


@pytest.mark.parametrize(
    "said",
    [
        "March 1st",
        "1 March",
        "the first of march",
        "3/1",
        "03/01/2019",
        "on the 1st",
        "mar 1",
        "march one",
        "3月1日",
    ],
)
def test_a_day_is_found_however_it_was_said(said: str) -> None:
    text = b" " + fold(said) + b" "
    assert any(one in text for one in day_needles(3, 1))


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("18:30", (Time(18, 30),)),
        ("6:30", (Time(6, 30), Time(18, 30))),
        ("6:30 pm", (Time(18, 30),)),
        ("12 am", (Time(0, 0),)),
        ("12:05 p.m.", (Time(12, 5),)),
        ("24:00", (Time(0, 0),)),
        ("noon", (Time(12, 0),)),
        ("2019-03-01T18:30:00", (Time(18, 30),)),
        ("25:00", ()),
        ("6:75", ()),
        ("6", ()),
        ("", ()),
    ],
)
def test_a_time_is_read_from_its_spellings(text: str, times: tuple[Time, ...]) -> None:
    assert times_of(text) == times


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ((18, 30), "6:30 pm"),
        ((18, 30), "half past 6 in the evening"),
        ((18, 30), "half past six"),
        ((18, 45), "quarter to seven"),
        ((18, 15), "quarter past six"),
        ((6, 20), "twenty past six"),
        ((18, 50), "ten to seven"),
        ((18, 30), "18h30"),
        ((18, 0), "6pm"),
        ((18, 0), "6 o'clock"),
        ((12, 0), "noon"),
        ((0, 0), "midnight"),
        ((16, 0), "four in the afternoon"),
    ],
)
def test_a_time_is_found_however_it_was_said(time: tuple[int, int], said: str) -> None:
    text = b" " + fold(said) + b" "
    assert any(one in text for one in time_needles(*time))


def test_an_hour_alone_is_a_time_where_the_word_before_shows_it() -> None:
    assert bare_hour(18).search(b" table at 6 please ")
    assert bare_hour(18).search(b" this evening six ")
    assert not bare_hour(18).search(b" at 6 30 pm ")
    assert not bare_hour(18).search(b" we are 6 ")


def test_places_and_units_have_other_names() -> None:
    known = dict(aliases("New York City hotel"))
    assert b" nyc " in known[frozenset((b"new", b"york"))]
    assert aliases("Graz") == ()


def test_initials_and_hints() -> None:
    assert initials((b"new", b"york", b"city")) == b" nyc "
    assert any(one in b" some sushi please " for one in hints(b"japanese"))
    assert hints(b"graz") == ()
