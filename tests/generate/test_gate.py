"""The gate: never more inside than places, lower ranks first, no place lost."""

import asyncio

from callwright.generate.gate import DRAFTING, JUDGING, PLAYING, Gate


def test_lower_ranks_go_first_and_never_more_are_inside() -> None:
    gate, inside, most, order = Gate(2), 0, 0, []

    async def one(name: str, rank: int) -> None:
        nonlocal inside, most
        async with gate.place(rank):
            inside += 1
            most = max(most, inside)
            order.append(name)
            await asyncio.sleep(0)
            inside -= 1

    async def all_of_them() -> None:
        ranks = [
            ("a", DRAFTING),
            ("b", DRAFTING),
            ("c", DRAFTING),
            ("d", PLAYING),
            ("e", JUDGING),
            ("f", PLAYING),
        ]
        await asyncio.gather(*(one(name, rank) for name, rank in ranks))

    asyncio.run(all_of_them())
    assert (order, most, gate.free) == (["a", "b", "e", "d", "f", "c"], 2, 2)


def test_who_gives_up_waiting_takes_no_place() -> None:
    gate = Gate(1)

    async def cancelled() -> None:
        async def waits() -> None:
            async with gate.place(PLAYING):
                raise AssertionError("never inside")

        async with gate.place(PLAYING):
            waiting = [asyncio.ensure_future(waits()) for _ in range(2)]
            await asyncio.sleep(0)
            waiting[0].cancel()
            await asyncio.sleep(0)
        waiting[1].cancel()  # admitted at the end of the block, and cancelled before it is inside
        await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(cancelled())
    assert gate.free == 1
