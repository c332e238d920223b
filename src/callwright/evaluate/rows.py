"""Rows: a prediction as the reference's download has it, question and answer and prediction as strings."""

import json

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
from callwright.evaluate.expansion import Item
from callwright.metrics import Score


def row(item: Item, produced: AssistantMessage, scores: dict[str, Score]) -> dict[str, Json]:
    """`question` (the history as a JSON array), `answer`, `prediction`, each score under its metric's name.

    A score that was not computed is null.
    """
    return {
        "id": item.id,
        "conversation": item.conversation,
        "turn": item.turn,
        "question": question(item.prompt),
        "answer": answer(item.expected),
        "prediction": answer(produced),
        **{name: score.value for name, score in scores.items()},
    }


def question(prompt: Conversation) -> str:
    """The turns so far as a JSON array; the system message is the job's and not in it."""
    turns = [_message(message) for message in prompt.messages if not isinstance(message, SystemMessage)]
    return json.dumps(turns, ensure_ascii=False)


def answer(turn: AssistantMessage) -> str:
    """The call as `{"name", "parameters"}`, several as an array, others as written."""
    if turn.malformed:
        return "\n".join([*(_call(call) for call in turn.tool_calls), *(m.raw for m in turn.malformed)])
    if len(turn.tool_calls) == 1:
        return _call(turn.tool_calls[0])
    if turn.tool_calls:
        return "[" + ", ".join(map(_call, turn.tool_calls)) + "]"
    return turn.content


def _call(call: ToolCall) -> str:
    return json.dumps({"name": call.name, "parameters": call.arguments}, ensure_ascii=False)


def _message(message: Message) -> dict[str, Json]:
    match message:
        case AssistantMessage():
            said: dict[str, Json] = {"role": "assistant", "content": message.content}
            if message.tool_calls:
                said["tool_calls"] = [
                    {
                        "id": call.id,
                        "type": "function",
                        "function": {"name": call.name, "arguments": call.arguments},
                    }
                    for call in message.tool_calls
                ]
            return said
        case ToolMessage():
            return {"role": "tool", "tool_call_id": message.call_id, "content": message.content}
        case UserMessage():
            return {"role": "user", "content": message.content}
        case SystemMessage():
            return {"role": "system", "content": message.content}
