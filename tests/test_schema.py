import pytest

from callwright.conversation import Json, Tool, ToolCall
from callwright.schema import SchemaFault, call_faults, faults, in_order, json_path, signature, with_defaults

FIND = Tool(
    name="find",
    parameters={
        "type": "object",
        "properties": {
            "path": {"type": "string", "default": "."},
            "name": {"type": "string"},
            "depth": {"type": ["integer", "null"]},
            "kind": {"enum": ["file", "folder"]},
        },
        "required": ["name"],
    },
)


def found(**arguments: Json) -> list[tuple[str, str]]:
    return call_faults(ToolCall(name="find", arguments=arguments), (FIND,))


def test_a_call_that_holds_has_no_faults() -> None:
    assert found(name="a", depth=None, kind="file") == []


def test_all_faults_of_a_call_are_found_each_with_its_path() -> None:
    paths = [path for path, _ in found(depth="x", kind="link", nam="a")]
    assert sorted(paths) == ["$.arguments", "$.arguments.depth", "$.arguments.kind", "$.arguments.nam"]


def test_an_unknown_parameter_is_told_its_near_name() -> None:
    assert found(name="a", dept=1) == [
        ("$.arguments.dept", "`find` has no parameter `dept`; did you mean `depth`?")
    ]


def test_an_unknown_parameter_passes_where_the_schema_is_open() -> None:
    tool = Tool(name="set", parameters={"type": "object", "additionalProperties": {"type": "integer"}})
    assert call_faults(ToolCall(name="set", arguments={"a": 1}), (tool,)) == []
    assert call_faults(ToolCall(name="set", arguments={"a b": "x"}), (tool,)) == [
        ('$.arguments["a b"]', '"x" is not of type "integer"')
    ]


def test_a_tool_without_parameters_takes_none() -> None:
    tool = Tool(name="pwd")
    assert call_faults(ToolCall(name="pwd"), (tool,)) == []
    assert call_faults(ToolCall(name="pwd", arguments={"a": 1}), (tool,)) == [
        ("$.arguments.a", "`pwd` takes no arguments")
    ]


def test_an_undeclared_tool_is_told_its_near_name() -> None:
    assert call_faults(ToolCall(name="fnid"), (FIND,)) == [
        ("$.name", "`fnid` is not a declared tool; did you mean `find`?")
    ]
    assert call_faults(ToolCall(name="ls"), ()) == [
        ("$.name", "`ls` is not a declared tool; no tools are declared")
    ]


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "dict"}, "at $.type"),
        ({"properties": {"a": {"pattern": "("}}}, "at $.properties.a.pattern"),
        ({"$ref": "#/$defs/none"}, "does not exist"),
        ({"$ref": "http://127.0.0.1:9/schema.json"}, "Retrieval is disabled"),
    ],
)
def test_a_schema_that_is_none_says_where_and_nothing_is_fetched(schema: dict[str, Json], said: str) -> None:
    with pytest.raises(SchemaFault, match=said.replace("$", r"\$")):
        faults(schema, {})


def test_integers_of_any_size_are_integers() -> None:
    assert faults({"type": "integer"}, 10**40) == []


def test_a_path_quotes_keys_that_are_no_names() -> None:
    assert json_path(["items", 0, "a b", "é"]) == '$.items[0]["a b"].é'


def test_defaults_fill_what_is_not_set_and_nothing_else() -> None:
    assert with_defaults(FIND.parameters, {"name": "a"}) == {"path": ".", "name": "a"}
    assert with_defaults(FIND.parameters, {"path": "b"}) == {"path": "b"}


def test_arguments_come_in_the_order_of_the_schema_unknown_ones_last() -> None:
    assert list(in_order(FIND.parameters, {"zz": 1, "kind": "file", "path": "."})) == ["path", "kind", "zz"]


def test_the_signature_is_one_readable_line() -> None:
    expected = 'find(path: string = ".", name: string, depth?: integer|null, kind?: "file"|"folder")'
    assert signature(FIND) == expected
    assert signature(Tool(name="pwd")) == "pwd()"


def test_the_signature_of_a_tool_that_does_not_hold_shows_what_can_be_shown() -> None:
    assert signature(Tool(name="f", parameters={"properties": ["a"], "required": 3})) == "f()"
    parameters = {"properties": {"a": 3, "b": {"type": {}}, "c": {"type": [1], "enum": 2}}, "required": ["a"]}
    assert signature(Tool(name="f", parameters=parameters)) == "f(a, b?: {}, c?: 1)"
