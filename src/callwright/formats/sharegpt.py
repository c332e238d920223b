"""`sharegpt`: `{"conversations": [{"from", "value"}], "tools"}`, calls and results as turns of their own.

As LLaMA-Factory reads it: a `function_call` turn holds a call or a list of parallel ones as JSON, the
`observation` after it the result or a list of them, `tools` is a string of JSON. Many dialects are read; a row
is written as the dialect it came from. Calls in tags (`<tool_call>`) are the form `hermes`.
"""

import json
import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    MalformedCall,
    Message,
    SystemMessage,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from callwright.errors import FormatError
from callwright.formats import Format
from callwright.formats.beside import bare_tools, read_beside, told_form, write_beside
from callwright.formats.kept import unsayable
from callwright.formats.pairing import ids_to_keep, whole
from callwright.formats.reading import Reading
from callwright.formats.strict_json import JsonFault, parse
from callwright.formats.tagged import json_calls, reasoning_of, with_reasoning
from callwright.formats.turns import Dialect, Turn, dialect_of, read_turns, with_dialect

USUAL = Dialect(at="conversations", keys="from/value", system="key", tools="key")


class ShareGpt(Format):
    name = "sharegpt"
    example = '{"conversations": [{"from": …, "value": …}], "tools"?: …}'

    def sniff(self, row: dict[str, Json]) -> bool:
        if form := told_form(row):
            return form == self.name
        if "messages" not in row:
            return "conversations" in row or isinstance(row.get("conversation"), list)
        turns = row["messages"]
        first = turns[0] if isinstance(turns, list) and turns else None
        return isinstance(first, dict) and "from" in first and "value" in first and "role" not in first

    def take(self, row: dict[str, Json], reading: Reading) -> Conversation | None:
        turns, seen = read_turns(row, USUAL, reading)
        frame = read_beside(row, (seen.at, "system"), reading)
        read = _Read([], [])
        at = 0
        while at < len(turns):
            if turns[at].role == "result":
                end = next((n for n in range(at, len(turns)) if turns[n].role != "result"), len(turns))
                seen = _results(turns[at:end], read, seen, reading)
                at = end
            else:
                _message(turns[at], turns[at - 1].role if at else "", read, reading)
                at += 1
        frame = frame._replace(metadata=with_dialect(frame.metadata, seen, USUAL))
        return None if reading.failed else whole(read.messages, frame, reading, lambda at: read.places[at])

    def write(self, conversation: Conversation) -> dict[str, Json]:
        reading = Reading()
        dialect = dialect_of(conversation.metadata, USUAL)
        pieces = _pieces(conversation.messages, dialect, reading)
        if faults := unsayable(conversation) or reading.faults:
            raise FormatError("the sharegpt form cannot say this conversation", faults)
        row = dialect.row([piece.turn for piece in pieces])
        row = write_beside(conversation, row, ids_to_keep(conversation.messages), self.name)
        if conversation.tools:
            row["tools"] = json.dumps(bare_tools(conversation.tools), ensure_ascii=False)
        return row

    def place(self, conversation: Conversation, path: str) -> str:
        match = re.match(r"\$\.messages\[(\d+)\](\.\w+)?(?:\[(\d+)\])?", path)
        if not match:
            return path
        dialect = dialect_of(conversation.metadata, USUAL)
        pieces = _pieces(conversation.messages, dialect, Reading())
        index, part = int(match[1]), match[2] or ""
        mine = [at for at, piece in enumerate(pieces) if index in piece.messages]
        if not mine:
            return path
        kind = {".tool_calls": "calls", ".malformed": "malformed"}.get(part, "text")
        fitting = [at for at in mine if pieces[at].kind == kind] or mine
        number = int(match[3] or 0) if kind == "malformed" else 0
        turns = [piece.turn for piece in pieces]
        chosen = fitting[min(number, len(fitting) - 1)]
        return dialect.text_place(turns, chosen) if part else dialect.turn_place(turns, chosen)


FORMAT = ShareGpt()


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────


class _Read(NamedTuple):
    messages: list[Message]
    places: list[str]
    """Path of each message."""


def _message(turn: Turn, before: str, read: _Read, reading: Reading) -> None:
    """Take one turn that is no result; `before`: the role of the turn before it."""
    role, row_keys = turn.role, ("from", "value") if "from" in turn.row else ("role", "content")
    if role == "call":
        one = _calls(turn, reading)
        if before in ("assistant", "call"):
            # Text and calls after one another are one message, and so are calls.
            one = _joined(read.messages.pop(), one)
            read.places.pop()
        read.messages.append(one)
    else:
        reading.keys(turn.row, row_keys, turn.path.rpartition(".")[0])
        value = "" if role == "assistant" and turn.value is None else turn.value
        text = reading.text(value, turn.path)
        if role == "assistant":
            reasoning, content = reasoning_of(text)
            read.messages.append(AssistantMessage(content=content, reasoning=reasoning))
        else:
            read.messages.append(SystemMessage(text) if role == "system" else UserMessage(text))
    read.places.append(turn.path)


def _calls(turn: Turn, reading: Reading) -> AssistantMessage:
    """A turn of calls; what is none is malformed, with the reason that stands beside it or its own."""
    text = turn.value if isinstance(turn.value, str) else json.dumps(turn.value, ensure_ascii=False)
    error = turn.row.get("error")
    known = ("from", "value") if "from" in turn.row else ("role", "content")
    reading.keys(turn.row, (*known, "error"), turn.path.rpartition(".")[0])
    if not turn.value and not isinstance(error, str):
        reading.error(turn.path, 'a call as JSON, {"name": …, "arguments": {…}}', "nothing")
    if isinstance(error, str):
        return AssistantMessage(malformed=(MalformedCall(raw=text, error=error),))
    reasoning, body = reasoning_of(text)
    try:
        return AssistantMessage(reasoning=reasoning, tool_calls=json_calls(body, turn.path, reading))
    except JsonFault as fault:
        return AssistantMessage(reasoning=reasoning, malformed=(MalformedCall(raw=body, error=str(fault)),))


def _joined(message: Message, calls: AssistantMessage) -> AssistantMessage:
    assert isinstance(message, AssistantMessage)
    return AssistantMessage(
        content=message.content,
        reasoning="\n".join(filter(None, (message.reasoning, calls.reasoning))),
        tool_calls=message.tool_calls + calls.tool_calls,
        malformed=message.malformed + calls.malformed,
    )


def _results(turns: Sequence[Turn], read: _Read, seen: Dialect, reading: Reading) -> Dialect:
    """Take results after one another: one list for all of several calls, or a turn for each."""
    number = _number(read.messages[-1:])
    if len(turns) == 1 and (contents := _list(turns[0].value, number)) is not None:
        read.messages.extend(ToolMessage(content=content) for content in contents)
        read.places.extend([turns[0].path] * number)
        return seen
    for turn in turns:
        known = ("from", "value") if "from" in turn.row else ("role", "content")
        reading.keys(turn.row, known, turn.path.rpartition(".")[0])
        structured = isinstance(turn.value, dict | list)
        value = json.dumps(turn.value, ensure_ascii=False) if structured else turn.value
        read.messages.append(ToolMessage(content=reading.text(value, turn.path, "the result, as text")))
        read.places.append(turn.path)
    return msgspec.structs.replace(seen, results="each") if len(turns) == number > 1 else seen


def _number(before: Sequence[Message]) -> int:
    """How many calls the results after the message `before` answer."""
    return len(before[0].tool_calls) if before and isinstance(before[0], AssistantMessage) else 0


def _list(value: Json, number: int) -> list[str] | None:
    """The results of `number` calls, if `value` is a list of so many."""
    if number < 2:
        return None
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = parse(value)
        except JsonFault:
            return None
    if not isinstance(value, list) or len(value) != number:
        return None
    return [item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for item in value]


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────


class _Piece(NamedTuple):
    """A turn, and which messages it says."""

    messages: range
    kind: str
    """`text`, `calls` or `malformed`."""
    turn: dict[str, Json]


def _pieces(messages: Sequence[Message], dialect: Dialect, reading: Reading) -> list[_Piece]:
    pieces: list[_Piece] = []
    at = 0
    while at < len(messages):
        message = messages[at]
        before = messages[at - 1] if at else None
        if isinstance(message, ToolMessage):
            end = at
            while end < len(messages) and isinstance(messages[end], ToolMessage):
                end += 1
            number = _number(messages[at - 1 : at] if at else ())
            pieces += _result_pieces(messages, range(at, end), number, dialect, reading)
            at = end
            continue
        if isinstance(message, AssistantMessage):
            after_own = isinstance(before, AssistantMessage)
            pieces += _assistant_pieces(message, range(at, at + 1), after_own, dialect, reading)
        else:
            role = "user" if isinstance(message, UserMessage) else "system"
            pieces.append(_Piece(range(at, at + 1), "text", dialect.turn(role, message.content)))
        at += 1
    return pieces


def _assistant_pieces(
    message: AssistantMessage, at: range, after_own: bool, dialect: Dialect, reading: Reading
) -> list[_Piece]:
    """Text, then the calls, then each malformed one; `after_own`: after another message of the assistant."""
    path = f"$.messages[{at.start}]"
    if "</think>" in message.reasoning:
        reading.error(f"{path}.reasoning", "reasoning without `</think>`", "one that would end it early")
    pieces = []
    # Without a turn of text between them the calls would be read as those of the message before.
    alone = not message.tool_calls and (message.reasoning or not message.malformed)
    leads = bool(message.content or after_own or alone)
    if leads:
        text = with_reasoning(message.reasoning, message.content)
        pieces.append(_Piece(at, "text", dialect.turn("assistant", text)))
    if message.tool_calls:
        value = _calls_text(message.tool_calls, f"{path}.tool_calls", reading)
        value = value if leads else with_reasoning(message.reasoning, value)
        pieces.append(_Piece(at, "calls", dialect.turn("function_call", value)))
    for broken in message.malformed:
        turn = {**dialect.turn("function_call", broken.raw), "error": broken.error}
        pieces.append(_Piece(at, "malformed", turn))
    return pieces


def _calls_text(calls: Sequence[ToolCall], path: str, reading: Reading) -> str:
    told = [{"name": call.name, "arguments": call.arguments} for call in calls]
    try:
        text = json.dumps(told[0] if len(told) == 1 else told, ensure_ascii=False, allow_nan=False)
        again = json_calls(text, path, Reading())
    except (ValueError, TypeError) as error:
        reading.error(path, "calls that JSON can say", str(error))
        return ""
    if [(call.name, call.arguments) for call in again] != [(call.name, call.arguments) for call in calls]:
        reading.error(path, "calls that read back as they are", "other ones")
    return text


def _result_pieces(
    messages: Sequence[Message], at: range, number: int, dialect: Dialect, reading: Reading
) -> list[_Piece]:
    contents = [
        message.content for message in messages[at.start : at.stop] if isinstance(message, ToolMessage)
    ]
    if dialect.results == "joined" and len(at) == number > 1:
        items = json.dumps([_item(content) for content in contents], ensure_ascii=False)
        return [_Piece(at, "text", dialect.turn("observation", items))]
    if len(at) == 1 and _list(contents[0], number) is not None:
        path = f"$.messages[{at.start}].content"
        reading.error(path, f"the results of all {number} calls", "that of one, a list of as many items")
    return [
        _Piece(range(index, index + 1), "text", dialect.turn("observation", content))
        for index, content in zip(at, contents, strict=True)
    ]


def _item(content: str) -> Json:
    """A result in a list of them: as JSON where it is written so, else as text."""
    if content[:1] not in ("{", "["):
        return content
    try:
        value = parse(content)
    except JsonFault:
        return content
    return value if json.dumps(value, ensure_ascii=False) == content else content
