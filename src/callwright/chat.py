"""The one seam: whoever answers a conversation, be it teacher, judge, simulated user, tool or student.

A `ChatModel` gives one `Reply` to one conversation. Many at once are `replies(model, conversations)`: a model on
this machine batches them, a model behind a network gets them concurrently.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

import msgspec

from callwright.conversation import AssistantMessage, Conversation, Json

Finish = Literal["stop", "length", "tool_calls", "error"]


class Sampling(msgspec.Struct, frozen=True, kw_only=True):
    """How a reply is drawn; the defaults are greedy."""

    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 512
    seed: int | None = None
    stop: tuple[str, ...] = ()
    tool_choice: str = "auto"
    """`auto`, `none`, `required`, or the name of the one tool that must be called."""
    parallel_tool_calls: bool = True
    response_schema: Mapping[str, Json] | None = None
    """A JSON Schema that the reply's text shall follow; a wish, which a model that knows of none may pass over."""


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens, counted by whoever answered; 0 where nothing is counted."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    message: AssistantMessage
    finish: Finish = "stop"
    """`length` never comes with a finished call; `error` says why in `error`."""
    usage: Usage = Usage()
    raw: str = ""
    """The text as the model wrote it, where there is one."""
    error: str = ""
    """Why there is no answer, where `finish` is `error`."""


@runtime_checkable
class ChatModel(Protocol):
    """Whoever answers conversations."""

    name: str

    async def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
        """The next assistant message. A failure of the model is a `Reply` with `finish="error"`."""
        ...


@runtime_checkable
class BatchChatModel(ChatModel, Protocol):
    """A model that does better with many conversations at a time."""

    def replies(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[Reply]:
        """One reply a conversation, in their order."""
        ...


@runtime_checkable
class StreamingChatModel(ChatModel, Protocol):
    """A model that can be heard while it writes."""

    def stream(self, conversation: Conversation, sampling: Sampling) -> AsyncIterator[str | Reply]:
        """Pieces of raw text as they are written, then the whole `Reply`, last."""
        ...


def replies(
    model: ChatModel, conversations: Sequence[Conversation], sampling: Sampling, *, concurrency: int = 8
) -> list[Reply]:
    """One reply a conversation, in their order: batched or concurrent, as the model likes it.

    `concurrency`: requests in flight to a model that does not batch.
    """
    if isinstance(model, BatchChatModel):
        return model.replies(conversations, sampling)

    async def all_of_them() -> list[Reply]:
        gate = asyncio.Semaphore(concurrency)

        async def one(conversation: Conversation) -> Reply:
            async with gate:
                return await model.reply(conversation, sampling)

        return list(await asyncio.gather(*map(one, conversations)))

    return asyncio.run(all_of_them())
