import re
from itertools import pairwise
from random import Random

import pytest
from offline_jobs import LIBRARY_TOOLS, library, tool

from callwright.checks import Context, findings
from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    Message,
    Tool,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from callwright.teachers.offline import OfflineTeacher
from callwright.teachers.offline.action import Action
from callwright.teachers.offline.actions import ACTIONS, ONE
from callwright.teachers.offline.alignment import turns
from callwright.teachers.offline.cases import CASES
from callwright.teachers.offline.grammar import expand, parsed
from callwright.teachers.offline.worded import Worded

TEXT: dict[str, Json] = {"type": "string"}
SHED_TOOLS = (
    tool("make_box", "Create a new box.", ["box_name"], box_name=TEXT),
    tool("enter", "Go into a box.", ["box"], box=TEXT),
    tool("read_note", "Read a note.", ["note_file"], note_file={**TEXT, "description": "The file to read."}),
    tool("remove", "Delete a note.", ["note_file"], note_file={**TEXT, "description": "The file to delete."}),
    tool(
        "move", "Move a note into a box.", ["destination", "source"],
        destination={**TEXT, "description": "The box."}, source={**TEXT, "description": "The file."},
    ),
)  # fmt: skip
SHED_ROWS: tuple[tuple[tuple[str, str, dict[str, Json]], ...], ...] = (
    (
        ("make a box named spare parts", "make_box", {"box_name": "spare parts"}),
        ("now enter it", "enter", {"box": "spare parts"}),
    ),
    (("read plan.txt", "read_note", {"note_file": "plan.txt"}),),
    (("delete old_list.md please", "remove", {"note_file": "old_list.md"}),),
    (("put bolts.txt into attic", "move", {"source": "bolts.txt", "destination": "attic"}),),
    (
        ("read bill.pdf", "read_note", {"note_file": "bill.pdf"}),
        ("ok, delete it", "remove", {"note_file": "bill.pdf"}),
    ),
)


def conversation(
    *steps: tuple[str, str, dict[str, Json]], tools: tuple[Tool, ...] = SHED_TOOLS
) -> Conversation:
    messages: list[Message] = []
    for number, (said, name, arguments) in enumerate(steps, start=1):
        call = ToolCall(id=f"call_{number}", name=name, arguments=arguments)
        messages += [UserMessage(said), AssistantMessage(tool_calls=(call,))]
    return Conversation(messages=tuple(messages), tools=tools)


@pytest.fixture(scope="module")
def shed_rows() -> list[Conversation]:
    examples = [conversation(*steps) for steps in SHED_ROWS]
    return list(OfflineTeacher(examples, SHED_TOOLS).compose(600, seed=2))


@pytest.fixture(scope="module")
def library_rows() -> list[Conversation]:
    return list(OfflineTeacher(library(), LIBRARY_TOOLS).compose(600, seed=2))


def said(row: Conversation) -> list[tuple[str, ToolCall]]:
    return [(line, calls[0]) for line, calls in turns(row) or []]


# ── grammars ──────────────────────────────────────────────────────────────────────────────────────────────


def test_every_sentence_of_a_grammar_is_found_and_no_other() -> None:
    rng = Random(0)
    found = {expand("[go|[walk|run] fast] to {x}[|, please]", rng) for _ in range(200)}
    heads = ("go to {x}", "walk fast to {x}", "run fast to {x}")
    assert found == {head + tail for head in heads for tail in ("", ", please")}


def test_the_article_fits_the_word_that_was_chosen() -> None:
    found = {expand("a [old|new] box", Random(n)) for n in range(20)}
    assert found == {"an old box", "a new box"}


@pytest.mark.parametrize("grammar", ["[a|b", "a|b]", "[a|[b]"])
def test_a_bracket_without_its_partner_is_refused(grammar: str) -> None:
    with pytest.raises(ValueError, match="without its partner"):
        parsed(grammar)


@pytest.mark.parametrize("name", list(ACTIONS))
def test_every_frame_of_the_stock_names_what_it_should_once(name: str) -> None:
    action: Action = ACTIONS[name]
    for lines, marks in (
        (action.bare, ""),
        (action.one, "x"),
        (action.place + action.name, "xy"),
        (ONE, "x"),
    ):
        for line in lines:
            for seed in range(10):
                told = expand(line, Random(seed))
                assert sorted(re.findall(r"\{([xy])\}", told)) == list(marks), line


# ── requests and follow-ups ───────────────────────────────────────────────────────────────────────────────


def test_a_request_is_worded_in_many_more_ways_than_the_examples_have(shed_rows: list[Conversation]) -> None:
    worded = {
        line.replace(str(call.arguments["note_file"]), "_").lower()
        for row in shed_rows
        for line, call in said(row)
        if call.name == "remove"
    }
    assert len(worded) > 60
    assert any("get rid of _" in line for line in worded)
    assert any("throw _ away" in line for line in worded)


def test_every_value_of_a_call_was_said_in_its_turn_or_before(shed_rows: list[Conversation]) -> None:
    for row in shed_rows:
        told = ""
        for line, call in said(row):
            told += "\n" + line.lower()
            assert all(str(value).lower() in told for value in call.arguments.values()), (told, call)


def test_a_correction_makes_the_same_call_with_one_other_value(shed_rows: list[Conversation]) -> None:
    seen = 0
    for row in shed_rows:
        steps = said(row)
        for (_, before), (line, after) in pairwise(steps):
            if re.match(r".*\b(?:I mean|I meant|my mistake|misspoke)\b", line, re.IGNORECASE):
                seen += 1
                assert after.name == before.name
                changed = [
                    name for name in after.arguments if after.arguments[name] != before.arguments[name]
                ]
                assert len(changed) == 1
    assert seen > 3


def test_a_pronoun_is_what_the_call_before_was_made_with(shed_rows: list[Conversation]) -> None:
    seen = 0
    for row in shed_rows:
        for (_, before), (line, after) in pairwise(said(row)):
            if (before.name, after.name) != ("read_note", "remove") or after.arguments["note_file"] in line:
                continue
            if re.search(r"\b(?:it|that one|this one)\b", line):
                seen += 1
                assert after.arguments == before.arguments
    assert seen > 5


def test_what_was_deleted_is_not_spoken_of_again(shed_rows: list[Conversation]) -> None:
    for row in shed_rows:
        steps = [call for _, call in said(row)]
        for place, call in enumerate(steps):
            if call.name == "remove":
                later = [value for after in steps[place + 1 :] for value in after.arguments.values()]
                assert call.arguments["note_file"] not in later


def test_arguments_stand_in_the_order_of_the_schema(shed_rows: list[Conversation]) -> None:
    moves = [call for row in shed_rows for _, call in said(row) if call.name == "move"]
    assert moves
    assert {tuple(call.arguments) for call in moves} == {("destination", "source")}


def test_rows_tell_which_situation_they_show(shed_rows: list[Conversation]) -> None:
    shown = {row.metadata["situation"] for row in shed_rows}
    assert shown == {"ordinary", "carried-over", "correction", "pronoun", "change-of-mind"}


def test_no_two_rows_are_worded_alike_while_other_words_are_to_be_had(shed_rows: list[Conversation]) -> None:
    worded = Worded()
    assert sum(not worded.new(row) for row in shed_rows) < 0.03 * len(shed_rows)


def test_other_values_are_no_other_wording_and_other_words_are() -> None:
    worded = Worded()
    assert worded.new(conversation(("read plan.txt to me", "read_note", {"note_file": "plan.txt"})))
    assert not worded.new(conversation(("Read bill.pdf to me!", "read_note", {"note_file": "bill.pdf"})))
    assert worded.new(conversation(("show plan.txt to me", "read_note", {"note_file": "plan.txt"})))


# ── dialogues ─────────────────────────────────────────────────────────────────────────────────────────────


def test_every_case_is_composed(library_rows: list[Conversation]) -> None:
    shown = {row.metadata["situation"] for row in library_rows}
    assert (
        {"ordinary", "correction", "small-talk", "tool-error"}
        <= shown
        <= {
            "ordinary",
            "correction",
            *CASES,
        }
    )


def test_no_case_is_blamed_by_any_check_of_one_conversation(library_rows: list[Conversation]) -> None:
    blamed = {f.code for row in library_rows for f in findings(row, Context(single_call=True))}
    assert blamed == set()


def test_an_error_is_said_and_not_passed_over(library_rows: list[Conversation]) -> None:
    for row in library_rows:
        if row.metadata["situation"] == "tool-error":
            at = next(n for n, m in enumerate(row.messages) if isinstance(m, ToolMessage))
            reason = str(row.messages[at].content).split('"')[3]  # type: ignore[union-attr]
            assert reason in str(row.messages[at + 1].content)  # type: ignore[union-attr]


def test_what_is_corrected_before_the_call_is_called_with(library_rows: list[Conversation]) -> None:
    seen = 0
    for row in library_rows:
        if row.metadata["situation"] != "correction":
            continue
        seen += 1
        call = next(row.calls())
        asked = [m.content for m in row.messages if isinstance(m, AssistantMessage) and "right?" in m.content]
        assert len(asked) == 2
        assert asked[0] != asked[1]
        assert call.arguments["title"] in asked[1]
    assert seen > 10
