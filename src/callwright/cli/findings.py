"""What `callwright check` writes of files: findings as they are found, and what was put right."""

import os
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click
import msgspec
import typer
from msgspec.structs import replace

from callwright.cli.output import Progress, coloured, data, fail, note, table
from callwright.errors import InputError

if TYPE_CHECKING:  # a plain `--help` loads no checks
    from callwright.lint import Lint, Placed, Setup
    from callwright.lint.fixing import Fixed
    from callwright.lint.patching import Change

LONG = 32 << 20
"""Bytes of input that take long enough to want a bar."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command, as they were given."""

    job: Path | None = None
    settings: tuple[str, ...] = ()
    test: tuple[Path, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    form: str | None = None
    student: str = ""
    jobs: int = 0
    output: str = "text"
    everything: bool = False
    statistics: bool = False
    html: Path | None = None


def setup_of(asked: Asked) -> "tuple[Setup, list[Path], str]":
    """What rows are examined with, the test files, and the file that findings about the job itself are in."""
    from callwright.checks import Context
    from callwright.cli.shown import student_folder
    from callwright.lint import Setup

    setup = Setup(
        form=asked.form,
        student=student_folder(asked.student) if asked.student else None,
        statistics=asked.statistics or asked.html is not None,
    )
    context, tests, job_file = Context(), list(asked.test), ""
    if asked.job:
        from callwright.job import read_job
        from callwright.pipeline import settled

        job = read_job(asked.job, ["base.bad_rows=leave-out", *asked.settings], need=())
        context = job.context()
        if setup.student and not context.max_tokens:
            context = replace(context, max_tokens=settled(job.config).tuning.pack_size)
        setup = replace(setup, system=job.task_description, tools=job.tools)
        tests += [job.files["test"]] if "test" in job.files else []
        job_file = str(job.files["job_description"])
    select, ignore = asked.select or context.select, (*context.ignore, *asked.ignore)
    return replace(setup, context=replace(context, select=select, ignore=ignore)), tests, job_file


def lint_files(files: Sequence[Path], asked: Asked) -> int:
    """Write what is found; how many errors there are."""
    from callwright.lint import SHOWN, Lint
    from callwright.lint.outputs import OUTPUTS
    from callwright.lint.outputs.text import total

    setup, tests, job_file = setup_of(asked)
    shown = sys.maxsize if asked.everything else SHOWN
    size = sum(path.stat().st_size for path in files if path.is_file())
    out = sys.stdout  # a bar on a terminal takes the name for itself
    with Progress() if sys.stderr.isatty() and size >= LONG else nullcontext() as progress:
        told = progress or (lambda stage, done, total, note: None)
        with _wrongly_used():
            lint = Lint(
                files, setup, test=tests, job_file=job_file, jobs=asked.jobs, shown=shown, progress=told
            )
        say = _writer(sys.stdout if out.isatty() else out)
        with closing(_iterated(lint)) as found:
            for piece in OUTPUTS[asked.output](found, lint.summary):
                say(piece)
    if asked.output != "text" or not lint.summary.codes:
        note(total(lint.summary))
    _also(lint, asked)
    return lint.summary.errors


def _iterated(lint: "Lint") -> "Generator[Placed, None, None]":
    """The findings as a generator, which can be closed: workers end with it."""
    yield from lint


def _also(lint: "Lint", asked: Asked) -> None:
    if not (asked.statistics or asked.html):
        return
    from callwright.lint.tables import tables

    report = lint.report()
    if asked.statistics and report.statistics:
        for one in tables(report.statistics, report.test_statistics):
            data("\n" + one.title)
            table(one.columns, one.rows)
    if asked.html:
        from callwright.files import atomic
        from callwright.lint.page import page

        with atomic(asked.html) as file:
            file.write(page(report).encode())
        note(f"page: {asked.html}")


def _writer(stream: TextIO) -> Callable[[str], None]:
    """What writes a piece of text: without colours where there is no terminal, whatever its encoding."""
    colour = coloured(stream)
    encoding = stream.encoding or "utf-8"

    def say(piece: str) -> None:
        text = piece if colour else click.unstyle(piece)
        stream.write(text.encode(encoding, errors="replace").decode(encoding))

    return say


@contextmanager
def _wrongly_used() -> Iterator[None]:
    """Files that are not there end the command as other wrong usage does."""
    try:
        yield
    except InputError as error:
        try:
            fail(error)
        except typer.Exit:
            raise typer.Exit(2) from None


@contextmanager
def quiet_pipe() -> Iterator[None]:
    """Nothing is said where the reader of a pipe has seen enough, as `head` has."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still in the buffer has nowhere to go; Python would complain of it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None


# Fixes


def fix_files(files: Sequence[Path], asked: Asked, *, dry: bool) -> int:
    """Put right what can be, or only say what would be; how many rows."""
    from callwright.lint import SHOWN
    from callwright.lint.fixing import fix, fixes
    from callwright.lint.linting import check_files
    from callwright.lint.workers import worth

    if Path("-") in files:
        raise typer.BadParameter("standard input cannot be written anew", param_hint="--fix")
    with _wrongly_used():
        check_files(files)
    setup = replace(setup_of(asked)[0], statistics=False)
    rows = 0
    for path in files:
        jobs = asked.jobs or worth(path.stat().st_size)
        changes = _Changes(path, sys.maxsize if asked.everything or dry else SHOWN, asked.output)
        found = (fixes if dry else fix)(path, setup, jobs=jobs, told=changes)
        changes.close()
        _say_fixed(found, "would be put right" if dry else "put right")
        rows += found.rows
    return rows


class _Changes:
    """Shows what changes in a file, up to a limit; on standard error where the result is for a program."""

    def __init__(self, path: Path, limit: int, output: str) -> None:
        self._path = path
        self._limit = limit
        self._count = 0
        self._say = _writer(sys.stdout if output == "text" else sys.stderr)

    def __call__(self, line: int, change: "Change") -> None:
        self._count += 1
        if self._count <= self._limit:
            self._say(f"\033[1m{self._path}:{line}:\033[0m at {change.path}\n")
            self._say(f"\033[31m- {change.before}\033[0m\n" if change.before else "")
            self._say(f"\033[32m+ {change.after}\033[0m\n" if change.after else "")

    def close(self) -> None:
        if self._count > self._limit:
            self._say(f"… {self._count - self._limit:,} more changes; --all shows them\n")


def _say_fixed(found: "Fixed", verb: str) -> None:
    for line, why in found.reasons:
        note(f"{found.path}:{line}: left as it is: {why}")
    if found.left > len(found.reasons):
        note(f"{found.path}: {found.left:,} rows are left as they are, of which the first are listed")
    counts = ", ".join(f"{code} {count:,}" for code, count in found.codes.most_common())
    rows = f"{found.rows:,} row{'' if found.rows == 1 else 's'}"
    note(f"{found.path}: {rows} {verb}{f' ({counts})' if counts else ''}")
