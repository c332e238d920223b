"""Asking a model: its reply, looked at for how it ended; cut-off ones are asked for once more with more room."""

import msgspec
from msgspec.structs import replace

from callwright.chat import ChatModel, Reply, Sampling
from callwright.conversation import Conversation

Reason = str


class Failed(msgspec.Struct, frozen=True):
    """Why there is no reply to use."""

    reason: Reason
    """`reply-cut`, `reply-filtered`, `reply-empty` or `endpoint`."""
    why: str
    raw: str = ""


async def asked(model: ChatModel, conversation: Conversation, sampling: Sampling) -> Reply | Failed:
    """The model's reply, if it is whole."""
    reply = await model.reply(conversation, sampling)
    if reply.finish == "length":
        reply = await model.reply(conversation, replace(sampling, max_tokens=2 * sampling.max_tokens))
    if reply.finish == "length":
        room = 2 * sampling.max_tokens
        return Failed("reply-cut", f"the reply was cut off after {room:,} tokens, twice", reply.raw)
    if reply.finish == "error":
        filtered = "filtered" in reply.error
        return Failed("reply-filtered" if filtered else "endpoint", reply.error, reply.raw)
    message = reply.message
    if not (message.content.strip() or message.tool_calls or message.malformed):
        return Failed("reply-empty", "the reply was empty", reply.raw)
    return reply
