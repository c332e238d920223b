"""The same conversation again, with other values, or nearly the same."""

import os
import subprocess
import sys

import pytest

from callwright.checks import Context, Finding
from callwright.checks.duplicates import Duplicates, digest
from callwright.checks.skeleton import skeleton
from callwright.checks.subject import Subject
from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    ToolCall,
    ToolMessage,
    UserMessage,
)

WORDS = "we want a quiet table for four people near the old harbour with fresh fish and some good local wine"


def conversation(arguments: dict[str, Json], identity: str = "c1") -> Conversation:
    return Conversation(
        messages=(
            UserMessage("Copy it"),
            AssistantMessage(tool_calls=(ToolCall(name="cp", arguments=arguments, id=identity),)),
            ToolMessage(content="", call_id=identity),
            AssistantMessage(content="Done."),
        ),
    )


def talk(*texts: str, tool: str = "find") -> Conversation:
    """The user's texts, each answered by a call."""
    call = AssistantMessage(tool_calls=(ToolCall(name=tool),))
    return Conversation(messages=tuple(m for text in texts for m in (UserMessage(text), call)))


def said(*rows: Conversation, **choices: object) -> list[tuple[str, list[Finding]]]:
    context = Context(**choices)  # type: ignore[arg-type]
    fold = Duplicates(context)
    return [
        (
            f"train.jsonl:{number}",
            list(fold.add(Duplicates.key(Subject(row, context)), f"train.jsonl:{number}")),
        )
        for number, row in enumerate(rows, start=1)
    ]


def codes(*rows: Conversation, **choices: object) -> list[str]:
    return [f"{name} {f.code} {f.related[0]}" for name, found in said(*rows, **choices) for f in found]


def test_a_repetition_names_the_first_one() -> None:
    rows = said(
        conversation({"a": 1}), conversation({"a": 2}), conversation({"a": 1}), conversation({"a": 1})
    )
    assert [len(found) for _, found in rows] == [0, 0, 1, 1]
    (finding,) = rows[3][1]
    assert (finding.code, finding.severity, finding.path) == ("duplicates-exact", "error", "$")
    assert finding.message == "the same conversation as train.jsonl:1; take it out"
    assert finding.related == ("train.jsonl:1",)


def test_ids_and_key_order_make_no_difference() -> None:
    assert digest(conversation({"a": 1, "b": 2})) == digest(conversation({"b": 2, "a": 1}, "x9"))


def test_values_and_types_make_a_difference() -> None:
    values: list[Json] = [1, True, "1", None, 1.0, 2]
    assert len({digest(conversation({"a": value})) for value in values}) == len(values)


def test_a_lone_surrogate_a_huge_integer_and_a_deep_value_are_no_obstacle() -> None:
    deep: list[Json] = []
    for _ in range(5000):
        deep = [deep]
    assert digest(conversation({"a": "\ud800"})) != digest(conversation({"a": "\ud801"}))
    assert digest(conversation({"a": 2**70})) != digest(conversation({"a": 2**71}))
    assert digest(conversation({"a": "x", "b": deep})) != digest(conversation({"a": "y", "b": deep}))


def test_a_template_filled_with_other_values_is_said_of_each_later_row() -> None:
    templates = (
        "Switch the light in the {} on, please.",
        "It is dark in the {}, can you do something about it?",
        "Would you be so kind as to light up the {} for my guests?",
    )
    rooms = ("hall", "kitchen", "guest bathroom", "attic")
    rows = [
        Conversation(
            messages=(
                UserMessage(template.format(room)),
                AssistantMessage(tool_calls=(ToolCall(name="light", arguments={"room": room}, id="c"),)),
                ToolMessage(content="ok", call_id="c"),
                AssistantMessage(content=f"The light in the {room} is on."),
            )
        )
        for room in rooms
        for template in templates
    ]
    assert codes(*rows) == [
        f"train.jsonl:{row} duplicates-structural train.jsonl:{(row - 1) % 3 + 1}" for row in range(4, 13)
    ]


def test_users_who_ask_alike_and_are_answered_in_other_words_are_no_template() -> None:
    def order(drink: str, answer: str) -> Conversation:
        call = AssistantMessage(tool_calls=(ToolCall(name="order", arguments={"item": drink}),))
        return Conversation(
            messages=(UserMessage(f"I would like a {drink}"), call, AssistantMessage(content=answer))
        )

    first, second = order("mocha", "Coming right up."), order("latte", "Please wait at the bar.")
    assert skeleton(Subject(first, Context())) != skeleton(Subject(second, Context()))
    assert skeleton(Subject(first, Context())) == skeleton(
        Subject(order("flat white", "Coming right up."), Context())
    )


def test_other_calls_or_few_words_are_no_template() -> None:
    assert skeleton(Subject(talk(WORDS), Context())) != skeleton(
        Subject(talk(WORDS, tool="other"), Context())
    )
    assert skeleton(Subject(talk("Go on"), Context())) is None


def test_nearly_the_same_is_said_with_how_near_against_the_most_like() -> None:
    other = (
        "call me a taxi that takes us from the station to the museum before it closes at six in the evening"
    )
    rows = said(talk(WORDS), talk(other), talk(WORDS.replace("quiet", "silent")), similarity=0.85)
    assert [len(found) for _, found in rows] == [0, 0, 1]
    (finding,) = rows[2][1]
    assert (finding.code, finding.severity) == ("duplicates-near", "warning")
    # 20 words and the tool, 19 + 1 pairs; one word and its two pairs differ of 41
    assert finding.message == "shares 92 % of its words with train.jsonl:1; keep one of them"
    assert finding.related == ("train.jsonl:1",)


def test_the_threshold_is_the_jobs() -> None:
    rows = (talk(WORDS), talk(WORDS.replace("quiet", "silent")))
    assert codes(*rows, similarity=0.95) == []
    assert codes(*rows, similarity=0.9) == ["train.jsonl:2 duplicates-near train.jsonl:1"]


def test_rows_that_are_left_when_the_near_ones_are_gone_are_not_near_each_other() -> None:
    steps = WORDS.split()
    rows = []
    for number in range(12):
        steps[number] = f"word{number}"
        rows.append(talk(" ".join(steps)))
    found = said(*rows, similarity=0.85)
    kept = [row for row, (_, findings) in zip(rows, found, strict=True) if not findings]
    assert 1 < len(kept) < len(rows)
    assert codes(*kept, similarity=0.85) == []


def test_a_dialogue_cut_after_each_turn_is_no_near_duplicate_and_another_ending_is() -> None:
    begin = (WORDS, "for next friday evening if that can be done at all", "the terrace would be lovely")
    rows = (talk(*begin), talk(*begin, "yes"), talk(*begin, "no"), talk(*begin[:2]))
    assert codes(*rows, similarity=0.8) == ["train.jsonl:3 duplicates-near train.jsonl:2"]
    answered = talk(*begin[:2], begin[2] + "!", "yes")  # not the same dialogue to the end of the other
    assert codes(talk(*begin), answered, similarity=0.8) == ["train.jsonl:2 duplicates-near train.jsonl:1"]


def test_keys_that_nobody_wants_are_not_made() -> None:
    only = Context(select=("duplicates-exact",))
    assert Duplicates.key(Subject(talk(WORDS), only))[1:] == (None, None)
    assert codes(talk(WORDS), talk(WORDS + " indeed"), ignore=("duplicates-near",), similarity=0.8) == []


@pytest.mark.parametrize("seed", ["0", "1"])
def test_keys_are_the_same_in_every_process(seed: str) -> None:
    code = (
        "import hashlib, pickle\n"
        "from callwright.checks import Context\n"
        "from callwright.checks.duplicates import Duplicates\n"
        "from callwright.checks.subject import Subject\n"
        "from callwright.conversation import *\n"
        f"row = Conversation(messages=(UserMessage({WORDS!r}),))\n"
        "print(list(map(repr, Duplicates.key(Subject(row, Context())))))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    row = Conversation(messages=(UserMessage(WORDS),))
    assert shown.stdout.strip() == str(list(map(repr, Duplicates.key(Subject(row, Context())))))
