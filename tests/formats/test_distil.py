import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    SystemMessage,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from callwright.errors import Fault, FormatError
from callwright.formats import FORMATS, line
from callwright.formats.reading import Reading
from callwright.formats.strict_json import parse

DISTIL = FORMATS["distil"]

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12) | st.sampled_from(
    ["</tool_call>", "\u2028\u2029", "日本 é", '"\\']
)
VALUES = st.none() | st.booleans() | st.integers() | st.just(10**40) | st.just(1.0) | TEXTS
NESTED = VALUES | st.lists(VALUES, max_size=2) | st.dictionaries(TEXTS, VALUES, max_size=2)


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    messages: list[UserMessage | AssistantMessage] = []
    turns = draw(st.integers(1, 4))
    for turn in range(1, turns + 1):
        messages.append(UserMessage(draw(TEXTS)))
        arguments = draw(st.dictionaries(TEXTS, NESTED, max_size=3))
        call = ToolCall(name=draw(TEXTS), arguments=arguments, id=f"call_{turn}")
        content = "" if turn == turns else draw(st.just("") | TEXTS)
        messages.append(AssistantMessage(content=content, tool_calls=(call,)))
    return Conversation(messages=tuple(messages), origin="here", metadata={"form": "distil"})


@settings(max_examples=60, deadline=None)
@given(conversations())
def test_what_is_written_is_read_back_as_it_was(conversation: Conversation) -> None:
    again = DISTIL.read(parse(line(DISTIL.write(conversation)).decode()), origin="here")
    assert again == conversation
    assert repr(again) == repr(conversation)


def take(**row: Json) -> tuple[Conversation | None, list[Fault]]:
    reading = Reading()
    return DISTIL.take(row, reading), reading.faults


def user(text: str) -> dict[str, Json]:
    return {"role": "user", "content": text}


def called(name: str, **arguments: Json) -> dict[str, Json]:
    call = {"type": "function", "function": {"name": name, "arguments": arguments}}
    return {"role": "assistant", "content": "", "tool_calls": [call]}


ANSWER = '{"name": "cat", "parameters": {"file_name": "a.txt"}}'


def test_the_answer_is_the_last_call_and_calls_are_numbered() -> None:
    conversation, faults = take(question=json.dumps([user("a"), called("ls"), user("b")]), answer=ANSWER)
    assert faults == []
    assert conversation == Conversation(
        messages=(
            UserMessage("a"),
            AssistantMessage(tool_calls=(ToolCall(name="ls", id="call_1"),)),
            UserMessage("b"),
            AssistantMessage(
                tool_calls=(ToolCall(name="cat", arguments={"file_name": "a.txt"}, id="call_2"),)
            ),
        ),
        metadata={"form": "distil"},
    )


@pytest.mark.parametrize("text", ["show a.txt", "[urgent] show a.txt", "[1, 2]", '{"a": 1}'])
def test_a_single_turn_question_is_plain_text_and_stays_so(text: str) -> None:
    conversation, faults = take(question=text, answer=ANSWER)
    assert faults == []
    assert conversation
    assert conversation.messages[0] == UserMessage(text)
    assert DISTIL.write(conversation)["question"] == text


def test_an_answer_or_question_that_is_no_string_is_taken_with_a_warning() -> None:
    conversation, faults = take(question=[user("a")], answer=json.loads(ANSWER))
    assert conversation
    assert [(fault.path, fault.severity) for fault in faults] == [
        ("$.question", "warning"),
        ("$.answer", "warning"),
    ]


@pytest.mark.parametrize(
    ("question", "path", "said"),
    [
        ([], "$.question", "at least one turn"),
        ([user("a"), called("ls")], "$.question[1].role", "the user speaks last"),
        ([called("ls"), user("a")], "$.question[0].role", "the user speaks first"),
        ([{"role": "system", "content": "x"}, user("a")], "$.question[0].role", "messages form"),
        ([user("a"), {"role": "bot"}, user("b")], "$.question[1].role", "the text `bot`"),
        (
            [user("a"), {"role": "assistant", "content": "hello"}, user("b")],
            "$.question[1].tool_calls",
            "a plain reply",
        ),
        (
            [user("a"), {"role": "assistant", "tool_calls": [{}, {}]}, user("b")],
            "$.question[1].tool_calls",
            "2 calls",
        ),
        ([{"role": "user"}], "$.question[0].content", "null"),
    ],
)
def test_turns_that_this_form_does_not_have_are_refused_at_their_place(
    question: Json, path: str, said: str
) -> None:
    conversation, faults = take(question=json.dumps(question), answer=ANSWER)
    assert conversation is None
    assert faults[0].path == path
    assert said in str(faults[0])


def test_a_question_that_breaks_off_is_told_so() -> None:
    _, faults = take(question='[{"role": "user", "content": "a"', answer=ANSWER)
    assert faults[0].path == "$.question"
    assert "ends too early" in faults[0].found


@pytest.mark.parametrize(
    ("answer", "path", "said"),
    [
        ("I am done.", "$.answer", "messages form"),
        (f"```json\n{ANSWER}\n```", "$.answer", "fence"),
        (f"[{ANSWER}, {ANSWER}]", "$.answer", "an array of 2"),
        ('{"name": "ls"}', "$.answer", "{} where there are none"),
        ('{"parameters": {}}', "$.answer.name", "no name"),
        ('{"name": "ls", "parameters": "x"}', "$.answer.parameters", "Expecting value"),
        ('{"tool_calls": []}', "$.answer", "an assistant message"),
        ('"ls"', "$.answer", "the text `ls`"),
        ("", "$.answer", "expected a call"),
        (3, "$.answer", "the number `3`"),
        (None, "$.answer", "null"),
    ],
)
def test_an_answer_that_is_no_call_is_refused(answer: Json, path: str, said: str) -> None:
    conversation, faults = take(question="a", answer=answer)
    assert conversation is None
    assert faults[0].path == path
    assert said in str(faults[0])


def test_a_row_without_an_answer_is_refused() -> None:
    _, faults = take(question="a")
    assert [(fault.path, fault.found) for fault in faults] == [("$.answer", "no such key")]


def test_faults_of_question_and_answer_come_together() -> None:
    bad = called("ls")
    bad["tool_calls"][0]["function"]["arguments"] = "{"
    _, faults = take(question=json.dumps([user("a"), bad, user("b")]), answer="x")
    assert [fault.path for fault in faults] == [
        "$.answer",
        "$.question[1].tool_calls[0].function.arguments",
    ]


CALL = ToolCall(name="a")
ANSWERED = AssistantMessage(tool_calls=(CALL,))


@pytest.mark.parametrize(
    "messages",
    [
        (SystemMessage("s"), UserMessage("a"), ANSWERED),
        (UserMessage("a"), ANSWERED, ToolMessage(content="r", call_id="x"), UserMessage("b"), ANSWERED),
        (UserMessage("a"), AssistantMessage(content="hello"), UserMessage("b"), ANSWERED),
        (UserMessage("a"), AssistantMessage(tool_calls=(CALL, CALL))),
        (UserMessage("a"), AssistantMessage(content="and", tool_calls=(CALL,))),
        (UserMessage("a"), ANSWERED, UserMessage("b")),
        (ANSWERED,),
        (),
    ],
)
def test_what_this_form_cannot_say_is_refused(messages: tuple[UserMessage, ...]) -> None:
    with pytest.raises(FormatError, match="cannot say"):
        DISTIL.write(Conversation(messages=messages))


def test_a_finding_has_its_place_in_the_row() -> None:
    conversation, _ = take(question=json.dumps([user("a"), called("ls"), user("b")]), answer=ANSWER)
    assert conversation
    places = {
        "$.messages[1].tool_calls[0].name": "$.question[1].tool_calls[0].function.name",
        "$.messages[3].tool_calls[0].arguments.file_name": "$.answer.parameters.file_name",
        "$.messages[3].tool_calls[0].name": "$.answer.name",
        "$.messages[2]": "$.question[2]",
    }
    assert {path: DISTIL.place(conversation, path) for path in places} == places
