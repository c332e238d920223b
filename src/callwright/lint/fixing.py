"""Fixing: files written anew with what can be put right without asking; all else stays byte for byte."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

import msgspec
from msgspec.structs import replace

from callwright.checks import Finding
from callwright.conversation import Conversation, Json
from callwright.errors import FormatError
from callwright.formats import FORMATS, LISTED, Row, row_of
from callwright.formats.strict_json import parse
from callwright.formats.tables import Record
from callwright.lint.batches import Batch, Records, batches
from callwright.lint.examining import Examining, Setup
from callwright.lint.patching import Change, changes, patched, same, spelled
from callwright.lint.rewriting import New, rewrite
from callwright.lint.workers import Task, done

ROUNDS = 5
"""Fixes of what fixes have brought; more would be two rules that undo each other."""


Told: TypeAlias = Callable[[int, Change], None]
"""Line of a row, and what has changed in it."""


class Fixed(msgspec.Struct, kw_only=True):
    """What was put right in one file."""

    path: Path
    codes: Counter[str] = msgspec.field(default_factory=Counter)
    """Code -> findings put right."""
    rows: int = 0
    left: int = 0
    """Rows left as they are though something in them could be put right."""
    reasons: list[tuple[int, str]] = msgspec.field(default_factory=list)
    """Line of such a row, and why; the first `LISTED`."""


class _Row(NamedTuple):
    """What came of a row that something could be put right in."""

    line: int
    new: New | None
    codes: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    left: str = ""


def fix(path: Path, setup: Setup, *, jobs: int = 1, told: Told = lambda line, change: None) -> Fixed:
    """Write a file anew, its rows put right; it is as before until all is done, and where nothing can be.

    `told` of every change. Raises `FormatError` where the file is damaged, and leaves it as it is.
    """
    found = Fixed(path=path)
    rewrite(path, _exchanged(found, setup, jobs, told))
    return found


def fixes(path: Path, setup: Setup, *, jobs: int = 1, told: Told = lambda line, change: None) -> Fixed:
    """What `fix` would do; nothing is written."""
    found = Fixed(path=path)
    for _ in _exchanged(found, setup, jobs, told):
        pass
    return found


def _exchanged(found: Fixed, setup: Setup, jobs: int, told: Told) -> Iterator[tuple[Batch, list[New]]]:
    tasks = (Task(found.path, batch) for batch in batches(found.path))
    for task, rows in done(put_right, setup, tasks, jobs):
        for row in rows:
            found.rows += row.new is not None
            found.codes.update(row.codes)
            for change in row.changes:
                told(row.line, change)
            if row.left:
                found.left += 1
                found.reasons += [(row.line, row.left)] if len(found.reasons) < LISTED else []
        yield task.batch, [row.new for row in rows if row.new]


def put_right(examining: Examining, batch: Batch, path: Path) -> list[_Row]:
    """The rows of a batch in which something can be put right."""
    found = (
        _fixed(examining, batch, index, row)
        for index, row in enumerate(batch.rows(path, examining.setup.form))
        if row.conversation
    )
    return [row for row in found if row]


def _fixed(examining: Examining, batch: Batch, index: int, row: Row) -> _Row | None:
    own = row.conversation
    assert own
    whole = examining.completed(own)
    completed = len(whole.messages) > len(own.messages)
    codes: list[str] = []
    found = before = examining.examiner.examine(whole).findings
    for _ in range(ROUNDS):
        fixable = [finding for finding in found if finding.fix]
        if not fixable:
            break
        for finding in fixable:
            assert finding.fix
            whole = finding.fix(whole)
        codes += [finding.code for finding in fixable]
        found = examining.examiner.examine(whole).findings
    after = _own(whole, own, completed=completed)
    if _alike(after, own):
        return None
    if worse := _worse(before, found):
        return _Row(row.line, None, left=f"put right, it would have {worse}")
    try:
        return _written(batch, index, row, after, tuple(codes))
    except FormatError as error:
        why = "; ".join(map(str, error.faults)) or str(error)
        return _Row(row.line, None, left=f"the form `{row.form}` cannot say it: {why}")


def _own(whole: Conversation, own: Conversation, *, completed: bool) -> Conversation:
    """`whole` without what the job has added to it."""
    messages = whole.messages[1:] if completed else whole.messages
    return replace(whole, messages=messages, tools=whole.tools if own.tools else ())


def _worse(before: Iterable[Finding], after: Iterable[Finding]) -> str:
    """The errors that were not there before."""
    known = {finding.code for finding in before}
    fresh = sorted({one.code for one in after if one.severity == "error" and one.code not in known})
    return ", ".join(fresh)


def _alike(one: Conversation, other: Conversation) -> bool:
    plain = [msgspec.to_builtins(replace(conversation, origin="")) for conversation in (one, other)]
    return same(*plain)


def _written(batch: Batch, index: int, row: Row, after: Conversation, codes: tuple[str, ...]) -> _Row:
    """The row anew; left as it is where it would not be read as what it should say."""
    form, own = FORMATS[row.form], row.conversation
    assert own
    old = _value(batch, index, row.line)
    before, canonical = form.write(own), form.write(after)
    for value in (patched(old, before, canonical), canonical):
        again = row_of(Record(row.line, value), Path(), row.form)
        if again.conversation and _alike(again.conversation, after):
            break
    else:
        return _Row(row.line, None, left=f"written as `{row.form}`, it would not be read as what it says")
    if isinstance(batch, Records):
        if list(value) != list(old) or not all(isinstance(cell, str) for cell in value.values()):
            return _Row(row.line, None, left="its table has no column for what it says")
        new = New(index, row.line, cells=tuple(value.values()))
    else:
        new = New(index, row.line, text=spelled(value, batch.raw(row.line, index)))
    return _Row(row.line, new, codes, tuple(changes(old, value)))


def _value(batch: Batch, index: int, line: int) -> Json:
    return batch.parts[index].value if isinstance(batch, Records) else parse(batch.raw(line, index).decode())
