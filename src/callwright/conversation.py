"""A conversation: four kinds of message, calls, tools. The one type from the first file to the last span.

Frozen msgspec structs; `role` tells the messages apart. Nothing here imports anything of ours, and nothing about
files, rendering or training is here: how a conversation is spelled on disk is in `formats`, what of it is trained
is seen in the spans of `renderers`.
"""

from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec

Json: TypeAlias = Any
"""A JSON value: dict, list, str, int, float, bool or None."""


class Tool(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A function that a model may call."""

    name: str
    description: str = ""
    parameters: dict[str, Json] = {}
    """A JSON Schema of an object, as in the OpenAI API; `{}` takes no arguments."""


class ToolCall(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A call that parsed; its arguments are an object, never a string of JSON."""

    name: str
    arguments: dict[str, Json] = {}
    id: str = ""


class MalformedCall(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a model wrote that should have been a call and is none: a value with its reason, not an exception."""

    raw: str
    error: str


class SystemMessage(
    msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag_field="role", tag="system"
):
    content: str


class UserMessage(
    msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag_field="role", tag="user"
):
    content: str


class AssistantMessage(
    msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="role", tag="assistant"
):
    content: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    malformed: tuple[MalformedCall, ...] = ()


class ToolMessage(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="role", tag="tool"):
    """The result of one call."""

    content: str
    """As the tool gave it: text, often JSON."""
    call_id: str = ""
    """`id` of the call that this answers."""


Message: TypeAlias = SystemMessage | UserMessage | AssistantMessage | ToolMessage


class Conversation(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    id: str = ""
    """Unique within its file; empty where the file gives none."""
    origin: str = ""
    """Where it comes from, `file:line` or the name of what made it."""
    metadata: dict[str, Json] = {}

    def turns(self) -> Iterator[tuple[int, AssistantMessage]]:
        """The assistant's messages, each with its index in `messages`."""
        for index, message in enumerate(self.messages):
            if isinstance(message, AssistantMessage):
                yield index, message

    def calls(self) -> Iterator[ToolCall]:
        """Every call made, in order."""
        for _, turn in self.turns():
            yield from turn.tool_calls

    def upto(self, index: int) -> "Conversation":
        """The conversation before message `index`: the prompt of that turn."""
        return msgspec.structs.replace(self, messages=self.messages[:index])

    def tool(self, name: str) -> Tool | None:
        """The tool of that name, if it is declared."""
        return next((tool for tool in self.tools if tool.name == name), None)

    def completed(self, *, system: str, tools: tuple[Tool, ...]) -> "Conversation":
        """With `system` before all and `tools` at hand, each only where the conversation brings none of its own."""
        messages = self.messages
        if system and not any(isinstance(message, SystemMessage) for message in messages):
            messages = (SystemMessage(system), *messages)
        return msgspec.structs.replace(self, messages=messages, tools=self.tools or tools)
