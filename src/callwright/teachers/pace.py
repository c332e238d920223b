"""As many requests in flight as an endpoint bears: quickly up at first, down at a refusal, gently up again.

The level, how many may be in flight, follows from the time since the last trouble. At first it doubles every
`STEP`, for a refusal is told at once while an answer takes its time. After trouble it follows the curve of CUBIC
(RFC 9438, section 4.1): fast back to near where the trouble struck, flat around there, then on to what else there
may be. What an endpoint says by `Retry-After` holds for everybody.
"""

import asyncio
import heapq
import math
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Literal

import msgspec

Outcome = Literal["answered", "refused", "hung", "failed"]
"""`refused`: too busy, or not to be reached; `hung`: given up waiting; `failed`: no fault of the pace."""

CEILING = 64
STEP = 0.03
"""Seconds in which the level doubles at the start."""
KEPT = 0.85
"""Share of the level that is left after trouble."""
CURVE = 0.4
"""The constant C of the curve; with it 64 is reached from 1 in about six seconds."""
MOST_CARE = 8
"""How many times slower the level comes back to a limit that is met again and again."""
SHORTEST_PROBE, LONGEST_PROBE = 0.25, 4.0
"""Seconds between two probes of an endpoint that refuses everybody: longer, the longer it has lasted."""
LONGEST_BACKOFF = 30.0
SHORTEST_TIMEOUT = 60.0
USUAL_TIMES = 4.0
"""A request may take this many times as long as nine in ten did."""


class Turn(msgspec.Struct, frozen=True):
    """One request in flight."""

    began: float
    round: int
    """How many troubles there had been when it began: those of one burst count once."""


class Pace:
    """The turns of all requests to one endpoint; for one event loop at a time, not for several threads.

    `ceiling`: never more in flight. `longest`: seconds that any answer may take. `now` and `sleep` are the clock,
    `draw` gives numbers from 0 to 1 for the jitter.
    """

    def __init__(
        self,
        ceiling: int = CEILING,
        *,
        start: int = 4,
        longest: float = 600.0,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.ceiling, self.longest = ceiling, longest
        self.in_flight = self.answered = 0
        self._now, self._sleep, self._draw = now, sleep, draw
        self._ready: deque[asyncio.Future[Turn]] = deque()
        self._resting: list[tuple[float, int, asyncio.Future[Turn]]] = []
        self._number = count()
        self._alarm: tuple[float, asyncio.Task[None]] | None = None
        self._round = 0
        self._low = self._struck = float(min(start, ceiling))
        self._before = self._struck
        self._open_to = float(ceiling)  # so far the level doubles; beyond it follows the curve
        self._since: float | None = None  # the first turn after the last trouble
        self._care, self._stretch = 1, 1.0
        self._refusals = 0  # rounds of trouble without an answer between them
        self._paused_until = 0.0
        self._silent_since: float | None = None
        self._took: deque[float] = deque(maxlen=100)

    # --- what a request does ------------------------------------------------------------------------------

    async def turn(self, refusals: int = 0) -> Turn:
        """Wait for a turn, which must be ended with `end`.

        `refusals`: how often this request was refused before; it rests the longer, unless others are answered.
        """
        turn: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        if refusals:
            rest = self._draw() * min(LONGEST_BACKOFF, 2.0 ** (refusals - 1))
            heapq.heappush(self._resting, (self._now() + rest, next(self._number), turn))
        else:
            self._ready.append(turn)
        self._admit(self._now())
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.end(turn.result(), "failed")
            raise

    def end(self, turn: Turn, outcome: Outcome, *, retry_after: float = 0.0) -> None:
        """The request is over. `retry_after`: seconds for which the endpoint wants to be left alone."""
        now = self._now()
        if outcome in ("refused", "hung"):
            self._trouble(turn, outcome, now, retry_after)
        self.in_flight -= 1
        if outcome == "answered":
            self._took.append(now - turn.began)
            self._silent_since = None
            self.answered += 1
            if turn.round == self._round:
                self._refusals = 0
                self._wake()
        self._admit(now)

    # --- what can be asked --------------------------------------------------------------------------------

    @property
    def level(self) -> int:
        """How many may be in flight now."""
        return self._level(self._now())

    @property
    def waiting(self) -> int:
        return len(self._ready) + len(self._resting)

    @property
    def silent(self) -> float:
        """Seconds of trouble since anybody was answered."""
        return 0.0 if self._silent_since is None else self._now() - self._silent_since

    def timeout(self, hung: int = 0) -> float:
        """Seconds after which a request is given up: the longest at first, then a multiple of what is usual.

        `hung`: how often this request was given up before; each time it may take twice as long.
        """
        if len(self._took) < 8:
            return self.longest
        usual = sorted(self._took)[int(len(self._took) * 0.9)]
        return min(self.longest, max(SHORTEST_TIMEOUT, USUAL_TIMES * usual) * 2.0**hung)

    # --- the level ----------------------------------------------------------------------------------------

    def _level(self, now: float) -> int:
        level = self._low
        if self._since is not None:
            quiet = (now - self._since) / self._stretch
            level = min(self._low * 2.0 ** min(quiet / STEP, 32.0), max(self._open_to, self._curve(quiet)))
        return max(1, min(self.ceiling, int(level + 1e-9)))

    def _curve(self, quiet: float) -> float:
        if not self._round:
            return 0.0
        back = math.cbrt((self._struck - self._open_to) / CURVE)
        past = quiet / self._care - back
        return self._struck + CURVE * (past if past < 0 else past * self._care) ** 3

    def _trouble(self, turn: Turn, outcome: Outcome, now: float, retry_after: float) -> None:
        """Once a round the level goes down; for the rest of a burst it is seen how many were not refused."""
        self._paused_until = max(self._paused_until, now + retry_after)
        if self._silent_since is None:
            self._silent_since = now
        if turn.round == self._round:
            self._down(now - turn.began, now)
        elif outcome == "refused":
            stayed = float(self.in_flight - 1)
            self._low = self._open_to = min(self._low, max(1.0, stayed))
            self._struck = max(self._low, stayed + 1 if stayed else self._before)

    def _down(self, told_after: float, now: float) -> None:
        struck = float(min(self.in_flight, self._level(now)))
        again = self._round > 0 and abs(struck - self._before) <= max(1.0, self._before / 10)
        self._care = min(MOST_CARE, self._care * 2) if again else 1
        self._low = self._open_to = max(1.0, struck * KEPT)
        if not self._refusals:
            self._before = self._struck = struck
        elif struck <= 1:  # refused even alone: that is a storm, which says nothing about the level
            self._struck, self._open_to = self._before, self._before * KEPT
            pause = self._draw() * min(LONGEST_PROBE, SHORTEST_PROBE + self.silent / 8)
            self._paused_until = max(self._paused_until, now + pause)
        self._struck = max(self._struck, self._low)
        # Where trouble takes long to be told, as a timeout does, all must go slower by as much.
        self._stretch = max(1.0, told_after)
        self._round += 1
        self._refusals += 1
        self._since = None

    # --- the queue ----------------------------------------------------------------------------------------

    def _wake(self) -> None:
        """The endpoint answers: whoever was refused need not rest any longer, and goes first."""
        rested = [turn for _, _, turn in sorted(self._resting)]
        self._resting.clear()
        self._ready.extendleft(reversed(rested))

    def _admit(self, now: float) -> None:
        """Give turns to those that wait, as the level allows, and come back when it may allow more."""
        if now >= self._paused_until:
            while self._resting and self._resting[0][0] <= now:
                self._ready.append(heapq.heappop(self._resting)[2])
            while self._ready and self.in_flight < self._level(now):
                waiting = self._ready.popleft()
                if waiting.done():
                    continue
                if self._since is None:
                    self._since = now
                self.in_flight += 1
                waiting.set_result(Turn(began=now, round=self._round))
        self._look_again(now)

    def _look_again(self, now: float) -> None:
        while (
            self._ready and self._ready[0].done()
        ):  # cancelled: nobody is waited for, so no alarm is left behind
            self._ready.popleft()
        while self._resting and self._resting[0][2].done():
            heapq.heappop(self._resting)
        if now < self._paused_until:
            due = self._paused_until if self.waiting else None
        elif self._ready:
            due = now + STEP if self._level(now) < self.ceiling else None
        else:
            due = self._resting[0][0] if self._resting else None
        if self._alarm and (due is None or self._alarm[1].done() or self._alarm[0] > due):
            self._alarm[1].cancel()
            self._alarm = None
        if due is not None and self._alarm is None:
            self._alarm = (due, asyncio.ensure_future(self._ring(due, now)))

    async def _ring(self, due: float, now: float) -> None:
        await self._sleep(max(0.0, due - now))
        self._alarm = None
        self._admit(max(due, self._now()))
