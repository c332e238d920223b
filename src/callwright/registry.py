"""A table of names whose members are imported when first used; a wrong name gets its near one.

A set (`formats`, `checks`, …) keeps such a table of strings in its `__init__.py`, so nothing low reaches up.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any, Generic, TypeVar, cast

from callwright.errors import CallwrightError

T = TypeVar("T")


def near(name: str, names: list[str]) -> str:
    """A sentence fragment that points from a wrong name to a right one: `did you mean `x`?` or the whole list."""
    match = get_close_matches(name, names, n=1, cutoff=0.6) or get_close_matches(
        name.lower(), [n.lower() for n in names], n=1, cutoff=0.6
    )
    if match:
        return f"did you mean `{next(n for n in names if n.lower() == match[0].lower())}`?"
    return "one of " + ", ".join(f"`{n}`" for n in names)


class Registry(Mapping[str, T], Generic[T]):
    """Name -> member; `members` maps a name to `module:attribute`, imported on first use.

    Raises `CallwrightError` with the near name for an unknown name.
    """

    def __init__(self, kind: str, members: Mapping[str, str]) -> None:
        self.kind = kind
        self._members = dict(members)
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> T:
        if name not in self._members:
            raise CallwrightError(f"there is no {self.kind} `{name}`", hint=near(name, list(self._members)))
        if name not in self._loaded:
            module, _, attribute = self._members[name].partition(":")
            self._loaded[name] = getattr(import_module(module), attribute)
        return cast(T, self._loaded[name])

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)
