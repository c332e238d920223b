"""A teacher that answers from a list or a file: the public fake, to test with what a model said once."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from callwright.chat import Reply, Sampling
from callwright.conversation import AssistantMessage, Conversation
from callwright.errors import Fault, FormatError
from callwright.files import lines


class ReplayTeacher:
    """A `ChatModel` that gives its replies in order; when they are used up, an error reply says so.

    `asked` keeps every conversation it was asked to answer, for tests to look at.
    """

    def __init__(self, replies: Iterable[Reply | AssistantMessage | str], *, name: str = "replay") -> None:
        self.name = name
        self.asked: list[Conversation] = []
        self._replies = [_reply(one) for one in replies]

    @classmethod
    def from_file(cls, path: Path) -> "ReplayTeacher":
        """From JSON lines (`.gz`, `.zst` too): a `Reply`, an assistant message, or a JSON string each.

        Raises `FormatError` with all faults of the file.
        """
        replies: list[Reply | AssistantMessage | str] = []
        faults: list[Fault] = []
        for number, line in lines(path):
            try:
                replies.append(_read(line))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                faults.append(
                    Fault(
                        file=str(path),
                        line=number,
                        expected="a reply, an assistant message or a string",
                        found=str(error),
                        hint='such as {"message": {"role": "assistant", "content": "Hello"}}',
                    )
                )
        if faults:
            raise FormatError(f"{path} cannot be replayed", faults)
        return cls(replies, name=f"replay:{path.name}")

    async def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
        """The next reply of the list."""
        return self._next(conversation)

    def replies(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[Reply]:
        """One reply a conversation, in their order."""
        return [self._next(conversation) for conversation in conversations]

    def _next(self, conversation: Conversation) -> Reply:
        self.asked.append(conversation)
        if len(self.asked) > len(self._replies):
            error = f"all {len(self._replies)} replies are used up"
            return Reply(message=AssistantMessage(), finish="error", error=error)
        return self._replies[len(self.asked) - 1]


def _reply(one: Reply | AssistantMessage | str) -> Reply:
    if isinstance(one, Reply):
        return one
    message = AssistantMessage(content=one) if isinstance(one, str) else one
    return Reply(message=message, finish="tool_calls" if message.tool_calls else "stop", raw=message.content)


def _read(line: bytes) -> Reply | AssistantMessage | str:
    found = msgspec.json.decode(line)
    if isinstance(found, str):
        return found
    if isinstance(found, dict) and "message" in found:
        message = found["message"]
        return msgspec.convert({**found, "message": {"role": "assistant", **_parsed(message)}}, Reply)
    return msgspec.convert({"role": "assistant", **_parsed(found)}, AssistantMessage)


def _parsed(message: object) -> dict[str, object]:
    """An assistant message of the OpenAI API as ours: calls flat, arguments parsed."""
    if not isinstance(message, dict):
        raise msgspec.ValidationError(f"Expected `object`, got `{type(message).__name__}`")
    calls = []
    for call in message.get("tool_calls") or ():
        inner = call.get("function", call) if isinstance(call, dict) else {}
        arguments = inner.get("arguments", {})
        if isinstance(arguments, str):
            try:
                arguments = json.loads(arguments)
            except ValueError as error:
                raise msgspec.ValidationError(f"the arguments of a call are no JSON: {error}") from error
        calls.append({"id": call.get("id", ""), "name": inner.get("name"), "arguments": arguments})
    return {**message, "content": message.get("content") or "", "tool_calls": calls}
