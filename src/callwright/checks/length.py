"""Length: a conversation that is longer than the job allows, in characters."""

import json
from collections.abc import Iterator

from callwright.checks import Context, Finding
from callwright.conversation import AssistantMessage, Conversation, Message, SystemMessage


def check(conversation: Conversation, context: Context) -> Iterator[Finding]:
    """Code: `length-characters`."""
    if context.max_characters <= 0:
        return
    total = characters(conversation)
    if total > context.max_characters:
        yield Finding(
            code="length-characters",
            path="$.messages",
            message=f"{total:,} characters; at most {context.max_characters:,} are allowed",
        )


def characters(conversation: Conversation) -> int:
    """Characters of all that is said and called; the system message, which the job brings, is not counted."""
    return sum(map(_characters, conversation.messages))


def _characters(message: Message) -> int:
    if isinstance(message, SystemMessage):
        return 0
    total = len(message.content)
    if isinstance(message, AssistantMessage):
        total += len(message.reasoning) + sum(len(malformed.raw) for malformed in message.malformed)
        for call in message.tool_calls:
            total += len(call.name) + len(json.dumps(call.arguments, ensure_ascii=False))
    return total
