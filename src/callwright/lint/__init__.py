"""Lint: files of conversations checked like code, the findings placed where they stand.

`lint` streams the findings; `Lint` also counts them and makes the report; `fix` writes files anew. How findings are
written is a set of its own, `outputs`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from callwright.checks import Context
from callwright.conversation import Tool
from callwright.lint.examining import Setup
from callwright.lint.linting import SHOWN, Lint
from callwright.lint.report import Placed

__all__ = ["SHOWN", "Lint", "Placed", "Setup", "lint"]


def lint(
    files: Sequence[Path],
    *,
    context: Context | None = None,
    form: str | None = None,
    system: str = "",
    tools: tuple[Tool, ...] = (),
    student: Path | None = None,
    test: Sequence[Path] = (),
    jobs: int = 1,
) -> Iterator[Placed]:
    """Everything that the checks say of `files`, in the order of files and rows, streamed.

    `form`: that of every row; None: each row's own. `system` and `tools` complete rows that bring none. `student`: a
    folder whose tokenizer counts. `test`: files whose rows the others must not give away. `jobs`: processes; more than
    one need a main module that can be imported, as `multiprocessing` has it. Raises `InputError` before all else for
    files that are not there.
    """
    setup = Setup(context=context or Context(), form=form, system=system, tools=tools, student=student)
    yield from Lint(files, setup, test=test, jobs=jobs)
