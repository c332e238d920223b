"""Length in characters."""

from callwright.checks import Context
from callwright.checks.length import characters, check
from callwright.conversation import AssistantMessage, Conversation, SystemMessage, ToolCall, UserMessage

CONVERSATION = Conversation(
    messages=(
        SystemMessage("not counted: the job brings it"),
        UserMessage("né"),
        AssistantMessage(tool_calls=(ToolCall(name="ls", arguments={"a": "é"}),)),
    )
)


def test_text_names_and_arguments_count() -> None:
    assert characters(CONVERSATION) == 2 + 2 + len('{"a": "é"}')


def test_only_what_is_over_the_limit_is_blamed_and_zero_is_no_limit() -> None:
    assert list(check(CONVERSATION, Context(max_characters=14))) == []
    assert list(check(CONVERSATION, Context(max_characters=0))) == []
    (finding,) = check(CONVERSATION, Context(max_characters=13))
    assert finding.code == "length-characters"
    assert finding.message == "14 characters; at most 13 are allowed"
