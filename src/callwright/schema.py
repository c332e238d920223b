"""JSON Schema: validate with a path, fill defaults, write a compact signature, put keys in order.

Validation is `jsonschema-rs` (all drafts, formats as annotations); the rest is what tool calling needs of a schema.
"""

import json
from functools import lru_cache

import jsonschema_rs

from callwright.conversation import Json, Tool, ToolCall
from callwright.registry import near

Schema = dict[str, Json]


class SchemaFault(ValueError):
    """A schema that is no JSON Schema; the message says where."""


def validator(schema: Schema) -> jsonschema_rs.Validator:
    """The compiled schema, remembered by content. Raises `SchemaFault`."""
    return _compiled(json.dumps(schema, sort_keys=True))


@lru_cache(maxsize=4096)
def _compiled(text: str) -> jsonschema_rs.Validator:
    try:
        return jsonschema_rs.validator_for(json.loads(text))
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise SchemaFault(str(error).split("\n\nOn instance", maxsplit=1)[0].strip()) from error


def faults(schema: Schema, value: Json) -> list[tuple[str, str]]:
    """All violations of `schema` by `value`, as (JSON path from `$`, what is wrong)."""
    return [(json_path(error.instance_path), error.message) for error in validator(schema).iter_errors(value)]


def json_path(keys: list[str | int]) -> str:
    """`["items", 0, "a b"]` as `$.items[0]["a b"]`."""
    path = "$"
    for key in keys:
        if isinstance(key, int):
            path += f"[{key}]"
        else:
            path += f".{key}" if key.isidentifier() else f"[{json.dumps(key, ensure_ascii=False)}]"
    return path


def call_faults(call: ToolCall, tools: tuple[Tool, ...]) -> list[tuple[str, str]]:
    """Why `call` cannot be made with `tools`: (JSON path inside the call, what is wrong); empty if it can."""
    tool = next((tool for tool in tools if tool.name == call.name), None)
    if tool is None:
        hint = near(call.name, [tool.name for tool in tools]) if tools else "no tools are declared"
        return [("$.name", f"`{call.name}` is not a declared tool; {hint}")]
    found = [
        (path.replace("$", "$.arguments", 1), why) for path, why in faults(tool.parameters, call.arguments)
    ]
    properties = tool.parameters.get("properties", {})
    open_ended = "additionalProperties" in tool.parameters or "patternProperties" in tool.parameters
    if not open_ended and not any(key in tool.parameters for key in ("allOf", "anyOf", "oneOf", "$ref")):
        # JSON Schema lets unknown keys pass unless told otherwise; a function does not take arguments it lacks.
        found += [
            (f"$.arguments.{key}", f"`{call.name}` has no parameter `{key}`; {near(key, list(properties))}")
            if properties
            else (f"$.arguments.{key}", f"`{call.name}` takes no arguments")
            for key in call.arguments
            if key not in properties
        ]
    return found


def with_defaults(schema: Schema, arguments: dict[str, Json]) -> dict[str, Json]:
    """`arguments`, and the schema's default for each top-level parameter that is not set."""
    defaults = {
        name: spec["default"]
        for name, spec in schema.get("properties", {}).items()
        if isinstance(spec, dict) and "default" in spec
    }
    return {**defaults, **arguments}


def in_order(schema: Schema, arguments: dict[str, Json]) -> dict[str, Json]:
    """`arguments` with the keys in the order that the schema declares them, unknown ones last.

    A model under a grammar can write no other order, so training data has this one.
    """
    known = {key: arguments[key] for key in schema.get("properties", {}) if key in arguments}
    return {**known, **arguments}


def signature(tool: Tool) -> str:
    """One line a person reads at a glance: `find(path: string = ".", name: string)`; `?` marks what may be left out."""
    required = tool.parameters.get("required", [])
    return f"{tool.name}({', '.join(_parameter(n, s, n in required) for n, s in tool.parameters.get('properties', {}).items())})"


def _parameter(name: str, spec: Json, required: bool) -> str:
    if not isinstance(spec, dict):
        return name
    kind = (
        "|".join(json.dumps(v, ensure_ascii=False) for v in spec["enum"])
        if "enum" in spec
        else spec.get("type", "any")
    )
    if isinstance(kind, list):
        kind = "|".join(kind)
    if "default" in spec:
        return f"{name}: {kind} = {json.dumps(spec['default'], ensure_ascii=False)}"
    return f"{name}{'' if required else '?'}: {kind}"
