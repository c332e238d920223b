"""What is said of declared tools, each thing once however many rows bring it."""

import pytest

from callwright.checks import FOLDS, Context, Subject
from callwright.checks.tools import Tools, tool_faults, tool_findings
from callwright.conversation import Conversation, Json, Tool

PROPERTIES: dict[str, Json] = {
    "city": {"type": "string", "description": "Where."},
    "guests": {"type": "integer", "description": "How many."},
}


def tool(name: str = "find", description: str = "Find a table.", **parameters: Json) -> Tool:
    return Tool(
        name=name,
        description=description,
        parameters={"type": "object", "properties": PROPERTIES, **parameters},
    )


def said(*tools: Tool) -> list[tuple[str, str]]:
    return [(finding.code, finding.path) for finding in tool_findings(tools)]


def message(*tools: Tool) -> str:
    (finding,) = tool_findings(tools)
    return finding.message


def test_a_good_list_is_not_blamed() -> None:
    assert said() == []
    assert (
        said(tool(), tool("list-all_2", required=["city"]), Tool(name="now", description="The time.")) == []
    )


@pytest.mark.parametrize(
    ("parameters", "path", "words"),
    [
        ({"type": "dict"}, "type", 'use "object"'),
        ({"type": "string"}, "type", 'use "type": "object"'),
        ({"type": ["object", "null"]}, "type", 'use "type": "object"'),
        ({"properties": {"a": {"type": "int"}}}, "properties.a.type", 'use "integer"'),
        ({"properties": {"a": {"type": ["string", "float"]}}}, "properties.a.type", 'use "number"'),
        ({"properties": {"a": {"type": "strin"}}}, "properties.a.type", "did you mean `string`?"),
        ({"properties": {"a": {"type": "string", "required": True}}}, "properties.a.required", "names"),
        ({"properties": {"a": "int"}}, "properties.a", 'write {"type": "integer"}'),
        ({"properties": {"type": "string"}}, "properties.type", 'write {"type": "string"}'),
        ({"properties": ["a"]}, "properties", 'is not of type "object"'),
        ({"properties": {"a": {"$ref": "#/nowhere"}}}, "", "/nowhere"),
        ({"properties": {"a": {"pattern": "("}}}, "properties.a.pattern", "regex"),
        ({"properties": {"a b": {"minimum": "1"}}}, 'properties["a b"].minimum', "number"),
        ({"$schema": "https://example.com/none"}, "", "example.com"),
    ],
)
def test_a_schema_that_is_none_is_told_at_its_place(
    parameters: dict[str, Json], path: str, words: str
) -> None:
    found = [f for f in tool_findings((Tool(name="f", parameters=parameters),)) if f.code == "tools-schema"]
    assert [finding.path for finding in found] == [f"$.tools[0].parameters{'.' if path else ''}{path}"]
    assert words in found[0].message
    assert found[0].message.startswith("`f`: ")


def test_all_faults_of_a_schema_are_told_at_once() -> None:
    parameters = {"type": "dict", "properties": {"a": {"type": "int"}, "b": {"type": "float"}}}
    assert [path for code, path in said(Tool(name="f", parameters=parameters)) if code == "tools-schema"] == [
        "$.tools[0].parameters.properties.a.type",
        "$.tools[0].parameters.properties.b.type",
        "$.tools[0].parameters.type",
    ]


def test_a_second_tool_of_a_name_is_an_error_at_its_place() -> None:
    assert said(tool(), tool("now"), tool(description="Again.")) == [("tools-duplicate", "$.tools[2]")]
    assert (
        message(tool(), tool()) == "`find` a second time, after $.tools[0]; give each tool a name of its own"
    )


@pytest.mark.parametrize("name", ["a.b", "a b", "é", "", "x" * 65, "github/search"])
def test_a_name_that_the_api_refuses_is_warned_of(name: str) -> None:
    (finding,) = tool_findings((tool(name),))
    assert (finding.code, finding.path, finding.severity) == ("tools-name", "$.tools[0].name", "warning")


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({"required": ["town"]}, "required"),
        ({"required": ["town"], "additionalProperties": False}, "required"),
        ({"required": ["town"], "additionalProperties": True}, None),
        ({"required": ["town"], "patternProperties": {"^t": {}}, "additionalProperties": False}, None),
        ({"required": ["town"], "anyOf": [{"properties": {"town": {}}}]}, None),
        ({"properties": {"a": {"description": "A.", "required": ["b"]}}}, None),
        (
            {"properties": {"a": {"description": "A.", "required": ["b"], "additionalProperties": False}}},
            "properties.a.required",
        ),
    ],
)
def test_what_is_required_is_declared_where_nothing_else_may_be_given(
    parameters: dict[str, Json], path: str | None
) -> None:
    expected = [("tools-required", f"$.tools[0].parameters.{path}")] if path else []
    assert said(tool(**parameters)) == expected


@pytest.mark.parametrize(
    ("spec", "code", "path"),
    [
        ({"type": "integer", "default": "2"}, "tools-default", "default"),
        ({"enum": ["a", "b"], "default": "c"}, "tools-default", "default"),
        ({"type": "integer", "default": 2}, "", ""),
        ({"$ref": "#/$defs/n", "default": "x"}, "tools-default", "default"),
        ({"type": "array", "items": {"type": "integer", "default": "x"}}, "tools-default", "items.default"),
        ({"type": "integer", "examples": [1, "2"]}, "tools-example", "examples[1]"),
        ({"type": "integer", "example": "2"}, "tools-example", "example"),
        ({"type": "string", "examples": ["2"], "example": "3"}, "", ""),
    ],
)
def test_defaults_and_examples_fit_the_schema_that_they_stand_in(
    spec: dict[str, Json], code: str, path: str
) -> None:
    one = tool(properties={"a": {"description": "A.", **spec}}, **{"$defs": {"n": {"type": "integer"}}})
    expected = [(code, f"$.tools[0].parameters.properties.a.{path}")] if code else []
    assert said(one) == expected


def test_an_example_call_is_held_against_the_whole_schema() -> None:
    assert said(tool(required=["city"], examples=[{"city": "Rome"}])) == []
    assert said(tool(required=["city"], examples=[{"guests": 2}])) == [
        ("tools-example", "$.tools[0].parameters.examples[0]")
    ]
    assert "there is no `town`" in message(tool(examples=[{"town": "Rome"}]))


def test_what_has_no_description_is_told_in_one_finding_a_tool() -> None:
    bare = {"properties": {"a": {}, "b": {"description": " "}, "c": {"description": "C."}, "d": True}}
    assert message(tool(**bare)).startswith("`find` does not describe `a`, `b`, `d`;")
    assert message(tool(description="", **bare)).startswith(
        "`find` has no description, nor do its parameters `a`, `b`, `d`;"
    )
    assert message(tool(description="")).startswith("`find` has no description;")
    many = tool(properties={f"p{number}": {} for number in range(9)})
    assert "`p5` and 3 more;" in message(many)


def test_errors_alone_keep_a_model_from_being_asked() -> None:
    (fault,) = tool_faults((tool("a.b", type="dict"), tool(description="")))
    assert (fault.path, fault.hint) == ("$.tools[0].parameters.type", 'use "object"')
    assert fault.found == "`a.b`: `dict` is no type of JSON Schema"


def test_of_a_file_each_thing_is_said_once_however_many_rows_bring_it() -> None:
    assert FOLDS["tools"] is Tools
    fold = Tools(Context())
    lists = [
        (tool(), tool("a.b")),
        (tool("a.b"),),
        (tool("c.d"), tool("a.b")),
        (tool(),),
        (tool("a.b", type="dict"),),
    ]
    found = []
    for number, tools in enumerate(lists * 3):
        key = Tools.key(Subject(Conversation(messages=(), tools=tools), Context()))
        if key is not None:
            found += [(number, finding.code, finding.path) for finding in fold.add(key, f"row {number}")]
    assert found == [
        (0, "tools-name", "$.tools[1].name"),
        (2, "tools-name", "$.tools[0].name"),
        (4, "tools-schema", "$.tools[0].parameters.type"),
    ]


@pytest.mark.parametrize(
    "parameters",
    [
        {"properties": {"a": {"enum": [{}, [], "\ud800"]}}},
        {"properties": {"a": {"default": 10**400}}},
        {"examples": [3, "x", None], "properties": {"\ud800": {}}},
        {"default": float("nan"), "properties": {"a": {"default": float("inf"), "type": "string"}}},
    ],
)
def test_whatever_a_schema_holds_nothing_is_raised(parameters: dict[str, Json]) -> None:
    assert isinstance(tool_findings((Tool(name="\ud800", parameters=parameters),)), list)


def test_a_schema_too_deep_to_be_read_is_an_error() -> None:
    deep: dict[str, Json] = {}
    for _ in range(3_000):
        deep = {"properties": {"a": deep}}
    assert "tools-schema" in [code for code, _ in said(Tool(name="f", description="F.", parameters=deep))]
