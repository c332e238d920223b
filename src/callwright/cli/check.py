"""`callwright check`: files of conversations checked like code, or the stage of that name over a job folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from callwright.cli.findings import Asked, fix_files, lint_files, quiet_pipe
from callwright.cli.output import data, table
from callwright.registry import near

OUTPUTS = "text, json, sarif or github"


def check(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILES...",
            help="Files of conversations, `-` for JSON lines from standard input; or a job folder.",
            show_default=False,
        ),
    ] = None,
    job: Annotated[
        Path | None,
        typer.Option(
            help="A job folder: its tools and task complete the rows, its `checks:` and test rows count."
        ),
    ] = None,
    test: Annotated[
        list[Path] | None, typer.Option(help="A file of test rows, which the others must not give away.")
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(metavar="CODES", help="Look for these codes or families only; `all`: for all."),
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="CODES", help="Leave these codes or families alone.")
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Put right what can be; files are written anew.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what --fix would change, and write nothing.")
    ] = False,
    output: Annotated[str, typer.Option(help=f"How findings are written: {OUTPUTS}.")] = "text",
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Also print how the set is made up, as tables.")
    ] = False,
    html: Annotated[Path | None, typer.Option(help="Also write one page with findings and plots.")] = None,
    form: Annotated[
        str | None, typer.Option("--from", metavar="FORM", help="Form of every row; else each row's own.")
    ] = None,
    student: Annotated[
        str | None, typer.Option(help="A student folder: its tokens count, and its control tokens are known.")
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=0, help="Processes; 0: as many as the input is worth.")
    ] = 0,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 whatever is found.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Print every finding, not the first of each code.")
    ] = False,
    lint: Annotated[
        bool, typer.Option("--lint", help="Of a job folder: check its own rows only, and write nothing.")
    ] = False,
    explain: Annotated[
        str | None, typer.Option(metavar="CODE", help="Print the page of a check.", show_default=False)
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Print all codes.")] = False,
) -> None:
    """Check conversations: what a model would learn wrong from them, or an API refuse.

    Files are reported on, and put right with --fix. Exits with 1 where there are errors, with 2 where it was asked
    wrongly.

    A job folder without options has its examples and generated rows checked and sorted into kept and rejected, as a
    stage of `callwright run`; with any of the options (--lint will do) its train and test rows are checked as files.
    """
    if explain:
        _explain(explain)
        return
    if listed:
        _list()
        return
    if not paths:
        raise typer.BadParameter("name the files to check", param_hint="FILES")
    asked = Asked(
        job=job,
        test=tuple(test or ()),
        select=_codes(select, "--select"),
        ignore=_codes(ignore, "--ignore"),
        form=_form(form),
        student=student or "",
        jobs=jobs,
        output=_output(output),
        everything=everything,
        statistics=statistics,
        html=html,
    )
    if statistics and output != "text":
        raise typer.BadParameter(
            "the tables are text; give --html with another output", param_hint="--statistics"
        )
    if Path(paths[0]).is_dir():
        if asked == Asked() and not (fix or diff or exit_zero or lint):
            _stage(Path(paths[0]), paths[1:])
            return
        asked, files = _of_folder(asked, Path(paths[0]), paths[1:])
    else:
        files = [Path(path) for path in paths]
    with quiet_pipe():
        changed = fix_files(files, asked, dry=diff) if fix or diff else 0
        errors = changed if diff else lint_files(files, asked)
    if errors and not exit_zero:
        raise typer.Exit(1)


# What was asked


def _codes(given: Sequence[str] | None, option: str) -> tuple[str, ...]:
    from callwright.checks import unknown

    names = tuple(name.strip() for one in given or () for name in one.split(",") if name.strip())
    if wrong := unknown(names):
        said = "; ".join(f"`{name}`: {hint}" for name, hint in wrong.items())
        raise typer.BadParameter(f"there is no such code or family, {said}", param_hint=option)
    return names


def _form(given: str | None) -> str | None:
    from callwright.formats import FORMATS

    if given is not None and given not in FORMATS:
        raise typer.BadParameter(
            f"there is no form `{given}`; {near(given, list(FORMATS))}", param_hint="--from"
        )
    return given


def _output(given: str) -> str:
    from callwright.lint.outputs import OUTPUTS

    if given not in OUTPUTS:
        hint = near(given, list(OUTPUTS))
        raise typer.BadParameter(f"there is no output `{given}`; {hint}", param_hint="--output")
    return given


def _of_folder(asked: Asked, folder: Path, settings: Sequence[str]) -> tuple[Asked, list[Path]]:
    """The rows of a job folder as files, checked with the job itself."""
    from callwright.job import read_job

    if asked.job:
        raise typer.BadParameter("the folder is itself the job; give --job with files", param_hint="--job")
    job = read_job(folder, ["base.bad_rows=leave-out", *settings], need=())
    files = [job.files[name] for name in ("train", "test") if name in job.files]
    return replace(asked, job=folder, settings=tuple(settings)), files


def _stage(folder: Path, settings: Sequence[str]) -> None:
    from callwright.cli import shown

    run = shown.until("check", folder, settings)
    shown.stage(run, "check", "conversations.jsonl", "rejected.jsonl")


# What is known


def _explain(code: str) -> None:
    from callwright.checks import rules
    from callwright.lint.pages import explained

    known = rules()
    members = [rule for name, rule in known.items() if name == code or name.startswith(f"{code}-")]
    if not members:
        hint = near(code, list(known))
        raise typer.BadParameter(f"there is no code `{code}`; {hint}", param_hint="--explain")
    data("\n\n\n".join(map(explained, members)))


def _list() -> None:
    from callwright.checks import rules
    from callwright.lint.pages import can_be_fixed

    rows = [
        (
            rule.code,
            rule.severity,
            "fix" if can_be_fixed(rule) else "",
            "" if rule.selected else "off",
            rule.title,
        )
        for rule in rules().values()
    ]
    table(("code", "severity", "--fix", "default", "here"), rows)
