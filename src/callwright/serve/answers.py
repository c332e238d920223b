"""Answers as the API has them: one body, or chunks of it."""

import secrets
import time
from collections.abc import Sequence

from callwright.chat import Usage
from callwright.conversation import Json, MalformedCall
from callwright.serve.deltas import Delta, message_of


def new_call_id() -> str:
    return f"call_{secrets.token_hex(12)}"


def usage_of(usages: Sequence[Usage]) -> dict[str, Json]:
    """The tokens of all choices; they share one prompt."""
    prompt = usages[0].prompt_tokens if usages else 0
    completion = sum(usage.completion_tokens for usage in usages)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


class Answer:
    """The frame around the choices of one request."""

    def __init__(self, model: str) -> None:
        self._head: dict[str, Json] = {
            "id": f"chatcmpl-{secrets.token_hex(12)}",
            "created": int(time.time()),
            "model": model,
            "system_fingerprint": None,
        }

    def whole(self, choices: Sequence[dict[str, Json]], usages: Sequence[Usage]) -> dict[str, Json]:
        return {
            **self._head,
            "object": "chat.completion",
            "choices": list(choices),
            "usage": usage_of(usages),
        }

    def chunk(
        self,
        index: int,
        delta: dict[str, Json],
        finish: str | None = None,
        malformed: Sequence[MalformedCall] = (),
    ) -> dict[str, Json]:
        choice: dict[str, Json] = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {
            **self._head,
            "object": "chat.completion.chunk",
            "choices": [choice],
            **_reported(malformed),
        }

    def usage_chunk(self, usages: Sequence[Usage]) -> dict[str, Json]:
        return {**self._head, "object": "chat.completion.chunk", "choices": [], "usage": usage_of(usages)}


def choice_of(
    index: int, deltas: list[Delta], finish: str, malformed: Sequence[MalformedCall]
) -> dict[str, Json]:
    message = {**message_of(deltas), **_reported(malformed)}
    return {"index": index, "message": message, "logprobs": None, "finish_reason": finish}


def _reported(malformed: Sequence[MalformedCall]) -> dict[str, Json]:
    """Calls that were written and do not hold: beside the API's own fields, so that none is lost in
    silence.
    """
    if not malformed:
        return {}
    return {"callwright": {"malformed": [{"raw": call.raw, "error": call.error} for call in malformed]}}


def delta_of(delta: Delta) -> dict[str, Json]:
    """The delta of a chunk."""
    if delta.call < 0:
        return {"reasoning_content": delta.reasoning} if delta.reasoning else {"content": delta.content}
    function: dict[str, Json] = {"arguments": delta.arguments}
    call: dict[str, Json] = {"index": delta.call, "function": function}
    if delta.id:
        call |= {"id": delta.id, "type": "function"}
        function["name"] = delta.name
    return {"tool_calls": [call]}
