"""`hermes`: calls as tagged text, the way Hermes and Qwen models write them.

`<tool_call>` around JSON in the assistant's text, `<tool_response>` around results, `<tools>` in the system's
text, `<think>` around reasoning; in `messages` or in `conversations` with `from` and `value`. A row is written
as the dialect it came from.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    Message,
    SystemMessage,
    Tool,
    ToolMessage,
    UserMessage,
)
from callwright.errors import FormatError
from callwright.formats import Format
from callwright.formats.beside import read_beside, told_form, write_beside
from callwright.formats.frame import Frame
from callwright.formats.kept import unsayable
from callwright.formats.pairing import ids_to_keep, whole
from callwright.formats.reading import Reading
from callwright.formats.tagged import (
    CALL,
    RESPONDED,
    RESPONSE,
    call_text,
    json_calls,
    malformed_text,
    read_malformed,
    reasoning_of,
    responses_of,
    responses_text,
    said,
    tools_of,
    tools_text,
    with_reasoning,
)
from callwright.formats.tools import read_tools, write_tools
from callwright.formats.turns import CONTAINERS, WORDS, Dialect, Turn, dialect_of, read_turns, with_dialect

USUAL = Dialect(at="messages", keys="role/content", system="turn", tools="text")

_TAGGED_CALL = re.compile(r"<tool_call>\s*(?:[\[{]|</tool_call>)|\A\s*<tool_call>(?!\s*name:)")
_DECLARED_TOOLS = re.compile(r"<tools>\s*[\[{]")


class Hermes(Format):
    name = "hermes"
    example = '{"messages": [{"role": "assistant", "content": "<tool_call>\\n{…}\\n</tool_call>"}]}'

    def sniff(self, row: dict[str, Json]) -> bool:
        if form := told_form(row):
            return form == self.name
        turns = next((row[key] for key in CONTAINERS if key in row), None)
        if not isinstance(turns, list):
            return False
        turns = [turn for turn in turns if isinstance(turn, dict)]
        if any(turn.get(key) for turn in turns for key in ("tool_calls", "tool_call_id", "function_call")):
            return False
        return _tagged("system", row.get("system")) or any(
            _tagged(turn.get("from", turn.get("role")), turn.get("value", turn.get("content")))
            for turn in turns
        )

    def take(self, row: dict[str, Json], reading: Reading) -> Conversation | None:
        turns, seen = read_turns(row, USUAL, reading)
        frame = read_beside(row, (seen.at, "system"), reading)
        turns, tools, place = _tools(turns, frame, reading)
        messages: list[Message] = []
        places: list[str] = []
        results = "joined"
        before = ""
        for turn in turns:
            read = list(_messages(turn, reading))
            kind = "result" if isinstance(read[0], ToolMessage) else turn.role
            results = "each" if before == kind == "result" else results
            before = kind
            messages += read
            places += [turn.path] * len(read)
        seen = msgspec.structs.replace(seen, tools=place, results=results)
        frame = Frame(frame.id, tools, with_dialect(frame.metadata, seen, USUAL))
        return None if reading.failed else whole(messages, frame, reading, lambda at: places[at])

    def write(self, conversation: Conversation) -> dict[str, Json]:
        reading = Reading()
        dialect = dialect_of(conversation.metadata, USUAL)
        pieces = _pieces(conversation, dialect, reading)
        if faults := unsayable(conversation) or reading.faults:
            raise FormatError("the hermes form cannot say this conversation", faults)
        row = dialect.row([piece.turn for piece in pieces])
        row = write_beside(conversation, row, ids_to_keep(conversation.messages), self.name)
        if conversation.tools and dialect.tools == "key":
            row["tools"] = write_tools(conversation.tools)
        return row

    def place(self, conversation: Conversation, path: str) -> str:
        match = re.match(r"\$\.(messages\[(\d+)\]|tools\b)(.?)", path)
        dialect = dialect_of(conversation.metadata, USUAL)
        if not match or (not match[2] and dialect.tools == "key"):
            return path
        pieces = _pieces(conversation, dialect, Reading())
        turns = [piece.turn for piece in pieces]
        if not match[2]:
            return dialect.text_place(turns, 0)
        found = (at for at, piece in enumerate(pieces) if int(match[2]) in piece.messages)
        at = next(found, None)
        if at is None:
            return path
        if path.startswith(".malformed", match.end(1)) and "malformed" in turns[at]:
            return dialect.turn_place(turns, at) + path[match.end(1) :]
        return dialect.text_place(turns, at) if match[3] else dialect.turn_place(turns, at)


FORMAT = Hermes()


def _tagged(word: Json, text: Json) -> bool:
    """Whether a turn says something by tags, and does not merely mention them."""
    if not isinstance(text, str) or "<" not in text or not isinstance(word, str):
        return False
    role = WORDS.get(word.lower())
    if role == "system":
        return _DECLARED_TOOLS.search(text) is not None
    if role == "assistant":
        return CALL in text and _TAGGED_CALL.search(text) is not None
    text = text.strip()
    return role in ("user", "result") and text.startswith(RESPONSE) and text.endswith(RESPONDED)


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────


def _tools(turns: list[Turn], frame: Frame, reading: Reading) -> tuple[list[Turn], tuple[Tool, ...], str]:
    """The turns without the tools that the system's text declares, the tools, and where they stand."""
    first = turns[0] if turns else None
    declared = (
        tools_of(first.value) if first and first.role == "system" and isinstance(first.value, str) else None
    )
    if first is None or declared is None:
        if not frame.tools and first and _tagged(first.role, first.value) and first.role == "system":
            reading.warning(first.path, "tools as JSON", "<tools> with something else", "no tool was read")
        return turns, frame.tools, "key" if frame.tools else USUAL.tools
    own, values = declared
    trial = Reading()
    tools = read_tools(values, first.path, trial)
    if frame.tools and tools != frame.tools:
        found = ", ".join(tool.name for tool in tools) or "others"
        expected = "the tools of the key `tools`"
        reading.warning(first.path, expected, f"other ones ({found})", "the text is kept as it is")
        return turns, frame.tools, "key"
    reading.faults += trial.faults
    rest = turns[1:] if own is None else [first._replace(value=own), *turns[1:]]
    return rest, tools, "text" if tools else USUAL.tools


def _messages(turn: Turn, reading: Reading) -> Iterator[Message]:
    """The messages of one turn, at least one: several where it holds several results."""
    path = turn.path.rpartition(".")[0]
    spelled = ("from", "value") if "from" in turn.row else ("role", "content")
    reading.keys(turn.row, (*spelled, "malformed", "reasoning_content", "tool_calls"), path)
    value = turn.value
    if turn.role == "result" and isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    text = reading.text("" if turn.role == "assistant" and value is None else value, turn.path)
    if turn.role == "assistant":
        yield _assistant(text, turn.row, turn.path, reading)
    elif turn.role == "system":
        yield SystemMessage(text)
    elif (contents := responses_of(text)) is not None:
        yield from (ToolMessage(content=content) for content in contents)
    else:
        if turn.role == "call":
            found, hint = "a turn of its own", "such rows are of the form `sharegpt`"
            reading.error(path, "calls in <tool_call> tags of the assistant's text", found, hint)
        yield ToolMessage(content=text) if turn.role == "result" else UserMessage(text)


def _assistant(text: str, row: dict[str, Json], path: str, reading: Reading) -> AssistantMessage:
    place = path.rpartition(".")[0]
    if row.get("tool_calls"):
        hint = "such rows are of the form `openai`"
        reading.error(f"{place}.tool_calls", "calls in <tool_call> tags of the text", "`tool_calls`", hint)
    thought, rest = reasoning_of(text)
    beside = reading.text(row.get("reasoning_content") or "", f"{place}.reasoning_content")
    says = said(rest, json_calls, path, reading)
    return AssistantMessage(
        content=says.content,
        reasoning="\n".join(filter(None, (beside, thought))),
        tool_calls=says.calls,
        malformed=says.malformed + read_malformed(row.get("malformed"), f"{place}.malformed", reading),
    )


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────


class _Piece(NamedTuple):
    """A turn, and which messages it says."""

    messages: range
    turn: dict[str, Json]


def _pieces(conversation: Conversation, dialect: Dialect, reading: Reading) -> list[_Piece]:
    messages = conversation.messages
    pieces: list[_Piece] = []
    start = 0
    first = messages[0] if messages and isinstance(messages[0], SystemMessage) else None
    if first or conversation.tools:
        text = _system(first.content if first else None, conversation.tools, dialect, reading)
        if text is not None:
            start = 1 if first else 0
            pieces.append(_Piece(range(start), dialect.turn("system", text)))
    at = start
    while at < len(messages):
        message = messages[at]
        end = at + 1
        match message:
            case ToolMessage():
                while end < len(messages) and dialect.results == "joined" and _is_result(messages[end]):
                    end += 1
                turn = _results(messages[at:end], at, dialect, reading)
            case AssistantMessage():
                turn = _assistant_turn(message, f"$.messages[{at}]", dialect, reading)
            case SystemMessage():
                turn = dialect.turn("system", message.content)
            case UserMessage():
                turn = dialect.turn("user", message.content)
                if responses_of(message.content) is not None:
                    reading.error(f"$.messages[{at}].content", "a user's words", "a tagged result")
        pieces.append(_Piece(range(at, end), turn))
        at = end
    return pieces


def _is_result(message: Message) -> bool:
    return isinstance(message, ToolMessage)


def _system(own: str | None, tools: Sequence[Tool], dialect: Dialect, reading: Reading) -> str | None:
    """The text of the first system turn; None where there is none."""
    if tools and dialect.tools == "text":
        try:
            text = tools_text(own, tools)
        except (ValueError, TypeError) as error:
            reading.error("$.tools", "tools that JSON can say", str(error))
            return own
        if tools_of(text) != (own, write_tools(tools)):
            reading.error("$.tools", "tools that read back as they are", "other ones")
        return text
    if own and tools_of(own) is not None:
        reading.error("$.messages[0].content", "words that declare no tools", "tools in <tools> tags")
    return own


def _results(messages: Sequence[Message], at: int, dialect: Dialect, reading: Reading) -> dict[str, Json]:
    contents = [message.content for message in messages if isinstance(message, ToolMessage)]
    text = responses_text(contents)
    if responses_of(text) != contents:
        text = contents[0]  # a result without tags is read as it stands
        if len(contents) > 1 or responses_of(text) is not None:
            reading.error(f"$.messages[{at}].content", "results without our tags in them", RESPONDED)
    return dialect.turn("tool", text)


def _assistant_turn(
    message: AssistantMessage, path: str, dialect: Dialect, reading: Reading
) -> dict[str, Json]:
    calls = tuple(msgspec.structs.replace(call, id="") for call in message.tool_calls)
    meant = msgspec.structs.replace(message, tool_calls=calls)
    try:
        turn = dialect.turn("assistant", _assistant_text(message, [*map(malformed_text, message.malformed)]))
        if not _reads_back(turn, meant):
            turn = dialect.turn("assistant", _assistant_text(message, []))
            if message.malformed:
                turn["malformed"] = msgspec.to_builtins(message.malformed)
    except (ValueError, TypeError) as error:
        reading.error(f"{path}.tool_calls", "calls that JSON can say", str(error))
        return dialect.turn("assistant", message.content)
    if not _reads_back(turn, meant):
        expected = "a message whose text reads back as it is"
        reading.error(path, expected, "one with tags, or only space, where the form has its own")
    return turn


def _assistant_text(message: AssistantMessage, malformed: Sequence[str]) -> str:
    parts = [message.content] if message.content else []
    parts += [*map(call_text, message.tool_calls), *malformed]
    return with_reasoning(message.reasoning, "\n".join(parts))


def _reads_back(turn: dict[str, Json], meant: AssistantMessage) -> bool:
    text = turn["value"] if "value" in turn else turn["content"]
    trial = Reading()
    return _assistant(text, turn, "$.text", trial) == meant and not trial.faults
