"""Any model behind an OpenAI-compatible endpoint, as a teacher.

What passes is tried again: a busy endpoint for as long as it answers anybody, a failure of the request itself a few
times. What does not pass is an error reply that says why. The key is read from the environment when it is sent,
and is never kept, shown or put into a message.
"""

import asyncio
import hashlib
import os
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from email.utils import parsedate_to_datetime
from time import time
from urllib.parse import urlsplit

import httpx
import msgspec

from callwright.chat import Reply, Sampling
from callwright.conversation import AssistantMessage, Conversation, Json
from callwright.errors import ModelError
from callwright.teachers.completions import reply_of, request
from callwright.teachers.connections import Connections
from callwright.teachers.pace import LONGEST_BACKOFF, Outcome, Pace

KEY = "CALLWRIGHT_TEACHER_API_KEY"

PATIENCE = 600.0
"""Seconds; an endpoint that answers nobody for so long, or asks for a longer pause, is given up."""

_BUSY = frozenset({429, 502, 503, 504, 529})
_PASSING = _BUSY | {408, 409, 425, 500}
_DISPENSABLE = {
    "response_format": r"response_format|json_schema|structured output|guided",
    "max_tokens": r"max_completion_tokens",
    "seed": r"\bseed\b",
    "parallel_tool_calls": r"parallel_tool_calls",
}
"""What some endpoints refuse -> how they name it. Such a request is asked without; `max_tokens` under its new name."""


class _NoAnswer(Exception):
    """One try that gave none."""

    def __init__(
        self, why: str, outcome: Outcome = "failed", *, status: int = 0, retry_after: float = 0.0
    ) -> None:
        super().__init__(why)
        self.outcome, self.status, self.retry_after = outcome, status, retry_after


class OpenAITeacher:
    """The model called `model` at `base_url` (ending in `/v1`, as clients take it).

    `api_key_env`: name of the environment variable that holds the key; unset: none is sent. `extra_body` and
    `extra_headers` go with every request. `pace`: shared by all models of one endpoint. `attempts`: tries of a
    request that fails by itself. `timeout`: the longest that one answer may take. `sleep`: how a pause is made.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str,
        api_key_env: str = KEY,
        extra_body: Mapping[str, Json] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        pace: Pace | None = None,
        attempts: int = 6,
        timeout: float = 600.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise ModelError(
                f"`{model}` is reached through an endpoint; expected its URL, found `{base_url}`",
                hint="set CALLWRIGHT_TEACHER_URL or base.teacher_base_url to a URL such as https://host/v1, "
                "or choose base.teacher_model_name=offline",
            )
        self.name = model
        self.pace = pace or Pace(longest=timeout, sleep=sleep)
        self.left_out: frozenset[str] = frozenset()
        """What the endpoint turned out to refuse, and is asked without."""
        self._url = base_url.rstrip("/") + "/chat/completions"
        self._api_key_env, self._attempts, self._timeout, self._sleep = api_key_env, attempts, timeout, sleep
        self._extra_body, self._extra_headers = dict(extra_body or {}), dict(extra_headers or {})
        self._connections = Connections(self._url)

    def __repr__(self) -> str:
        base_url = re.sub(r"//[^/]*@", "//", self._url.removesuffix("/chat/completions"))
        return f"OpenAITeacher({self.name!r}, base_url={base_url!r})"

    @property
    def identity(self) -> str:
        """Who is asked, for a journal: model, host, and a hash of the extra body."""
        extra = hashlib.sha256(msgspec.json.encode(self._extra_body, order="deterministic")).hexdigest()[:16]
        return f"{self.name} at {urlsplit(self._url).netloc.rpartition('@')[2]} with {extra}"

    async def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
        """The model's next message; a failure is a `Reply` that says so."""
        try:
            body = {**request(self.name, conversation, sampling), **self._extra_body}
            return reply_of(await self._ask(body))
        except ModelError as error:
            return Reply(
                message=AssistantMessage(), finish="error", error=self._redacted(str(error))[: 2 * SHOWN]
            )

    # --- asking until there is an answer ------------------------------------------------------------------

    async def _ask(self, body: dict[str, Json]) -> Json:
        """The answer's JSON. Raises `ModelError` when it is given up."""
        left_out = self.left_out
        failures = refusals = hung = 0
        await self._connections.ready()
        while True:
            try:
                answer = await self._once(_without(body, left_out), refusals, hung)
            except _NoAnswer as trouble:
                unwanted = _unwanted(trouble, body) - left_out
                if unwanted:
                    left_out |= unwanted
                    continue
                # A refusal is nobody's fault, unless there is no such endpoint at all.
                refused = trouble.outcome == "refused" and (trouble.status or self.pace.answered)
                failures, refusals = (failures, refusals + 1) if refused else (failures + 1, 0)
                hung += trouble.outcome == "hung"
                if why := self._final(trouble, failures):
                    raise ModelError(f"{self.name} gave no answer: {why}") from None
                if not refused:
                    await self._sleep(random.random() * min(2.0 ** (failures - 1), LONGEST_BACKOFF))
            else:
                self.left_out |= left_out
                return answer

    def _final(self, trouble: _NoAnswer, failures: int) -> str:
        """Why it is of no use to ask again; empty where it is."""
        if trouble.retry_after > PATIENCE:
            return f"{trouble}; it asks for a pause of {trouble.retry_after:.0f} s"
        if trouble.outcome == "refused" and self.pace.silent > PATIENCE:
            return f"{trouble}; nobody was answered for {self.pace.silent:.0f} s"
        passing = not trouble.status or trouble.status in _PASSING
        return "" if passing and failures < self._attempts else str(trouble)

    async def _once(self, body: dict[str, Json], refusals: int, hung: int) -> Json:
        """One try, in its turn. Raises `_NoAnswer`."""
        turn = await self.pace.turn(refusals)
        outcome: Outcome = "failed"
        pause = 0.0
        try:
            answer = await self._posted(body, min(self._timeout, self.pace.timeout(hung)))
            outcome = "answered"
            return answer
        except _NoAnswer as trouble:
            outcome = trouble.outcome
            pause = trouble.retry_after if trouble.retry_after <= PATIENCE else 0.0
            raise
        finally:
            self.pace.end(turn, outcome, retry_after=pause)

    async def _posted(self, body: dict[str, Json], timeout: float) -> Json:
        try:
            async with asyncio.timeout(timeout):
                response = await self._connections.post(body, self._headers())
        except httpx.InvalidURL as error:
            raise ModelError(f"{self.name} has no usable URL: {error}") from error
        except TimeoutError:
            raise _NoAnswer(f"there was no answer within {timeout:.0f} s", "hung") from None
        except httpx.HTTPError as error:
            raise _NoAnswer(f"the connection failed ({type(error).__name__})", "refused") from None
        status = response.status_code
        try:
            answer = response.json()
        except ValueError:
            if response.is_success:
                raise _NoAnswer("the answer is no JSON") from None
            answer = response.text
        if response.is_success:
            status = _error_within(answer)
            if not status:
                return answer
        why = f"status {status}: {self._redacted(_said(answer))[:SHOWN]}"
        outcome: Outcome = "refused" if status in _BUSY else "failed"
        raise _NoAnswer(why, outcome, status=status, retry_after=_asked_pause(response))

    # --- what is sent -------------------------------------------------------------------------------------

    def _headers(self) -> dict[str, str]:
        key = os.environ.get(self._api_key_env, "").strip()
        return {**({"Authorization": f"Bearer {key}"} if key else {}), **self._extra_headers}

    def _redacted(self, text: str) -> str:
        """Without the values of the headers, should an endpoint repeat them."""
        secrets = [value.removeprefix("Bearer ") for value in self._headers().values()]
        for secret in secrets:
            if len(secret) > 5:
                text = text.replace(secret, "…")
        return text


SHOWN = 300
"""Characters of an endpoint's own words that are repeated; cut once the secrets are out, never before."""


def _unwanted(trouble: _NoAnswer, body: Mapping[str, Json]) -> frozenset[str]:
    """The settings of `body` that the endpoint says it does not take."""
    if trouble.status not in (400, 422):
        return frozenset()
    return frozenset(
        name
        for name, named in _DISPENSABLE.items()
        if name in body and re.search(named, str(trouble), re.IGNORECASE)
    )


def _without(body: dict[str, Json], left_out: frozenset[str]) -> dict[str, Json]:
    kept = {name: value for name, value in body.items() if name not in left_out}
    if "max_tokens" in left_out:
        kept["max_completion_tokens"] = body["max_tokens"]
    return kept


def _error_within(answer: Json) -> int:
    """The status of an error that was sent as a success, as some gateways do; 0 where there is none."""
    if not isinstance(answer, dict) or not answer.get("error") or answer.get("choices"):
        return 0
    code = answer["error"].get("code") if isinstance(answer["error"], dict) else None
    return code if isinstance(code, int) and 400 <= code < 600 else 500


def _said(answer: Json) -> str:
    """What an error answer says, on one line."""
    try:
        message = answer["error"]["message"]
    except (KeyError, TypeError):
        message = answer
    return " ".join(str(message).split())


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
