"""Connections to one endpoint, kept for the next request.

Each is a client of its own: one client's pool of 64 looks through all of them for every request, several times over
where many answers come together, and takes half a second for it.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping
from functools import cache

import httpx

from callwright.conversation import Json

LONGEST_CONNECT = 30.0
KEPT = 30.0
"""Seconds for which a connection without a request is kept."""


class Connections:
    """As many connections to `url` as are used at a time; they end with the event loop that uses them."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: dict[asyncio.AbstractEventLoop, list[httpx.AsyncClient]] = {}
        self._ends: dict[asyncio.AbstractEventLoop, AsyncGenerator[None]] = {}

    async def ready(self) -> None:
        """Do what takes long at first, so that it is not taken for a delay of the endpoint."""
        _certificates()
        loop = asyncio.get_running_loop()
        if loop not in self._idle:
            self._idle[loop] = []
            self._ends[loop] = self._end(loop)
            await anext(self._ends[loop])

    async def post(self, body: Mapping[str, Json], headers: Mapping[str, str]) -> httpx.Response:
        """The whole response. Raises `httpx.HTTPError` and `httpx.InvalidURL`; needs `ready` to have been called."""
        idle = self._idle[asyncio.get_running_loop()]
        client = idle.pop() if idle else self._client()
        try:
            return await client.post(self._url, json=body, headers=headers)
        finally:
            idle.append(client)

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            timeout=httpx.Timeout(None, connect=LONGEST_CONNECT),  # who asks gives the whole request its time
            limits=httpx.Limits(max_connections=1, keepalive_expiry=KEPT),
            verify=_certificates(),
        )

    async def _end(self, loop: asyncio.AbstractEventLoop) -> AsyncGenerator[None]:
        """An event loop that ends closes its asynchronous generators, and with this one the connections."""
        try:
            yield
        finally:
            del self._ends[loop]
            for client in self._idle.pop(loop):
                await client.aclose()


@cache
def _certificates() -> ssl.SSLContext:
    """Made once: reading the certificates takes longer than a request to this machine."""
    return httpx.create_ssl_context()
