"""Decoding: what a student may write next, as a grammar of one turn.

`free` holds it to nothing; `constrained` holds every call to a tool's name and its schema; `grounded`
also holds string arguments to what the conversation contains. A grammar is Lark text for `llguidance`; no
torch here.
"""

import json
from collections.abc import Collection, Sequence
from typing import Literal

import msgspec

from callwright.conversation import Conversation, Json, Tool
from callwright.decoding.grounding import Grounding, chunks, eligible, given, groundable, texts
from callwright.decoding.schemas import enforced, inline
from callwright.decoding.shapes import BARE, SHAPES, TAGGED, Shape, shape_of
from callwright.errors import CallwrightError
from callwright.registry import near
from callwright.schema import Schema

__all__ = [
    "BARE",
    "SHAPES",
    "TAGGED",
    "Grammar",
    "Grounding",
    "Mode",
    "Shape",
    "grammar",
    "groundable",
    "shape_of",
]

Mode = Literal["free", "constrained", "grounded"]

_CHARACTER = r'(\\(u[0-9a-f]{4}|.)|[^"\\])'


class Grammar(msgspec.Struct, frozen=True):
    lark: str
    unenforced: tuple[str, ...] = ()
    """What the schemas ask and the grammar does not hold, as `tool: $.properties.x: keyword`."""


def grammar(
    tools: Sequence[Tool],
    shape: Shape,
    *,
    choice: str = "auto",
    parallel: bool = True,
    context: Conversation | None = None,
    grounding: Grounding | None = None,
    special: Collection[str] = (),
) -> Grammar:
    """One turn of a student that writes calls in `shape`.

    `choice`: `auto`, `none`, `required` or the name of a tool. `context` and `grounding` together hold the
    parameters that the map calls `context` to the words of the conversation. `special`: the texts that
    are single tokens of the student's vocabulary and are matched as such.
    """
    if choice == "none" or (choice == "auto" and not tools):
        return Grammar("\n".join([_start(shape, "none", several=False), *_prose(shape, special)]))
    chosen = _chosen(tools, choice)
    words = _words(context) if context and grounding else []
    names = {
        tool.name: {name for name, kind in grounding.get(tool.name, {}).items() if kind == "context"}
        if words and grounding
        else set()
        for tool in chosen
    }
    # A call that must be made is made at once, without reasoning.
    lines = [_start(shape, choice, several=parallel and shape.several), _call(shape, chosen)]
    lines += _tags(shape, special)
    for index, tool in enumerate(chosen):
        lines += _arguments(f"args_{index}", enforced(tool).schema, names[tool.name])
    if words:
        lines += [
            r"WORDS: RUN & /[^ \n]([^\n]*[^ \n])?/",
            f'RUN: %regex {{"substring_chunks": {json.dumps(words)}}}',
        ]
    if choice == "auto":
        lines += _prose(shape, special)
    unenforced = tuple(f"{tool.name}: {what}" for tool in chosen for what in enforced(tool).left_out)
    return Grammar("\n".join(dict.fromkeys(lines)), unenforced)


def _chosen(tools: Sequence[Tool], choice: str) -> list[Tool]:
    if choice in ("auto", "required"):
        chosen = list({tool.name: tool for tool in tools}.values())
    else:
        chosen = [tool for tool in tools if tool.name == choice][:1]
    if not chosen:
        names = [tool.name for tool in tools]
        raise CallwrightError(
            f"a call of `{choice}` is asked for, and no such tool is given"
            if names
            else "a call is asked for without tools",
            hint=near(choice, names) if names else "give tools, or let tool_choice be `none`",
        )
    return chosen


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _tag(text: str, special: Collection[str]) -> str:
    """A tag as its own token, or spelled within others."""
    return f"({text} | {_quoted(text)})" if text in special else _quoted(text)


def _tags(shape: Shape, special: Collection[str]) -> list[str]:
    if not shape.opening:
        return []
    return [f"opening: {_tag(shape.opening, special)}", f"closing: {_tag(shape.closing, special)}"]


def _prose(shape: Shape, special: Collection[str]) -> list[str]:
    """Any text in which nothing looks like a call, and the reasoning before it.

    A text is never empty, so that a turn cannot end before it starts, and does not begin with a line feed,
    which is written between the parts of a turn and belongs to none. One that runs up to a tag is `lazy`: the
    lexer would otherwise read on past a tag that is spelled.
    """
    if not shape.opening:
        return [r"TEXT: /[^\s{](?s:.*)/"]

    def upto(text: str, end: str) -> str:
        spelled = f"{text.lower()}_upto"
        return f"({spelled} | {text} {end})" if end in special else spelled

    tags = "|".join(map(_escaped, (shape.opening, shape.closing, *shape.thought)))
    lines = [
        rf"TEXT: /[^\n](?s:.*)/ & ~/(?s:.*)({tags})(?s:.*)/",
        f"text_upto[lazy]: TEXT {_quoted(shape.opening)}",
        f"said: {upto('TEXT', shape.opening)}",
    ]
    if shape.thought:
        think, thought = shape.thought
        lines += [
            f'reasoning: {_tag(think, special)} {upto("THINKING", thought)} "\\n\\n"',
            f"thinking_upto[lazy]: /(?s:.*)/ {_quoted(thought)}",
            f"THINKING: /(?s:.*)/ & ~/(?s:.*){_escaped(thought)}(?s:.*)/",
        ]
    return lines


def _escaped(tag: str) -> str:
    return tag.replace("/", r"\/")


def _start(shape: Shape, choice: str, several: bool) -> str:
    more = f" ({_quoted(shape.between)} call)*" if several else ""
    before = "reasoning? " if shape.thought else ""
    if choice == "none":
        return f"start: {before}TEXT"
    if choice != "auto":
        return f"start: call{more}"
    if not shape.opening:
        return f"start: {before}(TEXT | call{more})"
    return f"start: {before}(TEXT | (call | said body){more})"


def _call(shape: Shape, tools: Sequence[Tool]) -> str:
    heads = (
        f"{_quoted(json.dumps(tool.name, ensure_ascii=False)[1:-1] + shape.arguments_key)} args_{index}"
        for index, tool in enumerate(tools)
    )
    body = f"body: {_quoted(shape.name_key)} ({' | '.join(heads)}) {_quoted(shape.ending)}"
    return f"call: opening body\n{body} closing" if shape.opening else f"call: body\n{body}"


def _words(context: Conversation) -> list[str]:
    """The chunks of all texts as they stand inside a JSON string; a line feed, which cannot, parts the
    texts.
    """
    words: list[str] = []
    for text in texts(context):
        words += ["\n"] if words else []
        words += [json.dumps(chunk, ensure_ascii=False)[1:-1] for chunk in chunks(text)]
    return words


def _arguments(rule: str, schema: Schema, grounded: Collection[str]) -> list[str]:
    """The rules of an arguments object whose parameters `grounded` come from the conversation."""
    properties = schema.get("properties", {})
    held = {name for name in grounded if eligible(properties.get(name))}
    plain = {
        "type",
        "properties",
        "required",
        "additionalProperties",
        "$defs",
        "definitions",
        "title",
        "description",
    }
    closed = schema.get("additionalProperties") is False
    if (
        not held
        or not closed
        or not set(schema) - {"$schema", "strict"} <= plain
        or "#/properties" in json.dumps(schema)
    ):
        return [f"{rule}: {inline(schema)}"]
    required = set(schema.get("required", []))
    lines, names = [], list(properties)
    for index, (name, spec) in enumerate(properties.items()):
        value, terminals = _grounded(spec) if name in held else (inline(spec, schema), [])
        lines += terminals
        lines.append(f"{rule}_{index}: {_quoted(json.dumps(name, ensure_ascii=False) + ': ')} ({value})")
    for index in range(len(names) - 1, 0, -1):
        member = f'", " {rule}_{index}'
        more = f" {rule}_from_{index + 1}" if index + 1 < len(names) else ""
        lines.append(
            f"{rule}_from_{index}: " + (member if names[index] in required else f"({member})?") + more
        )
    firsts = []
    for index, name in enumerate(names):
        firsts.append(f"{rule}_{index}" + (f" {rule}_from_{index + 1}" if index + 1 < len(names) else ""))
        if name in required:
            break
    optional = "" if required & set(names) else "?"
    return [f'{rule}: "{{" ({" | ".join(firsts)}){optional} "}}"', *lines]


def _grounded(spec: dict[str, Json]) -> tuple[str, list[str]]:
    """What the value may be, and the terminals that this needs."""
    words, terminals = "WORDS", []
    least, most = spec.get("minLength", 0), spec.get("maxLength", "")
    if least > 1 or most != "":
        words = f"WORDS_{least}_{most}"
        terminals = [f"{words}: WORDS & /{_CHARACTER}{{{least},{most}}}/"]
    values = [f'"\\"" {words} "\\""']
    offered = [*given(spec), *([None] if "null" in spec["type"] and isinstance(spec["type"], list) else [])]
    if offered:
        values.append(inline({"enum": offered}))
    return " | ".join(values), terminals
