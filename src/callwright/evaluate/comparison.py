"""Comparison: two models on the same items, pair by pair."""

from collections.abc import Iterable, Sequence

import msgspec

from callwright.errors import CallwrightError
from callwright.evaluate.scores import Evaluation, Result
from callwright.metrics.statistics import Difference, difference, sign_test


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """How often the first model did better than the second, and the exact sign test of it."""

    wins: int
    losses: int
    ties: int
    p: float
    """Two-sided: how likely so uneven a split is if neither is better."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    first: str
    second: str
    calls: Paired
    """Over calls; `p` as if the calls of a conversation were independent."""
    conversations: Paired
    """Over conversations, by the sum of their calls' scores; `p` holds however those hang together."""
    difference: Difference | None
    """First minus second, in mean score of a call; None if no call is scored for both."""


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """Pairs are the calls that both have a score for. Raises `CallwrightError` if the items differ."""
    if [result.item for result in first.results] != [result.item for result in second.results]:
        raise CallwrightError(
            f"{first.model} and {second.model} were not evaluated on the same items",
            hint="evaluate both on the same test conversations",
        )
    names, pairs = [], []
    for name, one, other in _scored(zip(first.results, second.results, strict=True)):
        names.append(name)
        pairs.append((one, other))
    sums: dict[str, float] = {}
    for name, (one, other) in zip(names, pairs, strict=True):
        sums[name] = sums.get(name, 0.0) + one - other
    return Comparison(
        first=first.model,
        second=second.model,
        calls=_paired([one - other for one, other in pairs]),
        conversations=_paired(list(sums.values())),
        difference=difference(pairs, names),
    )


def _scored(both: Iterable[tuple[Result, Result]]) -> Iterable[tuple[str, float, float]]:
    for one, other in both:
        if one.expects_call and one.value is not None and other.value is not None:
            yield one.conversation, one.value, other.value


def _paired(differences: Sequence[float]) -> Paired:
    wins = sum(value > 1e-9 for value in differences)
    losses = sum(value < -1e-9 for value in differences)
    return Paired(wins=wins, losses=losses, ties=len(differences) - wins - losses, p=sign_test(wins, losses))
