"""Test conversations as items."""

from callwright.conversation import AssistantMessage, Conversation, ToolMessage, UserMessage
from callwright.evaluate.expansion import items


def test_every_assistant_turn_is_an_item_with_the_true_history_before_it(talks: list[Conversation]) -> None:
    found = items(talks, expand=True)
    assert [item.id for item in found] == [
        "one#1", "one#2", "two#1", "three#1", "three#2", "four#1", "four#2",
    ]  # fmt: skip
    second = found[1]
    assert second.expected.tool_calls[0].arguments == {"to": "docs"}
    assert second.prompt.messages == talks[0].messages[:5]
    assert isinstance(second.prompt.messages[-2], ToolMessage)
    assert second.prompt.messages[-1] == UserMessage("go to docs")
    assert [item.user_turn for item in found] == [1, 2, 1, 1, 2, 1, 2]


def test_without_expansion_each_conversation_is_asked_for_its_last_call(talks: list[Conversation]) -> None:
    talks.append(
        Conversation(
            messages=(*talks[1].messages, UserMessage("ok"), AssistantMessage(content="Bye")), id="five"
        )
    )
    talks.append(Conversation(messages=(UserMessage("hi"), AssistantMessage(content="Hello")), id="six"))
    found = items(talks, expand=False)
    assert [item.id for item in found] == ["one#2", "two#1", "three#2", "four#2", "five#1", "six#1"]


def test_names_are_unique_whatever_the_rows_are_called(talks: list[Conversation]) -> None:
    bare = Conversation(messages=talks[1].messages)
    same = Conversation(messages=talks[1].messages, origin="test.jsonl:4")
    found = items([bare, same, same, bare], expand=True)
    assert [item.id for item in found] == ["row 1#1", "test.jsonl:4#1", "test.jsonl:4 (2)#1", "row 4#1"]
