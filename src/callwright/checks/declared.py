"""Declared: tools as counts need them: their parameters, and the values that an enum or a boolean allows."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from callwright.conversation import Json, Tool

_REMEMBERED = 1024
"""Tool lists whose reading is kept; rows of a file share few."""


class Parameter(NamedTuple):
    name: str
    required: bool
    labels: tuple[str, ...]
    """The allowed values, where they are few: those of an enum or a boolean."""
    default: str | None


class Declared(NamedTuple):
    """A tool."""

    name: str
    parameters: tuple[Parameter, ...]


class Catalog(NamedTuple):
    """A list of tools; plain data, the same object for conversations that share their tools."""

    names: tuple[str, ...]
    tools: tuple[Declared, ...]


class Encoder:
    """Spells the arguments of a call of one tool as tokens: a parameter given, a value shown."""

    __slots__ = ("_given", "_name", "_shown")

    def __init__(self, tool: Declared) -> None:
        self._name = tool.name
        self._given = {one.name: given(tool.name, one.name) for one in tool.parameters}
        self._shown = [
            (one.name, {label: shown(tool.name, one.name, label) for label in one.labels})
            for one in tool.parameters
            if one.labels
        ]

    def tokens(self, arguments: dict[str, Json]) -> list[str | None]:
        """The tool's name, each parameter given, each value shown; None where the tool declares no such thing."""
        tokens = [self._name, *map(self._given.get, arguments)]
        for name, labels in self._shown:
            if name in arguments:
                value = arguments[name]
                if type(value) is str:
                    tokens.append(labels.get(value))
                elif type(value) is list:
                    tokens += [
                        labels.get(text) for text in {label(item) for item in value} if text is not None
                    ]
                elif (text := label(value)) is not None:
                    tokens.append(labels.get(text))
        return tokens


def given(tool: str, parameter: str) -> str:
    return f"{tool}\0{parameter}"


def shown(tool: str, parameter: str, label: str) -> str:
    return f"{tool}\0{parameter}\0{label}"


class _Read(NamedTuple):
    of: tuple[Tool, ...]
    """Held, so that no other list gets its identity."""
    catalog: Catalog
    encoders: dict[str, Encoder]


_read: dict[int, _Read] = {}


def read(tools: tuple[Tool, ...]) -> tuple[Catalog, dict[str, Encoder]]:
    """What `tools` declare, and the encoder of each by its name; remembered by identity."""
    known = _read.get(id(tools))
    if known is None:
        if len(_read) >= _REMEMBERED:
            _read.clear()
        first = {tool.name: tool for tool in reversed(tools)}
        declared = {name: Declared(name, tuple(_parameters(first[name]))) for name in reversed(first)}
        catalog = Catalog(tuple(declared), tuple(declared.values()))
        encoders = {name: Encoder(tool) for name, tool in declared.items()}
        known = _read[id(tools)] = _Read(tools, catalog, encoders)
    return known.catalog, known.encoders


def _parameters(tool: Tool) -> Iterable[Parameter]:
    properties = _part(tool.parameters, "properties", dict)
    required = _part(tool.parameters, "required", list)
    for name, spec in properties.items():
        if isinstance(spec, dict):
            default = label(spec["default"]) if "default" in spec else None
            yield Parameter(name, name in required, tuple(_labels(spec)), default)


def _labels(spec: dict[str, Json]) -> Iterable[str]:
    """The values allowed, as text; of an array those of its items."""
    items = _part(spec, "items", dict)
    members = _part(spec, "enum", list) or _part(items, "enum", list)
    if not members and (spec.get("type") == "boolean" or spec.get("type") == ["boolean", "null"]):
        members = [True, False]
    spelled = (label(member) for member in members if member is not None)
    return dict.fromkeys(text for text in spelled if text is not None)


def _part(schema: Any, key: str, kind: type) -> Any:
    part = schema.get(key) if isinstance(schema, dict) else None
    return part if isinstance(part, kind) else kind()


def label(value: Json) -> str | None:
    """A plain value as text, `true` for a boolean; None for what is no plain value or has no short spelling."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is float:
        try:
            return repr(int(value)) if value == int(value) else repr(value)
        except (ValueError, OverflowError):  # no number, without end, or of thousands of digits
            return None
    return "null" if value is None else None
