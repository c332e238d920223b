import time

import numpy as np
import pytest

from callwright.errors import RunError
from callwright.packs import layout


def lengths(count: int, pack_size: int, seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng(seed).lognormal(7.3, 0.8, count).astype(int)
    return np.clip(drawn, 16, pack_size)


@pytest.mark.parametrize("seed", range(20))
def test_every_example_is_in_one_pack_and_no_pack_overflows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pack_size = int(rng.integers(1, 300))
    sizes = rng.integers(1, pack_size + 1, size=int(rng.integers(0, 400)))
    plan = layout(sizes.tolist(), pack_size, seed=seed)
    assert sorted(plan.order.tolist()) == list(range(len(sizes)))
    assert all(0 < sizes[members].sum() <= pack_size for members in plan)
    assert len(list(plan)) == len(plan)


@pytest.mark.parametrize("seed", range(10))
def test_packs_are_as_few_as_those_of_the_plain_algorithm(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 65, size=300).tolist()
    rooms: list[int] = []
    for size in sorted(sizes, reverse=True):
        fitting = [room for room in rooms if room >= size]
        if fitting:
            rooms.remove(min(fitting))
        rooms.append((min(fitting) if fitting else 64) - size)
    assert len(layout(sizes, 64)) == len(rooms)


def test_a_million_lengths_fill_their_packs_in_seconds() -> None:
    sizes = lengths(1_000_000, 8192)
    begun = time.process_time()
    plan = layout(sizes.tolist(), 8192)
    assert time.process_time() - begun < 5
    assert sizes.sum() / (len(plan) * 8192) >= 0.998


def test_a_seed_gives_one_order_and_another_seed_another() -> None:
    sizes = lengths(500, 4096).tolist()
    one, again, other = (layout(sizes, 4096, seed=seed).order.tolist() for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_packs_are_not_in_the_order_of_their_lengths() -> None:
    sizes = lengths(2000, 4096)
    longest = [int(sizes[members].max()) for members in layout(sizes.tolist(), 4096)]
    assert longest != sorted(longest, reverse=True)


@pytest.mark.parametrize("size", [0, 9])
def test_a_length_that_fits_no_pack_is_refused(size: int) -> None:
    with pytest.raises(RunError, match="expected lengths from 1 to the pack size 8"):
        layout([3, size], 8)
