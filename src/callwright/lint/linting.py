"""Linting: files of conversations checked in one pass, the findings in the order of files and rows."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from msgspec.structs import replace

from callwright.checks import Examiner, Finding, Ledger
from callwright.checks.format import UNREADABLE
from callwright.checks.tally import Tally
from callwright.conversation import Conversation
from callwright.errors import Fault, InputError
from callwright.formats.tables import PACKED
from callwright.lint.batches import STDIN, Batch, batches
from callwright.lint.examining import Examining, Looked, Said, Setup, placed
from callwright.lint.excerpts import clipped, excerpt, excerpt_at
from callwright.lint.related import opening, with_related
from callwright.lint.report import Placed, Report
from callwright.lint.summary import Summary
from callwright.lint.workers import Task, done, worth

Progress = Callable[[str, int, int | None, str], None]
"""`(stage, done, total, note)`; total None: not known."""
SHOWN = 20
"""Findings of a code that are shown."""


class Lint:
    """One check of some files: iterated once, it gives the findings; `summary` is what has been counted so far.

    `test`: files that the others must not give away; one that is itself checked is not held against itself.
    `job_file`: where findings stand that are about the job's own tools and system message. `jobs`: processes; 0: as
    many as the input is worth on this machine. The findings are the same with any number. `shown`: findings of a
    code that come with an excerpt and are remembered.
    """

    def __init__(
        self,
        files: Sequence[Path],
        setup: Setup | None = None,
        *,
        test: Sequence[Path] = (),
        job_file: str = "",
        jobs: int = 1,
        shown: int = SHOWN,
        progress: Progress = lambda stage, done, total, note: None,
    ) -> None:
        self.files = list(dict.fromkeys(files))
        self.test = list(dict.fromkeys(test))
        check_files([*self.files, *self.test])
        setup = setup or Setup()
        self.setup = replace(setup, context=replace(setup.context, tested=bool(test)))
        self.job_file = job_file
        self.jobs = jobs or worth(sum(map(_size, [*self.files, *self.test])))
        self.progress = progress
        self.summary = Summary(shown)
        self.ledger = Ledger(self.setup.context)
        self.test_ledgers: dict[Path, Ledger] = {}
        """Of each checked file that is a test file."""
        self.tally = Tally()
        self.test_tally = Tally()
        """What the checked and the test rows add to the statistics, where `setup` asks for them."""
        self._examiner = Examiner(self.setup.context)
        self._of_job: set[tuple[str, str, str]] = set()

    def __iter__(self) -> Iterator[Placed]:
        tests = {path.resolve() for path in self.test}
        for path in self.files:
            held = path.resolve() in tests
            self.summary.file(path, test=held)
            if held:
                self.test_ledgers[path] = Ledger(self.setup.context)
        for task, rows in done(Examining.batch, self.setup, self._tasks(), self.jobs):
            if task.held:
                self._hold(task, rows)
            else:
                yield from self._checked(task, rows)
        yield from self._of_sets()

    def report(self) -> Report:
        """What has been found; after the last finding."""
        beside = self.test_tally.statistics() if self._apart() else None
        return Report(
            files=self.summary.of_files(),
            codes=with_related(self.summary.of_codes(), [*self.files, *self.test]),
            statistics=self.tally.statistics() if self.setup.statistics else None,
            test_statistics=beside if beside and beside.rows else None,
        )

    def _apart(self) -> bool:
        """Whether test rows stand beside the others, and are not themselves all that is looked at."""
        return self.setup.statistics and len(self.test_ledgers) < len(self.files)

    def _hold(self, task: Task, rows: list[Looked]) -> None:
        for row in rows:
            if row.keys is not None:
                self.ledger.hold(row.keys, f"{task.path}:{row.line}")
            if row.counted:
                self.test_tally.add(row.counted)

    def _tasks(self) -> Iterator[Task]:
        read, total = 0, _total([*self.test, *self.files])
        held = ((path, True) for path in self.test)
        for path, is_held in chain(held, ((path, False) for path in self.files)):
            for batch in batches(path):
                yield Task(path, batch, is_held)
                read += batch.size
                self.progress("check", read >> 20, total and max(total >> 20, read >> 20), "MB")

    def _checked(self, task: Task, rows: list[Looked]) -> Iterator[Placed]:
        ledger = self.test_ledgers.get(task.path, self.ledger)
        of_set = not self._apart() or task.path not in self.test_ledgers
        for index, row in enumerate(rows):
            if row.counted and of_set:
                self.tally.add(row.counted)
            self.summary.row(task.path, row.form, readable=row.keys is not None)
            said = row.said
            if row.keys is not None and (found := ledger.add(row.keys, f"{task.path}:{row.line}")):
                said += tuple(self._of_folds(found, task, row, index))
            for one in said:
                if one.of_job:
                    yield from self._about_job(one)
                else:
                    yield self._noted(task, row, index, one)

    def _of_folds(self, found: list[Finding], task: Task, row: Looked, index: int) -> Iterator[Said]:
        spared = Conversation(messages=(), metadata={"ignore_checks": list(row.spared)})
        for finding in self._examiner.judged(found, spared if row.spared else None):
            if finding.path == "$":
                yield Said(finding, "$")
                continue
            # Where it stands in the row, only its form knows; the row itself is with whoever examined it.
            (again,) = (
                one
                for at, one in enumerate(task.batch.rows(task.path, self.setup.form))
                if at == index and one.conversation
            )
            assert again.conversation
            yield placed(finding, again.conversation, row.form, completed=row.completed)

    def _noted(self, task: Task, row: Looked, index: int, said: Said) -> Placed:
        finding, line = said.finding, said.line or row.line
        text = ""
        if self.summary.wanted(finding.code):
            text = _excerpt(task.batch, row.line, index, said)
        found = Placed(
            finding=finding,
            file=str(task.path),
            line=line,
            column=_column(said),
            path=said.path,
            excerpt=text,
        )
        self.summary.finding(task.path, found)
        return found

    def _about_job(self, said: Said) -> Iterator[Placed]:
        """Once, however many rows it completes."""
        key = (said.finding.code, said.path, said.finding.message)
        if key not in self._of_job:
            self._of_job.add(key)
            found = Placed(finding=replace(said.finding, fix=None), file=self.job_file, path=said.path)
            self.summary.finding(None, found)
            yield found

    def _of_sets(self) -> Iterator[Placed]:
        for path, ledger in ((Path(), self.ledger), *self.test_ledgers.items()):
            for finding in self._examiner.judged(ledger.close()):
                of_file = path in self.test_ledgers or len(self.files) == 1
                file = (path if path in self.test_ledgers else self.files[0]) if of_file else None
                found = Placed(finding=finding, file=str(file or ""), path=finding.path)
                self.summary.finding(file, found)
                yield found


def _excerpt(batch: Batch, line: int, index: int, said: Said) -> str:
    raw = batch.raw(line, index)
    if said.finding.related and said.path == "$":
        return opening(raw)
    if column := _column(said):
        return excerpt_at(raw, column)
    if said.finding.code == UNREADABLE.code and said.path == "$":
        return clipped(raw.decode(errors="replace"))
    return excerpt(raw, said.path, said.finding.words)


def _column(said: Said) -> int:
    """Where in its line a row goes wrong that is no JSON; 0: that is not known."""
    found = re.search(r"\(column (\d+)", said.finding.message)
    return int(found[1]) if found and said.finding.code == UNREADABLE.code else 0


def check_files(paths: Sequence[Path]) -> None:
    """Raises `InputError` with all files that are not there."""
    faults = [
        Fault(
            file=str(path),
            expected="a file of conversations",
            found="a folder" if path.is_dir() else "no such file",
        )
        for path in paths
        if path != STDIN and (path.is_dir() or not path.exists())
    ]
    if faults:
        raise InputError("not every file can be read:", faults)


def _total(paths: Sequence[Path]) -> int | None:
    """Bytes that will be read; None: not known before."""
    plain = all(path.is_file() and path.suffix not in PACKED for path in paths)
    return sum(map(_size, paths)) if plain else None


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
