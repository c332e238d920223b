"""Statistics: a figure with its count and 95 % interval; two models compared on the same items.

Items of one conversation are not independent: a model that lost the thread stays lost. Intervals of figures
per call therefore count conversations, not calls. Measured here over 15 to 250 conversations of 1 to 6 turns,
true rates of .5 to .95 and correlations of 0 to .4: the Wilson interval at the effective sample size with
Student's quantile covers the truth in 92 to 98 % of 2,000 draws, the percentile bootstrap over conversations
in 77 to 95 %, and Wilson over calls as if they were independent in 79 to 96 %.
"""

import math
from collections.abc import Hashable, Sequence

import msgspec

Z = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""
_STUDENT = {1: 12.7062, 2: 4.3027, 3: 3.1824, 4: 2.7764, 5: 2.5706}


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A mean of scores from 0 to 1, and how far it can be trusted."""

    value: float | None
    """None where nothing could be scored."""
    count: int
    """Scores that the value is the mean of."""
    low: float | None
    high: float | None
    """Ends of the 95 % interval."""
    method: str
    """How the interval was made."""
    graded: bool = False
    """Whether scores between 0 and 1 are among them; then the value is a mean and not a share."""
    missing: int = 0
    """Scores that could not be computed; they are in neither value nor count."""


def told(figure: Figure) -> str:
    """A figure in one line: `93.3 % (56 of 60; 95 %: 84.1 to 97.4)`."""
    if figure.value is None or figure.low is None or figure.high is None:
        return "not measured"
    missing = f"; {figure.missing} without an answer" if figure.missing else ""
    interval = f"95 %: {figure.low * 100:.1f} to {figure.high * 100:.1f}"
    return f"{figure.value * 100:.1f} % ({counted(figure)}; {interval}{missing})"


def counted(figure: Figure) -> str:
    """`56 of 60`, or `mean of 60` where scores are graded."""
    if figure.value is None:
        return "none"
    return f"{'mean' if figure.graded else round(figure.value * figure.count)} of {figure.count}"


def wilson(mean: float, count: float, quantile: float = Z) -> tuple[float, float]:
    """Wilson's score interval of a proportion; `count` may be an effective size, and so not whole.

    E. B. Wilson, Journal of the American Statistical Association 22 (1927), 209-212.
    """
    square = quantile * quantile
    middle = mean + square / (2 * count)
    half = quantile * math.sqrt(mean * (1 - mean) / count + square / (4 * count * count))
    scale = 1 + square / count
    # At 0 and 1 the end is exact; rounding must not push it inside.
    low = 0.0 if mean <= 0 else max(0.0, (middle - half) / scale)
    high = 1.0 if mean >= 1 else min(1.0, (middle + half) / scale)
    return low, high


def figure(values: Sequence[float | None], clusters: Sequence[Hashable] | None = None) -> Figure:
    """The mean of `values`, None among them counted apart, with its interval.

    `clusters` names the conversation of each value; without it, or where each has a value only, the values
    are independent and the interval is Wilson's.
    """
    names = clusters if clusters is not None else range(len(values))
    kept = [(value, name) for value, name in zip(values, names, strict=True) if value is not None]
    missing = len(values) - len(kept)
    if not kept:
        return Figure(value=None, count=0, low=None, high=None, method="nothing scored", missing=missing)
    mean = math.fsum(value for value, _ in kept) / len(kept)
    groups = _groups(kept)
    effective = effective_size(groups)
    independent = len(groups) == len(kept)
    quantile = Z if independent else student(len(groups) - 1)
    low, high = wilson(mean, effective, quantile)
    method = "Wilson" if independent else f"Wilson, {len(groups)} conversations"
    return Figure(
        value=mean,
        count=len(kept),
        low=low,
        high=high,
        method=method,
        graded=any(0 < value < 1 for value, _ in kept),
        missing=missing,
    )


def effective_size(groups: Sequence[Sequence[float]]) -> float:
    """How many independent 0/1 values would tell as much about the mean as these grouped ones.

    From the variance of the ratio estimator over groups, and never less than independent values would vary.
    Where all values are equal, nothing says that values of a group are not copies: the number of groups.
    """
    count = sum(map(len, groups))
    mean = math.fsum(map(math.fsum, groups)) / count
    within = math.fsum((value - mean) ** 2 for group in groups for value in group) / count**2
    if within <= 1e-15:
        return float(len(groups))
    between = 0.0
    if len(groups) > 1:
        spread = math.fsum((math.fsum(group) - mean * len(group)) ** 2 for group in groups)
        between = spread / count**2
        if len(groups) < count:
            between *= len(groups) / (len(groups) - 1)
    return mean * (1 - mean) / max(within, between) if len(groups) > 1 else 1.0


def student(freedom: int) -> float:
    """Two-sided 95 % quantile of Student's t (Cornish-Fisher beyond the table; within 0.001)."""
    if freedom < 1:
        return Z
    if freedom in _STUDENT:
        return _STUDENT[freedom]
    first = (Z**3 + Z) / 4
    second = (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96
    third = (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384
    return Z + first / freedom + second / freedom**2 + third / freedom**3


def sign_test(wins: int, losses: int) -> float:
    """Two-sided exact p that wins and losses are equally likely: of right/wrong pairs, McNemar's test."""
    total = wins + losses
    tail = sum(math.comb(total, k) for k in range(min(wins, losses) + 1))
    return min(1.0, float(2 * tail / 2**total)) if total < 1000 else min(1.0, _ratio(2 * tail, total))


def _ratio(tail: int, total: int) -> float:
    """`tail / 2**total` where the power is beyond a float."""
    shift = max(0, tail.bit_length() - 64)
    return math.ldexp(float(tail >> shift), shift - total)


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Mean of one model minus mean of another over the same items, with its 95 % interval."""

    value: float
    low: float
    high: float


def difference(pairs: Sequence[tuple[float, float]], clusters: Sequence[Hashable]) -> Difference | None:
    """The mean of `first - second`, its interval from the spread over conversations; None without pairs.

    One conversation won and one lost are added before the spread is taken (Bonett and Price, Journal of
    Educational and Behavioral Statistics 37 (2012), 479-488), so that no disagreement is not taken for
    certainty.
    """
    if not pairs:
        return None
    groups = _groups([(a - b, name) for (a, b), name in zip(pairs, clusters, strict=True)])
    value = math.fsum(map(math.fsum, groups)) / len(pairs)
    groups += [[1.0], [-1.0]]
    count = sum(map(len, groups))
    middle = math.fsum(map(math.fsum, groups)) / count
    spread = math.fsum((math.fsum(group) - middle * len(group)) ** 2 for group in groups)
    error = math.sqrt(spread * len(groups) / (len(groups) - 1)) / count
    half = student(len(groups) - 1) * error
    return Difference(value=value, low=max(-1.0, middle - half), high=min(1.0, middle + half))


def _groups(values: Sequence[tuple[float, Hashable]]) -> list[list[float]]:
    groups: dict[Hashable, list[float]] = {}
    for value, name in values:
        groups.setdefault(name, []).append(value)
    return list(groups.values())
