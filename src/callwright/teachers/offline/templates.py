"""What is mined from command-style examples: user turns with the calls that answer them, values as slots."""

from typing import TypeAlias

import msgspec

from callwright.conversation import Json

Pointer: TypeAlias = tuple[str | int, ...]
"""Where an exchange holds a value: `("a", call, *path)` an argument, `("t", n)` the n-th slot of its text."""

Signature: TypeAlias = tuple[Json, ...]
"""What kind of exchange it is: tools, arguments filled, constants, coarse shapes of values."""


class Hole(msgspec.Struct, frozen=True):
    """A leaf of the arguments that a slot fills."""

    slot: int
    number: bool = False
    """Whether the leaf is a number, though the slot may hold it as text."""


class Mention(msgspec.Struct, frozen=True):
    """The words of a slot in the text."""

    slot: int
    form: str


class Carry(msgspec.Struct, frozen=True):
    """A value that comes from an earlier exchange."""

    offset: int
    """How many exchanges back, from 1."""
    pointer: Pointer
    others: tuple[tuple[Signature, Pointer], ...] = ()
    """Where it is found in other kinds of exchange that may stand there."""


class Derived(msgspec.Struct, frozen=True):
    """A value that is another one with something done to it: `a.txt`, `a_old.txt`."""

    base: int | Carry
    """A slot of this exchange, or a place in an earlier one."""
    change: str
    """`insert`, `append`, `prepend`, `case`, `digits`."""
    extra: str = ""


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    """The parameter whose kind of value it holds, `tool.path`."""
    sample: Json
    """The value of the example."""
    shape: str
    """Coarse shape that a new value must keep."""
    carry: Carry | None = None
    derived: Derived | None = None
    frozen: bool = False
    """The wording speaks of this very value; it stays."""
    forms: tuple[str, ...] = ()
    """The forms in which the text says it; a new value must have them all."""


class CallPlan(msgspec.Struct, frozen=True):
    tool: str
    arguments: dict[str, Json]
    """The arguments, with a `Hole` where a slot fills a leaf."""


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """A user turn with its calls; values taken out."""

    number: int
    source: str
    """The example it is from."""
    text: str
    """The user's words, each value a mark: chr(0xE000 + n) for `mentions[n]`."""
    mentions: tuple[Mention, ...]
    slots: tuple[Slot, ...]
    calls: tuple[CallPlan, ...]
    signature: Signature
    needs: tuple[frozenset[Signature], ...] = ()
    """What must have gone right before: the kinds allowed, oldest first; empty: it stands on its own."""
    first: bool = True
    """Whether it may open a conversation."""
    made: str = ""
    """How it was made where it is not an example's own: `transfer`, `description`, `stock`, or the situation of a
    follow-up of the stock."""
    grammar: str = ""
    """Of the stock: all that may be said in place of `text`, with the same marks."""

    @property
    def tools(self) -> tuple[str, ...]:
        return tuple(call.tool for call in self.calls)


MARK = 0xE000
"""Marks are private-use characters; an example that has them itself is not mined."""
