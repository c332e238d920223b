"""Training conversations that give test conversations away."""

from callwright.checks import Context, Finding
from callwright.checks.leakage import Leakage, histories
from callwright.checks.subject import Subject
from callwright.conversation import AssistantMessage, Conversation, Message, ToolCall, UserMessage


def talk(*users: str, tool: str = "ls") -> Conversation:
    messages: list[Message] = []
    for text in users:
        messages += [UserMessage(text), AssistantMessage(tool_calls=(ToolCall(name=tool, id="c"),))]
    return Conversation(messages=tuple(messages))


def said(test: list[Conversation], other: Conversation, similarity: float = 0.9) -> list[Finding]:
    context = Context(similarity=similarity)
    fold = Leakage(context)
    for number, conversation in enumerate(test, start=1):
        fold.hold(Leakage.key(Subject(conversation, context)), f"test.jsonl:{number}")
    return list(fold.add(Leakage.key(Subject(other, context)), "train.jsonl:1"))


def code(test: Conversation, other: Conversation, similarity: float = 0.9) -> str | None:
    found = said([test], other, similarity)
    assert len(found) <= 1
    return found[0].code if found else None


def test_the_same_conversation_leaks() -> None:
    assert code(talk("list", "copy"), talk("list", "copy")) == "leakage-conversation"


def test_the_same_words_leak_whatever_case_spaces_and_calls() -> None:
    assert code(talk("List  the files"), talk(" list the FILES\n", tool="cd")) == "leakage-history"
    assert code(talk("Öffne  das Ärgernis"), talk("öffne DAS ärgernis ", tool="cd")) == "leakage-history"


def test_a_longer_conversation_that_begins_with_a_test_row_leaks() -> None:
    assert code(talk("list"), talk("list", "copy")) == "leakage-history"


def test_two_equal_turns_of_a_longer_test_row_leak() -> None:
    assert code(talk("list", "copy", "move"), talk("list", "copy", "delete")) == "leakage-history"


def test_one_equal_opening_of_a_longer_test_row_does_not() -> None:
    assert code(talk("list", "copy"), talk("list", "move")) is None
    assert code(talk("list", "copy"), talk("list")) is None


def test_turns_are_not_run_together() -> None:
    assert code(talk("a b"), talk("a", "b")) is None
    assert len({key for _, key in histories(talk("a", "b", ""))}) == 3


def test_the_place_is_the_last_equal_user_turn_and_the_test_row_is_named() -> None:
    (finding,) = said([talk("cd"), talk("list", "copy", "move")], talk("list", "copy", "delete"))
    assert finding.path == "$.messages[2]"
    assert finding.related == ("test.jsonl:2",)
    assert finding.message == "up to here the user says what the user of test.jsonl:2 says; take it out"


def test_a_question_with_a_word_changed_leaks_with_how_near_it_is() -> None:
    question = "Please show me all files in the folder of my last holiday"
    test = [talk("Delete the whole backup from last year"), talk(question)]
    (finding,) = said(test, talk(question.replace("show", "give"), tool="cd"))
    assert (finding.code, finding.severity, finding.path) == ("leakage-near", "warning", "$")
    assert finding.related == ("test.jsonl:2",)
    assert "shares 91 % of the words with that of test.jsonl:2" in finding.message


def test_nearness_is_told_by_the_users_words_and_only_where_there_are_some() -> None:
    question = "Please show me all files in the folder of my last holiday"
    assert code(talk(question), talk("Remove every folder that I have not opened for a year")) is None
    assert code(talk("Show it, please"), talk("please show it")) is None
    assert code(talk("Show it to me, please"), talk("please show it to me")) == "leakage-near"
    assert code(talk(question), talk(question.replace("show", "give").replace("folder", "box"))) is None
    assert (
        code(talk(question), talk(question.replace("show", "give").replace("folder", "box")), 0.8)
        == "leakage-near"
    )


def test_without_test_rows_nothing_leaks() -> None:
    assert said([], talk("list")) == []
