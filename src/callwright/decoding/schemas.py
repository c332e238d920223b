"""The schema of a tool's arguments as the decoder can hold a model to it, and what of it it cannot.

`llguidance` refuses what it cannot enforce; a refused keyword is taken out of the grammar, named, and
left to the validation of the finished call.
"""

import json
from collections.abc import Callable, Iterator
from functools import lru_cache

import msgspec

from callwright.conversation import Json, Tool
from callwright.schema import Schema, json_path

SPACING = {
    "whitespace_flexible": False,
    "item_separator": ", ",
    "key_separator": ": ",
    # No `u`: a lone surrogate would be legal JSON that no UTF-8 text can hold.
    "json_allowed_escapes": 'nrbtf\\"',
}
"""The spacing of Python's `json.dumps`, as students are trained; free spacing lets a model pad for ever."""

NUMBER, INTEGER = 1e15, 2**53
"""Bounds of numbers whose schema has none: beyond them a digit run never ends, and 1e400 is no finite
number.
"""

OPEN = (
    "allOf",
    "anyOf",
    "oneOf",
    "$ref",
    "patternProperties",
    "additionalProperties",
    "if",
    "unevaluatedProperties",
)
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_ONES = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")


class Enforced(msgspec.Struct, frozen=True):
    schema: Schema
    """What the grammar holds the arguments to."""
    left_out: tuple[str, ...]
    """What it does not, as `$.properties.tags: uniqueItems`."""


def enforced(tool: Tool) -> Enforced:
    """The arguments of `tool`, closed as a function's are, without what the engine refuses."""
    return _enforced(json.dumps(tool.parameters))


@lru_cache(maxsize=4096)
def _enforced(text: str) -> Enforced:
    schema = json.loads(text)
    schema["type"] = "object"
    if not any(key in schema for key in OPEN):
        schema["additionalProperties"] = False
    left_out: list[str] = []
    for _, node in _nodes(schema):
        _bound(node)
        if node.get("properties") and not any(key in node for key in OPEN):
            node["additionalProperties"] = False
    for _ in range(64):
        error = refusal(schema)
        if not error:
            return Enforced(schema, tuple(left_out))
        dropped = _without_refused(schema, error)
        if not dropped:
            break
        left_out += dropped
    return Enforced({"type": "object"}, (*left_out, f"$: everything ({error.splitlines()[0]})"))


def refusal(schema: Schema) -> str:
    """Why the engine refuses `schema`; empty if it takes it."""
    from llguidance import LLMatcher  # here, so that the light installation can plan a job

    grammar = LLMatcher.grammar_from_json_schema(json.dumps(schema), overrides=SPACING)
    failed, messages = LLMatcher.validate_grammar_with_warnings(grammar)
    return "\n".join(messages) if failed else ""


def _bound(node: Schema) -> None:
    kinds = node.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "enum" in node or "const" in node or not {"number", "integer"} & set(map(str, kinds)):
        return
    limit = NUMBER if "number" in kinds else INTEGER
    if not {"minimum", "exclusiveMinimum"} & set(node):
        node["minimum"] = min(-limit, node.get("maximum", 0), node.get("exclusiveMaximum", 0))
    if not {"maximum", "exclusiveMaximum"} & set(node):
        node["maximum"] = max(limit, node.get("minimum", 0), node.get("exclusiveMinimum", 0))


def _without_refused(schema: Schema, error: str) -> list[str]:
    """Take out of `schema`, in place, what `error` names; what was taken out."""
    if error.startswith("Unimplemented keys: "):
        keys = set(json.loads(error.splitlines()[0].removeprefix("Unimplemented keys: ")))
        return _drop(schema, lambda node: sorted(keys & set(node)))
    if error.startswith("Unknown format: "):
        name = error.splitlines()[0].removeprefix("Unknown format: ")
        return _drop(schema, lambda node: ["format"] if node.get("format") == name else [])
    if "oneOf" in error:
        found = [f"{path}: oneOf as anyOf" for path, node in _nodes(schema) if "oneOf" in node]
        for _, node in _nodes(schema):
            if "oneOf" in node:
                node.setdefault("anyOf", node.pop("oneOf"))
                node.pop("oneOf", None)
        return found
    return _drop(
        schema,
        lambda node: [
            key
            for key in (
                "pattern",
                "patternProperties",
                "format",
                "multipleOf",
                "minimum",
                "maximum",
                "allOf",
                "minLength",
            )
            if key in node and refusal({"type": node.get("type", "string"), key: node[key]})
        ],
    )


def _drop(schema: Schema, refused: Callable[[Schema], list[str]]) -> list[str]:
    dropped = []
    for path, node in _nodes(schema):
        for key in refused(node):
            del node[key]
            dropped.append(f"{path}: {key}")
    return dropped


def _nodes(schema: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str, Schema]]:
    """Every schema inside `schema` with its JSON path; values such as `enum` and `default` are not looked
    into.
    """
    if not isinstance(schema, dict):
        return
    yield json_path(list(path)), schema
    for key in _ONES:
        yield from _nodes(schema.get(key), (*path, key))
    for key in _LISTS:
        if isinstance(schema.get(key), list):
            for index, part in enumerate(schema[key]):
                yield from _nodes(part, (*path, key, index))
    for key in _MAPS:
        if isinstance(schema.get(key), dict):
            for name, part in list(schema[key].items()):
                yield from _nodes(part, (*path, key, name))


def inline(schema: Json, root: Schema | None = None) -> str:
    """`schema` as a grammar's `%json`, with the definitions of `root` at hand."""
    whole = dict(schema) if isinstance(schema, dict) else {} if schema is True else {"not": {}}
    for key in ("$defs", "definitions"):
        if root and key in root:
            whole.setdefault(key, root[key])
    return f"%json {json.dumps({**whole, 'x-guidance': SPACING})}"
