import json
import re
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from offline_jobs import HOME_TOOLS, LIBRARY_TOOLS, home, library, tool

from callwright import schema
from callwright.chat import BatchChatModel, Sampling
from callwright.conversation import AssistantMessage, Conversation, Json, ToolCall, ToolMessage, UserMessage
from callwright.errors import ModelError
from callwright.teachers.offline import OfflineTeacher
from callwright.teachers.offline.alignment import leaves
from callwright.teachers.offline.forms import sayings


@pytest.fixture(scope="module")
def home_rows() -> list[Conversation]:
    return list(OfflineTeacher(home(), HOME_TOOLS).compose(400, seed=3))


@pytest.fixture(scope="module")
def library_rows() -> list[Conversation]:
    return list(OfflineTeacher(library(), LIBRARY_TOOLS).compose(150, seed=3))


def is_said(value: Json, text: str, today: str = "") -> bool:
    return any(said.lower() in text.lower() for _, said in sayings(value, today))


def said_before(conversation: Conversation, index: int) -> str:
    return "\n".join(m.content for m in conversation.messages[1:index] if not isinstance(m, AssistantMessage))


def test_every_call_of_every_composed_row_fits_its_schema(
    home_rows: list[Conversation], library_rows: list[Conversation]
) -> None:
    for conversation in home_rows + library_rows:
        for call in conversation.calls():
            assert schema.call_faults(call, conversation.tools) == []


def test_every_argument_that_is_no_truth_value_is_said_before_its_call(
    home_rows: list[Conversation], library_rows: list[Conversation]
) -> None:
    for conversation in home_rows + library_rows:
        for index, turn in conversation.turns():
            for call in turn.tool_calls:
                for _, leaf in leaves(call.arguments):
                    assert isinstance(leaf, bool) or is_said(
                        leaf, said_before(conversation, index), "2024-05-01"
                    ), (call, said_before(conversation, index))


def test_rows_are_numbered_and_tell_who_made_them(home_rows: list[Conversation]) -> None:
    assert [row.id for row in home_rows[:2]] == ["gen-000001", "gen-000002"]
    assert {row.origin for row in home_rows} == {"offline"}
    assert all(row.metadata["teacher"] == "offline" and row.metadata["templates"] for row in home_rows)


def test_every_tool_is_called_even_one_without_an_example(home_rows: list[Conversation]) -> None:
    called = {call.name for row in home_rows for call in row.calls()}
    assert called == {tool.name for tool in HOME_TOOLS}


def test_a_tool_without_an_example_is_asked_for_by_its_description(home_rows: list[Conversation]) -> None:
    said = [
        m.content.lower()
        for row in home_rows
        for m, after in zip(row.messages, row.messages[1:], strict=False)
        if isinstance(m, UserMessage) and after.tool_calls[0].name == "water_plants"  # type: ignore[union-attr]
    ]
    assert any(re.search(r"water the plants for \d+ minutes", text) for text in said)
    assert any(re.search(r"water plants: minutes \d+", text) for text in said)


def test_what_the_pronoun_means_is_what_was_named_just_before(home_rows: list[Conversation]) -> None:
    seen = 0
    for row in home_rows:
        calls = list(row.calls())
        users = [m.content for m in row.messages if isinstance(m, UserMessage)]
        for number, text in enumerate(users):
            if "load it" in text.lower():
                seen += 1
                assert calls[number - 1].name == "save_scene"
                assert calls[number].arguments == calls[number - 1].arguments
    assert seen > 5


def test_a_correction_follows_the_call_that_it_corrects(home_rows: list[Conversation]) -> None:
    seen = 0
    for row in home_rows:
        calls = list(row.calls())
        users = [m.content for m in row.messages if isinstance(m, UserMessage)]
        for number, text in enumerate(users):
            corrects = re.match(r"(?:no|nope|oops|sorry|wait|actually|hmm|hm)\b|.*\binstead\b", text.lower())
            if corrects and calls[number].name == "set_heat":
                seen += 1
                assert calls[number - 1].name == "set_heat"
                assert calls[number - 1].arguments["degrees"] != calls[number].arguments["degrees"]
    assert seen > 2


def test_a_follow_up_keeps_what_its_wording_does_not_say(home_rows: list[Conversation]) -> None:
    for row in home_rows:
        calls = list(row.calls())
        users = [m.content for m in row.messages if isinstance(m, UserMessage)]
        for number, text in enumerate(users):
            if text.lower().startswith("and in the"):
                assert calls[number - 1].name == "set_light"
                assert calls[number - 1].arguments["on"] is calls[number].arguments["on"] is False


def test_names_vary_so_that_they_must_be_copied(home_rows: list[Conversation]) -> None:
    names = [call.arguments["file"] for row in home_rows for call in row.calls() if "file" in call.arguments]
    assert len(set(names)) > 0.5 * len(names)
    assert any(" " in name for name in names)
    assert any("_" in name for name in names)


def test_an_underscore_of_an_enumeration_is_not_spoken(home_rows: list[Conversation]) -> None:
    said = " ".join(m.content for row in home_rows for m in row.messages if isinstance(m, UserMessage))
    assert "living room" in said.lower()
    assert "living_room" not in said


def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    teacher = OfflineTeacher(home(), HOME_TOOLS, seed=8)
    assert list(teacher.compose(40)) == list(teacher.compose(40, seed=8))
    assert list(teacher.compose(40, seed=8)) == list(islice(teacher.compose(None, seed=8), 40))
    assert list(teacher.compose(40, seed=9)) != list(teacher.compose(40, seed=8))


@pytest.mark.parametrize("job", ["home", "library"])
def test_the_rows_do_not_depend_on_the_process(job: str) -> None:
    program = (
        "import offline_jobs, msgspec, hashlib\n"
        "from callwright.teachers.offline import OfflineTeacher\n"
        f"rows = OfflineTeacher(offline_jobs.{job}(), offline_jobs.{job.upper()}_TOOLS).compose(80, seed=1)\n"
        "print(hashlib.sha256(b''.join(map(msgspec.json.encode, rows))).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parent)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_no_example_is_composed_again(home_rows: list[Conversation]) -> None:
    examples = {tuple(m.content for m in c.messages if isinstance(m, UserMessage)) for c in home()}
    assert not examples & {
        tuple(m.content for m in row.messages if isinstance(m, UserMessage)) for row in home_rows
    }


def test_a_value_is_replaced_in_calls_results_and_replies_alike(library_rows: list[Conversation]) -> None:
    titles = set()
    for row in library_rows:
        call = next(row.calls())
        titles.add(call.arguments["title"])
        result = next((m for m in row.messages if isinstance(m, ToolMessage)), None)
        if result is None:
            continue
        given = json.loads(result.content)
        if "error" in given:
            continue
        assert given["title"] == call.arguments["title"]
        assert given["date"] == call.arguments["date"]
        assert given["status"] == "reserved"
        assert given["code"] in row.messages[-1].content  # type: ignore[operator]
    assert len(titles) > 50


def test_answers_to_a_question_are_exchanged_between_examples(library_rows: list[Conversation]) -> None:
    agreed = {row.messages[5].content for row in library_rows if len(row.messages) > 5}
    assert len({text.lower().strip(".") for text in agreed}) >= 3


def test_the_teacher_answers_an_example_with_its_own_call() -> None:
    teacher = OfflineTeacher(home(), HOME_TOOLS)
    right = total = 0
    for conversation in home():
        for index, turn in conversation.turns():
            reply = teacher.replies([conversation.upto(index)], Sampling())[0]
            total += 1
            right += [c.arguments for c in reply.message.tool_calls] == [c.arguments for c in turn.tool_calls]
    assert right >= total - 1


def test_the_teacher_fills_a_template_with_values_it_never_saw() -> None:
    teacher = OfflineTeacher(home(), HOME_TOOLS)
    asked = Conversation(messages=(UserMessage("please save the scene as Rainy Day.json"),), tools=HOME_TOOLS)
    reply = teacher.replies([asked], Sampling())[0]
    assert reply.finish == "tool_calls"
    assert reply.message.tool_calls == (
        ToolCall(id="call_1", name="save_scene", arguments={"file": "Rainy Day.json"}),
    )


def test_the_teacher_asks_back_where_the_examples_do() -> None:
    teacher = OfflineTeacher(library(), LIBRARY_TOOLS)
    asked = Conversation(messages=(UserMessage("I want to reserve Night Ferry."),), tools=LIBRARY_TOOLS)
    reply = teacher.replies([asked], Sampling())[0]
    assert reply.finish == "stop"
    assert reply.message.content == "For which day?"


def test_the_teacher_is_a_chat_model_that_takes_many_at_once() -> None:
    assert isinstance(OfflineTeacher(home(), HOME_TOOLS), BatchChatModel)


def test_tools_without_any_example_are_enough() -> None:
    rows = list(OfflineTeacher([], HOME_TOOLS[2:]).compose(30, seed=1))
    assert {call.name for row in rows for call in row.calls()} == {"save_scene", "load_scene", "water_plants"}


def test_nothing_to_compose_from_is_an_error_that_says_what_to_give() -> None:
    mute = tool("act", "Act.", ["deep"], deep={"type": "object", "properties": {"on": {"type": "boolean"}}})
    with pytest.raises(ModelError, match="cannot compose") as caught:
        next(OfflineTeacher([], (mute,)).compose(1))
    assert "examples" in caught.value.hint
