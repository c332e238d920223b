"""Metrics: how good an answer is, as scores with their counts and intervals.

A metric of calls is a function `(expected, produced, tools) -> Score`, named in `CALL_METRICS`; to add one:
one file or function, one line. A score that could not be computed is None with its reason, never 0.
"""

from collections.abc import Callable

import msgspec

from callwright.conversation import AssistantMessage, Tool
from callwright.registry import Registry


class Score(msgspec.Struct, frozen=True):
    value: float | None
    """0 to 1; None: not computed, `why` says the reason."""
    why: str = ""


CallMetric = Callable[[AssistantMessage, AssistantMessage, tuple[Tool, ...]], Score]

CALL_METRICS: Registry[CallMetric] = Registry(
    "metric",
    {
        "tool_call_equivalence": "callwright.metrics.calls:tool_call_equivalence",
        "binary_tool_call": "callwright.metrics.calls:binary_tool_call",
        "staged_tool_call": "callwright.metrics.calls:staged_tool_call",
    },
)
