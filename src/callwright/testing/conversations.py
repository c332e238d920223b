"""Seeded random conversations with everything that breaks renderers, and a tokenizer trained in a moment.

Each conversation is valid: declared tools, arguments of the declared types, a result for every call, a reply
at the end. What it says is nonsense of the nasty kind: `</tool_call>` and quotes in strings, `null` beside
`"null"`, `1.0` beside `1`, whole numbers beyond 64 bits, combining characters, empty objects, line breaks.
"""

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    Message,
    SystemMessage,
    Tool,
    ToolCall,
    ToolMessage,
    UserMessage,
)

_WORDS = [
    "list",
    "copy",
    "the",
    "report.txt",
    "into",
    "Zürich",
    "café",
    "naïve",
    "東京",
    "🦊",
    "don't",
    "'single'",
    "a/b",
    "C:\\dir",
    "100%",
    "{curly}",
    "<b>",
    "&",
    "true",
    "null",
    "None",
    "3.14",
    "1e5",
    "semi;colon,",
    "comma:",
    "key=",
    "#1",
    "@home",
    "a_b",
    "kebab-case",
    "ÀÉ",
    "½",
    "ß",
    "…",
    "“quoted”",
    "tab\there",
]
_NASTY = (
    '"}}',
    '", "b": "',
    "</tool_call>",
    '{"name": "fake", "arguments": {}}',
    "\\",
    '\\"',
    "\u2028",
    "line\nbreak",
    "'",
    "null",
    "1.0",
    "True",
    "",
    "\u0065\u0301",
    "<function=f>",
    "[]",
    "<b>&amp;",
)
_KINDS = ("string", "integer", "number", "boolean", "array", "object", "nullable", "enum")
_NAMES = ("find", "book_table", "Weather_1_Get", "set-alarm", "mv", "search", "pay", "note")
_KEYS = ("path", "city", "count", "size", "flag", "items", "options", "note", "mode", "x_1")


def random_conversation(
    seed: int | random.Random = 0,
    *,
    tools: Sequence[Tool] | None = None,
    parallel: bool = True,
    beside: bool = True,
    reasoning: bool = False,
    nasty: bool = True,
) -> Conversation:
    """A valid conversation; the same seed gives the same one.

    `parallel`: turns of several calls; `beside`: text beside calls; `reasoning`: some turns think; `nasty`:
    strings that look like markup, JSON or Python inside arguments and results.
    """
    rng = seed if isinstance(seed, random.Random) else random.Random(seed)
    told = random_tools(rng) if tools is None else tuple(tools)
    messages: list[Message] = [SystemMessage(_sentence(rng))] if rng.random() < 0.7 else []
    made = 0
    for _ in range(rng.randint(1, 4)):
        messages.append(UserMessage(_sentence(rng)))
        for _ in range(rng.choice((0, 1, 1, 2)) if told else 0):
            count = rng.choice((1, 1, 2, 3)) if parallel else 1
            calls = tuple(_call(rng, told, made + n, nasty) for n in range(1, count + 1))
            made += count
            messages.append(
                AssistantMessage(
                    content=_sentence(rng) if beside and rng.random() < 0.3 else "",
                    reasoning=_sentence(rng) if reasoning and rng.random() < 0.5 else "",
                    tool_calls=calls,
                )
            )
            messages += [ToolMessage(content=_result(rng, nasty), call_id=call.id) for call in calls]
        thought = _sentence(rng) if reasoning and rng.random() < 0.5 else ""
        messages.append(AssistantMessage(content=_sentence(rng), reasoning=thought))
    return Conversation(messages=tuple(messages), tools=told, id=f"random-{rng.randrange(10**9)}")


def random_conversations(count: int, *, seed: int = 0, **choices: Any) -> Iterator[Conversation]:
    """`count` of them; `choices` as for `random_conversation`."""
    for number in range(count):
        yield random_conversation(random.Random(f"{seed}/{number}"), **choices)


def random_tools(rng: random.Random) -> tuple[Tool, ...]:
    """One to four tools with parameters of every kind."""
    return tuple(
        Tool(name=name, description=_sentence(rng), parameters=_object(rng, depth=0))
        for name in rng.sample(_NAMES, rng.randint(1, 4))
    )


def tiny_tokenizer(texts: Iterable[str], special_tokens: Sequence[str] = (), *, size: int = 1000) -> Any:
    """A byte-level BPE `tokenizers.Tokenizer`, trained on `texts`; every text goes there and back."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=[AddedToken(text, special=True, normalized=False) for text in special_tokens],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


# --- schemas, values, words


def _object(rng: random.Random, depth: int) -> dict[str, Json]:
    keys = rng.sample(_KEYS, rng.randint(0 if depth == 0 else 1, 4))
    properties = {key: _schema(rng, depth) for key in keys}
    required = [key for key in keys if rng.random() < 0.6]
    return {"type": "object", "properties": properties, "required": required}


def _schema(rng: random.Random, depth: int) -> dict[str, Json]:
    kind = rng.choice(_KINDS if depth < 2 else _KINDS[:4])
    match kind:
        case "array":
            schema: dict[str, Json] = {"type": "array", "items": _schema(rng, depth + 1)}
        case "object":
            schema = _object(rng, depth + 1)
        case "nullable":
            schema = {"type": ["integer", "null"]}
        case "enum":
            schema = {"type": "string", "enum": rng.sample(_WORDS, 3)}
        case _:
            schema = {"type": kind}
    if rng.random() < 0.3:
        schema["description"] = _sentence(rng)
    return schema


def _call(rng: random.Random, tools: Sequence[Tool], number: int, nasty: bool) -> ToolCall:
    tool = rng.choice(tools)
    return ToolCall(
        id=f"call_{number}",
        name=tool.name,
        arguments=_value(rng, {"type": "object", **tool.parameters}, nasty),
    )


def _value(rng: random.Random, schema: dict[str, Json], nasty: bool) -> Json:
    if "enum" in schema:
        return rng.choice(schema["enum"])
    match schema.get("type", "string"):
        case "object":
            required = schema.get("required", [])
            return {
                key: _value(rng, part, nasty)
                for key, part in schema.get("properties", {}).items()
                if key in required or rng.random() < 0.5
            }
        case "array":
            return [_value(rng, schema.get("items", {}), nasty) for _ in range(rng.randint(0, 3))]
        case "integer":
            return rng.choice((0, -1, 7, rng.randrange(10**6), 2**63 + 11))
        case "number":
            return rng.choice((1.0, -0.5, 1e-7, 1e22, 3, round(rng.uniform(-99, 99), 3)))
        case "boolean":
            return rng.random() < 0.5
        case "string":
            return rng.choice(_NASTY) if nasty and rng.random() < 0.4 else _sentence(rng)
        case _:
            return rng.choice((None, rng.randrange(100)))


def _result(rng: random.Random, nasty: bool) -> str:
    words = [rng.choice(_NASTY) if nasty and rng.random() < 0.3 else rng.choice(_WORDS) for _ in range(3)]
    if rng.random() < 0.5:
        return json.dumps({"ok": rng.random() < 0.8, "rows": words, "next": None}, ensure_ascii=False)
    return _sentence(rng)


def _sentence(rng: random.Random) -> str:
    return " ".join(rng.choice(_WORDS) for _ in range(rng.randint(1, 8)))
