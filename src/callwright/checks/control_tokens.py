"""Control tokens: what templates write around turns and calls, and calls that stand as text, told from plain words."""

import re
from collections.abc import Iterator
from functools import lru_cache

import orjson

from callwright.conversation import Json

_CALL_TAGS = "tool_call|tool_calls|tool_response|tool_result|function_call|function_calls|function_response"
TAG = re.compile(rf"</?(?:{_CALL_TAGS}|think|thinking)>")
"""Tags that a model writes around calls, results and reasoning."""
_CALL_SYNTAX = re.compile(
    rf"</?(?:{_CALL_TAGS})>|<function=[\w.-]{{1,64}}>|<\|?tool_call\|?>|<\|tool_calls_section|<\|python_tag\|>"
    r"|<｜tool▁calls?▁begin｜>|\[TOOL_CALLS\]|<invoke name=|<tool_use>|<start_function_call>|```tool_(?:code|call)"
    r"|\bfunctions\.\w{1,64}(?:\(|:\d)|\bto=functions\.\w{1,64}|(?:\A|\n)Action Input:"
)
_ANGLED = re.compile(
    r"<\|[\w.:/-]{1,40}\|?>|<\w{1,40}\|>|<｜[^｜<>\n]{1,40}｜>|</?(?:start|end)_of_(?:turn|text|image)>"
    r"|<</?SYS>>|<(?:start|end)_function_(?:call|response|declaration)>|<(?:bos|eos|pad|unk)>"
)
_BRACKETED = re.compile(r"\[/?(?:INST|TOOL_CALLS|TOOL_RESULTS|AVAILABLE_TOOLS|SYSTEM_PROMPT|TOOL_CONTENT)\]")


def suspect(text: str) -> bool:
    """Whether a closer look is worth it; quick."""
    return "<" in text or "INST]" in text or "[TOOL_" in text or "[AVAILABLE_TOOLS]" in text


def control_tokens(text: str, own: tuple[str, ...] = ()) -> Iterator[str]:
    """The well-known control tokens in `text`, as they stand there, and those of a student's `own`; no tags."""
    if "<" in text:
        yield from _ANGLED.findall(text)
        yield from _sentence_tokens(text)
    if "]" in text:
        yield from _BRACKETED.findall(text)
    if own:
        others = _others(own)
        if others is not None:
            yield from others.findall(text)


def _sentence_tokens(text: str) -> Iterator[str]:
    """`<s>` and `</s>`, unless they strike words through, as in HTML: a pair with other words around it."""
    opened, closed = text.count("<s>"), text.count("</s>")
    if not (opened or closed):
        return
    stripped = text.strip()
    whole = stripped.startswith("<s>") and (opened > closed or stripped.endswith("</s>"))
    if whole or opened > closed:
        yield "<s>"
    elif closed > opened:
        yield "</s>"


@lru_cache(maxsize=64)
def _others(own: tuple[str, ...]) -> re.Pattern[str] | None:
    """What finds those of `own` that are not found anyway, the longest first; None where all are, or are words."""
    rest = sorted({token for token in own if len(token) > 2 and not _known(token)}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, rest))) if rest else None


def _known(token: str) -> bool:
    known = any(pattern.fullmatch(token) for pattern in (_ANGLED, _BRACKETED, TAG))
    return known or token in ("<s>", "</s>") or token.isalnum() or not token.strip()


_KEYS = (
    ("name", "arguments"),
    ("name", "parameters"),
    ("function", "arguments"),
    ("tool", "arguments"),
    ("tool", "parameters"),
    ("tool", "args"),
    ("tool_name", "arguments"),
    ("tool_name", "parameters"),
    ("action", "action_input"),
)
_CALL_TEXT = re.compile(
    r"""\{\s*["'](?:name|function|tool|tool_name|action)["']\s*:\s*["'][^"'\n]{1,80}["']\s*,\s*"""
    r"""["'](?:arguments|parameters|args|action_input)["']\s*:"""
)
_FENCE = re.compile(r"\A\s*```[\w+-]*[ \t]*\n?(.*?)```\s*\Z", re.DOTALL)


def fenced(text: str) -> str | None:
    """What stands in a code fence that `text` is and nothing else; None where it is not."""
    found = _FENCE.match(text) if "```" in text else None
    return found[1].strip() if found and "```" not in found[1] else None


def call_text(text: str) -> str:
    """The first words of a call that stands in `text`, in tags or as JSON; empty: there is none."""
    if found := _CALL_SYNTAX.search(text):
        return found[0].strip()
    if "{" not in text:
        return ""
    inner = fenced(text)
    whole = (text if inner is None else inner).strip()
    if is_call_text(whole):
        return whole
    found = _CALL_TEXT.search(text)
    return found[0] if found else ""


def is_call_text(text: str) -> bool:
    """Whether `text` is the JSON of one call or of several, and nothing else."""
    if text[:1] not in ("{", "[") or text[-1:] not in ("}", "]"):
        return False
    try:
        value = orjson.loads(text)
    except ValueError:
        return False
    return all(map(_is_call, value)) if type(value) is list and value else _is_call(value)


def _is_call(value: Json) -> bool:
    if type(value) is not dict:
        return False
    if "tool_calls" in value or type(value.get("function")) is dict:
        return "tool_calls" in value or "name" in value["function"]
    return any(type(value.get(name)) is str and _are_arguments(value.get(given)) for name, given in _KEYS)


def _are_arguments(value: Json) -> bool:
    return type(value) is dict or (type(value) is str and value.lstrip()[:1] == "{")
