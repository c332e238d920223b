"""What the commands show: results on standard output, everything else on standard error.

On a terminal with colours and bars; anywhere else plain lines that a program can read and a log can keep.
"""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from types import TracebackType
from typing import IO, TYPE_CHECKING, Annotated, Any, NoReturn, Self, TypeAlias

import orjson
import typer
from typer.core import TyperGroup

from callwright.errors import CallwrightError, Fault, InputError, MissingExtra
from callwright.files import DAMAGED

if TYPE_CHECKING:  # rich takes as long to import as the rest of a small command
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

EXTRAS = {
    **dict.fromkeys(("pyarrow", "tokenizers", "transformers", "torch", "peft", "llguidance"), "train"),
    **dict.fromkeys(("fastapi", "uvicorn"), "serve"),
}
"""Library -> the extra of this package that brings it."""

EVERY = 10.0
"""Seconds between two lines of progress where there is no terminal."""


class Output(StrEnum):
    text = "text"
    json = "json"


OutputOption: TypeAlias = Annotated[
    Output, typer.Option("--output", help="How results are written to standard output.")
]


class Commands(TyperGroup):
    """A group of commands whose errors are shown in one way: `typer.Typer(cls=Commands)`."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except CallwrightError as error:
            fail(error)
        except ModuleNotFoundError as error:
            if error.name not in EXTRAS:
                raise
            fail(MissingExtra(str(error.name), EXTRAS[str(error.name)]))
        except DAMAGED as error:  # where no line of the file can be named
            hint = "copy it again, or unpack it by hand as far as it goes"
            fail(CallwrightError(f"a packed file is cut off or damaged: {error}", hint=hint))
        except OSError as error:  # a file that is not there, a folder that cannot be written, a port in use
            fail(
                CallwrightError(
                    f"{error.strerror or error}" + (f": `{error.filename}`" if error.filename else "")
                )
            )


def fail(error: CallwrightError) -> NoReturn:
    """Say what went wrong, every fault with its place, and what to do; exit with 1."""
    faults = error.faults if isinstance(error, InputError) else ()
    _say("error", "red", str(error.args[0]))
    for fault in faults:
        note(f"  {fault}".replace("\n", "\n  "))
    if error.hint:
        note("")
        _say("hint", "cyan", error.hint)
    raise typer.Exit(1)


def warn(faults: Iterable[Fault]) -> None:
    """What is amiss though things go on."""
    for fault in faults:
        _say("warning", "yellow", str(fault))


def note(text: str) -> None:
    """A line for the person at the terminal."""
    typer.echo(text, err=True)


def data(text: str) -> None:
    """A line of the result."""
    typer.echo(text)


def as_json(value: Any) -> None:
    """The result as JSON, indented."""
    data(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())


def fields(pairs: Mapping[str, object]) -> None:
    """Names and values, a line each, as the result; what is empty is left out."""
    shown = {name: str(value) for name, value in pairs.items() if value not in (None, "", [], ())}
    width = max(map(len, shown), default=0)
    for name, value in shown.items():
        head, *rest = value.splitlines()
        data(f"{name:{width}}  {head}")
        for line in rest:
            data(f"{'':{width}}  {line}")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows under their headings, as the result; numbers to the right, nothing cut off."""
    texts = [[_cell(value) for value in row] for row in rows]
    right = [bool(texts) and all(_numeric(row[at]) for row in texts) for at in range(len(columns))]
    widths = [max(len(line[at]) for line in [list(columns), *texts]) for at in range(len(columns))]

    def line(cells: Sequence[str]) -> str:
        padded = (f"{c:>{w}}" if r else f"{c:{w}}" for c, w, r in zip(cells, widths, right, strict=True))
        return "  ".join(padded).rstrip()

    data(_styled(line(columns)))
    for row in texts:
        data(line(row))


def scores(found: Mapping[str, Any]) -> None:
    """Every score there is, a line each: whose, which, how much, its 95 % interval, over how many items."""
    rows = [(who, name, *_figure(value)) for who, figures in found.items() for name, value in _flat(figures)]
    table(("model", "metric", "score", "95% interval", "items"), rows)


def _flat(figures: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in figures.items():
        if isinstance(value, Mapping) and "value" not in value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _figure(value: Any) -> tuple[str, str, str]:
    if not isinstance(value, Mapping):  # a count
        return _cell(value), "", ""
    low, high, missing = value.get("low"), value.get("high"), value.get("missing")
    between = f"{_cell(low)} to {_cell(high)}" if low is not None and high is not None else ""
    items = _cell(value.get("count")) + (f", {missing} without an answer" if missing else "")
    return _cell(value["value"]), between, items


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _numeric(text: str) -> bool:
    return text.replace(".", "", 1).replace("-", "", 1).isdigit() or text in ("", "-")


def _say(head: str, colour: str, text: str) -> None:
    note(f"{_styled(head, colour)}: {text}")


def _styled(text: str, colour: str | None = None) -> str:
    """Bold, and coloured; `typer.echo` takes both away where there is no terminal."""
    return text if "NO_COLOR" in os.environ else typer.style(text, fg=colour, bold=True)


def coloured(stream: IO[str]) -> bool:
    """Whether colours are wanted there."""
    return stream.isatty() and "NO_COLOR" not in os.environ


def styled(text: str, *, fg: str | None = None, bold: bool = False, dim: bool = False) -> str:
    """Text in a colour for the result; plain where none is wanted."""
    if not coloured(sys.stdout):
        return text
    return typer.style(text, fg=fg, bold=bold or None, dim=dim or None)


class Progress:
    """Shows how a long job goes on: a bar a stage on a terminal, elsewhere a line every ten seconds.

    Called with `(stage, done, total, note)`; a context manager, so that the terminal is put right at the end.
    """

    def __init__(
        self,
        *,
        stream: IO[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        every: float = EVERY,
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._every = every
        self._stage = ""
        self._began = 0.0
        self._first = 0
        self._said = 0.0
        self._shown = ""
        self._pending = ""
        self._bars: Bars | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        if (self._stream or sys.stderr).isatty():
            self._bars = _bars(self._stream)
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars:
            self._bars.stop()
        else:
            self._flush()

    def __call__(self, stage: str, done: int, total: int | None, note: str = "") -> None:
        if self._bars:
            self._bar(self._bars, stage, done, total, note)
        else:
            self._plain(stage, done, total, note)

    def _bar(self, bars: "Bars", stage: str, done: int, total: int | None, note: str) -> None:
        if stage not in self._tasks:  # begun at `done`: what an earlier process did says nothing of the speed
            self._tasks[stage] = bars.add_task(stage, completed=done, total=total, note=note)
        bars.update(self._tasks[stage], completed=done, total=total, note=note)

    def _plain(self, stage: str, done: int, total: int | None, note: str) -> None:
        moment = self._clock()
        if fresh := stage != self._stage:
            self._flush()
            self._stage, self._began, self._first = stage, moment, done
        seconds_each = (moment - self._began) / max(done - self._first, 1)
        left = seconds_each * (total - done) if total and done > self._first else 0.0
        self._pending = _line(stage, done, total, note, left)
        if fresh or moment - self._said >= self._every or done == total:
            self._flush()

    def _flush(self) -> None:
        if self._pending and self._pending != self._shown:
            stream = self._stream or sys.stderr
            typer.echo(self._pending, file=stream)
            stream.flush()
            self._shown, self._said = self._pending, self._clock()
        self._pending = ""


def _line(stage: str, done: int, total: int | None, note: str, left: float) -> str:
    amount = f"{done:,}" if total is None else f"{done:,} of {total:,}"
    share = f" ({done / total:.0%})" if total else ""
    return ", ".join(
        filter(None, (f"{stage}: {amount}{share}", note, f"{_time(left)} left" if left >= 1 else ""))
    )


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _bars(stream: IO[str] | None) -> "Bars":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(file=stream, stderr=stream is None, markup=False, highlight=False)
    return Progress(
        TextColumn("{task.description:12}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[note]}", markup=False),
        console=console,
    )
