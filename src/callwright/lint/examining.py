"""Examining: one batch of rows at a time, read and looked at; the part that any process can do."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from callwright.checks import Context, Examiner, Finding
from callwright.checks.format import LOSS, UNREADABLE
from callwright.checks.tally import Counted, counted
from callwright.conversation import Conversation, Tool
from callwright.errors import Fault
from callwright.formats import FORMATS, Row
from callwright.lint.batches import Batch
from callwright.lint.counting import with_student


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """All that a process must know to examine rows; can be pickled."""

    context: Context = Context()
    form: str | None = None
    """The form of every row; None: each row's own."""
    system: str = ""
    """Completes the rows that have none, while they are looked at."""
    tools: tuple[Tool, ...] = ()
    student: Path | None = None
    """Folder of the student whose tokens count."""
    statistics: bool = False
    """Whether each row says what it adds to the statistics of its set."""


class Said(msgspec.Struct, frozen=True, gc=False):
    """A finding as it is sent between processes; its `fix` is `fixable` where it has one."""

    finding: Finding
    path: str
    """Where it stands in the row as the file spells it."""
    line: int = 0
    """Where it is not the row's own."""
    of_job: bool = False
    """It stands in what the job has added; `path` is in the job description."""


class Looked(msgspec.Struct, frozen=True, gc=False):
    """One row, looked at by itself."""

    line: int
    form: str
    said: tuple[Said, ...] = ()
    keys: tuple[Any, ...] | None = None
    """What the folds need to know; None: the row could not be read."""
    spared: tuple[str, ...] = ()
    """Codes and families that the row asks to be spared."""
    completed: bool = False
    """Whether the job's system message was put before it."""
    counted: Counted | None = None
    """What it adds to the statistics, where they are asked for."""


def fixable(conversation: Conversation) -> Conversation:
    """Stands for a fix that another process holds."""
    raise NotImplementedError("a fix is made where its row is read: see `lint.fixing`")


class Examining:
    """Examines rows, each by itself, with what `setup` says."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.examiner = Examiner(
            with_student(setup.context, setup.student) if setup.student else setup.context
        )

    def batch(self, batch: Batch, path: Path) -> list[Looked]:
        """Every row of a batch."""
        return [self.row(row) for row in batch.rows(path, self.setup.form)]

    def row(self, row: Row) -> Looked:
        """One row, and what reading it has said."""
        said = tuple(self._of_reading(row.faults)) if row.faults else ()
        if row.conversation is None:
            return Looked(row.line, row.form, said)
        whole = self.completed(row.conversation)
        found, keys = self.examiner.examine(whole)
        completed = len(whole.messages) > len(row.conversation.messages)
        if found:
            said += tuple(
                placed(finding, row.conversation, row.form, completed=completed) for finding in found
            )
        spared = row.conversation.metadata.get("ignore_checks")
        names = tuple(map(str, spared)) if isinstance(spared, list) else ()
        added = counted(whole) if self.setup.statistics else None
        return Looked(row.line, row.form, said, keys, names, completed, added)

    def completed(self, conversation: Conversation) -> Conversation:
        """The row as it is looked at."""
        if not (self.setup.system or self.setup.tools):
            return conversation
        return conversation.completed(system=self.setup.system, tools=self.setup.tools)

    def _of_reading(self, faults: tuple[Fault, ...]) -> Iterator[Said]:
        for fault in faults:
            for finding in self.examiner.judged([finding_of(fault)]):
                yield Said(finding, finding.path, fault.line)


def finding_of(fault: Fault) -> Finding:
    """What reading a row has said, as a finding."""
    rule = UNREADABLE if fault.severity == "error" else LOSS
    said = f"expected {fault.expected}" + (f", found {fault.found}" if fault.found else "")
    return rule.at(fault.path or "$", f"{said}; {fault.hint}" if fault.hint else said)


def placed(finding: Finding, conversation: Conversation, form: str, *, completed: bool) -> Said:
    """A finding where it stands in the row; `completed`: a system message of the job was before the others."""
    if finding.fix:
        finding = replace(finding, fix=fixable)
    if not conversation.tools and finding.path.startswith("$.tools["):
        return Said(finding, finding.path, of_job=True)
    if completed:
        if finding.path.startswith("$.messages[0]"):
            return Said(finding, "$.task_description", of_job=True)
        finding = replace(finding, path=_earlier(finding.path), message=_earlier(finding.message))
    if finding.path == "$":
        return Said(finding, "$")
    return Said(finding, FORMATS[form].place(conversation, finding.path))


_INDEX = re.compile(r"(?<=\$\.messages\[)\d+(?=\])")


def _earlier(text: str) -> str:
    """The paths in `text` without the message that was put before all."""
    return _INDEX.sub(lambda number: str(max(int(number[0]) - 1, 0)), text)
