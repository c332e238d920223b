"""What the commands show: results on standard output, the rest on standard error, colours on terminals."""

import io
import json
from collections.abc import Callable

import pytest
import typer
from typer.testing import CliRunner

from callwright.cli import output
from callwright.cli.output import Commands, Progress
from callwright.errors import CallwrightError, Fault, JobError


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def said_by(use: Callable[[Progress, Clock], None]) -> list[str]:
    stream, clock = io.StringIO(), Clock()
    with Progress(stream=stream, clock=clock) as progress:
        use(progress, clock)
    return stream.getvalue().splitlines()


def test_away_from_a_terminal_progress_is_a_line_every_ten_seconds_with_the_time_left() -> None:
    def steps(progress: Progress, clock: Clock) -> None:
        for done in range(101):
            progress("train", done, 100, f"loss {1 - done / 200:.2f}")
            clock.now += 1

    assert said_by(steps) == [
        "train: 0 of 100 (0%), loss 1.00",
        "train: 10 of 100 (10%), loss 0.95, 1 min 30 s left",
        "train: 20 of 100 (20%), loss 0.90, 1 min 20 s left",
        "train: 30 of 100 (30%), loss 0.85, 1 min 10 s left",
        "train: 40 of 100 (40%), loss 0.80, 1 min 0 s left",
        "train: 50 of 100 (50%), loss 0.75, 50 s left",
        "train: 60 of 100 (60%), loss 0.70, 40 s left",
        "train: 70 of 100 (70%), loss 0.65, 30 s left",
        "train: 80 of 100 (80%), loss 0.60, 20 s left",
        "train: 90 of 100 (90%), loss 0.55, 10 s left",
        "train: 100 of 100 (100%), loss 0.50",
    ]


def test_what_was_done_before_says_nothing_of_the_time_left() -> None:
    def resumed(progress: Progress, clock: Clock) -> None:
        progress("train", 900, 1000, "")
        clock.now += 10
        progress("train", 901, 1000, "")

    assert said_by(resumed)[1] == "train: 901 of 1,000 (90%), 16 min 30 s left"


def test_a_stage_without_a_known_end_ends_with_its_last_line() -> None:
    def stages(progress: Progress, clock: Clock) -> None:
        for done in range(1, 4):
            progress("check", done, None, "")
        progress("prepare", 0, 5, "")
        progress("prepare", 2, 5, "")

    assert said_by(stages) == ["check: 1", "check: 3", "prepare: 0 of 5 (0%)", "prepare: 2 of 5 (40%)"]


def test_on_a_terminal_progress_is_a_bar_whose_note_is_no_markup() -> None:
    stream = Terminal()
    with Progress(stream=stream) as progress:
        progress("train", 3, 10, "[red]loss")

    assert "train" in stream.getvalue()
    assert "3/10" in stream.getvalue()
    assert "[red]loss" in stream.getvalue()


def test_a_table_is_as_wide_as_what_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("name", "score", "items"), [("short", 0.5, 3), ("x" * 300, None, 1200)])

    assert capsys.readouterr().out.splitlines() == [
        f"name{'':296}  score  items",
        f"short{'':295}  0.500      3",
        f"{'x' * 300}      -   1200",
    ]


def test_fields_line_up_and_empty_ones_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    output.fields({"id": "abc", "error": "", "uploads": "one\ntwo", "training": None, "rows": 0})

    assert capsys.readouterr().out == "id       abc\nuploads  one\n         two\nrows     0\n"


def app_that(raises: Exception) -> typer.Typer:
    app = typer.Typer(cls=Commands)

    @app.callback()
    def root() -> None:
        """A group."""

    @app.command()
    def go() -> None:
        raise raises

    return app


def test_an_error_shows_every_fault_with_its_place_and_one_hint_at_the_end() -> None:
    faults = [
        Fault(file="train.jsonl", line=3, path="$.answer", expected="a string", found="12", hint="quote it"),
        Fault(file="test.jsonl", expected="rows", found="none"),
    ]
    result = CliRunner().invoke(
        app_that(JobError("the job cannot be used:", faults, hint="see the docs")), ["go"]
    )

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "error: the job cannot be used:\n"
        "  train.jsonl:3: $.answer: expected a string, found 12\n"
        "    hint: quote it\n"
        "  test.jsonl: expected rows, found none\n"
        "\n"
        "hint: see the docs\n"
    )


def test_an_error_that_is_none_of_ours_is_not_hidden() -> None:
    result = CliRunner().invoke(app_that(ZeroDivisionError("ours to fix")), ["go"])

    assert isinstance(result.exception, ZeroDivisionError)


def test_colours_are_for_terminals_and_for_those_who_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_that(CallwrightError("no"))
    monkeypatch.delenv("NO_COLOR", raising=False)

    assert CliRunner().invoke(app, ["go"], color=True).stderr.startswith("\x1b[31m\x1b[1merror\x1b[0m: no")
    assert CliRunner().invoke(app, ["go"]).stderr == "error: no\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert CliRunner().invoke(app, ["go"], color=True).stderr == "error: no\n"


def test_json_keeps_letters_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    output.as_json({"name": "é\u2028", "score": None})

    text = capsys.readouterr().out
    assert json.loads(text) == {"name": "é\u2028", "score": None}
    assert "é" in text
