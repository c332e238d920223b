"""Examples: the train or the test rows of a job, surveyed once for faults, streamed as often as needed."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from callwright.checks import FOLDS, Context, Examiner, Finding
from callwright.checks.tools import tool_findings
from callwright.config.compatibility import MULTI_TURN, SINGLE_TURN
from callwright.conversation import Conversation, Tool
from callwright.errors import Fault, FormatError
from callwright.formats import FORMATS, LISTED, Row, rows

DESCRIPTION = "job_description.json"
FEWEST = 20
"""Rows that the reference asks for, in train and in test alike."""


class Survey(msgspec.Struct):
    """What one look at every row has found."""

    rows: int = 0
    bad: set[int] = msgspec.field(default_factory=set)
    """Numbers of the rows with an error, from 1."""
    faults: list[Fault] = msgspec.field(default_factory=list)
    """Errors of the rows, the first `LISTED`."""
    total: int = 0
    """How many errors there are."""
    warnings: dict[tuple[str, str], tuple[Fault, int]] = msgspec.field(default_factory=dict)
    """Kind of warning -> its first, and how many rows have it."""
    question_answer: int = 0
    """Rows in the question and answer form."""
    several_calls: int = 0
    """Rows in which some turn makes several calls."""

    def add(self, row: Row, found: Iterable[Fault]) -> None:
        """Count one row with everything that was said of it."""
        self.rows += 1
        for fault in found:
            if fault.severity == "error":
                self.total += 1
                self.bad.add(self.rows)
                if len(self.faults) < LISTED:
                    self.faults.append(fault)
            else:
                key = (re.sub(r"\d+", "*", fault.path), fault.expected)
                first, count = self.warnings.get(key, (fault, 0))
                self.warnings[key] = first, count + 1
        if row.conversation:
            self.question_answer += row.form == "distil"
            self.several_calls += any(len(turn.tool_calls) > 1 for _, turn in row.conversation.turns())


class Examples(msgspec.Struct, frozen=True, kw_only=True):
    """Conversations of one file, with the job's system message and tools; every loop reads the file anew."""

    name: str
    """`train` or `test`; part of the ids of rows that bring none."""
    path: Path | None
    """None: the folder has no such file."""
    count: int
    left_out: frozenset[int] = frozenset()
    """Numbers of the faulty rows that the job was told to do without, from 1."""
    system: str
    tools: tuple[Tool, ...]

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Conversation]:
        for number, row in enumerate(rows(self.path) if self.path else (), start=1):
            if number in self.left_out:
                continue
            if row.conversation is None:
                raise FormatError(f"{self.path} has changed since it was read:", row.faults)
            completed = row.conversation.completed(system=self.system, tools=self.tools)
            yield msgspec.structs.replace(
                completed,
                id=completed.id or f"{self.name}-{number}",
                metadata={"form": row.form, **completed.metadata},
            )


def survey(path: Path, tools: tuple[Tool, ...] | None, task: str | None, context: Context) -> Survey:
    """Look at every row of a file, each by itself. `tools` and `task`: None where the job does not tell them rightly.

    What concerns rows together, such as duplicates, is left to whoever checks the whole.
    """
    found = Survey()
    names: set[int] = set()
    of_sets = (rule.code for fold in FOLDS.values() for rule in fold.rules)
    examiner = Examiner(msgspec.structs.replace(context, ignore=(*context.ignore, *of_sets)))
    of_tools = Examiner(context)
    for row in rows(path):
        faults = list(row.faults)
        if row.conversation:
            faults += (_placed(fault, path, row) for fault in _of_task(row.conversation, row.form, task))
            faults += _of_checks(row, path, tools, examiner)
            faults += _of_tools(row, path, of_tools)
            faults += _of_name(row, path, names)
        found.add(row, faults)
    return found


def _of_task(conversation: Conversation, form: str, task: str | None) -> Iterator[Fault]:
    """A question of the other task."""
    text = conversation.metadata.get("question") == "text"
    if form != "distil" or task is None or text == (task == SINGLE_TURN):
        return
    other = SINGLE_TURN if text else MULTI_TURN
    yield Fault(
        path="$.question",
        expected="an array of turns as a string of JSON" if text else "plain text",
        found="plain text" if text else "an array of turns",
        hint=f"the task is `{task}`; with base.task={other} this row is right",
    )


def _of_checks(row: Row, path: Path, tools: tuple[Tool, ...] | None, examiner: Examiner) -> Iterator[Fault]:
    assert row.conversation
    declared = row.conversation.tools or tools
    conversation = msgspec.structs.replace(row.conversation, tools=declared or ())
    for finding in examiner.examine(conversation).findings:
        if declared is None and finding.code.startswith("arguments-"):
            continue  # nothing is known to hold the call against; the job description has its own fault
        place = FORMATS[row.form].place(conversation, finding.path)
        yield _placed(_fault(finding, place), path, row)


def _of_tools(row: Row, path: Path, examiner: Examiner) -> Iterator[Fault]:
    """What the checks say of the tools that a row brings itself."""
    assert row.conversation
    for finding in _judged(row.conversation.tools, examiner):
        place = FORMATS[row.form].place(row.conversation, finding.path)
        yield _placed(_fault(finding, place), path, row)


def of_tools(tools: tuple[Tool, ...], context: Context) -> Iterator[Fault]:
    """What the checks say of a job's tools."""
    for finding in _judged(tools, Examiner(context)):
        yield _fault(finding, finding.path)


def _judged(tools: tuple[Tool, ...], examiner: Examiner) -> Iterator[Finding]:
    """What is to be said of `tools`; an error whatever is to be ignored, since no model can write under such tools."""
    for finding in tool_findings(tools):
        if finding.severity == "error":
            yield finding
        else:
            yield from examiner.judged([finding])


EXPECTED = {
    "arguments-undeclared": "a call of a declared tool",
    "arguments-double-encoded": "arguments that are encoded once",
    "arguments-python-literal": "values of JSON, not of Python",
    "arguments-order": "arguments in the order of the tool's schema",
    "arguments": "arguments that the tool's schema allows",
    "structure-opening": "the user to speak first",
    "structure": "messages in order, each call with its result",
    "tools-schema": "a valid JSON Schema of an object",
    "tools-duplicate": "a name of its own for each tool",
    "tools-required": "names of declared properties",
    "tools-name": "a name that the OpenAI API takes",
    "tools-default": "a default that the parameter's own schema allows",
    "tools-example": "examples that the schema allows",
    "tools-undescribed": "a description of each tool and each of its parameters",
    "results": "results as the tool gives them, and replies that heed them",
    "length": "a conversation within synthgen.validation_max_total_length",
}
"""Code of a finding, or its set -> what was expected."""


def _fault(finding: Finding, path: str) -> Fault:
    kind = finding.code.partition("-")[0]
    expected = EXPECTED.get(finding.code) or EXPECTED.get(kind, f"a row that passes `{finding.code}`")
    found, _, hint = finding.message.partition("; ")
    if finding.code == "arguments-undeclared":
        found = found.removesuffix(" is not a declared tool")
        hint = f"{hint}; or declare it in {DESCRIPTION}"
    # A long row is still a good one: it is the student that may be too small for it.
    severity = "warning" if kind == "length" else finding.severity
    return Fault(path=path, expected=expected, found=found, hint=hint, severity=severity)


def _of_name(row: Row, path: Path, names: set[int]) -> Iterator[Fault]:
    assert row.conversation
    if not row.conversation.id:
        return
    key = hash(row.conversation.id)  # 8 bytes a row; the names themselves would not stay flat in a large file
    if key in names:
        found = f"`{row.conversation.id}` a second time"
        fault = Fault(path="$.id", expected="an id of its own for each row", found=found, hint="or no ids")
        yield _placed(fault, path, row)
    names.add(key)


def _placed(fault: Fault, path: Path, row: Row) -> Fault:
    return msgspec.structs.replace(fault, file=str(path), line=row.line)


def verdict(name: str, path: Path, found: Survey, *, leave_out: bool) -> tuple[list[Fault], list[Fault]]:
    """Errors and warnings of a file, from what its rows have shown."""
    errors, warnings = list(found.faults), list(_counted(found.warnings.values()))
    if found.total > len(found.faults):
        more = f"{found.total:,} faults in {len(found.bad):,} rows, of which the first {LISTED} are listed"
        errors.append(Fault(file=str(path), expected="rows without faults", found=more))
    good = found.rows - len(found.bad)
    if errors and leave_out and good:
        left = f"{len(found.bad):,} of {found.rows:,} left out, as base.bad_rows asks"
        errors.append(Fault(file=str(path), expected="rows without faults", found=left))
        warnings = [_as_warning(error) for error in errors] + warnings
        errors = []
    if not found.rows:
        hint = f"20 to 50 {name} rows are a good beginning"
        errors.append(
            Fault(file=str(path), expected="at least one row", found="none: it is empty", hint=hint)
        )
    elif good < FEWEST:
        expected = f"at least {FEWEST} {name} rows, as the reference asks"
        warnings.append(Fault(file=str(path), expected=expected, found=f"{good}", severity="warning"))
    return errors, warnings


def _counted(warnings: Iterable[tuple[Fault, int]]) -> Iterator[Fault]:
    for first, count in warnings:
        more = f" (the first of {count:,} places)" if count > 1 else ""
        yield msgspec.structs.replace(first, found=first.found + more)


def _as_warning(fault: Fault) -> Fault:
    return msgspec.structs.replace(fault, severity="warning")
