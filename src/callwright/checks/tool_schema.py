"""The schema of a tool's parameters: whether it is one, and whether what it requires and shows fits it."""

import json
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import jsonschema_rs

from callwright.checks.rules import Finding
from callwright.checks.tools_rules import DEFAULT, EXAMPLE, REQUIRED, SCHEMA
from callwright.conversation import Json, Tool
from callwright.registry import near
from callwright.schema import Schema, SchemaFault, closed, faults, json_path, validator

Keys: TypeAlias = tuple[str | int, ...]


def of_schema(tool: Tool) -> list[Finding]:
    """What is to be said of the parameters of `tool`; paths begin at the tool."""
    try:
        wrong = list(_schema(tool))
        return wrong or [*_required(tool), *_defaults(tool), *_examples(tool)]
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        said = f"the parameters of `{tool.name}` cannot be read: {error}; write a JSON Schema"
        return [SCHEMA.at("$.parameters", said)]


_META = jsonschema_rs.validator_for({"$ref": "https://json-schema.org/draft/2020-12/schema"}, offline=True)
_TYPES = ["object", "string", "integer", "number", "boolean", "array", "null"]
_MEANT = {"dict": "object", "map": "object", "str": "string", "text": "string", "float": "number"}
_MEANT |= {"double": "number", "long": "integer", "int": "integer", "list": "array", "tuple": "array"}


def _schema(tool: Tool) -> Iterator[Finding]:
    """Why the parameters are no JSON Schema of an object."""
    seen = set()
    for error in _META.iter_errors(tool.parameters) if "$schema" not in tool.parameters else ():
        keys = tuple(error.instance_path)
        if keys not in seen:
            seen.add(keys)
            yield _schema_finding(tool, json_path(list(keys)), _why(tool.parameters, keys, error.message))
    if seen:
        return
    try:
        validator(tool.parameters)
    except SchemaFault as fault:
        why, at, place = str(fault).rpartition(" at $")
        yield _schema_finding(
            tool, "$" + place if at else "$", f"{why if at else fault}; see json-schema.org"
        )
        return
    kind = tool.parameters.get("type", "object")
    if kind != "object":
        said = f"`{kind}` is no type of arguments, which have names"
        yield _schema_finding(tool, "$.type", f'{said}; use "type": "object" with "properties"')


def _schema_finding(tool: Tool, place: str, why: str) -> Finding:
    return SCHEMA.at(f"$.parameters{place[1:]}", f"`{tool.name}`: {why}")


def _why(parameters: Schema, keys: Keys, message: str) -> str:
    value: Json = parameters
    try:
        for key in keys:
            value = value[key]
    except (LookupError, TypeError):  # the path of a key that is empty lacks it
        keys = ()
    last, around = ("", "", *keys)[-1], ("", "", *keys)[-2]
    if around == "properties":
        meant = value if value in _TYPES else _MEANT.get(str(value).lower(), "string")
        return f'`{last}` has no schema but {_json(value)}; write {{"type": "{meant}"}}'
    if last == "type":
        kinds = value if isinstance(value, list) else [value]
        wrong = next((kind for kind in kinds if kind not in _TYPES), "")
        meant = _MEANT.get(str(wrong).lower())
        return f"`{wrong}` is no type of JSON Schema; " + (
            f'use "{meant}"' if meant else near(str(wrong), _TYPES)
        )
    if last == "required" and isinstance(value, bool):
        return "`required` lists names; write it beside `properties`, with the names of those that are"
    return f"{message if len(message) < 200 else message[:199] + '…'}; see json-schema.org"


def _json(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 60 else text[:59] + "…"


def _specs(schema: Json, keys: Keys = ()) -> Iterator[tuple[Keys, Schema]]:
    """Every schema of a value within `schema`, itself included, with what leads to it."""
    if not isinstance(schema, dict):
        return
    yield keys, schema
    properties = schema.get("properties")
    for name, spec in (properties if isinstance(properties, dict) else {}).items():
        yield from _specs(spec, (*keys, "properties", name))
    yield from _specs(schema.get("items"), (*keys, "items"))


def _at(keys: Iterable[str | int]) -> str:
    return "$.parameters" + json_path(list(keys))[1:]


def _required(tool: Tool) -> Iterator[Finding]:
    for keys, spec in _specs(tool.parameters):
        shut = spec.get("additionalProperties") is False and not any(
            key in spec for key in ("patternProperties", "allOf", "anyOf", "oneOf", "if", "$ref")
        )
        if not (shut or (not keys and closed(spec))):
            continue
        declared = spec.get("properties", {})
        missing = [f"`{name}`" for name in spec.get("required", []) if name not in declared]
        if missing:
            said = f"`{tool.name}` requires {', '.join(missing)}, not among the properties, so no call could be made"
            yield REQUIRED.at(
                _at((*keys, "required")), f"{said}; declare it, or do not require it", words=missing[0][1:-1]
            )


def _defaults(tool: Tool) -> Iterator[Finding]:
    for keys, spec in _specs(tool.parameters):
        if keys and "default" in spec and (wrong := _against(tool.parameters, spec, spec["default"])):
            said = f"`{tool.name}`: the default of `{keys[-1]}` is none that a call may give, {wrong}"
            yield DEFAULT.at(_at((*keys, "default")), f"{said}; mend the default or the schema")


def _examples(tool: Tool) -> Iterator[Finding]:
    for keys, spec in _specs(tool.parameters):
        examples = [
            ((*keys, "examples", place), value) for place, value in enumerate(spec.get("examples", []))
        ]
        if "example" in spec:
            examples.append(((*keys, "example"), spec["example"]))
        of = f"`{keys[-1]}`" if keys else "the arguments"
        for place, value in examples:
            wrong = _against(tool.parameters, spec, value)
            if not (wrong or keys) and closed(spec) and isinstance(value, dict):
                wrong = ", ".join(
                    f"there is no `{key}`" for key in value if key not in spec.get("properties", {})
                )
            if wrong:
                said = f"`{tool.name}`: an example of {of} does not fit, {wrong}"
                yield EXAMPLE.at(_at(place), f"{said}; mend the example")


def _against(whole: Schema, spec: Schema, value: Json) -> str:
    """What `spec`, a part of `whole`, has against `value`."""
    # Only the definitions of the whole are needed beside the part itself, for its references.
    around: Schema = {key: whole[key] for key in ("$defs", "definitions", "$schema") if key in whole}
    try:
        wrong = faults({**around, **spec}, value)
    except SchemaFault:
        return ""  # a reference from elsewhere in the schema; the schema as a whole was found valid
    return wrong[0][1] if wrong else ""
