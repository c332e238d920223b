"""`callwright show`: conversations as a person reads them; with a student, the tokens that are trained."""

import re
import sys
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callwright.cli.output import coloured, data, styled
from callwright.errors import InputError
from callwright.registry import near

if TYPE_CHECKING:  # nothing of this is needed for `--help`
    from callwright.checks import Context, Finding
    from callwright.conversation import Conversation
    from callwright.formats import Row
    from callwright.prepare import Painted

COLOURS = {"system": "magenta", "user": "cyan", "assistant": "green", "tool": "yellow"}


def show(
    file: Annotated[
        Path, typer.Argument(help="A file of conversations, or a job folder.", show_default=False)
    ],
    row: Annotated[str, typer.Option(metavar="N", help="Which conversation, from 1; or `3-7`.")] = "1",
    student: Annotated[
        str | None,
        typer.Option(help="A student folder: mark what of the conversation it is trained on."),
    ] = None,
    tools: Annotated[bool, typer.Option("--tools", help="Begin with the tools.")] = False,
    findings: Annotated[bool, typer.Option("--findings", help="Say in place what the checks find.")] = False,
    form: Annotated[
        str | None, typer.Option("--from", metavar="FORM", help="Form of the file; else each row's own.")
    ] = None,
) -> None:
    """Show a conversation as a person reads it: each call with its result below it."""
    from callwright.formats import FORMATS

    if form is not None and form not in FORMATS:
        raise typer.BadParameter(
            f"there is no form `{form}`; {near(form, list(FORMATS))}", param_hint="--from"
        )
    first, last = _range(row)
    context, rows = _rows(file, form)
    number = 0
    for number, one in enumerate(islice(rows, last), start=1):
        if number < first:
            continue
        if one.conversation is None:
            data(styled(f"── row {number} cannot be read", dim=True))
            for fault in one.faults:
                data(f"  {fault}")
        elif student:
            _paint(one.conversation, student)
        else:
            if tools:
                _print_tools(one.conversation)
            printed(one.conversation, _found(one, context) if findings else [])
    if number < last:
        raise InputError(f"`{file}` has {'no' if not number else f'only {number:,}'} conversations")


def _range(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= first <= last:
        raise typer.BadParameter(
            f"expected a number from 1, or two such as `3-7`, not `{text}`", param_hint="--row"
        )
    return first, last


def _rows(file: Path, form: str | None) -> "tuple[Context, Iterator[Row]]":
    from callwright.checks import Context
    from callwright.formats import Row, rows
    from callwright.job import read_job

    if not file.is_dir():
        return Context(), rows(file, form)
    job = read_job(file, need=("train",))
    return job.context(), (
        Row(line=number, conversation=one) for number, one in enumerate(job.train(), start=1)
    )


def _found(row: "Row", context: "Context") -> "list[Finding]":
    from callwright.checks import findings
    from callwright.lint.examining import finding_of

    assert row.conversation
    return [*map(finding_of, row.faults), *findings(row.conversation, context)]


# Conversations


def printed(conversation: "Conversation", found: "list[Finding]" = []) -> None:  # noqa: B006 - only read
    """The conversation, and below each line what is found there."""
    from callwright.lint.transcript import transcript

    data(styled(f"── {conversation.id or conversation.origin}", dim=True))
    lines = list(transcript(conversation))
    at = {index: line.path for index, line in enumerate(lines)}
    places = [_place(finding.path, at) for finding in found]
    for finding, place in zip(found, places, strict=True):
        if place < 0:
            _print_finding(finding)
    for index, line in enumerate(lines):
        head = styled(f"{line.role if line.first else '':>9}", fg=COLOURS[line.role], bold=True)
        data(f"{head}  {styled(line.text, fg='yellow') if line.role == 'tool' else line.text}".rstrip())
        for finding, place in zip(found, places, strict=True):
            if place == index:
                _print_finding(finding)


def _place(path: str, at: dict[int, str]) -> int:
    """The last line of what `path` is in; -1: it is in none."""
    within = [
        index for index, place in at.items() if path == place or path.startswith((place + ".", place + "["))
    ]
    longest = max((len(at[index]) for index in within), default=0)
    return max((index for index in within if len(at[index]) == longest), default=-1)


def _print_finding(finding: "Finding") -> None:
    from callwright.lint.excerpts import visible

    colour = "red" if finding.severity == "error" else "yellow"
    words = f" `{visible(finding.words)}`" if finding.words and finding.words not in finding.message else ""
    head = styled(f"! {finding.severity} {finding.code}", fg=colour)
    data(f"{'':9}  {head}: {visible(finding.message)}{words}")


def _print_tools(conversation: "Conversation") -> None:
    from callwright.lint.excerpts import visible
    from callwright.schema import signature

    for tool in conversation.tools:
        data(f"{styled('     tool', fg='blue', bold=True)}  {visible(signature(tool))}")
        if tool.description:
            data(f"{'':9}  {styled(visible(tool.description), dim=True)}")


# Tokens


def _paint(conversation: "Conversation", name: str) -> None:
    from callwright.cli.shown import student_folder
    from callwright.prepare import show
    from callwright.students import load_student

    student = load_student(student_folder(name))
    whole = conversation.completed(system=student.card.task_description, tools=student.card.tools)
    for number, tokens in enumerate(show(whole, student.renderer, student.encoder), start=1):
        trained = sum(token.trained for token in tokens)
        data(styled(f"── render {number}: {len(tokens)} tokens, {trained} trained", dim=True))
        data("".join(_runs(tokens)))


def _runs(tokens: "list[Painted]") -> Iterator[str]:
    """The tokens, trained ones in green; where there is no colour, trained runs in `⟦…⟧`."""
    colour = coloured(sys.stdout)
    for trained, run in groupby(tokens, lambda token: token.trained):
        text = "".join(token.text for token in run)
        if not trained:
            yield text
        elif colour:
            yield styled(text, fg="green", bold=True)
        else:
            yield f"⟦{text}⟧"
