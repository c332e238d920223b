"""Structure: who speaks when, and every call with its one result."""

import pytest

from callwright.checks import Context
from callwright.checks.structure import check
from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Message,
    SystemMessage,
    ToolCall,
    ToolMessage,
    UserMessage,
)

USER = UserMessage("List the files")
DONE = AssistantMessage(content="Here they are.")


def calls(*ids: str) -> AssistantMessage:
    return AssistantMessage(tool_calls=tuple(ToolCall(name="ls", id=identity) for identity in ids))


def result(identity: str, content: str = "a.txt") -> ToolMessage:
    return ToolMessage(content=content, call_id=identity)


def codes(*messages: Message, context: Context | None = None) -> list[str]:
    return [f.code for f in check(Conversation(messages=messages), context or Context())]


@pytest.mark.parametrize(
    "messages",
    [
        (USER, DONE),
        (USER, calls("c1")),
        (SystemMessage("Be kind."), USER, calls("c1"), result("c1"), DONE),
        (USER, calls("c1"), result("c1"), calls("c2"), result("c2"), DONE),
        (USER, calls("c1", "c2"), result("c2"), result("c1"), DONE, USER, calls("c3")),
        (USER, calls("c1"), result("c1", ""), USER, DONE),
    ],
)
def test_a_sound_conversation_is_not_blamed(messages: tuple[Message, ...]) -> None:
    assert codes(*messages) == []


@pytest.mark.parametrize(
    ("code", "messages"),
    [
        ("structure-empty", ()),
        ("structure-order", (USER, SystemMessage("Be kind."), DONE)),
        ("structure-order", (SystemMessage("a"), SystemMessage("b"), USER, DONE)),
        ("structure-order", (USER, DONE, DONE)),
        ("structure-opening", (DONE, USER, DONE)),
        ("structure-user-twice", (USER, USER, DONE)),
        ("structure-last", (USER, DONE, USER)),
        ("structure-last", (USER, calls("c1"), result("c1"))),
        ("structure-empty-turn", (USER, AssistantMessage(content=" \n"))),
        ("structure-empty-turn", (UserMessage(""), DONE)),
        ("structure-call-id", (USER, calls(""), USER, DONE)),
        ("structure-call-id-twice", (USER, calls("c1", "c1"), result("c1"), DONE)),
        ("structure-call-id-twice", (USER, calls("c1"), result("c1"), calls("c1"))),
        ("structure-result-missing", (USER, calls("c1"), USER, DONE)),
        ("structure-result-missing", (USER, calls("c1", "c2"), result("c1"), DONE)),
        ("structure-result-twice", (USER, calls("c1"), result("c1"), result("c1"), DONE)),
        ("structure-result-dangling", (USER, calls("c1"), result("c1"), result("c9"), DONE)),
        ("structure-result-late", (USER, calls("c1"), USER, result("c1"), DONE)),
    ],
)
def test_a_planted_fault_has_its_code_and_no_other(code: str, messages: tuple[Message, ...]) -> None:
    assert codes(*messages) == [code]


def test_several_calls_are_blamed_only_where_one_is_allowed() -> None:
    messages = (USER, calls("c1", "c2"))
    assert codes(*messages) == []
    assert codes(*messages, context=Context(single_call=True)) == ["structure-several-calls"]


def test_the_question_answer_form_is_not_blamed_for_having_no_results() -> None:
    context = Context(carries_results=False)
    assert codes(USER, calls("c1"), USER, calls("c2"), calls("c3"), context=context) == []
    assert codes(USER, calls("c1"), result("c9"), calls("c2"), context=context) == [
        "structure-result-dangling"
    ]


def test_a_row_of_that_form_is_known_by_itself() -> None:
    row = Conversation(messages=(USER, calls("c1"), USER, calls("c2")), metadata={"form": "distil"})
    assert list(check(row, Context())) == []


def test_a_missing_result_is_reported_at_its_call() -> None:
    conversation = Conversation(messages=(USER, calls("c1", "c2"), result("c1"), DONE))
    (finding,) = check(conversation, Context())
    assert finding.path == "$.messages[1].tool_calls[1]"
    assert finding.message == "the call of `ls` has no result"
    assert finding.severity == "error"
