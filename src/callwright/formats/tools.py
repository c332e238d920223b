"""Tools as the OpenAI API declares them, read into ours and written back."""

import json
from collections.abc import Sequence
from functools import lru_cache

from callwright.conversation import Json, Tool
from callwright.errors import Fault
from callwright.formats.reading import Reading, shown
from callwright.schema import Schema, SchemaFault, closed, faults, validator

FORM = '{"type": "function", "function": {"name": …, "description": …, "parameters": {a JSON Schema}}}'


def read_tools(value: Json, path: str, reading: Reading) -> tuple[Tool, ...]:
    """A list of tools, also as a string of JSON or with each tool bare; names are unique."""
    tools, found = _read(value if isinstance(value, str) else json.dumps(value), path)
    reading.faults += found
    return tools


@lru_cache(maxsize=256)  # rows of one file mostly bring the same few lists of tools
def _read(text: str, path: str) -> tuple[tuple[Tool, ...], tuple[Fault, ...]]:
    reading = Reading()
    value = reading.parsed(text, path, "a JSON array of tools")
    if not isinstance(value, list) and not reading.failed:
        reading.error(path, f"an array of tools, each {FORM}", shown(value))
    tools: dict[str, Tool] = {}
    for index, item in enumerate(value if isinstance(value, list) else []):
        place = f"{path}[{index}]"
        tool = _tool(item, place, reading)
        if tool and tool.name in tools:
            reading.error(place, "a name of its own for each tool", f"`{tool.name}` a second time")
        elif tool:
            tools[tool.name] = tool
    return tuple(tools.values()), tuple(reading.faults)


def _tool(value: Json, path: str, reading: Reading) -> Tool | None:
    wrapped = isinstance(value, dict) and "function" in value
    if wrapped:
        if value.get("type", "function") != "function":
            reading.error(f"{path}.type", '"function"', shown(value["type"]))
        reading.keys(value, ("type", "function"), path)
        value, path = value["function"], f"{path}.function"
    if not isinstance(value, dict):
        reading.error(path, f"a tool, {FORM}", shown(value))
        return None
    name = reading.text(value.get("name"), f"{path}.name", "the tool's name")
    if name.strip() != name or (not name and isinstance(value.get("name"), str)):
        reading.error(f"{path}.name", "a name without space around it", f'"{name}"')
    description = value.get("description")
    if description is not None:
        description = reading.text(description, f"{path}.description", "the tool's description")
    if "input_schema" in value and "parameters" not in value:
        reading.error(f"{path}.parameters", "a JSON Schema", "`input_schema`", "rename it to `parameters`")
    known = ("type", "name", "description", "parameters", "strict", "input_schema")
    reading.keys(value, known, path)
    parameters = _parameters(value.get("parameters"), f"{path}.parameters", reading)
    return Tool(name=name, description=description or "", parameters=parameters) if name else None


def _parameters(value: Json, path: str, reading: Reading) -> Schema:
    if value is None:
        return {}
    if not isinstance(value, dict):
        reading.error(path, "a JSON Schema of an object", shown(value))
        return {}
    try:
        validator(value)
    except SchemaFault as fault:
        hint = 'use "object"' if value.get("type") == "dict" else "see https://json-schema.org"
        reading.error(path, "a valid JSON Schema", str(fault), hint)
        return {}
    if value.get("type", "object") != "object":
        hint = 'arguments have names; use "type": "object" with "properties"'
        reading.error(f"{path}.type", '"object"', shown(value["type"]), hint)
    missing = [name for name in value.get("required", []) if name not in value.get("properties", {})]
    if missing and closed(value):
        found = ", ".join(f"`{name}`" for name in missing) + ", not among the properties"
        reading.error(f"{path}.required", "names of declared properties", found, "no call could be made")
    for name, spec in value.get("properties", {}).items():
        if isinstance(spec, dict) and "default" in spec:
            _default(value, name, spec, f"{path}.properties.{name}.default", reading)
    return value


def _default(schema: Schema, name: str, spec: Schema, path: str, reading: Reading) -> None:
    # Only the definitions of the whole schema are needed beside the property itself, for its references.
    around: Schema = {key: schema[key] for key in ("$defs", "definitions", "$schema") if key in schema}
    try:
        wrong = faults({**around, **spec}, spec["default"])
    except SchemaFault:
        return  # a reference from elsewhere in the schema; the schema as a whole was found valid
    if wrong:
        hint = f"a call that leaves `{name}` out gets a value that no call may give"
        reading.warning(path, "a default that the parameter's own schema allows", wrong[0][1], hint)


def write_tools(tools: Sequence[Tool]) -> list[dict[str, Json]]:
    """The OpenAI form of each tool."""
    return [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
        }
        for tool in tools
    ]
