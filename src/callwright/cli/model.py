"""The commands `callwright model …`: models, their uploads, their jobs, and what came out of them."""

import json
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from callwright.cli import job_files, jobs, output, records, ways
from callwright.cli.output import Commands, Output, OutputOption, note

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="Models kept in a registry: their data, evaluations, trainings and results.",
    epilog="A model is named by its id, the beginning of it, or its name.",
)
deploy = typer.Typer(cls=Commands, no_args_is_help=True, help="Serve a trained model.")
app.add_typer(deploy, name="deploy")

MODEL = Annotated[
    str, typer.Argument(metavar="ID", help="A model: id, beginning of the id, or name.", show_default=False)
]
MODEL_OR_JOB = Annotated[
    str, typer.Argument(metavar="ID", help="A model, or one of its jobs.", show_default=False)
]
UPLOAD = Annotated[
    str, typer.Option("--upload", metavar="ID", help="Another upload than the newest.", show_default=False)
]
SETTINGS = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[KEY=VALUE]...",
        help="Settings that override config.yaml; with others, it is another job in another run directory.",
        show_default=False,
    ),
]
DETACH = Annotated[bool, typer.Option("--detach", help="Run in the background and return at once.")]
FILE_NAME = Annotated[
    str,
    typer.Option(
        "--file-name", metavar="FILE", help="Where to write; - is standard output.", show_default=False
    ),
]


def _file(text: str) -> Any:
    return typer.Option(help=text, show_default=False)


# Models


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What you call it.")], out: OutputOption = Output.text
) -> None:
    """Make a new model and print its id."""
    with jobs.workspace() as space:
        same = [model.id for model in space.models() if model.name == name.strip()]
        model = space.create(name)
        if same:
            note(f"another model has this name too, so only ids tell them apart: {', '.join(same)}")
        if out is Output.json:
            output.as_json(records.of_model(space, model))
        else:
            output.data(model.id)
        note(f"next: callwright model upload-data {model.id} --data FOLDER")


@app.command("list")
def list_models(out: OutputOption = Output.text) -> None:
    """Every model, newest first."""
    with jobs.workspace() as space:
        found = [records.of_model(space, model) for model in space.models()]
    if out is Output.json:
        output.as_json(found)
    elif found:
        records.show_models(found)
    else:
        note("there is no model yet; make one: callwright model create NAME")


@app.command()
def show(model: MODEL, out: OutputOption = Output.text) -> None:
    """All that is known of a model, every score among it."""
    with jobs.workspace() as space:
        record = records.of_model(space, space.model(model))
    if out is Output.json:
        output.as_json(record)
    else:
        records.show_model(record)


# Uploads


@app.command("upload-data")
def upload_data(
    model: MODEL,
    data: Annotated[Path | None, _file("A job folder.")] = None,
    job_description: Annotated[
        Path | None, typer.Option(help="The task and its tools, a JSON file.", show_default=False)
    ] = None,
    train: Annotated[
        Path | None, typer.Option(help="Examples to learn from, JSON lines or CSV.", show_default=False)
    ] = None,
    test: Annotated[
        Path | None, typer.Option(help="Examples to be scored on, JSON lines or CSV.", show_default=False)
    ] = None,
    config: Annotated[Path | None, _file("Settings, a YAML file.")] = None,
    unstructured: Annotated[
        Path | None, typer.Option(help="Unlabelled texts, JSON lines or CSV.", show_default=False)
    ] = None,
    out: OutputOption = Output.text,
) -> None:
    """Check a job's files, keep copies of them and print the upload's id: --data, or the files one by one."""
    single = {
        "job_description": job_description,
        "config": config,
        "train": train,
        "test": test,
        "unstructured": unstructured,
    }
    files = job_files.chosen(data, {name: path for name, path in single.items() if path})
    with jobs.workspace() as space:
        target = space.model(model)
        before = {upload.content for upload in space.uploads(target)}
        upload = space.upload(target, files, job_files.check(files))
        if upload.content in before:
            note("the same files were uploaded to this model before; they are kept once")
        if out is Output.json:
            output.as_json(records.of_upload(space, upload))
        else:
            output.data(upload.id)
        note(f"next: callwright model run-training {target.id}")


@app.command("upload-status")
def upload_status(model: MODEL, out: OutputOption = Output.text) -> None:
    """The newest upload, and what was found in it."""
    with jobs.workspace() as space:
        target = space.model(model)
        uploads = space.uploads(target)
        record = records.of_upload(space, uploads[0]) if uploads else records.of_no_job(target)
    if out is Output.json:
        output.as_json(record)
    elif uploads:
        records.show_upload(record)
    else:
        records.show_job(record)


@app.command("download-data")
def download_data(
    model: MODEL,
    folder: Annotated[Path | None, typer.Argument(help="Default: ./NAME-data.", show_default=False)] = None,
    upload: UPLOAD = "",
) -> None:
    """Copy the files of an upload to a folder and print its path."""
    from callwright.workspace import copied

    with jobs.workspace() as space:
        target = space.model(model)
        to = folder or Path(f"{target.name}-data")
        if not copied(space.files(space.upload_of(target, upload)), to):
            note("the folder holds these files already")
        output.data(str(to))


# Jobs


@app.command("run-teacher-evaluation")
def run_teacher_evaluation(
    model: MODEL,
    settings: SETTINGS = None,
    upload: UPLOAD = "",
    detach: DETACH = False,
    out: OutputOption = Output.text,
) -> None:
    """Score the teacher on the test rows, before anything is trained."""
    jobs.run("teacher_evaluation", model, upload, settings or [], out, detach=detach)


@app.command("teacher-evaluation")
def teacher_evaluation(model: MODEL_OR_JOB, out: OutputOption = Output.text) -> None:
    """State and scores of the last teacher evaluation."""
    jobs.show("teacher_evaluation", model, out)


@app.command("run-training")
def run_training(
    model: MODEL,
    settings: SETTINGS = None,
    upload: UPLOAD = "",
    detach: DETACH = False,
    out: OutputOption = Output.text,
) -> None:
    """Generate, check, prepare, train and evaluate over the newest upload; goes on where it was stopped."""
    jobs.run("training", model, upload, settings or [], out, detach=detach)


@app.command()
def training(model: MODEL_OR_JOB, out: OutputOption = Output.text) -> None:
    """State, stage, scores and folders of the last training."""
    jobs.show("training", model, out)


@app.command("_work", hidden=True)
def work(job_id: str) -> None:
    """Do a job that another process entered."""
    with jobs.workspace() as space:
        jobs.perform(space, space.job(job_id))


# What came out of it


@app.command("download-teacher-evaluation-predictions")
def download_teacher_evaluation_predictions(model: MODEL_OR_JOB, file_name: FILE_NAME = "") -> None:
    """The teacher's answer to every test item, as JSON lines."""
    jobs.download_predictions("teacher_evaluation", model, file_name)


@app.command("download-training-predictions")
def download_training_predictions(model: MODEL_OR_JOB, file_name: FILE_NAME = "") -> None:
    """The tuned student's answer to every test item, as JSON lines."""
    jobs.download_predictions("training", model, file_name)


@app.command()
def download(
    model: MODEL_OR_JOB,
    folder: Annotated[Path | None, typer.Argument(help="Default: ./NAME.", show_default=False)] = None,
) -> None:
    """Copy the trained student to a folder and print its path."""
    from callwright.workspace import copied

    with jobs.workspace() as space:
        target, student = jobs.student(space, model)
        to = folder or Path(target.name)
        if not copied(student, to):
            note("the folder holds this student already")
    output.data(str(to))
    note("serve it here:        callwright serve " + shlex.quote(str(to)))
    for server, command in ways.elsewhere(to, target.name).items():
        note(f"with {server + ':':15} {command}")


@deploy.command("local")
def deploy_local(
    model: MODEL_OR_JOB,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    logs: Annotated[bool, typer.Option("--logs", help="Show every request.")] = False,
) -> None:
    """Serve the trained student on this machine until Ctrl-C."""
    with jobs.workspace() as space:
        target, student = jobs.student(space, model)
        space.deployed(target, f"http://127.0.0.1:{port}")
    jobs.serve_here(student, target.name, port, logs=logs)


@app.command()
def invoke(
    model: MODEL_OR_JOB,
    question: Annotated[
        str,
        typer.Option(
            help="Ask here and now, without a server; text, or a JSON array of messages.", show_default=False
        ),
    ] = "",
    context: Annotated[
        str, typer.Option(help="What came before: a JSON array of messages, or text.", show_default=False)
    ] = "",
    out: OutputOption = Output.text,
) -> None:
    """Print a command that asks the deployed model; with --question, ask it and print the call."""
    with jobs.workspace() as space:
        target, student = jobs.student(space, model)
        example = space.upload_of(target).details.get("example") or "Hello"
    if question:
        import callwright

        output.data(callwright.load(student).generate(json.dumps(ways.messages(question, context))))
        return
    if context:
        raise typer.BadParameter("it belongs to --question", param_hint="--context")
    commands = ways.requests(target, example)
    if out is Output.json:
        output.as_json(commands)
    else:
        output.data(f"{commands['curl']}\n\n# or in Python\n{commands['python']}")
    if not ways.answers(commands["endpoint"]):
        note(f"nothing answers there now; start it: callwright model deploy local {target.id}")
