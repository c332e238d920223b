"""A gate: so many at a time, and who finishes something goes before who begins something."""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

JUDGING, PLAYING, DRAFTING = range(3)
"""Ranks, first come first served among those of one; so what is begun is finished first, should a budget end."""


class Gate:
    """At most `places` inside."""

    def __init__(self, places: int) -> None:
        self.free = places
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._number = count()

    @asynccontextmanager
    async def place(self, rank: int) -> AsyncIterator[None]:
        """A place inside while the block lasts."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._number), turn))
        self._admit()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # admitted and cancelled at once
                self._leave()
            raise
        try:
            yield
        finally:
            self._leave()

    def _leave(self) -> None:
        self.free += 1
        self._admit()

    def _admit(self) -> None:
        while self.free and self._waiting:
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                self.free -= 1
                turn.set_result(None)
