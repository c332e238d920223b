"""Structure: who speaks when, and every call with its one result."""

import random

import pytest

from callwright.checks import Context, Examiner, Finding, Subject
from callwright.checks.structure import closely, sound
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


def found(*messages: Message, context: Context | None = None, form: str = "openai") -> list[Finding]:
    conversation = Conversation(messages=messages, metadata={"form": form})
    chosen = Examiner(Context(select=("structure",)) if context is None else context)
    return chosen.examine(conversation).findings


def codes(*messages: Message, form: str = "openai", **choices: bool) -> list[str]:
    context = Context(select=("structure",), **choices)  # type: ignore[arg-type]
    return [finding.code for finding in found(*messages, context=context, form=form)]


@pytest.mark.parametrize(
    "messages",
    [
        (USER, DONE),
        (USER, calls("c1")),
        (SystemMessage("Be kind."), USER, calls("c1"), result("c1"), DONE),
        (USER, calls("c1"), result("c1"), calls("c2"), result("c2"), DONE),
        (USER, calls("c1", "c2"), result("c2"), result("c1"), DONE, USER, calls("c3")),
        (USER, calls("c1"), result("c1", ""), DONE),
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
        ("structure-empty-turn", (SystemMessage("\t"), USER, DONE)),
        ("structure-call-id", (USER, calls(""), USER, DONE)),
        ("structure-call-id-twice", (USER, calls("c1", "c1"), result("c1"), DONE)),
        ("structure-call-id-twice", (USER, calls("c1"), result("c1"), calls("c1"))),
        ("structure-result-missing", (USER, calls("c1"), USER, DONE)),
        ("structure-result-missing", (USER, calls("c1"), DONE)),
        ("structure-result-missing", (USER, calls("c1", "c2"), result("c1"), DONE)),
        ("structure-result-twice", (USER, calls("c1"), result("c1"), result("c1"), DONE)),
        ("structure-result-dangling", (USER, calls("c1"), result("c1"), result("c9"), DONE)),
        ("structure-result-dangling", (USER, calls("c1"), result("c1"), result(""), DONE)),
        ("structure-result-late", (USER, calls("c1"), USER, result("c1"), DONE)),
        ("structure-result-late", (USER, calls("c1"), calls("c2"), result("c1"), result("c2"), DONE)),
    ],
)
def test_a_planted_fault_has_its_code_and_no_other(code: str, messages: tuple[Message, ...]) -> None:
    assert codes(*messages) == [code]


def test_a_result_before_its_call_is_told_where_the_call_is() -> None:
    (finding,) = found(USER, result("c1"), calls("c1"), USER, DONE)
    assert finding.code == "structure-result-dangling"
    assert finding.path == "$.messages[1].tool_call_id"
    assert "the call comes later, at $.messages[2].tool_calls[0]" in finding.message


def test_several_calls_are_blamed_only_where_one_is_allowed() -> None:
    messages = (USER, calls("c1", "c2"))
    assert codes(*messages) == []
    assert codes(*messages, single_call=True) == ["structure-several-calls"]


def test_a_prompt_ends_before_the_turn_of_the_assistant() -> None:
    assert codes(USER, prompts=True) == []
    assert codes(USER, calls("c1"), result("c1"), prompts=True) == []
    assert codes(USER, DONE, prompts=True) == ["structure-answered"]
    assert codes(USER, calls("c1"), prompts=True) == ["structure-answered"]
    assert codes(USER, calls("c1", "c2"), result("c1"), prompts=True) == ["structure-result-missing"]


def test_the_question_answer_form_is_not_blamed_for_having_no_results() -> None:
    assert codes(USER, calls("c1"), USER, calls("c2"), calls("c3"), carries_results=False) == []
    assert codes(USER, calls("c1"), result("c9"), calls("c2"), carries_results=False) == [
        "structure-result-dangling"
    ]


def test_a_row_of_that_form_is_known_by_itself() -> None:
    assert codes(USER, calls("c1"), USER, calls("c2"), form="distil") == []


def test_a_missing_result_is_reported_at_its_call() -> None:
    (finding,) = found(USER, calls("c1", "c2"), result("c1"), DONE)
    assert finding.path == "$.messages[1].tool_calls[1]"
    assert finding.message == "the call of `ls` has no result; add it, or take the call out"
    assert (finding.severity, finding.words) == ("error", "ls")


def test_the_quick_pass_calls_sound_only_what_the_closer_look_says_nothing_of() -> None:
    pieces: list[Message] = [
        USER,
        DONE,
        SystemMessage("Be kind."),
        AssistantMessage(),
        UserMessage(" "),
        *(calls(identity) for identity in ("a", "b", "")),
        calls("a", "b"),
        *(result(identity) for identity in ("a", "b", "")),
    ]
    dice = random.Random(4)
    settled = 0
    for _ in range(20_000):
        messages = tuple(dice.choice(pieces) for _ in range(dice.randint(0, 6)))
        subject = Subject(Conversation(messages=messages), Context())
        if sound(subject):
            settled += 1
            assert list(closely(subject)) == []
    assert settled > 50


def test_the_work_grows_with_the_length_alone() -> None:
    ids = [f"c{number}" for number in range(5_000)]
    half = len(ids) // 2
    messages = (USER, calls(*ids), *map(result, ids[:half]), USER, *map(result, ids[half:]), DONE)
    assert {finding.code for finding in found(*messages)} == {"structure-result-late"}
