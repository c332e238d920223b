"""Rewriting: a file written anew with some of its rows exchanged, everything between them byte for byte as it was."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec

from callwright.errors import FormatError
from callwright.files import LONGEST, atomic, opened, raw_lines
from callwright.lint.batches import BOM, SIZE, Batch, Elements, Lines, Records


class New(msgspec.Struct, frozen=True):
    """A row in place of another."""

    index: int
    """Among those that its batch gives."""
    line: int
    text: bytes = b""
    """One line of JSON, without its end."""
    cells: tuple[str, ...] = ()
    """Of a table."""


Pairs: TypeAlias = Iterable[tuple[Batch, list[New]]]


def rewrite(path: Path, pairs: Pairs) -> bool:
    """Exchange rows of a file, which is as before until all is written; whether there were any.

    Raises `FormatError` where the file cannot be copied byte for byte, and leaves it as it is.
    """
    target = path.resolve()  # a link stays a link
    mode = target.stat().st_mode
    try:
        with atomic(target) as file:
            changed = False
            for piece, new in _pieces(path, pairs):
                file.write(piece)
                changed = changed or new
            if not changed:
                raise _Unchanged
    except _Unchanged:
        return False
    target.chmod(mode)
    return True


class _Unchanged(Exception):
    """There was nothing to exchange: the file itself is to stay."""


def _pieces(path: Path, pairs: Pairs) -> Iterator[tuple[bytes, bool]]:
    """The bytes of the new file, and whether they are other than those before."""
    left = iter(pairs)
    first = next(left, None)
    if first is None:
        return
    kind = next(kind for known, kind in _KINDS if isinstance(first[0], known))
    yield from kind(path, _from(first, left))


def _from(first: tuple[Batch, list[New]], left: Pairs) -> Iterator[tuple[Batch, list[New]]]:
    yield first
    yield from left


def _lines(path: Path, pairs: Pairs) -> Iterator[tuple[bytes, bool]]:
    with opened(path) as file:
        if file.read(len(BOM)) == BOM:
            yield BOM, False
    for batch, new in pairs:
        if not isinstance(batch, Lines):
            raise _damaged(path)
        others = {one.line: one.text for one in new}
        for number, raw in batch.raw_rows():
            if len(raw) >= LONGEST:
                raise FormatError(
                    f"line {number} of {path} is longer than {LONGEST >> 20} MB: it is left as it is"
                )
            if number in others:
                yield others[number] + raw[len(raw.rstrip(b"\r\n")) :], True
            else:
                yield raw, False


def _elements(path: Path, pairs: Pairs) -> Iterator[tuple[bytes, bool]]:
    with opened(path) as file:
        ahead = b""
        for batch, new in pairs:
            if not isinstance(batch, Elements):
                raise _damaged(path)
            others = {one.index: one.text for one in new}
            for index, part in enumerate(batch.parts):
                if part.fault:
                    continue
                while part.text not in ahead:
                    more = file.read(max(SIZE, len(part.text)))
                    if not more:
                        raise _damaged(path)
                    ahead += more
                start = ahead.index(part.text)  # only blanks, commas and brackets stand before it
                end = start + len(part.text)
                yield ahead[:start], False
                yield others.get(index, part.text), index in others
                ahead = ahead[end:]
        yield ahead, False
        yield from ((rest, False) for rest in iter(lambda: file.read(SIZE), b""))


def _table(path: Path, pairs: Pairs) -> Iterator[tuple[bytes, bool]]:
    lines = raw_lines(path)
    with opened(path) as file:
        if file.read(len(BOM)) == BOM:
            yield BOM, False
    here: list[bytes] = []
    waiting: New | None = None
    number = 0
    for batch, new in pairs:
        if not isinstance(batch, Records):
            raise _damaged(path)
        others = {one.index: one for one in new}
        for index, part in enumerate(batch.parts):
            while number < part.line - 1:
                number, raw = next(lines)
                here.append(raw)
            yield from _row(here, waiting)
            here, waiting = [], others.get(index)
    here += (raw for _, raw in lines)
    yield from _row(here, waiting)


def _row(lines: list[bytes], new: New | None) -> Iterator[tuple[bytes, bool]]:
    """The lines of a row of a table, and the blank ones behind it."""
    if new is None:
        yield b"".join(lines), False
        return
    text = io.StringIO()
    blank = next((n for n, line in enumerate(reversed(lines)) if line.strip()), 0)
    last = lines[-1 - blank]
    end = last[len(last.rstrip(b"\r\n")) :].decode()
    csv.writer(text, lineterminator=end).writerow(new.cells)
    yield text.getvalue().encode() + b"".join(lines[len(lines) - blank :]), True


_KINDS: Sequence[tuple[type, Callable[[Path, Pairs], Iterator[tuple[bytes, bool]]]]] = (
    (Lines, _lines),
    (Elements, _elements),
    (Records, _table),
)


def _damaged(path: Path) -> FormatError:
    return FormatError(f"{path} cannot be read to its end: it is left as it is", hint="copy it again")
