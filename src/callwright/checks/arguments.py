"""Arguments: every call is of a declared tool, and its arguments hold against that tool's JSON Schema."""

import json
import math
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import jsonschema_rs

from callwright.checks import argument_order as order
from callwright.checks.argument_order import Keys, altered
from callwright.checks.arguments_rules import (
    DOUBLE_ENCODED,
    MALFORMED,
    ORDER,
    PYTHON_LITERAL,
    RULES,
    SCHEMA,
    UNDECLARED,
)
from callwright.checks.known_tools import KnownTool, known_tools
from callwright.checks.python_literal import literal
from callwright.checks.rules import Check, Finding, Rule
from callwright.checks.subject import Made, Subject
from callwright.conversation import AssistantMessage, Json, Tool
from callwright.registry import near
from callwright.schema import json_path

LISTED = 20
"""Faults of one call that are listed; the rest is counted."""


def look(subject: Subject) -> Iterator[Finding]:
    """Every call against its tool; the calls of a tool whose schema is none are not judged."""
    tools = subject.conversation.tools
    known = known_tools(tools)
    disordered: list[Made] = []
    for made in subject.calls:
        call = made.call
        tool = known.get(call.name)
        if tool is None:
            if call.name not in known:
                yield _undeclared(made, tools)
            continue
        fits, ordered = tool.keys(call.arguments)
        if not (fits and tool.holds(call.arguments)):
            yield from _faults(made, tool)
        if not ordered:
            disordered.append(made)
    for index, message in enumerate(subject.messages):
        if type(message) is AssistantMessage and message.malformed:
            for place, one in enumerate(message.malformed):
                said = f"this should be a call and is none: {one.error}: {_short(one.raw)}"
                yield MALFORMED.at(f"$.messages[{index}].malformed[{place}]", said)
    if disordered:
        yield _disordered(disordered)


CHECK = Check(rules=RULES, look=look)


def _undeclared(made: Made, tools: tuple[Tool, ...]) -> Finding:
    name = made.call.name
    hint = near(name, [tool.name for tool in tools]) if tools else "no tools are declared"
    return UNDECLARED.at(f"{made.path}.name", f"`{name}` is not a declared tool; {hint}", words=name)


def _disordered(calls: list[Made]) -> Finding:
    first = calls[0]
    others = f"{len(calls) - 1} more call{'s' if len(calls) > 2 else ''}"
    more = f", nor do those of {others} here" if len(calls) > 1 else ""
    said = f"the arguments of `{first.call.name}` do not stand in the order of its schema{more}"
    return ORDER.at(f"{first.path}.arguments", f"{said}; put them in that order", fix=order.put_in_order)


class _Fault(NamedTuple):
    """A place in the arguments of a call, and what its schema says against it."""

    keys: Keys
    why: str


class _Meant(NamedTuple):
    """The value that a text stands for, and the rule that says so."""

    rule: Rule
    value: Json


def _faults(made: Made, tool: KnownTool) -> Iterator[Finding]:
    try:
        found = [*_against_schema(made, tool), *_unknown(made, tool)]
        meant = _meant(made.call.arguments, found, tool.compiled)
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        yield SCHEMA.at(f"{made.path}.arguments", f"JSON cannot say these arguments: {error}")
        return
    told: set[Keys] = set()
    for keys, why in found[:LISTED]:
        path = f"{made.path}.arguments{json_path(list(keys))[1:]}"
        if keys not in meant:
            yield SCHEMA.at(path, why)
        elif keys not in told:
            told.add(keys)
            rule, value = meant[keys]
            language = "a string of JSON" if rule is DOUBLE_ENCODED else "a string of Python"
            instead = _short(json.dumps(value, ensure_ascii=False))
            said = f"a value written as {language}: {why}; write `{instead}` itself"
            fix = partial(altered, turn=made.turn, place=made.place, keys=keys, value=value)
            yield rule.at(path, said, words=str(_at(made.call.arguments, keys)), fix=fix)
    if len(found) > LISTED:
        said = f"{len(found):,} faults in one call, of which the first {LISTED} are listed"
        yield SCHEMA.at(f"{made.path}.arguments", said)


def _against_schema(made: Made, tool: KnownTool) -> Iterator[_Fault]:
    for error in tool.compiled.iter_errors(made.call.arguments):
        yield _Fault(tuple(error.instance_path), _short(error.message, 200))


def _unknown(made: Made, tool: KnownTool) -> Iterator[_Fault]:
    name = made.call.name
    for key in made.call.arguments if tool.closed else ():
        if key not in tool.places:
            known = list(tool.places)
            said = f"`{name}` has no parameter `{key}`; {near(key, known)}"
            yield _Fault((key,), said if known else f"`{name}` takes no arguments")


def _meant(
    arguments: dict[str, Json], found: list[_Fault], compiled: jsonschema_rs.Validator
) -> dict[Keys, _Meant]:
    """Place -> what the text there stands for, where the schema refuses the text and takes that."""
    tried = {}
    for keys, _ in found:
        value = _at(arguments, keys)
        if keys and type(value) is str and (meant := _decoded(value)):
            tried[keys] = meant
    if not tried:
        return {}
    instead = order.copied(arguments)
    for keys, meant in tried.items():
        _at(instead, keys[:-1])[keys[-1]] = meant.value
    refused = {tuple(error.instance_path) for error in compiled.iter_errors(instead)}
    return {keys: meant for keys, meant in tried.items() if keys not in refused}


def _decoded(text: str) -> _Meant | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        pass
    else:
        return None if type(value) is float and not math.isfinite(value) else _Meant(DOUBLE_ENCODED, value)
    try:
        return _Meant(PYTHON_LITERAL, literal(text))
    except ValueError:
        return None


def _at(value: Json, keys: Keys) -> Json:
    """What stands at `keys`; None where nothing does: the validator leaves empty keys out of its paths."""
    for key in keys:
        try:
            value = value[key]
        except (LookupError, TypeError):
            return None
    return value


def _short(text: str, limit: int = 80) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
