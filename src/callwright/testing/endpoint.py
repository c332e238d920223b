"""An OpenAI-compatible endpoint on this machine, with faults on demand: to test clients against.

    with Endpoint([Trouble(status=429, retry_after="1"), said(calls=[("ls", {})])]) as endpoint:
        ...  # ask endpoint.url

It answers from its list, one entry a request, then repeats the last one.
"""

import json
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import msgspec

from callwright.conversation import Json


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What goes wrong with one answer."""

    status: int = 200
    """Other than 200: an error in OpenAI's shape."""
    retry_after: str = ""
    """The header of that name, with an error."""
    delay: float = 0.0
    """Seconds before anything is sent."""
    truncated: bool = False
    """The connection is closed in the middle of the body."""
    broken: bool = False
    """The body is no JSON."""


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
    """A server in a thread of its own while the `with` block lasts."""

    def __init__(self, answers: Sequence[Said | Trouble] = ()) -> None:
        self.requests: list[dict[str, Json]] = []
        """Bodies in the order they came."""
        self.headers: list[dict[str, str]] = []
        """Headers of the same requests, names in lower case."""
        self._answers = list(answers) or [said("Hello")]
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        """The base URL, as clients take it."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _next(self, body: dict[str, Json], headers: dict[str, str]) -> Said | Trouble:
        with self._lock:
            self.requests.append(body)
            self.headers.append(headers)
            return self._answers[min(len(self.requests), len(self._answers)) - 1]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers.get("content-length", 0))
                body = json.loads(self.rfile.read(size))
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = endpoint._next(body, headers)
                if isinstance(answer, Trouble):
                    self._trouble(answer, str(body.get("model", "")))
                else:
                    self._send(200, _completion(answer, str(body.get("model", ""))))

            def _trouble(self, trouble: Trouble, model: str) -> None:
                time.sleep(trouble.delay)
                if trouble.status != 200:
                    error = {"error": {"message": "asked for trouble", "type": "trouble", "code": None}}
                    headers = {"Retry-After": trouble.retry_after} if trouble.retry_after else {}
                    self._send(trouble.status, error, headers=headers)
                    return
                whole = json.dumps(_completion(said("Hello"), model)).encode()
                half = whole[: len(whole) // 2]
                if trouble.truncated:
                    self._bytes(200, half, size=len(whole), headers={})
                    self.close_connection = True
                else:
                    sent = half if trouble.broken else whole
                    self._bytes(200, sent, size=len(sent), headers={})

            def _send(
                self, status: int, body: dict[str, Json], headers: dict[str, str] | None = None
            ) -> None:
                data = json.dumps(body).encode()
                self._bytes(status, data, size=len(data), headers=headers or {})

            def _bytes(self, status: int, data: bytes, *, size: int, headers: dict[str, str]) -> None:
                try:
                    self.send_response(status)
                    for name, value in {**headers, "Content-Type": "application/json"}.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(size))
                    self.end_headers()
                    self.wfile.write(data)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # the client has given up waiting, as it was meant to

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: the requests are kept in the endpoint."""

        return Handler


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
