"""The funnel: what became of what was planned, in numbers that a manifest keeps and a person reads."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from callwright.generate.plan import Scenario

NEAR, LEAKED = "duplicates", "leakage"
"""Families of reasons that are shown by themselves."""


class Funnel:
    """Counts as a generation goes on."""

    def __init__(self, quotas: Mapping[str, Mapping[str, int]]) -> None:
        self.accepted = self.written = 0
        self.rejected: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self._quotas = quotas
        self._situations: Counter[str] = Counter()
        self._tools: Counter[str] = Counter()

    def accept(self, scenario: Scenario) -> None:
        self.accepted += 1
        self._situations[scenario.situation] += 1
        if scenario.tool:
            self._tools[scenario.tool] += 1

    def counts(self) -> dict[str, Any]:
        """All of it: quotas as `[planned, delivered]`."""
        families = Counter(
            {
                family: sum(n for code, n in self.rejected.items() if code.startswith(f"{family}-"))
                for family in (NEAR, LEAKED)
            }
        )
        return {
            "planned": sum(self._quotas["situations"].values()),
            "written": self.written,
            "accepted": self.accepted,
            "rejected": dict(sorted(self.rejected.items(), key=lambda item: (-item[1], item[0]))),
            "near_duplicates": families[NEAR],
            "leaks": families[LEAKED],
            "warnings": dict(sorted(self.warnings.items())),
            "situations": _side_by_side(self._quotas["situations"], self._situations),
            "tools": _side_by_side(self._quotas["tools"], self._tools),
        }

    def said(self) -> str:
        """Rejections by reason, the most frequent first, for a line of progress."""
        if not self.rejected:
            return ""
        shown = [f"{code} {count:,}" for code, count in self.rejected.most_common(3)]
        more = len(self.rejected) - len(shown)
        return f"{self.rejected.total():,} rejected ({', '.join(shown)}{f' and {more} more' if more else ''})"


def _side_by_side(planned: Mapping[str, int], delivered: Mapping[str, int]) -> dict[str, list[int]]:
    names = [*planned, *(name for name in delivered if name not in planned)]
    return {name: [planned.get(name, 0), delivered.get(name, 0)] for name in names}
