import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from virtual_time import now, run

from callwright.teachers.pace import STEP, Pace, Turn


class Server:
    """Takes `capacity` at a time, each for `latency`; refuses the rest, and everything in a storm."""

    def __init__(
        self,
        capacity: int = 64,
        *,
        latency: Callable[[], float] = lambda: 1.0,
        way: float = 0.01,
        storms: Sequence[tuple[float, float]] = (),
    ) -> None:
        self.capacity, self.latency, self.way, self.storms = capacity, latency, way, storms
        self.busy = self.most = self.refused = 0
        self.began: list[float] = []
        self.answered: list[float] = []

    async def ask(self) -> bool:
        self.began.append(now())
        await asyncio.sleep(self.way)
        if self.busy >= self.capacity or any(begin <= now() < end for begin, end in self.storms):
            self.refused += 1
            return False
        self.busy += 1
        self.most = max(self.most, self.busy)
        await asyncio.sleep(self.latency())
        self.busy -= 1
        self.answered.append(now())
        return True

    def rate(self, begin: float, end: float) -> float:
        """Answers a second in a stretch of time."""
        return sum(begin <= at < end for at in self.answered) / (end - begin)


def paced(**options: Any) -> Pace:
    return Pace(now=now, draw=random.Random(1).random, **options)


async def ask_all(server: Server, count: int, pace: Pace, *, retry_after: float = 0.0) -> float:
    """The time after which `count` requests, all wanted at once, are answered."""

    async def one() -> None:
        refusals = 0
        while True:
            turn = await pace.turn(refusals)
            if await server.ask():
                return pace.end(turn, "answered")
            pace.end(turn, "refused", retry_after=retry_after)
            refusals += 1

    began = now()
    await asyncio.gather(*(one() for _ in range(count)))
    assert pace.in_flight == pace.waiting == 0
    return now() - began


def time_for(server: Server, count: int, *, retry_after: float = 0.0, **options: Any) -> float:
    async def work() -> float:
        return await ask_all(server, count, paced(**options), retry_after=retry_after)

    return run(work())


# --- how fast -----------------------------------------------------------------------------------------------


def test_an_endpoint_without_trouble_is_used_in_full_from_the_first_second() -> None:
    server = Server(10**6)
    assert time_for(server, 640) < 10 / 0.95
    assert server.most == 64


def test_it_begins_with_a_few() -> None:
    server = Server()
    time_for(server, 64)
    assert [sum(at <= STEP * step + 1e-9 for at in server.began) for step in range(5)] == [4, 8, 16, 32, 64]


@pytest.mark.parametrize("capacity", [1, 2, 4, 20, 60])
def test_the_capacity_of_an_endpoint_is_found_and_used(capacity: int) -> None:
    server = Server(capacity)
    took = time_for(server, 60 * capacity)
    assert 60 / took > 0.9
    assert server.refused < 6 + 0.2 * 60 * capacity ** (1 / 2)


@pytest.mark.parametrize("retry_after", [0.0, 1.0])
def test_answers_that_take_differently_long_make_no_difference(retry_after: float) -> None:
    drawn = random.Random(3)
    server = Server(40, latency=lambda: drawn.expovariate(0.5))
    assert 100 / time_for(server, 2000, retry_after=retry_after) > 0.85


@pytest.mark.parametrize("retry_after", [0.0, 1.0])
@pytest.mark.parametrize("length", [0.5, 5.0, 60.0])
def test_after_a_storm_it_is_at_full_speed_within_seconds(length: float, retry_after: float) -> None:
    server = Server(storms=[(5.0, 5.0 + length)])
    took = time_for(server, 1920, retry_after=retry_after)
    assert (30 + length) / took > 0.8
    calm = 5.0 + length
    assert server.rate(calm + 8, calm + 12) > 0.95 * 64
    assert server.refused < 100 + 2 * length


def test_an_endpoint_that_grows_is_followed() -> None:
    server = Server(8)

    async def work() -> None:
        asyncio.get_running_loop().call_later(60, setattr, server, "capacity", 64)
        await ask_all(server, 3000, paced())

    run(work())
    assert server.rate(90, 92) > 0.9 * 64


def test_a_rate_of_twenty_a_second_is_kept_without_being_told() -> None:
    server = Server(10**6)
    tokens = [20.0, 0.0]  # what is in the bucket, and since when

    async def ask() -> bool:
        tokens[:] = [min(20.0, tokens[0] + 20 * (now() - tokens[1])), now()]
        if tokens[0] < 1:
            server.refused += 1
            return False
        tokens[0] -= 1
        return await Server.ask(server)

    server.ask = ask  # type: ignore[method-assign]
    assert 50 / time_for(server, 1000) > 0.9
    assert server.refused < 100


# --- down, once a round -------------------------------------------------------------------------------------


async def turns(pace: Pace, count: int) -> list[Turn]:
    return list(await asyncio.gather(*(pace.turn() for _ in range(count))))


def test_a_burst_of_timeouts_lowers_the_level_once() -> None:
    async def work() -> int:
        pace = paced(start=20)
        for turn in await turns(pace, 20):
            pace.end(turn, "hung")
        return pace.level

    assert run(work()) == 17


def test_a_burst_of_refusals_lowers_it_to_those_that_were_not_refused() -> None:
    async def work() -> int:
        pace = paced(start=20)
        for turn in (await turns(pace, 20))[:13]:
            pace.end(turn, "refused")
        return pace.level

    assert run(work()) == 7


def test_a_request_that_fails_by_itself_says_nothing_about_the_level() -> None:
    async def work() -> int:
        pace = paced(start=20)
        for turn in await turns(pace, 20):
            pace.end(turn, "failed")
        return pace.level

    assert run(work()) == 20


def test_the_level_is_never_below_one_nor_above_the_ceiling() -> None:
    async def work() -> None:
        pace = paced(ceiling=3)
        assert pace.level == 3
        for _ in range(30):
            pace.end(await pace.turn(), "refused")
            assert pace.level == 1
        for _ in range(90):
            turn = await pace.turn()
            await asyncio.sleep(1)
            pace.end(turn, "answered")
            assert pace.level <= 3
        assert pace.level == 3

    run(work())


# --- pauses -------------------------------------------------------------------------------------------------


def test_retry_after_holds_for_everybody() -> None:
    async def work() -> list[float]:
        pace = paced()
        pace.end(await pace.turn(), "refused", retry_after=7.0)
        waiting = turns(pace, 3)
        assert pace.silent == 0
        return [turn.began for turn in await waiting]

    assert min(run(work())) == 7.0


def test_who_is_refused_rests_at_random_and_longer_each_time() -> None:
    async def work(draw: float) -> list[float]:
        rests = []
        for refusals in range(9):
            pace = Pace(now=now, draw=lambda: draw)
            began = now()
            await pace.turn(refusals)
            rests.append(round(now() - began, 6))
        return rests

    assert run(work(1.0)) == [0, 1, 2, 4, 8, 16, 30, 30, 30]
    assert run(work(0.25)) == [0, 0.25, 0.5, 1, 2, 4, 7.5, 7.5, 7.5]


def test_who_rests_goes_first_when_others_are_answered() -> None:
    async def work() -> list[str]:
        pace = Pace(1, now=now, draw=lambda: 1.0)
        order: list[str] = []

        async def one(name: str, refusals: int) -> None:
            turn = await pace.turn(refusals)
            order.append(name)
            await asyncio.sleep(1)
            pace.end(turn, "answered")

        await asyncio.gather(one("first", 0), one("next", 0), one("refused", 6))
        assert now() == 3
        return order

    assert run(work()) == ["first", "refused", "next"]


# --- timeouts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usual", "expected"), [(1, [60, 120, 240]), (40, [160, 320, 600]), (300, [600] * 3)]
)
def test_the_first_answers_may_take_long_then_a_multiple_of_what_is_usual(
    usual: float, expected: Any
) -> None:
    async def work() -> list[float]:
        pace = paced()
        assert pace.timeout() == 600
        for turn in await turns(pace, 8):
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_later(usual, pace.end, turn, "answered")
        await asyncio.sleep(usual + 1)
        return [pace.timeout(hung) for hung in range(3)]

    assert run(work()) == pytest.approx(expected, rel=0.01)


def test_one_slow_conversation_holds_up_no_other() -> None:
    server = Server(latency=iter([500.0] + [1.0] * 700).__next__)

    async def work() -> list[float]:
        await ask_all(server, 641, paced())
        return server.answered

    answered = run(work())
    assert answered[-2] < 11.3
    assert answered[-1] == pytest.approx(500, abs=1)


# --- whatever happens ---------------------------------------------------------------------------------------


def test_a_cancelled_request_gives_its_turn_back() -> None:
    async def work() -> None:
        pace = paced(ceiling=1)
        held = await pace.turn()
        given = asyncio.ensure_future(pace.turn())
        waiting = [asyncio.ensure_future(pace.turn(refusals)) for refusals in (0, 3)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        pace.end(held, "answered")  # gives the turn to one that is cancelled before it can take it
        given.cancel()
        await asyncio.gather(given, *waiting, return_exceptions=True)
        assert pace.in_flight == 0
        await pace.turn()

    run(work())


def test_when_all_are_cancelled_nothing_is_left_running() -> None:
    async def work() -> None:
        pace = paced(ceiling=2)

        async def one(refusals: int) -> None:
            turn = await pace.turn(refusals)
            try:
                await asyncio.sleep(60)
            finally:
                pace.end(turn, "failed")

        tasks = [asyncio.ensure_future(one(number % 3)) for number in range(9)]
        await asyncio.sleep(1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert pace.in_flight == pace.waiting == 0

    run(work())


@settings(deadline=None, max_examples=40)
@given(
    capacity=st.integers(1, 80),
    ceiling=st.integers(1, 80),
    latency=st.sampled_from([0.0, 0.1, 1.0, 20.0]),
    storms=st.lists(st.tuples(st.floats(0, 60), st.floats(0, 30)), max_size=3),
    retry_after=st.sampled_from([0.0, 0.5, 5.0]),
)
def test_every_request_is_answered_and_never_more_are_in_flight_than_the_ceiling(
    capacity: int,
    ceiling: int,
    latency: float,
    storms: list[tuple[float, float]],
    retry_after: float,
) -> None:
    server = Server(capacity, latency=lambda: latency, storms=[(at, at + length) for at, length in storms])
    time_for(server, 150, ceiling=ceiling, retry_after=retry_after)
    assert len(server.answered) == 150
    assert server.most <= min(capacity, ceiling)


def test_a_pace_goes_on_in_the_next_event_loop() -> None:
    pace = Pace(2, start=2)

    async def work() -> None:
        held = await turns(pace, 2)
        waiting = asyncio.ensure_future(pace.turn(refusals=4))
        await asyncio.sleep(0)
        for turn in held:
            pace.end(turn, "answered")
        pace.end(await waiting, "answered")

    asyncio.run(work())
    asyncio.run(work())
    assert (pace.in_flight, pace.waiting, pace.answered) == (0, 0, 6)
