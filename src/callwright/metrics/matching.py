"""Matching: pair two lists one to one so that the grades add up to the most."""

from collections.abc import Sequence

_FAR = float("inf")


def best_total(grades: Sequence[Sequence[float]]) -> float:
    """The largest sum of `grades[row][column]` with each row and each column used once at most.

    The Hungarian method with potentials, in O(rows² · columns), rows being the shorter side; grades are not
    negative.
    """
    if not grades or not grades[0]:
        return 0.0
    if len(grades) == 1:
        return max(grades[0])
    if len(grades) > len(grades[0]):
        grades = list(zip(*grades, strict=True))
    rows, columns = len(grades), len(grades[0])
    row_price = [0.0] * (rows + 1)
    column_price = [0.0] * (columns + 1)
    owner = [0] * (columns + 1)
    for row in range(1, rows + 1):
        owner[0] = row
        _augment(grades, row_price, column_price, owner)
    return sum(grades[owner[column] - 1][column - 1] for column in range(1, columns + 1) if owner[column])


def _augment(
    grades: Sequence[Sequence[float]], row_price: list[float], column_price: list[float], owner: list[int]
) -> None:
    """Give the row that owns column 0 a column of its own, along the shortest augmenting path."""
    columns = len(column_price) - 1
    slack = [_FAR] * (columns + 1)
    came_from = [0] * (columns + 1)
    used = [False] * (columns + 1)
    here = 0
    while owner[here]:
        used[here] = True
        row, step, following = owner[here], _FAR, 0
        for column in range(1, columns + 1):
            if used[column]:
                continue
            cost = -grades[row - 1][column - 1] - row_price[row] - column_price[column]
            if cost < slack[column]:
                slack[column], came_from[column] = cost, here
            if slack[column] < step:
                step, following = slack[column], column
        for column in range(columns + 1):
            if used[column]:
                row_price[owner[column]] += step
                column_price[column] -= step
            else:
                slack[column] -= step
        here = following
    while here:
        owner[here] = owner[came_from[here]]
        here = came_from[here]
