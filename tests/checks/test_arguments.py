"""Arguments against the declared tools, with the path of each fault."""

import pytest

from callwright.checks import Context, Finding
from callwright.checks.arguments import check
from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    MalformedCall,
    Tool,
    ToolCall,
    UserMessage,
)

BOOK = Tool(
    name="book",
    parameters={
        "type": "object",
        "properties": {
            "city": {"type": "string", "minLength": 1},
            "seats": {"type": "integer", "minimum": 1},
            "guest": {"type": "object", "properties": {"age": {"type": "integer"}}},
            "tags": {"type": "array", "items": {"enum": ["a", "b"]}},
            "note": {"type": "string"},
        },
        "required": ["city"],
    },
)


def found(name: str = "book", tool: Tool = BOOK, **arguments: Json) -> list[Finding]:
    call = ToolCall(name=name, arguments=arguments, id="c1")
    conversation = Conversation(
        messages=(UserMessage("Book it"), AssistantMessage(tool_calls=(call,))), tools=(tool,)
    )
    return list(check(conversation, Context()))


def test_a_call_that_holds_is_not_blamed() -> None:
    assert found(city="Kyiv", seats=2, guest={"age": 3}, tags=["a"]) == []


def test_text_that_happens_to_be_json_is_not_blamed_where_text_is_asked_for() -> None:
    assert found(city="12", note='{"a": 1}') == []


@pytest.mark.parametrize(
    ("arguments", "code", "path"),
    [
        ({}, "arguments-schema", "arguments"),
        ({"city": "Kyiv", "seats": 0}, "arguments-schema", "arguments.seats"),
        ({"city": "Kyiv", "seats": "many"}, "arguments-schema", "arguments.seats"),
        ({"city": "Kyiv", "seats": True}, "arguments-schema", "arguments.seats"),
        ({"city": "Kyiv", "tags": ["a", "c"]}, "arguments-schema", "arguments.tags[1]"),
        ({"city": "Kyiv", "guest": {"age": "old"}}, "arguments-schema", "arguments.guest.age"),
        ({"city": "Kyiv", "town": "Lviv"}, "arguments-schema", "arguments.town"),
        ({"city": "Kyiv", "seats": "2"}, "arguments-double-encoded", "arguments.seats"),
        ({"city": "Kyiv", "tags": '["a"]'}, "arguments-double-encoded", "arguments.tags"),
        ({"city": "Kyiv", "guest": {"age": "7"}}, "arguments-double-encoded", "arguments.guest.age"),
        ({"city": "Kyiv", "guest": '{"age": "x"}'}, "arguments-double-encoded", "arguments.guest"),
        ({"city": "Kyiv", "seats": "\ud800"}, "arguments-schema", "arguments"),
    ],
)
def test_a_wrong_argument_has_its_code_and_path(arguments: dict[str, Json], code: str, path: str) -> None:
    assert [(f.code, f.path) for f in found(**arguments)] == [(code, f"$.messages[1].tool_calls[0].{path}")]


def test_an_undeclared_tool_gets_the_near_name() -> None:
    (finding,) = found(name="boook", city="Kyiv")
    assert finding.code == "arguments-undeclared"
    assert finding.path == "$.messages[1].tool_calls[0].name"
    assert "did you mean `book`?" in finding.message


def test_double_encoded_values_are_put_right_together() -> None:
    first, second = found(city="Kyiv", seats="2", tags='["a"]')
    assert first.fix == second.fix
    assert first.fix is not None
    (call,) = first.fix.calls()
    assert call.arguments == {"city": "Kyiv", "seats": 2, "tags": ["a"]}
    assert list(check(first.fix, Context())) == []


def test_a_tool_whose_parameters_are_no_schema_is_said_at_its_call() -> None:
    (finding,) = found(tool=Tool(name="book", parameters={"type": "objekt"}), city="Kyiv")
    assert finding.code == "arguments-tool-schema"


def test_a_malformed_call_is_reported_with_its_reason() -> None:
    turn = AssistantMessage(malformed=(MalformedCall(raw='{"name": ', error="ends too early"),))
    (finding,) = check(Conversation(messages=(UserMessage("a"), turn)), Context())
    assert (finding.code, finding.path) == ("arguments-malformed", "$.messages[1].malformed[0]")
    assert "ends too early" in finding.message


def test_tools_that_differ_are_told_apart_however_many_there_are() -> None:
    for number in range(600):
        tool = Tool(name="f", parameters={"type": "object", "properties": {f"p{number}": {}}})
        assert found(name="f", tool=tool, **{f"p{number}": 1}) == []
        assert len(found(name="f", tool=tool, **{f"p{number + 1}": 1})) == 1
