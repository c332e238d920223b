"""Markup: calls and control tokens that stand as text, markdown where plain text is promised, odd characters."""

import re
from collections.abc import Callable, Iterator
from functools import partial

import msgspec
import orjson

from callwright.checks import markdown
from callwright.checks.control_tokens import TAG, call_text, control_tokens, fenced, is_call_text, suspect
from callwright.checks.examples import call, reply, result, said, user
from callwright.checks.odd_characters import ODD, SEPARATOR, called, cleaned, separated, strange
from callwright.checks.rules import Check, Finding, Fix, Rule
from callwright.checks.subject import Subject
from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    Message,
    SystemMessage,
    ToolMessage,
    UserMessage,
)
from callwright.schema import json_path

_LIT = (user("Hall on."), call("set_light", room="hall", on=True), result("ok"), reply("It is on."))

TOOL_SYNTAX = Rule(
    code="markup-tool-syntax",
    title="a call stands as text in a reply",
    why="A call belongs in `tool_calls`. As text in `content` it is no call: nothing is run, the reader"
    " sees code, and a model trained on it writes its calls where no server looks for them, the most common"
    " failure of small models in the field. Found are `<tool_call>` and its kin, `<function=…>`,"
    " `functions.name(…)`, JSON with a name and arguments, and a declared tool's name with brackets behind"
    " it. Read the row in the form it was written in, or turn the text into a call.",
    bad=(
        said(
            user("Hall on."),
            reply('<tool_call>{"name": "set_light", "arguments": {"room": "hall"}}</tool_call>'),
        ),
    ),
    good=(said(*_LIT),),
)
CONTROL_TOKEN = Rule(
    code="markup-control-token",
    title="a control token stands in a text",
    why="A tokenizer takes `<|im_end|>` for the end of a turn wherever it stands: what comes after it is"
    " another turn, and whoever can put words into a result can speak as the system. The tokens of the"
    " well-known families are known (`<|…|>`, `[INST]`, `<start_of_turn>`, `<s>` unless it strikes words"
    " through), those of the student are added. Tags around calls and reasoning count too, but for a system"
    " message, which may explain them. The user's words are looked at by `user-markup`. Leave them out.",
    bad=(said(*_LIT[:3], reply("It is on.<|im_end|>")),),
    good=(said(*_LIT[:3], reply("It is on. It costs <s>5</s> 4 cents an hour.")),),
)
SEPARATOR_RULE = Rule(
    code="markup-separator",
    title="a text holds a line separator that many readers take for the end of a line",
    why="U+2028, U+2029 and U+0085 are legal within a string of JSON, and many programs that read a file"
    " line by line split it there: two broken rows instead of one. They come from copied web pages and mean"
    " nothing to a model. The fix makes them line ends; in arguments, and in results that are JSON, they"
    " are left to you.",
    severity="warning",
    bad=(said(*_LIT[:3], reply("It is on.\u2028Anything more?")),),
    good=(said(*_LIT[:3], reply("It is on.\nAnything more?")),),
)
CONTROL_CHARACTER = Rule(
    code="markup-control-character",
    title="a text holds characters that nobody sees, or that stand for lost ones",
    why="Control characters, half surrogate pairs, U+FFFD where something could not be decoded, zero-width"
    " spaces and marks that turn the direction of text: traces of a broken conversion, or words hidden from"
    " whoever reads the data. A tokenizer spends tokens on them, and a model writes them. Tabs and line"
    " ends are fine, and so are the joiners of emoji and of Persian. The fix takes out what has no meaning"
    " and joins surrogate pairs; lost characters and those in arguments are left to you.",
    severity="warning",
    bad=(said(*_LIT[:3], reply("It\u200b is on.\x00")),),
    good=(said(*_LIT),),
)
FENCE = Rule(
    code="markup-fence",
    title="data stands in a code fence",
    why="Three backticks around JSON are how a model shows code in a chat. A reply that is nothing but"
    " fenced JSON is data that a program is to read and cannot; an argument or a result so wrapped reaches"
    " its tool, or the model, with the backticks. A fence among words is no matter, unless plain text is"
    " promised. Take the fence away.",
    severity="warning",
    bad=(said(*_LIT[:2], result('```json\n{"on": true}\n```'), _LIT[3]),),
    good=(said(*_LIT[:2], result('{"on": true}'), _LIT[3]),),
)
RULES = (TOOL_SYNTAX, CONTROL_TOKEN, markdown.MARKDOWN, FENCE, SEPARATOR_RULE, CONTROL_CHARACTER)

_SYNTAX_SIGNS = ("{", "<", "(", "functions.", "[TOOL_CALLS]", "Action Input:", "```tool_")


def look(subject: Subject) -> Iterator[Finding]:
    """Quick tests of all texts at once, and a closer look where one strikes."""
    context = subject.context
    spoken = "\n".join(subject.texts.replies)
    whole = "\n".join(_texts(subject))
    calling = any(map(spoken.__contains__, _SYNTAX_SIGNS))
    if (
        calling
        or suspect(whole)
        or (context.control_tokens and any(control_tokens(whole, context.control_tokens)))
    ):
        yield from _tokens(subject)
    if context.plain_text:
        yield from _markdown(subject)
    if "```" in whole:
        yield from _fences(subject)
    odd = strange(whole)
    if odd and (ODD.search(odd) or SEPARATOR.search(odd)):
        yield from _characters(subject)


CHECK = Check(rules=RULES, look=look)


def _texts(subject: Subject) -> list[str]:
    """All contents and the strings of all arguments, without saying where they stand."""
    texts = [message.content for message in subject.messages]
    for made in subject.calls:
        for value in made.call.arguments.values():
            kind = type(value)
            if kind is str:
                texts.append(value)
            elif kind is dict or kind is list:
                texts += [text for _, text in strings(value)]
    texts += [turn.reasoning for _, turn in subject.conversation.turns() if turn.reasoning]
    return texts


def _contents(subject: Subject) -> Iterator[tuple[str, int, Message, str]]:
    """What is said: path, index and message, text."""
    for index, message in enumerate(subject.messages):
        yield f"$.messages[{index}].content", index, message, message.content


def _arguments(subject: Subject) -> Iterator[tuple[str, str]]:
    """Path and text of every string among the arguments."""
    for made in subject.calls:
        for keys, text in strings(made.call.arguments):
            yield f"{made.path}.arguments{json_path(list(keys))[1:]}", text


def strings(value: Json) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The strings in `value`, in order, each with the keys that lead to it."""
    waiting: list[tuple[tuple[str | int, ...], Json]] = [((), value)]
    while waiting:
        keys, value = waiting.pop()
        kind = type(value)
        if kind is str:
            yield keys, value
        elif kind is dict:
            waiting += [((*keys, key), inner) for key, inner in reversed(value.items())]
        elif kind is list:
            waiting += [((*keys, place), value[place]) for place in range(len(value) - 1, -1, -1)]


def _tokens(subject: Subject) -> Iterator[Finding]:
    own = subject.context.control_tokens
    for path, index, message, text in _contents(subject):
        if type(message) is AssistantMessage:
            if words := call_text(text) or _named(subject, text):
                said = f"`{_short(words)}` is a call as text, which nobody makes; it belongs in `tool_calls`"
                yield TOOL_SYNTAX.at(path, said, words=words)
            else:
                yield from _token(path, text, own)
            if message.reasoning:
                yield from _token(f"$.messages[{index}].reasoning", message.reasoning, own)
        elif type(message) is SystemMessage:
            yield from _token(path, TAG.sub("", text), own)
        elif type(message) is not UserMessage:
            yield from _token(path, text, own)
    for path, text in _arguments(subject):
        yield from _token(path, text, own)


def _token(path: str, text: str, own: tuple[str, ...]) -> Iterator[Finding]:
    tag = TAG.search(text)
    found = tag[0] if tag else next(control_tokens(text, own), "")
    if found:
        said = f"`{found}` stands in a text, and a tokenizer takes it for a mark of its own; leave it out"
        yield CONTROL_TOKEN.at(path, said, words=found)


def _named(subject: Subject, text: str) -> str:
    """A declared tool's name with brackets behind it: as the whole text, or where no other word is written so."""
    if "(" not in text:
        return ""
    whole = text.strip().strip("[]")
    found = []
    for name in subject.tools:
        at = text.find(name + "(") if name else -1
        inside_a_name = at > 0 and (text[at - 1].isalnum() or text[at - 1] in "_.")
        alone = whole.startswith(name + "(") and whole.endswith(")")
        if at >= 0 and not inside_a_name and (alone or not _WORD.fullmatch(name)):
            found.append((at, name + "("))
    return min(found)[1] if found else ""


_WORD = re.compile("[A-Z]?[a-z]+")
"""A name that may be a word of a sentence too."""


def _markdown(subject: Subject) -> Iterator[Finding]:
    for path, _, message, text in _contents(subject):
        if type(message) is AssistantMessage:
            for kind, words in markdown.marks(text):
                said = f"{kind} in markdown, `{_short(words)}`; replies are promised to be plain text"
                yield markdown.MARKDOWN.at(path, said, words=words)


def _fences(subject: Subject) -> Iterator[Finding]:
    for path, _, message, text in _contents(subject):
        if type(message) is ToolMessage and fenced(text) is not None:
            yield FENCE.at(path, "the result stands in a code fence; give it as the tool does", words="```")
        elif type(message) is AssistantMessage and not subject.context.plain_text:
            inner = fenced(text)
            if inner and _is_json(inner) and not is_call_text(inner):
                yield FENCE.at(
                    path, "the reply is JSON in a code fence; whoever reads it wants JSON alone", words="```"
                )
    for path, text in _arguments(subject):
        if fenced(text) is not None:
            yield FENCE.at(
                path,
                "the value stands in a code fence, which the tool will see too; take it away",
                words="```",
            )


def _is_json(text: str) -> bool:
    if text[:1] not in ("{", "["):
        return False
    try:
        orjson.loads(text)
    except ValueError:
        return False
    return True


def _characters(subject: Subject) -> Iterator[Finding]:
    for path, index, message, text in _contents(subject):
        data = type(message) is ToolMessage and text.lstrip()[:1] in ("{", "[")
        whole = ODD.search(cleaned(text)) is None
        yield from _odd(
            SEPARATOR_RULE, path, text, None if data else partial(_edited, index=index, edit=separated)
        )
        yield from _odd(
            CONTROL_CHARACTER, path, text, partial(_edited, index=index, edit=cleaned) if whole else None
        )
    asides = [
        (f"$.messages[{index}].reasoning", turn.reasoning)
        for index, turn in subject.conversation.turns()
        if turn.reasoning
    ]
    for path, text in (*asides, *_arguments(subject)):
        yield from _odd(SEPARATOR_RULE, path, text, None)
        yield from _odd(CONTROL_CHARACTER, path, text, None)


def _odd(rule: Rule, path: str, text: str, fix: Fix | None) -> Iterator[Finding]:
    found = (SEPARATOR if rule is SEPARATOR_RULE else ODD).findall(text)
    if found:
        more = f", the first of {len(found)} such characters" if len(found) > 1 else ""
        advice = "make it a line end" if rule is SEPARATOR_RULE else "take it out"
        yield rule.at(path, f"{called(found[0])} in the text{more}; {advice}", words=found[0], fix=fix)


def _edited(conversation: Conversation, index: int, edit: Callable[[str], str]) -> Conversation:
    messages = list(conversation.messages)
    messages[index] = msgspec.structs.replace(messages[index], content=edit(messages[index].content))
    return msgspec.structs.replace(conversation, messages=tuple(messages))


def _short(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
