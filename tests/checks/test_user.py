"""The user's side sounds like a user."""

import pytest

from callwright.checks import Context, Finding
from callwright.checks.examples import reply, said, user
from callwright.checks.subject import Subject
from callwright.checks.user import Openings, look, opening
from callwright.conversation import Conversation


def row(text: str) -> Conversation:
    return said(user(text), reply("Well."))


def codes(text: str, **choices: object) -> list[str]:
    return [f"{f.code} {f.words}" for f in look(Subject(row(text), Context(**choices)))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<tool_call>\n{}", "<tool_call>"),
        ("Fine.</tool_call>", "</tool_call>"),
        ("<think>The user wants light</think> Light!", "<think>"),
        ("Light!<|im_end|>", "<|im_end|>"),
        ("[INST] Light! [/INST]", "[INST]"),
        ("<start_of_turn>user\nLight!", "<start_of_turn>"),
        ('{"name": "set_light", "arguments": {"on": true}}', "{"),
        ('[{"name": "set_light", "arguments": "{}"}]', "{"),
        ("Light!\nObservation: it is dark", "Observation:"),
        ("Function call: set_light", "Function call:"),
        ("tool_response: ok", "tool_response:"),
    ],
)
def test_tool_syntax_is_found_with_its_words(text: str, words: str) -> None:
    assert codes(text) == [f"user-markup {words}"]


@pytest.mark.parametrize(
    "text",
    [
        "My observation: it is dark in here.",
        "I think <b>this</b> is a > b and c < d",
        '{"name": "Ann", "age": 3} is what the file holds',
        '{"name": "Ann", "arguments": 3}',
        "It costs <s>5</s> 4 euros",
        "Can you help me? I need your help to find what I can do for her.",
        "Let me see. Let me check that with my wife and come back to you.",
        "I have booked the flight already, now I need a hotel for you and me.",
        "",
    ],
)
def test_what_people_write_is_not(text: str) -> None:
    assert codes(text) == []


def test_the_students_own_tokens_count() -> None:
    assert codes("Light! ~~stop~~") == []
    assert codes("Light! ~~stop~~", control_tokens=("~~stop~~",)) == ["user-markup ~~stop~~"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello! How can I help you today?", "How can I help"),
        ("I'd be happy to help with that.", "I'd be happy to help"),
        ("I’d be glad to assist.", "I’d be glad to assist"),
        ("As an AI language model, I cannot eat.", "As an AI language model"),
        ("Sure. Let me check that for you.", "Let me check that for you"),
        ("Is there anything else I can help you with?", "anything else I can help"),
        ("I have booked a table for two for you.", "I have booked a table for two for you"),
        ("Thank you for contacting us.", "Thank you for contacting"),
        ("What can I do for you?", "What can I do for you"),
    ],
)
def test_phrases_of_an_assistant_are_found(text: str, words: str) -> None:
    assert codes(text) == [f"user-assistant-like {words}"]


def said_of(rows: list[Conversation]) -> list[Finding]:
    context = Context()
    fold = Openings(context)
    for number, one in enumerate(rows, start=1):
        assert list(fold.add(Openings.key(Subject(one, context)), f"train.jsonl:{number}")) == []
    return list(fold.close())


def test_an_opening_that_more_than_a_tenth_of_the_rows_share_is_said_once() -> None:
    rows = [row(f"Could you please tell me number {n}") for n in range(11)]
    rows += [row(f"{n} is what I think of, what do you think?") for n in range(60)]
    rows += [row(f"Question {n}: why is it so {n} today?") for n in range(29)]
    (finding,) = said_of(rows)
    assert (
        finding.message
        == "11 of 100 conversations open with `could you please tell me`; vary how users begin"
    )
    assert finding.related == ("train.jsonl:1", "train.jsonl:2", "train.jsonl:3")
    assert (finding.code, finding.path, finding.severity) == ("user-opening", "$", "warning")


def test_a_tenth_or_short_greetings_or_a_small_set_are_no_matter() -> None:
    others = [row(f"{n} is what I think of, what do you think?") for n in range(90)]
    assert said_of([row("Could you please tell me a lot?")] * 10 + others) == []
    assert said_of([row("Hi, I am hungry")] * 200) == []
    assert said_of([row("Could you please tell me a lot?")] * 49) == []


def test_openings_are_told_by_words_alone() -> None:
    assert opening(row("  Could YOU, please: tell me?")) == opening(row("could you please tell me a joke"))
    assert opening(row("a b c d")) == ""
    assert opening(Conversation(messages=())) == ""


def test_of_very_many_openings_a_common_one_is_still_known() -> None:
    fold = Openings(Context())
    for number in range(60_000):
        fold.add(
            "we all begin like this" if number % 5 == 0 else f"{number} begins in its own way", str(number)
        )
    (finding,) = fold.close()
    assert finding.message.startswith("12,000 of 60,000 ")
    assert len(fold._counts) <= 10_000
