"""Any model behind an OpenAI-compatible endpoint, as a teacher.

What passes is tried again (429, 5xx, a broken connection), with growing pauses and as the server's
`Retry-After` asks; what does not pass is an error reply that says why. The key is read from the environment
when it is sent, and is never kept, shown or put into a message.
"""

import asyncio
import json
import os
import random
import ssl
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from functools import cache
from time import time

import httpx

from callwright.chat import Finish, Reply, Sampling, Usage
from callwright.conversation import AssistantMessage, Conversation, Json, MalformedCall, ToolCall
from callwright.errors import ModelError
from callwright.formats.messages import write_message
from callwright.formats.tools import write_tools

KEY = "CALLWRIGHT_TEACHER_API_KEY"

LONGEST_PAUSE = 60.0
"""Seconds; a server that asks for a longer one is given up."""

_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


class OpenAITeacher:
    """The model called `model` at `base_url` (ending in `/v1`, as clients take it).

    `api_key_env`: name of the environment variable that holds the key; unset: none is sent. `attempts`: tries
    in all. `sleep`: how a pause is made.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str,
        api_key_env: str = KEY,
        attempts: int = 6,
        timeout: float = 120.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise ModelError(
                f"`{model}` is reached through an endpoint; expected its URL, found `{base_url}`",
                hint="set CALLWRIGHT_TEACHER_URL or base.teacher_base_url to a URL such as https://host/v1, "
                "or choose base.teacher_model_name=offline",
            )
        self.name = model
        self._url = base_url.rstrip("/") + "/chat/completions"
        self._api_key_env, self._attempts, self._timeout, self._sleep = api_key_env, attempts, timeout, sleep

    def __repr__(self) -> str:
        return f"OpenAITeacher({self.name!r}, base_url={self._url.removesuffix('/chat/completions')!r})"

    async def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
        """The model's next message; a failure is a `Reply` that says so."""
        try:
            answer = await self._ask(request(self.name, conversation, sampling))
            return reply_of(answer)
        except ModelError as error:
            return Reply(message=AssistantMessage(), finish="error", error=str(error))

    async def _ask(self, body: dict[str, Json]) -> Json:
        """The answer's JSON. Raises `ModelError` when all attempts have failed."""
        why = ""
        async with httpx.AsyncClient(timeout=self._timeout, verify=_certificates()) as client:
            for attempt in range(1, self._attempts + 1):
                pause = random.uniform(0.5, 1.0) * min(2.0 ** (attempt - 1), LONGEST_PAUSE)
                try:
                    response = await client.post(self._url, json=body, headers=self._headers())
                except httpx.InvalidURL as error:
                    raise ModelError(f"{self.name} has no usable URL: {error}") from error
                except httpx.HTTPError as error:
                    why = f"the connection failed ({type(error).__name__})"
                else:
                    if response.is_success:
                        try:
                            return response.json()
                        except ValueError:
                            why = "the answer is no JSON"
                    else:
                        why = f"status {response.status_code}: {_said(response)}"
                        if response.status_code not in _PASSING:
                            break
                        pause = _asked_pause(response) or pause
                if pause > LONGEST_PAUSE:
                    why += f"; it asks for a pause of {pause:.0f} s"
                    break
                if attempt < self._attempts:
                    await self._sleep(pause)
        raise ModelError(f"{self.name} gave no answer: {why}")

    def _headers(self) -> dict[str, str]:
        key = os.environ.get(self._api_key_env, "").strip()
        return {"Authorization": f"Bearer {key}"} if key else {}


@cache
def _certificates() -> ssl.SSLContext:
    """Made once: reading the certificates takes longer than a request to this machine."""
    return httpx.create_ssl_context()


def _said(response: httpx.Response) -> str:
    """What an error answer says, short."""
    try:
        message = response.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        message = response.text
    return " ".join(str(message).split())[:300]


def _asked_pause(response: httpx.Response) -> float:
    """Seconds that `Retry-After` asks for, as a number or a date; 0 where it asks for none."""
    asked = response.headers.get("retry-after", "")
    try:
        return max(0.0, float(asked))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - time())
    except ValueError:
        return 0.0


# --- the API's words for ours -----------------------------------------------------------------------------


def request(model: str, conversation: Conversation, sampling: Sampling) -> dict[str, Json]:
    """The body that asks for the next message; what the API takes for granted is left out."""
    messages = [
        {
            key: value
            for key, value in write_message(message).items()
            if key not in ("reasoning_content", "malformed")
        }
        for message in conversation.messages
    ]
    body: dict[str, Json] = {
        "model": model,
        "messages": messages,
        "temperature": sampling.temperature,
        "max_tokens": sampling.max_tokens,
    }
    if sampling.top_p < 1:
        body["top_p"] = sampling.top_p
    if sampling.seed is not None:
        body["seed"] = sampling.seed
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if conversation.tools:
        body["tools"] = write_tools(conversation.tools)
        body["tool_choice"] = _choice(sampling.tool_choice)
        if not sampling.parallel_tool_calls:
            body["parallel_tool_calls"] = False
    return body


def _choice(choice: str) -> Json:
    if choice in ("auto", "none", "required"):
        return choice
    return {"type": "function", "function": {"name": choice}}


def reply_of(answer: Json) -> Reply:
    """The reply in an answer of the API. Raises `ModelError` where there is none."""
    try:
        choice = answer["choices"][0]
        written = choice["message"]
        message = _message(written)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ModelError(f"the answer has no message: {json.dumps(answer)[:200]}") from error
    counted = answer.get("usage") or {}
    usage = Usage(
        prompt_tokens=counted.get("prompt_tokens") or 0,
        completion_tokens=counted.get("completion_tokens") or 0,
    )
    raw = written.get("content") or ""
    said = choice.get("finish_reason")
    if said == "content_filter":
        return Reply(message=message, finish="error", usage=usage, raw=raw, error="the answer was filtered")
    finish: Finish = "tool_calls" if message.tool_calls else "stop"
    if said == "length":
        finish = "length"
        cut = tuple(
            MalformedCall(
                raw=f"{call.name}({json.dumps(call.arguments)})", error="cut off by the limit of tokens"
            )
            for call in message.tool_calls
        )
        message = AssistantMessage(
            content=message.content, reasoning=message.reasoning, malformed=(*cut, *message.malformed)
        )
    return Reply(message=message, finish=finish, usage=usage, raw=raw)


def _message(written: dict[str, Json]) -> AssistantMessage:
    calls: list[ToolCall] = []
    malformed: list[MalformedCall] = []
    for value in written.get("tool_calls") or ():
        call = _call(value, len(calls) + 1)
        if isinstance(call, ToolCall):
            calls.append(call)
        else:
            malformed.append(call)
    return AssistantMessage(
        content=_text(written.get("content")) or _text(written.get("refusal")),
        reasoning=_text(written.get("reasoning_content") or written.get("reasoning")),
        tool_calls=tuple(calls),
        malformed=tuple(malformed),
    )


def _text(value: Json) -> str:
    if isinstance(value, list):
        return "".join(str(part.get("text", "")) for part in value if isinstance(part, dict))
    return value if isinstance(value, str) else ""


def _call(value: Json, number: int) -> ToolCall | MalformedCall:
    """A call as servers send it: arguments as text, as an object, empty, or encoded twice."""
    raw = json.dumps(value, ensure_ascii=False)
    function = value.get("function", value) if isinstance(value, dict) else {}
    name, arguments = function.get("name"), function.get("arguments")
    if not isinstance(name, str) or not name:
        return MalformedCall(raw=raw, error="the call has no name")
    for _ in range(2):
        if not isinstance(arguments, str):
            break
        try:
            arguments = json.loads(arguments) if arguments.strip() else {}
        except ValueError as error:
            return MalformedCall(raw=raw, error=f"the arguments are no JSON: {error}")
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, dict):
        return MalformedCall(raw=raw, error="the arguments are no JSON object")
    return ToolCall(name=name, arguments=arguments, id=str(value.get("id") or f"call_{number}"))
