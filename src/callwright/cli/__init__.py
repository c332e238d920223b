"""The command `callwright`: one table of commands, each a few lines around a function of the package.

Results go to standard output, all else to standard error. Nothing heavy is imported before a command needs it.
"""

from pathlib import Path
from typing import Annotated

import typer

from callwright.cli import model, shown
from callwright.cli.check import check
from callwright.cli.convert import convert
from callwright.cli.output import Commands, note
from callwright.cli.show import show

app = typer.Typer(
    name="callwright",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="From a job description and a few dozen example conversations to a small model that makes the right"
    " tool call at the right turn.",
    epilog="Start with: callwright run examples/filesystem",
)
app.add_typer(model.app, name="model", help="The registry: models, uploads, evaluations, trainings.")
for alias in ("models", "m"):
    app.add_typer(model.app, name=alias, hidden=True)

Job = Annotated[Path, typer.Argument(help="The job folder.", show_default=False)]
Settings = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[KEY=VALUE]...",
        help="Settings before those of config.yaml, such as `tuning.num_train_epochs=2` or `output_dir=runs/second`.",
        show_default=False,
    ),
]
Student = Annotated[
    str, typer.Argument(help="A student folder, or a run directory that has one.", show_default=False)
]


def _version(asked: bool) -> None:
    if asked:
        from callwright import __version__

        typer.echo(f"callwright {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Shown by the app itself."""


@app.command()
def run(
    job: Job,
    settings: Settings = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
) -> None:
    """Do the whole way: generate, check, prepare, train, evaluate.

    What is done already is not done again; after a crash the same command goes on.
    """
    if dry_run:
        shown.plan(job, settings or [])
    else:
        shown.outcome(shown.until("evaluate", job, settings))


@app.command()
def generate(
    job: Job,
    settings: Settings = None,
    preview: Annotated[int, typer.Option(min=0, help="Print this many conversations and write nothing.")] = 0,
) -> None:
    """Write new conversations from the examples and the tools of a job; `preview=true`: a handful, to look at."""
    asked = [setting for setting in settings or [] if setting.startswith("preview=")]
    settings = [setting for setting in settings or [] if setting not in asked]
    if asked and not preview:
        preview = shown.handful(asked[-1])
    if preview:
        shown.preview(job, settings, preview)
    else:
        shown.stage(shown.until("generate", job, settings), "generate", "generated.jsonl")


app.command("check")(check)
app.command("convert")(convert)


@app.command()
def prepare(
    job: Job,
    settings: Settings = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Report what would be trained; write no packs.")
    ] = False,
) -> None:
    """Render, tokenize, label and pack the kept conversations for the student."""
    if dry_run:
        shown.dry_packs(job, settings or [])
    else:
        shown.stage(shown.until("prepare", job, settings), "prepare", "packs")


@app.command()
def train(job: Job, settings: Settings = None) -> None:
    """Tune the student on the packs."""
    shown.stage(shown.until("train", job, settings), "train", "student", "loss.png")


@app.command()
def evaluate(job: Job, settings: Settings = None) -> None:
    """Score teacher, base student and tuned student on the test rows, and write the report."""
    shown.outcome(shown.until("evaluate", job, settings))


app.command("show")(show)


@app.command()
def serve(
    student: Student,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    api_key: Annotated[
        list[str] | None,
        typer.Option(envvar="CALLWRIGHT_API_KEY", help="Key that clients must send; none on loopback alone."),
    ] = None,
) -> None:
    """Serve a student behind the OpenAI API: /v1/chat/completions and /v1/models."""
    from callwright.serve import serve as listen

    folder = shown.student_folder(student)
    note(f"serving {folder} at http://{host}:{port}/v1")
    listen(folder, host=host, port=port, api_keys=tuple(api_key or ()), warn=note)


@app.command()
def chat(student: Student) -> None:
    """Talk with a student in the terminal; you play its tools."""
    shown.chat(shown.student_folder(student))


def main() -> None:
    """Entry point of the command."""
    app()
