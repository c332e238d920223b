"""Whole conversations from the scores of their turns."""

import pytest

from callwright.metrics.conversations import right_until, whole


@pytest.mark.parametrize(
    ("values", "success", "until"),
    [
        ([1, 1, 1], 1, 3),
        ([1, 0.75, 1], 0, 1),
        ([0], 0, 0),
        ([1, None, 1], None, 1),
        ([None, 0], 0, 0),
        ([], None, 0),
    ],
)
def test_a_conversation_is_right_only_if_every_turn_is(
    values: list[float | None], success: float | None, until: int
) -> None:
    assert whole(values) == success
    assert right_until(values) == until
