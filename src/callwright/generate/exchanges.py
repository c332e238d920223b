"""Exchanges: what a user says, and everything that follows until they speak again."""

from collections.abc import Iterable

import msgspec

from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Message,
    SystemMessage,
    ToolCall,
    ToolMessage,
    UserMessage,
)


class Exchange(msgspec.Struct, frozen=True):
    """One user turn and the answer to it."""

    user: str
    after: tuple[Message, ...]

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """Every call made, in order."""
        return tuple(
            call for one in self.after if isinstance(one, AssistantMessage) for call in one.tool_calls
        )

    @property
    def results(self) -> tuple[str, ...]:
        return tuple(one.content for one in self.after if isinstance(one, ToolMessage))

    @property
    def reply(self) -> str:
        """The last text of the assistant; empty where it only calls."""
        said = [one.content for one in self.after if isinstance(one, AssistantMessage) and one.content]
        return said[-1] if said else ""

    @property
    def tools(self) -> tuple[str, ...]:
        """Names of the tools called, in order."""
        return tuple(call.name for call in self.calls)


def exchanges(conversation: Conversation) -> list[Exchange]:
    """The conversation as exchanges; messages before the first user turn are passed over."""
    found: list[tuple[str, list[Message]]] = []
    for message in conversation.messages:
        if isinstance(message, UserMessage):
            found.append((message.content, []))
        elif found and not isinstance(message, SystemMessage):
            found[-1][1].append(message)
    return [Exchange(user, tuple(after)) for user, after in found]


def before(parts: Iterable[Exchange]) -> str:
    """All that was said, called and given in exchanges, as one text."""
    said: list[str] = []
    for part in parts:
        said.append(part.user)
        for message in part.after:
            if isinstance(message, AssistantMessage):
                said.append(message.content)
                said += (str(value) for call in message.tool_calls for value in call.arguments.values())
            elif isinstance(message, ToolMessage):
                said.append(message.content)
    return "\n".join(said)
