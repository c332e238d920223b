"""Arguments against the declared tools, with the path of each fault."""

import pytest

from callwright.checks import Context, Examiner, Finding
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
            "guest": {
                "type": "object",
                "properties": {"age": {"type": "integer"}, "name": {"type": "string"}},
                "additionalProperties": False,
            },
            "tags": {"type": "array", "items": {"enum": ["a", "b"]}},
            "note": {"type": "string"},
            "window": {"type": "boolean"},
            "meal": {"type": ["string", "null"], "enum": ["fish", None]},
            "spoken": {"type": "string", "enum": ["True", "False"]},
            "guests": {"type": "array", "items": {"properties": {"age": {}, "name": {}}}},
        },
        "required": ["city"],
    },
)
EXAMINER = Examiner(Context(select=("arguments",)))


def about(*calls: ToolCall, tool: Tool = BOOK) -> Conversation:
    turns = tuple(AssistantMessage(tool_calls=(call,)) for call in calls)
    return Conversation(messages=(UserMessage("Book it"), *turns), tools=(tool,))


def found(name: str = "book", tool: Tool = BOOK, **arguments: Json) -> list[Finding]:
    return EXAMINER.examine(about(ToolCall(name=name, arguments=arguments, id="c1"), tool=tool)).findings


def fixed(conversation: Conversation) -> Conversation:
    for finding in EXAMINER.examine(conversation).findings:
        assert finding.fix
        conversation = finding.fix(conversation)
    return conversation


def test_a_call_that_holds_is_not_blamed() -> None:
    assert found(city="Kyiv", seats=2, guest={"age": 3}, tags=["a"], meal=None) == []


def test_text_that_happens_to_be_json_or_python_is_not_blamed_where_text_is_asked_for() -> None:
    assert found(city="12", note='{"a": 1}', spoken="True") == []
    assert found(city="True", note="['a']", spoken="False") == []


@pytest.mark.parametrize(
    ("arguments", "code", "path"),
    [
        ({}, "arguments-schema", "arguments"),
        ({"city": "Kyiv", "seats": 0}, "arguments-schema", "arguments.seats"),
        ({"city": "Kyiv", "seats": "many"}, "arguments-schema", "arguments.seats"),
        ({"city": "Kyiv", "seats": True}, "arguments-schema", "arguments.seats"),
        ({"city": "Kyiv", "seats": "0"}, "arguments-schema", "arguments.seats"),
        ({"city": "Kyiv", "seats": "1e400"}, "arguments-schema", "arguments.seats"),
        ({"city": "Kyiv", "tags": ["a", "c"]}, "arguments-schema", "arguments.tags[1]"),
        ({"city": "Kyiv", "guest": {"age": "old"}}, "arguments-schema", "arguments.guest.age"),
        ({"city": "Kyiv", "guest": {"agee": 3}}, "arguments-schema", "arguments.guest"),
        ({"city": "Kyiv", "town": "Lviv"}, "arguments-schema", "arguments.town"),
        ({"city": "Kyiv", "a b": "Lviv"}, "arguments-schema", 'arguments["a b"]'),
        ({"city": "Kyiv", "seats": "2"}, "arguments-double-encoded", "arguments.seats"),
        ({"city": "Kyiv", "tags": '["a"]'}, "arguments-double-encoded", "arguments.tags"),
        ({"city": "Kyiv", "window": "true"}, "arguments-double-encoded", "arguments.window"),
        ({"city": "Kyiv", "meal": "null"}, "arguments-double-encoded", "arguments.meal"),
        ({"city": "Kyiv", "meal": '"fish"'}, "arguments-double-encoded", "arguments.meal"),
        ({"city": "Kyiv", "guest": {"age": "7"}}, "arguments-double-encoded", "arguments.guest.age"),
        ({"city": "Kyiv", "guest": '{"age": "x"}'}, "arguments-double-encoded", "arguments.guest"),
        ({"city": "Kyiv", "window": "True"}, "arguments-python-literal", "arguments.window"),
        ({"city": "Kyiv", "meal": "None"}, "arguments-python-literal", "arguments.meal"),
        ({"city": "Kyiv", "tags": "['a', 'b']"}, "arguments-python-literal", "arguments.tags"),
        ({"city": "Kyiv", "tags": "('a',)"}, "arguments-python-literal", "arguments.tags"),
        ({"city": "Kyiv", "guest": "{'age': 1}"}, "arguments-python-literal", "arguments.guest"),
        ({"city": "Kyiv", "window": "yes"}, "arguments-schema", "arguments.window"),
        ({"city": "Kyiv", "seats": "\ud800"}, "arguments-schema", "arguments"),
    ],
)
def test_a_wrong_argument_has_its_code_and_path(arguments: dict[str, Json], code: str, path: str) -> None:
    assert [(f.code, f.path) for f in found(**arguments)] == [(code, f"$.messages[1].tool_calls[0].{path}")]


def test_all_faults_of_a_call_are_told_at_once() -> None:
    said = found(cityy="Lviv", seats="two", window="True")
    assert sorted(finding.path.partition("arguments")[2] for finding in said) == [
        "",
        ".cityy",
        ".seats",
        ".window",
    ]
    assert any("`book` has no parameter `cityy`; did you mean `city`?" in finding.message for finding in said)


def test_an_undeclared_tool_gets_the_near_name() -> None:
    (finding,) = found(name="boook", city="Kyiv")
    assert finding.code == "arguments-undeclared"
    assert finding.path == "$.messages[1].tool_calls[0].name"
    assert finding.words == "boook"
    assert "did you mean `book`?" in finding.message


def test_a_call_without_any_tools_says_so() -> None:
    conversation = Conversation(messages=about(ToolCall(name="book")).messages)
    (finding,) = EXAMINER.examine(conversation).findings
    assert finding.message == "`book` is not a declared tool; no tools are declared"


def test_encoded_values_are_put_right_one_after_the_other() -> None:
    call = ToolCall(
        name="book", arguments={"city": "Kyiv", "seats": "2", "guest": {"age": "7"}, "tags": "['a']"}
    )
    after = fixed(about(call))
    (mended,) = after.calls()
    assert mended.arguments == {"city": "Kyiv", "seats": 2, "guest": {"age": 7}, "tags": ["a"]}
    assert call.arguments["seats"] == "2", "the conversation itself stays as it is"
    assert EXAMINER.examine(after).findings == []


def test_a_fix_edits_the_conversation_that_it_is_given() -> None:
    before = about(ToolCall(name="book", arguments={"city": "Kyiv", "seats": "2"}))
    (finding,) = EXAMINER.examine(before).findings
    assert finding.fix
    other = about(ToolCall(name="book", arguments={"city": "Lviv", "seats": "2", "note": "kept"}))
    (mended,) = finding.fix(other).calls()
    assert mended.arguments == {"city": "Lviv", "seats": 2, "note": "kept"}
    nothing = Conversation(messages=(UserMessage("a"), AssistantMessage(content="b")))
    assert finding.fix(nothing) == nothing


def test_another_order_than_the_schemas_is_told_once_and_put_right_everywhere() -> None:
    turned = ToolCall(name="book", arguments={"seats": 2, "city": "Kyiv"})
    nested = ToolCall(name="book", arguments={"city": "Kyiv", "guest": {"name": "Ada", "age": 3}})
    listed = ToolCall(name="book", arguments={"city": "Kyiv", "guests": [{}, {"name": "Ada", "age": 3}]})
    right = ToolCall(name="book", arguments={"city": "Kyiv", "note": "x"})
    conversation = about(right, turned, nested, listed)
    (finding,) = EXAMINER.examine(conversation).findings
    assert (finding.code, finding.severity) == ("arguments-order", "warning")
    assert finding.path == "$.messages[2].tool_calls[0].arguments"
    assert "nor do those of 2 more calls here" in finding.message
    after = fixed(conversation)
    assert [list(call.arguments) for call in after.calls()] == [
        ["city", "note"],
        ["city", "seats"],
        ["city", "guest"],
        ["city", "guests"],
    ]
    assert [list(call.arguments.get("guest", {})) for call in after.calls()][2] == ["age", "name"]
    assert after == conversation, "no value has changed"


def test_keys_that_an_open_schema_does_not_declare_have_no_order() -> None:
    tool = Tool(
        name="f", parameters={"properties": {"a": {}, "b": {}}, "additionalProperties": {"type": "integer"}}
    )
    assert found(name="f", tool=tool, z=1, a=1, y=2, b=1) == []
    assert [f.code for f in found(name="f", tool=tool, b=1, a=1)] == ["arguments-order"]
    assert [f.path for f in found(name="f", tool=tool, z="1")] == ["$.messages[1].tool_calls[0].arguments.z"]


@pytest.mark.parametrize("parameters", [{"type": "objekt"}, {"type": "string"}, {"properties": ["city"]}])
def test_a_call_of_a_tool_whose_schema_is_none_is_not_judged(parameters: dict[str, Json]) -> None:
    assert found(tool=Tool(name="book", parameters=parameters), town="Kyiv") == []


def test_a_malformed_call_is_reported_with_its_reason() -> None:
    turn = AssistantMessage(malformed=(MalformedCall(raw='{"name": ', error="ends too early"),))
    (finding,) = EXAMINER.examine(Conversation(messages=(UserMessage("a"), turn))).findings
    assert (finding.code, finding.path) == ("arguments-malformed", "$.messages[1].malformed[0]")
    assert "ends too early" in finding.message


def test_tools_that_differ_are_told_apart_however_many_there_are() -> None:
    for number in range(600):
        tool = Tool(name="f", parameters={"type": "object", "properties": {f"p{number}": {}}})
        assert found(name="f", tool=tool, **{f"p{number}": 1}) == []
        assert len(found(name="f", tool=tool, **{f"p{number + 1}": 1})) == 1


def test_of_very_many_faults_the_first_are_listed_and_all_are_counted() -> None:
    said = found(city="Kyiv", tags=["c"] * 3_000)
    assert len(said) == 21
    assert "3,000 faults in one call, of which the first 20 are listed" in said[-1].message
