"""An OpenAI-compatible endpoint on this machine, with faults on demand: to test clients against.

    with Endpoint([Trouble(status=429, retry_after="1"), said(calls=[("ls", {})])]) as endpoint:
        ...  # ask endpoint.url

It answers from its list, one entry a request, then repeats the last one; or by a function of what was asked:

    with Endpoint(answer=lambda body: said(body["messages"][-1]["content"]), latency=1.0, capacity=64) as endpoint:
        ...
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Self

import msgspec

from callwright.conversation import Json


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What goes wrong with one answer."""

    status: int = 200
    """Other than 200: an error in OpenAI's shape."""
    message: str = "asked for trouble"
    """What the error says."""
    retry_after: str = ""
    """The header of that name, with an error."""
    delay: float = 0.0
    """Seconds before anything is sent."""
    dropped: bool = False
    """The connection is closed without an answer."""
    truncated: bool = False
    """The connection is closed in the middle of the body."""
    broken: bool = False
    """The body is no JSON."""
    body: Json = None
    """Sent instead of a completion, as JSON."""


class Storm(msgspec.Struct, frozen=True, kw_only=True):
    """A time in which every request is refused; in seconds from the first request."""

    begin: float
    end: float
    trouble: Trouble = Trouble(status=429)


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """One request that was answered, or refused."""

    came: float
    """Seconds from the first request."""
    left: float
    status: int


Said = dict[str, Json]
"""A choice of the API: `message` and `finish_reason`."""


def said(
    content: str | None = None,
    *,
    calls: Sequence[tuple[str, Json]] = (),
    finish: str = "",
) -> Said:
    """A choice; `calls` are (name, arguments), the arguments an object or the very text to send."""
    message: dict[str, Json] = {"role": "assistant", "content": content}
    if calls:
        message["tool_calls"] = [
            {
                "id": f"call_{number}",
                "type": "function",
                "function": {
                    "name": name,
                    "arguments": arguments if isinstance(arguments, str) else json.dumps(arguments),
                },
            }
            for number, (name, arguments) in enumerate(calls, start=1)
        ]
    return {"index": 0, "message": message, "finish_reason": finish or ("tool_calls" if calls else "stop")}


class Endpoint:
    """A server in a thread of its own while the `with` block lasts.

    `answer`: what is said to a request's body, instead of `answers`; called in the server's thread. `latency`:
    seconds that an answer takes, or what draws them. `capacity`: more in flight get 429, with `retry_after` where
    it is set. `refuses`: fields of a body that get 400, named.
    """

    def __init__(
        self,
        answers: Sequence[Said | Trouble] = (),
        *,
        answer: Callable[[dict[str, Json]], Said | Trouble] | None = None,
        latency: float | Callable[[], float] = 0.0,
        capacity: int | None = None,
        retry_after: str = "",
        storms: Sequence[Storm] = (),
        refuses: Sequence[str] = (),
    ) -> None:
        self.requests: list[dict[str, Json]] = []
        """Bodies in the order they came."""
        self.headers: list[dict[str, str]] = []
        """Headers of the same requests, names in lower case."""
        self.served: list[Served] = []
        """What became of them, in the order they were done."""
        self.connections = self.in_flight = self.most_in_flight = 0
        self._answers, self._used = list(answers) or [said("Hello")], 0
        self._answer = answer or self._next
        self._latency, self._storms, self._refuses = latency, tuple(storms), tuple(refuses)
        self._capacity, self._full = (
            capacity,
            Trouble(status=429, message="too many", retry_after=retry_after),
        )
        self._port, self._began = 0, 0.0
        self._ready, self._tasks = threading.Event(), set[asyncio.Task[None]]()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    @property
    def url(self) -> str:
        """The base URL, as clients take it."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def age(self) -> float:
        """Seconds since the first request; 0 before it."""
        return time.monotonic() - self._began if self.requests else 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=512)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks)

    # --- what is answered ---------------------------------------------------------------------------------

    def _next(self, body: dict[str, Json]) -> Said | Trouble:
        self._used += 1
        return self._answers[min(self._used, len(self._answers)) - 1]

    def _refusal(self, body: dict[str, Json]) -> Trouble | None:
        """What is told at once."""
        for storm in self._storms:
            if storm.begin <= self.age < storm.end:
                return storm.trouble
        if self._capacity is not None and self.in_flight >= self._capacity:
            return self._full
        for name in self._refuses:
            if name in body:
                return Trouble(status=400, message=f"unsupported parameter: {name}")
        return None

    async def _answered(self, body: dict[str, Json]) -> tuple[int, bytes]:
        """Status and the bytes of the answer; too few of them where the connection shall be cut."""
        model = str(body.get("model", ""))
        if refusal := self._refusal(body):
            await asyncio.sleep(refusal.delay)
            return refusal.status, _sent(refusal, model)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            answer = self._answer(body)
            latency = self._latency() if callable(self._latency) else self._latency
            if isinstance(answer, Trouble):
                await asyncio.sleep(latency + answer.delay)
                return answer.status, _sent(answer, model)
            await asyncio.sleep(latency)
            return 200, _response(200, json.dumps(_completion(answer, model)).encode())
        finally:
            self.in_flight -= 1

    # --- HTTP ---------------------------------------------------------------------------------------------

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            pass  # the client is gone, or the block is over
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; whether the connection is still of use."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = (line.partition(":") for line in head[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in fields}
        if not head[0].startswith("POST "):
            models = {"object": "list", "data": [{"id": "stub", "object": "model"}]}
            writer.write(_response(200, json.dumps(models).encode()))
            return True
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        if not self.requests:
            self._began = time.monotonic()
        self.requests.append(body)
        came = self.age
        self.headers.append(headers)
        status, sent = await self._answered(body)
        self.served.append(Served(came=came, left=self.age, status=status))
        writer.write(sent)
        await writer.drain()
        return bool(sent) and _whole(sent)


def _sent(trouble: Trouble, model: str) -> bytes:
    if trouble.dropped:
        return b""
    if trouble.status != 200:
        error = {"error": {"message": trouble.message, "type": "trouble", "code": None}}
        return _response(trouble.status, json.dumps(error).encode(), retry_after=trouble.retry_after)
    if trouble.body is not None:
        return _response(200, json.dumps(trouble.body).encode())
    body = json.dumps(_completion(said("Hello"), model)).encode()
    half = len(body) // 2
    if trouble.broken:
        return _response(200, body[:half])
    whole = _response(200, body)
    return whole[:-half] if trouble.truncated else whole


def _response(status: int, body: bytes, *, retry_after: str = "") -> bytes:
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Trouble"
    head = f"HTTP/1.1 {status} {phrase}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    asked = f"Retry-After: {retry_after}\r\n" if retry_after else ""
    return f"{head}{asked}\r\n".encode("latin-1") + body


def _whole(sent: bytes) -> bool:
    head, _, body = sent.partition(b"\r\n\r\n")
    return f"Content-Length: {len(body)}\r\n".encode() in head + b"\r\n"


def _completion(answer: Said, model: str) -> dict[str, Json]:
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [answer],
        "usage": usage,
    }
