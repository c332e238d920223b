"""Length in characters, and in the tokens of a student."""

from callwright.checks import Context, Finding, findings
from callwright.checks.length import characters
from callwright.conversation import AssistantMessage, Conversation, SystemMessage, ToolCall, UserMessage

CONVERSATION = Conversation(
    messages=(
        SystemMessage("not counted: the job brings it"),
        UserMessage("né"),
        AssistantMessage(tool_calls=(ToolCall(name="ls", arguments={"a": "é"}),)),
    )
)


def found(context: Context) -> list[Finding]:
    return [finding for finding in findings(CONVERSATION, context) if finding.code.startswith("length")]


def test_text_names_and_arguments_count() -> None:
    assert characters(CONVERSATION) == 2 + 2 + len('{"a": "é"}')


def test_only_what_is_over_the_limit_is_blamed_and_zero_is_no_limit() -> None:
    assert found(Context(max_characters=14)) == []
    assert found(Context(max_characters=0)) == []
    (finding,) = found(Context(max_characters=13))
    assert finding.code == "length-characters"
    assert finding.message == "14 characters; at most 13 are allowed"


def test_tokens_are_the_students_own_and_unknown_without_one() -> None:
    assert found(Context(max_tokens=1)) == []
    (finding,) = found(Context(max_tokens=4, count_tokens=lambda conversation: 5))
    assert (finding.code, finding.message) == ("length-tokens", "5 tokens; at most 4 are allowed")
    assert found(Context(max_tokens=5, count_tokens=lambda conversation: 5)) == []
