"""Which exchange comes next: how long conversations are, what follows what, and the share of each kind."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from callwright.conversation import Json
from callwright.teachers.offline.templates import Exchange

STOCK = 0.5
"""Share of the stock's wordings where examples have some of the same kind too."""
LEAST = 3
"""A tool that is called less often counts as if it were called so often."""
NARROW = 0.35
"""Weight of a wording that holds for one value alone, or was made for another tool."""


def lengths(chains: Sequence[Sequence[int]]) -> tuple[list[int], list[float]]:
    """Numbers of turns with cumulative weights: those of the examples, flattened a little."""
    counts = Counter(len(chain) for chain in chains) or Counter([1])
    lengths = sorted(counts)
    weights, total = [], 0.0
    for length in lengths:
        total += counts[length] ** 0.7
        weights.append(total)
    return lengths, weights


def balanced(exchanges: Sequence[Exchange]) -> tuple[list[Exchange], list[float]]:
    """Targets with cumulative weights: tools by a power of their count, then kinds, then wordings.

    A kind is what is called with, and whether it leans on what came before.
    """
    tools = Counter(e.tools for e in exchanges if not e.made)
    kinds: dict[tuple[Json, bool], list[Exchange]] = {}
    for e in exchanges:
        kinds.setdefault((e.signature, e.needs != ()), []).append(e)
    powers = {kind: max(1, sum(not e.made for e in members)) ** 0.6 for kind, members in kinds.items()}
    of_tool: Counter[tuple[str, ...]] = Counter()
    for kind, members in kinds.items():
        of_tool[members[0].tools] += powers[kind]
    shares: dict[int, float] = {}
    for kind, members in kinds.items():
        whole = max(LEAST, tools[members[0].tools]) ** 0.5 * powers[kind] / of_tool[members[0].tools]
        mined = [e for e in members if not e.grammar]
        made = [e for e in members if e.grammar]
        for group, part in ((mined, 1 - STOCK if made else 1.0), (made, STOCK if mined else 1.0)):
            for e in group:
                narrow = e.made == "transfer" or any(slot.frozen for slot in e.slots)
                shares[e.number] = whole * part / len(group) * (NARROW if narrow else 1.0)
    weights, total = [], 0.0
    for e in exchanges:
        total += shares[e.number]
        weights.append(total)
    return list(exchanges), weights


def follow(
    exchanges: Sequence[Exchange], chains: Sequence[Sequence[int]]
) -> dict[tuple[str, ...], list[Exchange]]:
    """What came after a tool in the examples."""
    by_number = {e.number: e for e in exchanges}
    found: dict[tuple[str, ...], list[Exchange]] = {}
    for chain in chains:
        for before, after in pairwise(chain):
            found.setdefault(by_number[before].tools, []).append(by_number[after])
    return found
