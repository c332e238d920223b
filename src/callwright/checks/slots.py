"""Slots: what the schema of a parameter says of its values: which it names itself, and of what kind they are."""

from functools import lru_cache
from typing import NamedTuple

from callwright.checks.normal_forms import fold, needle, words
from callwright.conversation import Json, Tool

_NAMED = ("enum", "examples")
_ALONE = ("const", "default", "example")
_INSIDE = ("anyOf", "oneOf", "allOf")
# fmt: off
_WRITTEN = frozenset(
    b"body content message text code query sql regex pattern summary reason description subject note notes comment "
    b"comments expression title caption prompt question instructions html markdown script command email review "
    b"feedback details translation keywords search statement".split()
)
"""Parameters so named take what the model writes itself."""
_PAGED = frozenset(
    b"limit offset page size results max top k n count per skip take maximum temperature timeout seed depth "
    b"precision decimals retries fields columns sort order by format sorting direction".split()
)
"""Parameters so named, and only so, take what the model may choose: how many, in which order, which fields."""
# fmt: on
_KEPT = 512
"""Slots of so many tuples of tools are remembered; a file has one, or one a row."""
_DEEP = 64
"""Levels of a schema that are looked into."""


class Slot(NamedTuple):
    """One parameter, also of an object inside another."""

    named: frozenset[bytes]
    """Needles of the values that its schema names: enum, const, default, examples."""
    described: bytes
    """Its description, folded, with a space around it."""
    written: bool
    """Whether it takes text that the model writes itself."""
    paged: bool
    """Whether it takes what the model may choose."""

    def names(self, value: bytes) -> bool:
        """Whether the schema itself says the value of this needle."""
        return value in self.named or value in self.described


@lru_cache(maxsize=4096)
def _kind(name: str, description: str) -> tuple[bool, bool]:
    named = set(words(name))
    said = set(words(description)[:6])
    written = not named.isdisjoint(_WRITTEN) or bool(
        said & {b"expression", b"message", b"text", b"query", b"content"}
    )
    return written, bool(named) and named <= _PAGED | {b"num", b"number", b"of", b"total"}


class Slots:
    """The slots of some tools, each worked out when first asked for."""

    def __init__(self, tools: tuple[Tool, ...]) -> None:
        self._tools = {tool.name: tool for tool in reversed(tools)}
        self._found: dict[tuple[str, tuple[str | int, ...]], Slot] = {}
        self._told: bytes | None = None
        self._tells: dict[bytes, bool] = {}
        self._all = tools

    def slot(self, tool: str, keys: tuple[str | int, ...]) -> Slot:
        """The slot at `keys` of the arguments of `tool`; one that says nothing where it is not declared."""
        path = keys if len(keys) == 1 else tuple(key for key in keys if type(key) is str)
        known = self._found.get((tool, path))
        if known is None:
            declared = self._tools.get(tool)
            known = _slot(declared.parameters if declared else {}, path)
            if len(self._found) < _KEPT * 8:
                self._found[tool, path] = known
        return known

    def tells(self, wanted: bytes) -> bool:
        """Whether the names and descriptions of the tools, or the values they name, have a needle in them."""
        if self._told is None:
            texts = [f"{tool.name} {tool.description} {_strings(tool.parameters)}" for tool in self._all]
            self._told = b" " + fold(" ".join(texts)) + b" "
        known = self._tells.get(wanted)
        if known is None:
            known = wanted in self._told
            if len(self._tells) < _KEPT * 8:
                self._tells[wanted] = known
        return known


_KNOWN: dict[int, tuple[tuple[Tool, ...], Slots]] = {}
"""By identity; the tuples are kept alive here, so that an id means one tuple."""


def slots_of(tools: tuple[Tool, ...]) -> Slots:
    """The slots of `tools`, remembered."""
    known = _KNOWN.get(id(tools))
    if known is None:
        if len(_KNOWN) >= _KEPT:
            _KNOWN.clear()
        known = _KNOWN[id(tools)] = tools, Slots(tools)
    return known[1]


def _slot(parameters: Json, path: tuple[str | int, ...]) -> Slot:
    schemas = [parameters]
    for key in path:
        schemas = [inner for schema in schemas for inner in _at(schema, key, parameters)][:_DEEP]
    values: list[bytes] = []
    descriptions = []
    for same in [same for schema in schemas for same in _same(schema, parameters)]:
        values += _values(same)
        if type(same.get("description")) is str:
            descriptions.append(same["description"])
    description = " ".join(descriptions)
    name = str(path[-1]) if path else ""
    return Slot(frozenset(values), b" " + fold(description) + b" ", *_kind(name, description))


def _same(schema: Json, root: Json) -> list[dict[str, Json]]:
    """`schema` and all that it joins or points to, which speak of the same value."""
    found: list[dict[str, Json]] = []
    waiting = [schema]
    while waiting and len(found) < _DEEP:
        schema = waiting.pop()
        if type(schema) is not dict or any(schema is one for one in found):
            continue
        found.append(schema)
        for key in _INSIDE:
            if type(schema.get(key)) is list:
                waiting += schema[key]
        if type(schema.get("$ref")) is str:
            waiting.append(_pointed(schema["$ref"], root))
        waiting.append(schema.get("items"))
    return found


def _pointed(reference: str, root: Json) -> Json:
    if not reference.startswith("#/"):
        return None
    for key in reference[2:].split("/"):
        root = root.get(key.replace("~1", "/").replace("~0", "~")) if type(root) is dict else None
    return root


def _at(schema: Json, key: str | int, root: Json) -> list[Json]:
    found = []
    for same in _same(schema, root):
        properties = same.get("properties")
        if type(properties) is dict and key in properties:
            found.append(properties[key])
        else:
            found.append(same.get("additionalProperties"))
    return found


def _values(schema: dict[str, Json]) -> list[bytes]:
    found = [schema.get(key) for key in _ALONE]
    for key in _NAMED:
        if type(schema.get(key)) is list:
            found += schema[key]
    inside = [inner for value in found if type(value) is list for inner in value]
    return [needle(str(value)) for value in found + inside if type(value) in (str, float) or _short(value)]


def _short(value: Json) -> bool:
    return type(value) is int and abs(value) < 10**300


def _strings(value: Json) -> str:
    """All strings in `value`, keys too."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if type(value) is dict:
            found += map(str, value)
            waiting += value.values()
        elif type(value) is list:
            waiting += value
        elif type(value) is str:
            found.append(value)
    return " ".join(found)
