"""Batches: the rows of a file as they stand in it, about a megabyte at a time, for whoever parses them.

Whoever reads ahead does no more than to find where rows end; a file of any size needs the memory of a few batches.
"""

import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Protocol

import msgspec

from callwright.errors import Fault
from callwright.files import DAMAGED, LONGEST, opened
from callwright.formats import Row, row_of, row_of_line
from callwright.formats.elements import Element, elements, spread
from callwright.formats.tables import HEAD, Record, element_record, records, unpacked_suffix

SIZE = 1 << 20
"""Bytes of a batch, or a row more."""
FEW = 128
"""Rows of a batch where their size in the file is not known."""
STDIN = Path("-")
"""The name that stands for standard input."""
BOM = b"\xef\xbb\xbf"


class Batch(Protocol):
    """Rows that follow each other in one file."""

    @property
    def size(self) -> int:
        """Bytes of the file, as far as it is known."""
        ...

    def rows(self, path: Path, form: str | None) -> Iterator[Row]:
        """Every row, good or faulty, as `formats.rows` has them."""
        ...

    def raw(self, line: int, index: int) -> bytes:
        """The JSON text of the row that begins in `line`, the `index`-th that `rows` gives."""
        ...


class Lines(msgspec.Struct, frozen=True):
    """Whole lines of JSON, blank ones too."""

    line: int
    """Number of the first."""
    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def raw_rows(self) -> Iterator[tuple[int, bytes]]:
        """Every line with its end."""
        return enumerate(io.BytesIO(self.data), start=self.line)

    def rows(self, path: Path, form: str | None) -> Iterator[Row]:
        for number, raw in self.raw_rows():
            row = row_of_line(number, raw, path, form)
            if row is not None:
                yield row

    def raw(self, line: int, index: int) -> bytes:
        return next((raw for number, raw in self.raw_rows() if number == line), b"")


class Elements(msgspec.Struct, frozen=True):
    """Values of a JSON array, or of objects written over several lines."""

    parts: tuple[Element, ...]

    @property
    def size(self) -> int:
        return sum(len(part.text) for part in self.parts)

    def rows(self, path: Path, form: str | None) -> Iterator[Row]:
        return (row_of(element_record(part), path, form) for part in self.parts)

    def raw(self, line: int, index: int) -> bytes:
        return self.parts[index].text


class Records(msgspec.Struct, frozen=True):
    """Rows of a table, and what else has been read already."""

    parts: tuple[Record, ...]

    @property
    def size(self) -> int:
        return 0

    def rows(self, path: Path, form: str | None) -> Iterator[Row]:
        return (row_of(part, path, form) for part in self.parts)

    def raw(self, line: int, index: int) -> bytes:
        part = self.parts[index]
        return msgspec.json.encode(part.value) if part.value else part.text.encode()


def batches(path: Path) -> Iterator[Batch]:
    """All of a file, in order. `-` is standard input, as JSON lines."""
    last: Batch | None = None
    try:
        if unpacked_suffix(path) == ".csv":
            yield from map(Records, _by_number(records(path), FEW))
            return
        for last in _elements(path) if _is_spread(path) else _lines(path):
            yield last
    except DAMAGED as error:
        line = _last_line(last)
        found = f"{error or type(error).__name__} after line {line}"
        expected = f"a whole file packed as `{path.suffix}` says"
        fault = Fault(expected=expected, found=found, hint="it is cut off or damaged; copy it again")
        yield Records((Record(line + 1, fault=fault),))


def _is_spread(path: Path) -> bool:
    if not path.is_file():  # a pipe can be read but once
        return False
    head = b""
    with opened(path) as file:
        for part in _reads(file):
            if isinstance(part, Exception) or len(head) >= HEAD:
                break
            head += part
    return spread(head[:HEAD])


def _last_line(batch: Batch | None) -> int:
    if batch is None:
        return 0
    if isinstance(batch, Lines):
        return batch.line + batch.data.count(b"\n") - 1
    assert isinstance(batch, Elements)
    return batch.parts[-1].line


def _elements(path: Path) -> Iterator[Elements]:
    parts: list[Element] = []
    size = 0
    damage: Exception | None = None
    with opened(path) as file:
        try:
            for part in elements(file):
                parts.append(part)
                size += len(part.text)
                if size >= SIZE:
                    yield Elements(tuple(parts))
                    parts, size = [], 0
        except DAMAGED as error:
            damage = error
    if parts:
        yield Elements(tuple(parts))
    if damage:
        raise damage


def _by_number(found: Iterable[Record], number: int) -> Iterator[tuple[Record, ...]]:
    parts: list[Record] = []
    for record in found:
        parts.append(record)
        if len(parts) == number:
            yield tuple(parts)
            parts = []
    if parts:
        yield tuple(parts)


def _lines(path: Path) -> Iterator[Lines]:
    number = 1
    with _stream(path) as file:
        for data in _whole_lines(file):
            yield Lines(number, data.removeprefix(BOM) if number == 1 else data)
            number += data.count(b"\n")


def _stream(path: Path) -> AbstractContextManager[IO[bytes]]:
    return nullcontext(sys.stdin.buffer) if path == STDIN else opened(path)


def _whole_lines(file: IO[bytes]) -> Iterator[bytes]:
    """The bytes of a file, cut behind line ends. What was read before the file proves damaged is given first."""
    parts: list[bytes] = []
    size = 0
    damage: Exception | None = None
    for part in _reads(file):
        if isinstance(part, Exception):
            damage = part
            break
        parts.append(part)
        size += len(part)
        if size < SIZE:
            continue
        data = b"".join(parts)
        cut = data.rfind(b"\n") + 1
        if cut:
            yield data[:cut]
        rest = data[cut:]
        if len(rest) >= LONGEST:  # as `files.raw_lines` has it: known as too long, the rest passed over
            yield rest[:LONGEST] + b"\n"
            rest = _after_line(file)
        parts, size = [rest], len(rest) if cut else 0
    data = b"".join(parts)
    if damage:
        data = data[: data.rfind(b"\n") + 1]  # nobody knows how the last line would have gone on
    if data:
        yield data
    if damage:
        raise damage


def _reads(file: IO[bytes]) -> Iterator[bytes | Exception]:
    read = getattr(file, "read1", file.read)
    try:
        yield from iter(lambda: read(SIZE), b"")
    except DAMAGED as error:
        yield error


def _after_line(file: IO[bytes]) -> bytes:
    """Pass over the rest of a line; what was read behind it."""
    read = getattr(file, "read1", file.read)
    for part in iter(lambda: read(SIZE), b""):
        if b"\n" in part:
            return bytes(part[part.index(b"\n") + 1 :])
    return b""
