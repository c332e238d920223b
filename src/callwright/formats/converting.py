"""Converting: a file of conversations in one form written anew in another, streamed, with all that is lost said."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from callwright.conversation import Json
from callwright.errors import CallwrightError, Fault, FormatError
from callwright.formats import FORMATS, LISTED, Format, Row, rows, sink, spelled
from callwright.formats.tables import records

EVERY = 5_000
"""Rows between two words of progress."""


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was not converted."""

    index: int
    """Which row of the file, from 0."""
    line: int
    faults: tuple[Fault, ...]


class Tally(msgspec.Struct):
    """Faults counted by kind; of each kind the first is kept."""

    kinds: dict[tuple[str, str], tuple[Fault, int]] = {}

    def add(self, faults: tuple[Fault, ...]) -> None:
        """Count each kind once: a row with two faults of a kind is one row."""
        seen: dict[tuple[str, str], Fault] = {}
        for fault in faults:
            seen.setdefault(_kind(fault), fault)
        for kind, fault in seen.items():
            first, count = self.kinds.get(kind, (fault, 0))
            self.kinds[kind] = first, count + 1

    def __iter__(self) -> Iterator[tuple[Fault, int]]:
        return iter(self.kinds.values())


class Outcome(msgspec.Struct):
    """What became of the rows of a file."""

    written: int = 0
    forms: Counter[str] = msgspec.field(default_factory=Counter)
    """Form as which rows were read -> how many of those written."""
    left_out: int = 0
    reasons: Tally = msgspec.field(default_factory=Tally)
    """Why rows were left out."""
    losses: Tally = msgspec.field(default_factory=Tally)
    """What of the rows written is not kept."""


Put = Callable[[dict[str, Json]], object]
"""Takes a row; raises `FormatError` where the file cannot hold it."""


def convert(
    source: Path,
    target: Path,
    *,
    read_as: str | None = None,
    write_as: str = "openai",
    leave_out: Callable[[LeftOut], object] | None = None,
    progress: Callable[[int], object] | None = None,
) -> Outcome:
    """Write the conversations of `source` to `target` in the form `write_as`, whole or not at all.

    `read_as` None: each row's own form. `leave_out` is told of each row that cannot be read or that the form
    cannot say; without it any such row is a `FormatError` with the faults of all. `progress`: rows read so far.
    """
    if target.exists() and target.samefile(source):
        raise CallwrightError(f"{target} is the file that is read", hint="write to another name")
    with sink(target) as put:
        return _convert(source, put, read_as, write_as, leave_out, progress)


def rehearse(
    source: Path,
    target: Path,
    *,
    read_as: str | None = None,
    write_as: str = "openai",
    leave_out: Callable[[LeftOut], object] | None = None,
    progress: Callable[[int], object] | None = None,
) -> Outcome:
    """What `convert` would do; nothing is written."""
    return _convert(source, spelled(target), read_as, write_as, leave_out, progress)


def _convert(
    source: Path,
    put: Put,
    read_as: str | None,
    write_as: str,
    leave_out: Callable[[LeftOut], object] | None,
    progress: Callable[[int], object] | None,
) -> Outcome:
    form = FORMATS[write_as]
    outcome = Outcome()
    refused: list[Fault] = []
    total = 0
    for index, row in enumerate(rows(source, read_as)):
        if progress and index and not index % EVERY:
            progress(index)
        faults = _converted(row, form, put)
        if not faults:
            _count(outcome, row)
        elif leave_out:
            outcome.left_out += 1
            outcome.reasons.add(faults)
            leave_out(LeftOut(index=index, line=row.line, faults=faults))
        else:
            total += len(faults)
            refused += faults[: LISTED - len(refused)]
    if total:
        listed = f" (the first {len(refused)} listed)" if total > len(refused) else ""
        said = f"{source} has {total:,} fault{'' if total == 1 else 's'}{listed}; nothing is written:"
        raise FormatError(said, refused, hint="correct the rows, or go on without them: --leave-out")
    return outcome


def _converted(row: Row, form: Format, put: Put) -> tuple[Fault, ...]:
    """Convert a row; why it cannot be, at the places in the row as it was read."""
    if row.conversation is None:
        return tuple(fault for fault in row.faults if fault.severity == "error")
    try:
        put(form.write(row.conversation))
    except FormatError as error:
        said = "a conversation that can be written to this file"
        faults = error.faults or (Fault(path="$", expected=said, found=str(error.args[0]), hint=error.hint),)
        return tuple(_placed(fault, row) for fault in faults)
    return ()


def _placed(fault: Fault, row: Row) -> Fault:
    assert row.conversation
    file, _, _ = row.conversation.origin.rpartition(":")
    path = FORMATS[row.form].place(row.conversation, fault.path)
    return msgspec.structs.replace(fault, file=file, line=row.line, path=path)


def _count(outcome: Outcome, row: Row) -> None:
    outcome.written += 1
    outcome.forms[row.form] += 1
    outcome.losses.add(row.faults)


def _kind(fault: Fault) -> tuple[str, str]:
    return re.sub(r"\d+", "*", fault.path), fault.expected


class Originals:
    """The rows of a file as they stand in it, by their index; asked for in rising order."""

    def __init__(self, source: Path) -> None:
        self._records = records(source)
        self._next = 0

    def __getitem__(self, index: int) -> Json:
        """The object of a row, or the text of one that could not be read."""
        record = next(islice(self._records, index - self._next, None))
        self._next = index + 1
        return record.text if record.fault else record.value


def rejected(left: LeftOut, originals: Originals) -> dict[str, Json]:
    """A row that was left out, unchanged, with the reasons."""
    reasons = [str(msgspec.structs.replace(fault, file="", line=0)) for fault in left.faults]
    return {"line": left.line, "reasons": reasons, "row": originals[left.index]}
