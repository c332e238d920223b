"""`callwright convert`: conversations of one form written in another; what is lost or left out is said."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import replace

from callwright.cli.output import Progress, fields, note, warn
from callwright.errors import Fault
from callwright.files import atomic
from callwright.formats import FORMATS, line
from callwright.formats.tables import unpacked_suffix
from callwright.registry import near

if TYPE_CHECKING:
    from callwright.formats.converting import LeftOut, Outcome

FORMS = ", ".join(FORMATS)


def convert(
    source: Annotated[
        Path,
        typer.Argument(metavar="IN", exists=True, dir_okay=False, help="A file of conversations."),
    ],
    target: Annotated[
        Path, typer.Argument(metavar="OUT", dir_okay=False, help="The file to write: .jsonl, .json, .csv.")
    ],
    read_as: Annotated[
        str | None,
        typer.Option("--from", metavar="FORM", help="Form of IN; else each row's, told by its keys."),
    ] = None,
    write_as: Annotated[str, typer.Option("--to", metavar="FORM", help=f"Form of OUT: {FORMS}.")] = "openai",
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Go on without the rows that cannot be converted.")
    ] = False,
    rejects: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Write the rows left out here, unchanged, with the reasons."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over an OUT that exists.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")
    ] = False,
) -> None:
    """Write a file of conversations in another form: lossless, or with all that is lost named.

    Files may be packed (.gz, .zst). A row that cannot be read, or that the other form cannot say, is listed;
    then nothing is written and the status is 1, unless such rows are to be left out.
    """
    from callwright.formats import converting

    _check_form(read_as, "--from")
    _check_form(write_as, "--to")
    _check_kind(target, write_as)
    _check_files(source, target, rejects, leave_out=leave_out, force=force)
    work = converting.rehearse if dry_run else converting.convert
    kept = None if dry_run else rejects
    with Progress() as progress, _left_out(source, kept) as put:
        outcome = work(
            source,
            target,
            read_as=read_as,
            write_as=write_as,
            leave_out=put if leave_out else None,
            progress=lambda done: progress("convert", done, None),
        )
    _tell(outcome, target, write_as, dry_run=dry_run)


def _check_form(name: str | None, option: str) -> None:
    if name is not None and name not in FORMATS:
        raise typer.BadParameter(f"there is no form `{name}`; {near(name, list(FORMATS))}", param_hint=option)


def _check_kind(target: Path, write_as: str) -> None:
    if unpacked_suffix(target) == ".csv" and write_as != "distil":
        said = f"a CSV file holds questions and answers (distil), not {write_as}; write to a name in .jsonl"
        raise typer.BadParameter(said, param_hint="--to")


def _check_files(source: Path, target: Path, rejects: Path | None, *, leave_out: bool, force: bool) -> None:
    if rejects and not leave_out:
        raise typer.BadParameter("rows are left out only with --leave-out", param_hint="--rejects")
    if rejects and not source.is_file():
        raise typer.BadParameter("a pipe cannot be read a second time", param_hint="--rejects")
    places = {"IN": source, "OUT": target} | ({"--rejects": rejects} if rejects else {})
    seen: dict[Path, str] = {}
    for name, path in places.items():
        if path.resolve() in seen:
            raise typer.BadParameter(
                f"`{path}` is {seen[path.resolve()]} already; write to another name", param_hint=name
            )
        seen[path.resolve()] = name
        if name != "IN" and path.exists() and not force:
            raise typer.BadParameter(f"`{path}` exists; --force writes over it", param_hint=name)


@contextmanager
def _left_out(source: Path, rejects: Path | None) -> "Iterator[Callable[[LeftOut], object]]":
    """What takes the rows that are left out, and writes them if there is a file for them."""
    from callwright.formats.converting import Originals, rejected

    if rejects is None:
        yield lambda left: None
        return
    originals = Originals(source)
    with atomic(rejects) as file:
        yield lambda left: file.write(line(rejected(left, originals)))


def _tell(outcome: "Outcome", target: Path, form: str, *, dry_run: bool) -> None:
    warn(_counted(outcome.losses, "rows"))
    if outcome.left_out:
        note(f"left out: {outcome.left_out:,} row{'' if outcome.left_out == 1 else 's'}")
        for fault in _counted(outcome.reasons, "rows"):
            note(f"  {fault}".replace("\n", "\n  "))
    read_as = ", ".join(f"{count:,} {name}" for name, count in outcome.forms.most_common())
    fields(
        {
            "would be written" if dry_run else "written": f"{outcome.written:,} rows, {form}",
            "read as": read_as,
            "left out": f"{outcome.left_out:,}" if outcome.left_out else "",
            "file": str(target),
        }
    )


def _counted(tally: "Iterable[tuple[Fault, int]]", what: str) -> Iterator[Fault]:
    for first, count in tally:
        more = f" (the first of {count:,} {what})" if count > 1 else ""
        yield replace(first, found=first.found + more)
