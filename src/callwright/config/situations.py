"""The names by which a plan is weighted; what each is, and how it is written, is told in `generate`."""

from collections.abc import Iterable

from callwright.errors import Fault
from callwright.registry import near

SITUATIONS = (
    "ordinary",
    "missing-argument",
    "carried-over",
    "pronoun",
    "correction",
    "change-of-mind",
    "two-requests",
    "parallel-calls",
    "tool-error",
    "empty-result",
    "already-known",
    "out-of-scope",
    "near-miss",
    "small-talk",
)


def unknown_situations(names: Iterable[str]) -> list[Fault]:
    """A fault for each name that there is no situation of."""
    return [
        Fault(
            path=f"synthgen.situations.{name}",
            expected="a situation",
            found=f"`{name}`",
            hint=near(name, list(SITUATIONS)),
        )
        for name in names
        if name not in SITUATIONS
    ]
