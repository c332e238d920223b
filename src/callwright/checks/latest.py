"""Latest: several folds ask the same of one conversation, one right after the other; it is worked out once."""

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Latest(Generic[K, V]):
    """A function of one argument that remembers its last answer, for the very same object."""

    def __init__(self, work_out: Callable[[K], V]) -> None:
        self._work_out = work_out
        self._last: tuple[K, V] | None = None

    def __call__(self, asked: K) -> V:
        last = self._last
        if last is None or last[0] is not asked:
            last = self._last = asked, self._work_out(asked)
        return last[1]
