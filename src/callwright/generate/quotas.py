"""Quotas: shares as whole numbers that add up, and sequences that meet them exactly."""

from collections.abc import Mapping, Sequence
from random import Random


def whole(shares: Mapping[str, float], total: int) -> dict[str, int]:
    """`total` divided by `shares` (adding up to one) into whole numbers, by the largest remainder."""
    exact = {name: share * total for name, share in shares.items()}
    counts = {name: int(value) for name, value in exact.items()}
    rest = total - sum(counts.values())
    order = sorted(exact, key=lambda name: (counts[name] - exact[name], name))
    for name in order[:rest]:
        counts[name] += 1
    return counts


def sequence(counts: Mapping[str, int], rng: Random) -> list[str]:
    """Each name as often as `counts` says, shuffled."""
    names = [name for name, count in counts.items() for _ in range(count)]
    rng.shuffle(names)
    return names


def with_floor(weights: Mapping[str, float], floor: float) -> dict[str, float]:
    """Shares in proportion to `weights`, none below `floor` of an even split; they add up to one."""
    if not any(weights.values()):
        weights = dict.fromkeys(weights, 1.0)
    even = floor / len(weights)
    low: set[str] = set()
    while True:
        total = sum(weight for name, weight in weights.items() if name not in low)
        room = 1.0 - even * len(low)
        shares = {
            name: even if name in low or not total else weight / total * room
            for name, weight in weights.items()
        }
        below = {name for name, share in shares.items() if share < even and name not in low}
        if not below:
            whole_of_it = sum(shares.values())
            return {name: share / whole_of_it for name, share in shares.items()}
        low |= below


def spread(names: Sequence[str], hearts: Sequence[str], fits: Mapping[str, frozenset[str]]) -> list[str]:
    """`hearts` in another order, so that each fits the name at its place, as far as that can be.

    `fits`: name -> what does not go with it. Two places are swapped where both are better off for it.
    """
    found = list(hearts)

    def wrong(place: int, heart: str) -> bool:
        return heart in fits.get(names[place], frozenset())

    taker = 0
    for place in range(len(found)):
        if not wrong(place, found[place]):
            continue
        for step in range(len(found)):
            other = (taker + step) % len(found)
            if not wrong(place, found[other]) and not wrong(other, found[place]):
                found[place], found[other] = found[other], found[place]
                taker = other + 1
                break
    return found
