"""Training conversations that give test conversations away."""

from callwright.checks.leakage import Leakage
from callwright.conversation import AssistantMessage, Conversation, Message, ToolCall, UserMessage


def talk(*users: str, tool: str = "ls") -> Conversation:
    messages: list[Message] = []
    for text in users:
        messages += [UserMessage(text), AssistantMessage(tool_calls=(ToolCall(name=tool, id="c"),))]
    return Conversation(messages=tuple(messages), origin="/".join(users))


def code(test: Conversation, other: Conversation) -> str | None:
    finding = Leakage([test])(other)
    return finding and finding.code


def test_the_same_conversation_leaks() -> None:
    assert code(talk("list", "copy"), talk("list", "copy")) == "leakage-conversation"


def test_the_same_words_leak_whatever_case_spaces_and_calls() -> None:
    assert code(talk("List  the files"), talk(" list the FILES\n", tool="cd")) == "leakage-history"


def test_a_longer_conversation_that_begins_with_a_test_row_leaks() -> None:
    assert code(talk("list"), talk("list", "copy")) == "leakage-history"


def test_two_equal_turns_of_a_longer_test_row_leak() -> None:
    assert code(talk("list", "copy", "move"), talk("list", "copy", "delete")) == "leakage-history"


def test_one_equal_opening_of_a_longer_test_row_does_not() -> None:
    assert code(talk("list", "copy"), talk("list", "move")) is None
    assert code(talk("list", "copy"), talk("list")) is None


def test_turns_are_not_run_together() -> None:
    assert code(talk("a b"), talk("a", "b")) is None


def test_the_place_is_the_last_equal_user_turn() -> None:
    finding = Leakage([talk("list", "copy", "move")])(talk("list", "copy", "delete"))
    assert finding is not None
    assert finding.path == "$.messages[2]"
    assert "list/copy/move" in finding.message


def test_without_test_rows_nothing_leaks() -> None:
    assert Leakage([])(talk("list")) is None
