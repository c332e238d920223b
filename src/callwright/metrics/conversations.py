"""Conversations as a whole: all right, or how far it went well."""

from collections.abc import Sequence


def whole(values: Sequence[float | None]) -> float | None:
    """1 if every turn is right (scored 1), 0 if one is not; None if that hangs on a turn without a score."""
    if any(value is not None and value < 1 for value in values):
        return 0.0
    return None if not values or None in values else 1.0


def right_until(values: Sequence[float | None]) -> int:
    """Turns from the start that are right, up to the first that is not or has no score."""
    return next((place for place, value in enumerate(values) if value is None or value < 1), len(values))
