"""Duplicates: the very same conversation again, whatever its calls' ids and the order of its keys."""

import hashlib
import json
from collections.abc import Iterable

import msgspec

from callwright.checks import Finding
from callwright.conversation import AssistantMessage, Conversation, Message, ToolMessage


class Seen:
    """A fold over conversations that remembers 16 bytes and a name of each; code `duplicates-exact`."""

    def __init__(self, test: Iterable[Conversation] = ()) -> None:
        """`test` is not looked at: a repeated test row is `leakage`'s."""
        self._first: dict[bytes, str] = {}

    def __call__(self, conversation: Conversation) -> Finding | None:
        """A finding if a conversation equal to this one came before."""
        key = digest(conversation)
        if first := self._first.get(key):
            return Finding(
                code="duplicates-exact", path="$.messages", message=f"the same conversation as {first}"
            )
        self._first[key] = conversation.origin or conversation.id or f"conversation {len(self._first) + 1}"
        return None


def digest(conversation: Conversation) -> bytes:
    """Hash of what is said and called: call ids and the order of keys make no difference."""
    messages = _without_ids(conversation.messages)
    try:
        text = msgspec.json.encode(messages, order="deterministic")
    except UnicodeEncodeError:  # a lone surrogate, which UTF-8 cannot say
        text = json.dumps(msgspec.to_builtins(messages), sort_keys=True).encode()
    return hashlib.blake2b(text, digest_size=16).digest()


def _without_ids(messages: tuple[Message, ...]) -> list[Message]:
    """Ids as running numbers, so that who answers whom is kept."""
    numbers: dict[str, str] = {}
    plain: list[Message] = []
    for message in messages:
        if isinstance(message, AssistantMessage) and message.tool_calls:
            calls = []
            for call in message.tool_calls:
                numbers[call.id] = str(len(numbers))
                calls.append(msgspec.structs.replace(call, id=numbers[call.id]))
            plain.append(msgspec.structs.replace(message, tool_calls=tuple(calls)))
        elif isinstance(message, ToolMessage):
            number = numbers.get(message.call_id, "")
            plain.append(msgspec.structs.replace(message, call_id=number))
        else:
            plain.append(message)
    return plain
