from hypothesis import given
from hypothesis import strategies as st

from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Tool,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from callwright.decoding.grounding import chunks, contains, groundable, texts

FIND = Tool(
    name="find",
    parameters={
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "path": {"type": "string", "default": "."},
            "reason": {"type": "string"},
            "kind": {"type": "string", "enum": ["file", "folder"]},
            "depth": {"type": "integer"},
        },
    },
)


@given(st.text())
def test_chunks_joined_are_the_text(text: str) -> None:
    assert "".join(chunks(text)) == text


def test_names_addresses_and_prices_are_not_cut_inside() -> None:
    assert chunks("open .bashrc, a-b_c.tar.gz or me@x.org: Bob's 1.50!") == (
        *("open", " ", ".bashrc", ",", " ", "a-b_c.tar.gz", " ", "or", " ", "me@x.org", ":", " "),
        *("Bob", "'", "s", " ", "1.50", "!"),
    )


def test_signs_of_scripts_without_spaces_stand_alone() -> None:
    assert chunks("東京の天気") == tuple("東京の天気")


def test_a_value_is_found_at_the_edges_of_words_only() -> None:
    assert contains("Show 'draft v2' in docs/notes.", "draft v2")
    assert contains("Show 'draft v2' in docs/notes.", "docs/notes")
    assert not contains("Show drafts", "draft")
    assert contains("drafts draft", "draft"), "a later place counts too"
    assert not contains("a", "")
    assert not contains(" a", " a")


def test_texts_are_what_was_said_and_given_each_once() -> None:
    call = ToolCall(name="find", arguments={"name": "a.txt", "depth": 2})
    conversation = Conversation(
        messages=(
            UserMessage("find a.txt"),
            AssistantMessage(tool_calls=(call,)),
            ToolMessage(content='{"hits": ["x/a.txt", 7, true, null]}'),
            ToolMessage(content="not { json"),
            UserMessage("find a.txt"),
        )
    )
    assert texts(conversation) == ["find a.txt", "a.txt", "2", "hits", "x/a.txt", "7", "not { json"]


def asked(number: int, **arguments: object) -> Conversation:
    call = ToolCall(name="find", arguments={"name": f"f{number}.txt", **arguments})
    return Conversation(messages=(UserMessage(f"find f{number}.txt"), AssistantMessage(tool_calls=(call,))))


def test_a_parameter_is_grounded_if_its_values_were_in_the_conversation() -> None:
    conversations = [asked(n, path=".", reason="invented", kind="file", depth=1) for n in range(100)]
    assert groundable(conversations, [FIND]) == {
        "find": {"name": "context", "path": "free", "reason": "free"}
    }, "a default is no evidence; enums and numbers are not in question"


def test_two_in_a_hundred_may_be_missing_and_no_more() -> None:
    right = [asked(n) for n in range(98)]
    wrong = [asked(n, name="else") for n in range(3)]
    assert groundable([*right, *wrong[:2]], [FIND])["find"]["name"] == "context"
    assert groundable([*right, *wrong], [FIND])["find"]["name"] == "free"


def test_a_handful_of_values_proves_nothing() -> None:
    assert groundable([asked(n) for n in range(4)], [FIND])["find"]["name"] == "free"
