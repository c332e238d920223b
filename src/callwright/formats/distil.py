"""`distil`: `{"question", "answer"}`; the answer is the one call that is right, the question leads to it.

Single turn: the question is plain text. Multi turn: it is a JSON array as a string, of user turns and of
assistant turns with exactly one call each; results, plain replies and system turns this form does not have.
"""

import json
import re

import msgspec

from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    Message,
    SystemMessage,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from callwright.errors import Fault, FormatError
from callwright.formats import Format
from callwright.formats.frame import read_frame, write_frame
from callwright.formats.kept import keep, taken, unsayable, with_ids
from callwright.formats.messages import call, read_messages, wrapped
from callwright.formats.pairing import ids_to_keep
from callwright.formats.reading import Reading, shown

MESSAGES_FORM = 'the messages form can say it: {"messages": [...]}'
ANSWER = 'a call as a string of JSON, {"name": …, "parameters": {…}}'
QUESTION = "an array of turns as a string of JSON"
TURNS = re.compile(r"\s*\[\s*[{\]]")
"""How turns begin. Text may begin with a bracket too ("[urgent] lights off"); turns are objects."""


class Distil(Format):
    name = "distil"
    example = '{"question": …, "answer": …}'

    def sniff(self, row: dict[str, Json]) -> bool:
        return "question" in row or "answer" in row

    def take(self, row: dict[str, Json], reading: Reading) -> Conversation | None:
        for key in ("question", "answer"):
            if row.get(key) in (None, ""):
                found = "no such key" if key not in row else shown(row[key])
                reading.error(f"$.{key}", ANSWER if key == "answer" else "text", found)
        turns = _turns(row.get("question"), reading)
        answer = _answer(row.get("answer"), reading)
        frame = read_frame(row, ("question", "answer"), reading)
        history: list[Json] = [{"role": "user", "content": turns}] if isinstance(turns, str) else turns
        whole = [*history, {"role": "assistant", "tool_calls": [answer]}] if answer else history
        metadata, kept = taken(frame.metadata)
        messages = with_ids(read_messages(whole, "$.question", reading), kept, reading)
        if reading.failed:
            return None
        form = {"form": self.name, "question": "text"} if isinstance(turns, str) else {"form": self.name}
        metadata = {**metadata, **form}
        return Conversation(messages=messages, tools=frame.tools, id=frame.id, metadata=metadata)

    def write(self, conversation: Conversation) -> dict[str, Json]:
        faults = [*_unsayable(conversation), *unsayable(conversation)]
        if faults:
            raise FormatError("the question and answer form cannot say this conversation", faults)
        *history, answer = conversation.messages
        metadata = {k: v for k, v in conversation.metadata.items() if k not in ("form", "question")}
        metadata = keep(metadata, ids_to_keep(conversation.messages))
        turns = [_write_turn(message) for message in history]
        question = turns[0]["content"] if _is_text(conversation) else _dumps(turns)
        assert isinstance(answer, AssistantMessage)
        made = answer.tool_calls[0]
        row = {"question": question, "answer": _dumps({"name": made.name, "parameters": made.arguments})}
        return write_frame(msgspec.structs.replace(conversation, metadata=metadata), row)

    def place(self, conversation: Conversation, path: str) -> str:
        match = re.match(r"\$\.messages\[(\d+)\](.*)", path)
        if not match:
            return path
        index, inside = int(match[1]), match[2]
        if index < len(conversation.messages) - 1:
            if _is_text(conversation):
                return "$.question"
            return wrapped(f"$.question[{index}]{inside}")
        inside = inside.removeprefix(".tool_calls[0]").replace(".arguments", ".parameters", 1)
        return f"$.answer{inside}"


FORMAT = Distil()


def _turns(value: Json, reading: Reading) -> list[Json] | str:
    """The turns of a multi-turn question; the text of a single-turn one."""
    if isinstance(value, str):
        if not TURNS.match(value):
            return value
        value = reading.parsed(value, "$.question", QUESTION)
    elif isinstance(value, list):
        reading.warning("$.question", QUESTION, "an array itself", "taken as meant")
    elif value is not None:
        reading.error("$.question", "text: the user's words, or turns as a string of JSON", shown(value))
    if not isinstance(value, list):
        return ""
    for index, turn in enumerate(value):
        _check_turn(turn, f"$.question[{index}]", reading)
    _check_order(value, reading)
    return value


def _check_turn(turn: Json, path: str, reading: Reading) -> None:
    """What this form refuses beyond what no message may be."""
    role = turn.get("role") if isinstance(turn, dict) else None
    if role in ("system", "developer", "tool"):
        reading.error(f"{path}.role", "`user` or `assistant`", shown(role), MESSAGES_FORM)
    if role != "assistant":
        return
    calls = turn.get("tool_calls")
    if not calls and not turn.get("function_call"):
        reading.error(f"{path}.tool_calls", "exactly one call", "none: a plain reply", MESSAGES_FORM)
    elif isinstance(calls, list) and len(calls) > 1:
        reading.error(f"{path}.tool_calls", "exactly one call", f"{len(calls)} calls", MESSAGES_FORM)


def _check_order(turns: list[Json], reading: Reading) -> None:
    roles = [turn.get("role") if isinstance(turn, dict) else None for turn in turns]
    if not turns:
        reading.error("$.question", "at least one turn", "an empty array")
    elif roles[0] == "assistant":
        reading.error("$.question[0].role", "`user`: the user speaks first", "`assistant`")
    if len(turns) > 1 and roles[-1] == "assistant":
        hint = "the assistant's next call is the `answer`; work without a user between: " + MESSAGES_FORM
        reading.error(
            f"$.question[{len(turns) - 1}].role", "`user`: the user speaks last", "`assistant`", hint
        )


def _answer(value: Json, reading: Reading) -> dict[str, Json] | None:
    """The answer's call, as an OpenAI call that was found readable."""
    if value in (None, ""):
        return None
    if isinstance(value, str):
        faults = len(reading.faults)
        hint = "" if value.lstrip()[:1] in "{[" else f"for a plain reply, {MESSAGES_FORM}"
        value = reading.parsed(value, "$.answer", ANSWER, hint)
        if len(reading.faults) > faults:
            return None
    elif isinstance(value, dict):
        reading.warning(
            "$.answer", ANSWER, "an object itself", "taken as meant; the reference wants a string"
        )
    if isinstance(value, list):
        reading.error("$.answer", "one call", f"an array of {len(value)}", MESSAGES_FORM)
        return None
    if isinstance(value, dict) and isinstance(value.get("tool_calls"), list):
        reading.error("$.answer", ANSWER, "an assistant message", MESSAGES_FORM)
        return None
    read = call(value, "$.answer", reading)
    return None if read is None else {"name": read.name, "arguments": read.arguments, "id": read.id}


def _is_text(conversation: Conversation) -> bool:
    """Whether the question is written as plain text: it was so, and cannot be taken for turns or for none."""
    text = conversation.metadata.get("question") == "text" and len(conversation.messages) == 2
    said = conversation.messages[0].content if text else ""
    return bool(said) and not TURNS.match(said)


def _unsayable(conversation: Conversation) -> list[Fault]:
    reading = Reading()
    messages = conversation.messages
    for index, message in enumerate(messages):
        path = f"$.messages[{index}]"
        if isinstance(message, SystemMessage | ToolMessage):
            reading.error(path, "a turn of the user or the assistant", type(message).__name__)
        elif isinstance(message, AssistantMessage):
            if len(message.tool_calls) != 1:
                reading.error(f"{path}.tool_calls", "exactly one call", f"{len(message.tool_calls)}")
            if message.reasoning or message.malformed:
                reading.error(path, "a call alone", "reasoning or a malformed call")
    last = messages[-1] if messages else None
    if len(messages) < 2 or not isinstance(last, AssistantMessage) or last.content:
        reading.error("$.messages", "what the user said, and one call as the answer")
    elif not isinstance(messages[0], UserMessage) or not isinstance(messages[-2], UserMessage):
        reading.error("$.messages", "the user first, and last before the answer")
    return reading.faults


def _write_turn(message: Message) -> dict[str, Json]:
    if isinstance(message, AssistantMessage):
        return {
            "role": "assistant",
            "content": message.content,
            "tool_calls": [*map(_call, message.tool_calls)],
        }
    return {"role": "user", "content": message.content}


def _call(made: ToolCall) -> dict[str, Json]:
    return {"type": "function", "function": {"name": made.name, "arguments": made.arguments}}


def _dumps(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
