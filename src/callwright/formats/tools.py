"""Tools as the OpenAI API declares them, read into ours and written back."""

import json
from collections.abc import Sequence
from functools import lru_cache

from callwright.conversation import Json, Tool
from callwright.errors import Fault
from callwright.formats.reading import Reading, shown

FORM = '{"type": "function", "function": {"name": …, "description": …, "parameters": {a JSON Schema}}}'


def read_tools(value: Json, path: str, reading: Reading) -> tuple[Tool, ...]:
    """A list of tools, also as a string of JSON or with each tool bare; whether they hold is for checks to say."""
    tools, found = _read(value if isinstance(value, str) else json.dumps(value), path)
    reading.faults += found
    return tools


@lru_cache(maxsize=256)  # rows of one file mostly bring the same few lists of tools
def _read(text: str, path: str) -> tuple[tuple[Tool, ...], tuple[Fault, ...]]:
    reading = Reading()
    value = reading.parsed(text, path, "a JSON array of tools")
    if not isinstance(value, list) and not reading.failed:
        reading.error(path, f"an array of tools, each {FORM}", shown(value))
    items = value if isinstance(value, list) else []
    tools = (_tool(item, f"{path}[{index}]", reading) for index, item in enumerate(items))
    return tuple(tool for tool in tools if tool), tuple(reading.faults)


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
    parameters = value.get("parameters")
    if parameters is not None and not isinstance(parameters, dict):
        reading.error(f"{path}.parameters", "a JSON Schema of an object", shown(parameters))
        return None
    return Tool(name=name, description=description or "", parameters=parameters or {}) if name else None


def write_tools(tools: Sequence[Tool]) -> list[dict[str, Json]]:
    """The OpenAI form of each tool."""
    return [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
        }
        for tool in tools
    ]
