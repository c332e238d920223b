"""JSON Schema: validate with a path, fill defaults, write a compact signature, put keys in order.

Validation is `jsonschema-rs` (all drafts, formats as annotations, nothing fetched); the rest is what tool
calling needs of a schema.
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
        # Offline: a `$ref` to an address must never make reading a file go to the network.
        return jsonschema_rs.validator_for(json.loads(text), offline=True)
    except jsonschema_rs.ValidationError as error:
        place = json_path(list(error.instance_path))
        raise SchemaFault(f"{error.message}{'' if place == '$' else f' at {place}'}") from error
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise SchemaFault(str(error).strip()) from error


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
    found = [("$.arguments" + path[1:], why) for path, why in faults(tool.parameters, call.arguments)]
    if closed(tool.parameters):
        properties = tool.parameters.get("properties", {})
        found += [
            (json_path(["arguments", key]), _unknown(call.name, key, list(properties)))
            for key in call.arguments
            if key not in properties
        ]
    return found


def closed(parameters: Schema) -> bool:
    """Whether only the parameters in `properties` may be given.

    JSON Schema lets unknown keys pass unless told otherwise; a function does not take arguments it lacks.
    """
    open_ended = ("additionalProperties", "patternProperties", "allOf", "anyOf", "oneOf", "if", "$ref")
    return not any(key in parameters for key in open_ended)


def _unknown(name: str, key: str, known: list[str]) -> str:
    return (
        f"`{name}` has no parameter `{key}`; {near(key, known)}" if known else f"`{name}` takes no arguments"
    )


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
    """One line to read at a glance: `find(path: string = ".", name: string)`; `?`: may be left out."""
    required = tool.parameters.get("required")
    properties = tool.parameters.get("properties")
    # Also of a schema that is none: this is how a person sees what is wrong with it.
    needed = required if isinstance(required, list) else []
    named = properties.items() if isinstance(properties, dict) else ()
    return f"{tool.name}({', '.join(_parameter(name, spec, name in needed) for name, spec in named)})"


def _parameter(name: str, spec: Json, required: bool) -> str:
    if not isinstance(spec, dict):
        return name
    kinds = _kinds(spec)
    if isinstance(members := spec.get("enum"), list):
        kinds = [json.dumps(value, ensure_ascii=False) for value in members]
    kind = "|".join(kinds)
    if "default" in spec:
        return f"{name}: {kind} = {json.dumps(spec['default'], ensure_ascii=False)}"
    return f"{name}{'' if required else '?'}: {kind}"


def _kinds(spec: Schema) -> list[str]:
    kind = spec.get("type", "any")
    return [str(one) for one in kind] if isinstance(kind, list) else [str(kind)]
