"""The same conversation again."""

from callwright.checks.duplicates import Seen, digest
from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    ToolCall,
    ToolMessage,
    UserMessage,
)


def conversation(arguments: dict[str, Json], identity: str = "c1", origin: str = "") -> Conversation:
    return Conversation(
        messages=(
            UserMessage("Copy it"),
            AssistantMessage(tool_calls=(ToolCall(name="cp", arguments=arguments, id=identity),)),
            ToolMessage(content="", call_id=identity),
            AssistantMessage(content="Done."),
        ),
        origin=origin,
    )


def test_a_repetition_names_the_first_one() -> None:
    seen = Seen()
    assert seen(conversation({"a": 1}, origin="train.jsonl:1")) is None
    assert seen(conversation({"a": 2}, origin="train.jsonl:2")) is None
    finding = seen(conversation({"a": 1}, origin="train.jsonl:3"))
    assert finding is not None
    assert (finding.code, finding.message) == ("duplicates-exact", "the same conversation as train.jsonl:1")


def test_ids_and_key_order_make_no_difference() -> None:
    assert digest(conversation({"a": 1, "b": 2})) == digest(conversation({"b": 2, "a": 1}, "x9"))


def test_values_and_types_make_a_difference() -> None:
    values: list[Json] = [1, True, "1", None, 1.0, 2]
    assert len({digest(conversation({"a": value})) for value in values}) == len(values)


def test_a_lone_surrogate_is_no_obstacle() -> None:
    assert digest(conversation({"a": "\ud800"})) != digest(conversation({"a": "\ud801"}))
