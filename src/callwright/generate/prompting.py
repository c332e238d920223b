"""Prompts: the templates of `prompts/`, and what they show of tools, examples and conversations."""

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment
from msgspec.structs import replace

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


@cache
def template(name: str) -> Template:
    """The template `prompts/NAME.jinja`; what it is not given is an error."""
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=False
    )
    environment.filters["json"] = as_json
    text = files("callwright.generate").joinpath("prompts", f"{name}.jinja").read_text(encoding="utf-8")
    return environment.from_string(text)


def prompt(name: str, **values: object) -> str:
    """A filled template."""
    return template(name).render(**values).strip()


def asking(system: str, user: str) -> Conversation:
    """The conversation that puts one question to a model."""
    return Conversation(messages=(SystemMessage(system), UserMessage(user)))


def directed(conversation: Conversation, direction: str) -> Conversation:
    """The conversation with a direction in its system message: some endpoints take such a message first alone."""
    first, *rest = conversation.messages
    if isinstance(first, SystemMessage):
        return replace(conversation, messages=(SystemMessage(f"{first.content}\n\n{direction}"), *rest))
    return replace(conversation, messages=(SystemMessage(direction), first, *rest))


def as_json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def shown_tools(tools: Sequence[Tool]) -> str:
    """Tools, a line of JSON each."""
    return "\n".join(
        as_json({"name": tool.name, "description": tool.description, "parameters": tool.parameters})
        for tool in tools
    )


def shown_messages(messages: Sequence[Message]) -> str:
    """Messages as lines that a model reads; the system message is left out."""
    lines = []
    for message in messages:
        if isinstance(message, UserMessage):
            lines.append(f"user: {message.content}")
        elif isinstance(message, ToolMessage):
            lines.append(f"tool result: {message.content}")
        elif isinstance(message, AssistantMessage):
            lines += [
                f"assistant calls: {call.name}({as_json(call.arguments)})" for call in message.tool_calls
            ]
            if message.content:
                lines.append(f"assistant: {message.content}")
    return "\n".join(lines)


def heard(messages: Sequence[Message]) -> str:
    """What a user sees of a conversation: what was said, and that something was done, but no results."""
    lines = []
    for message in messages:
        if isinstance(message, UserMessage):
            lines.append(f"You: {message.content}")
        elif isinstance(message, AssistantMessage):
            if message.content:
                lines.append(f"Assistant: {message.content}")
            elif message.tool_calls:
                lines.append("Assistant: (does it)")
    return "\n".join(lines)
