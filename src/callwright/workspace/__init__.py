"""The workspace: models, what was uploaded for them, and the jobs run over it.

A database (`tables`) and, beside it in the home folder, `uploads/<sha256>/`, addressed by content and never
changed; `runs/<job>/`, a job's run directory; `logs/<job>.log`, what a detached job says.

A job belongs to one process at a time. Taking it is one UPDATE that names the owner it was last seen with, so
of two takers one wins; where its process is gone without a word, the job is STOPPED and can be gone on with.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callwright.errors import WorkspaceError
from callwright.files import sha256
from callwright.registry import near
from callwright.workspace.processes import Owner, Progress, Pulse, detached, is_parent, stoppable
from callwright.workspace.tables import Job, Kind, Model, State, Upload, connected, now
from callwright.workspace.uploads import copied, kept, staged

__all__ = ["Job", "Kind", "Model", "Progress", "Runner", "State", "Upload", "Work", "Workspace", "copied"]

Row = TypeVar("Row", Model, Upload, Job)

ACTIVE = (State.PENDING, State.RUNNING)


class Work(NamedTuple):
    """What a runner is given."""

    upload: Path
    """A job folder, not to be written to: the upload's files."""
    overrides: list[str]
    folder: Path
    """The run directory; the same one each time the job is gone on with."""


Runner = Callable[[Work, Progress], Mapping[str, Any]]
"""Does a job and returns its scores."""


class Workspace:
    """An open workspace; a context manager that closes the database."""

    def __init__(self, home: Path, url: str = "") -> None:
        self.home = home.expanduser().absolute()
        self.engine = connected(url or f"sqlite:///{self._made(self.home) / 'callwright.db'}")

    @classmethod
    def default(cls) -> Self:
        """The user's own: CALLWRIGHT_HOME or ~/.callwright, CALLWRIGHT_DATABASE_URL or SQLite in it."""
        home = os.environ.get("CALLWRIGHT_HOME") or "~/.callwright"
        return cls(Path(home), os.environ.get("CALLWRIGHT_DATABASE_URL", ""))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.dispose()

    # Models

    def create(self, name: str) -> Model:
        """A new model. Names need not be unique; an id always is."""
        name = name.strip()
        if not 1 <= len(name) <= 80 or not name.isprintable() or name[0] in ".-" or set(name) & set("/\\"):
            raise WorkspaceError(
                f"expected a name of 1 to 80 printable characters without `/`, found {name!r}",
                hint="it starts with neither `.` nor `-`; for example `filesystem`",
            )
        return self._added(Model(name=name))

    def models(self) -> list[Model]:
        """Every model, newest first."""
        with self._session() as session:
            return list(session.scalars(select(Model).order_by(Model.created_at.desc(), Model.id)))

    def model(self, reference: str) -> Model:
        """The model of that id, name or beginning of an id, where that means one model."""
        with self._session() as session:
            meant = or_(Model.id.startswith(reference, autoescape=True), Model.name == reference)
            found = list(session.scalars(select(Model).where(meant).order_by(Model.created_at)))
        named = [model for model in found if model.name == reference]
        if reference and (model := _one(reference, "model", _exact(reference, found) or named or found)):
            return model
        known = [word for model in self.models() for word in (model.name, model.id)]
        hint = near(reference, known) if known else "make one: callwright model create NAME"
        if hint.startswith("one of"):  # with ids among them, a list would help nobody
            hint = "see them: callwright model list"
        raise WorkspaceError(f"there is no model `{reference}`", hint=hint)

    def deployed(self, model: Model, endpoint: str) -> None:
        """Keep where the model is served."""
        with self._session() as session, session.begin():
            session.execute(update(Model).where(Model.id == model.id).values(endpoint=endpoint))

    # Uploads

    def upload(
        self, model: Model, files: Mapping[str, Path], check: Callable[[Path], dict[str, Any]]
    ) -> Upload:
        """Keep copies of `files` (name in a job folder -> path) as a new upload of `model`.

        `check` reads the folder of copies and tells what is in it; where it raises, nothing is kept. The same
        content is kept once, however often it is uploaded.
        """
        store = self._made(self.home / "uploads")
        with staged(store, files) as partial:
            details = check(partial)
            content = sha256(partial)
            kept(partial, store / content)
        return self._added(Upload(model_id=model.id, content=content, details=details))

    def uploads(self, model: Model) -> list[Upload]:
        """The model's uploads, newest first."""
        wanted = select(Upload).where(Upload.model_id == model.id)
        with self._session() as session:
            return list(session.scalars(wanted.order_by(Upload.created_at.desc(), Upload.id)))

    def upload_of(self, model: Model, reference: str = "") -> Upload:
        """The model's upload of that id or beginning of an id; without one, its newest."""
        uploads = self.uploads(model)
        if not uploads:
            raise WorkspaceError(
                f"nothing was uploaded to model `{model.name}` yet",
                hint=f"callwright model upload-data {model.id} --data FOLDER",
            )
        if not reference:
            return uploads[0]
        if upload := _one(reference, "upload", [u for u in uploads if u.id.startswith(reference)]):
            return upload
        hint = near(reference, [upload.id for upload in uploads])
        raise WorkspaceError(f"model `{model.name}` has no upload `{reference}`", hint=hint)

    def files(self, upload: Upload) -> Path:
        """The folder of an upload's files. Raises `WorkspaceError` where they are not as uploaded."""
        folder = self.home / "uploads" / upload.content
        if not folder.is_dir():
            raise WorkspaceError(
                f"the files of upload `{upload.id}` are not on this machine: expected them in `{folder}`",
                hint="upload them again, or set CALLWRIGHT_HOME to where they were uploaded",
            )
        if sha256(folder) != upload.content:
            raise WorkspaceError(
                f"the files of upload `{upload.id}` were changed in `{folder}`",
                hint="an upload never changes: delete that folder and upload the files again",
            )
        return folder

    # Jobs

    def submit(self, upload: Upload, kind: Kind, overrides: Iterable[str] = ()) -> Job:
        """The one job of that kind over that content with those settings: found again, or new and PENDING."""
        by_key = {setting.partition("=")[0]: setting for setting in overrides}
        settings = [by_key[key] for key in sorted(by_key)]
        identity = hashlib.sha256(
            json.dumps([upload.model_id, upload.content, kind, settings]).encode()
        ).hexdigest()
        wanted = select(Job).where(Job.identity == identity)
        with self._session() as session:
            job = session.scalar(wanted)
        if job is not None:
            return self._settled(job)
        job = Job(
            model_id=upload.model_id,
            upload_id=upload.id,
            kind=kind,
            overrides=settings,
            identity=identity,
            folder="",
        )
        job.folder = f"runs/{job.id}"
        try:
            return self._added(job)
        except IntegrityError:  # another process entered it at this moment
            with self._session() as session:
                return session.scalars(wanted).one()

    def job(self, job_id: str) -> Job:
        with self._session() as session:
            job = session.get(Job, job_id)
        if job is None:
            raise WorkspaceError(f"there is no job `{job_id}`", hint="see them: callwright model show MODEL")
        return self._settled(job)

    def jobs(self, model: Model, kind: Kind) -> list[Job]:
        """The model's jobs of that kind, the last one begun first."""
        wanted = select(Job).where(Job.model_id == model.id, Job.kind == kind)
        latest = func.coalesce(Job.started_at, Job.created_at).desc()
        with self._session() as session:
            jobs = list(session.scalars(wanted.order_by(latest, Job.id)))
        return [self._settled(job) for job in jobs]

    def model_and_job(self, reference: str, kind: Kind) -> tuple[Model, Job | None]:
        """A model with its last job of that kind, if it has one; or, by the id of a job, that one."""
        with self._session() as session:
            meant = (Job.id.startswith(reference, autoescape=True), Job.kind == kind)
            found = list(session.scalars(select(Job).where(*meant)))
        try:
            model = self.model(reference)
        except WorkspaceError:
            if reference and (job := _one(reference, "job", _exact(reference, found) or found)):
                return self.model(job.model_id), self._settled(job)
            raise
        return model, next(iter(self.jobs(model, kind)), None)

    def folder(self, job: Job) -> Path:
        """The job's run directory."""
        return self.home / job.folder

    def log(self, job: Job) -> Path:
        """Where the job says what it does when it runs detached."""
        return self.home / "logs" / f"{job.id}.log"

    def perform(self, job: Job, runner: Runner, progress: Progress | None = None) -> Job:
        """Do the job in this process, from where it was left: SUCCESS, with its scores, when this returns.

        FAILURE where `runner` raises, which is raised on; STOPPED on Ctrl-C, SIGTERM or SIGHUP, which raises
        `KeyboardInterrupt`. Raises `WorkspaceError` where another process holds the job.
        """
        me = Owner.of(os.getpid())
        with self._session() as session:
            upload = session.get_one(Upload, job.upload_id)
        work = Work(self.files(upload), job.overrides, self.folder(job))
        self._take(job, me, State.RUNNING)
        pulse = Pulse(lambda changes: self._change(job.id, me, **changes), progress)
        with pulse, stoppable():
            try:
                scores = dict(runner(work, pulse))
            except KeyboardInterrupt:
                self._finish(job, me, pulse, state=State.STOPPED)
                raise
            except BaseException as error:
                self._finish(job, me, pulse, state=State.FAILURE, error=str(error) or type(error).__name__)
                raise
            self._finish(job, me, pulse, state=State.SUCCESS, scores=scores)
        return self.job(job.id)

    def detach(self, job: Job, command: list[str]) -> Job:
        """Start `command`, which is to `perform` the job, in a session of its own, and return at once."""
        me = Owner.of(os.getpid())
        self._take(job, me, State.PENDING)
        self._made(self.log(job).parent)
        child = detached(command, self.log(job))
        # Where the child took the job already, this process no longer holds it and changes nothing.
        self._change(job.id, me, **child._asdict(), heartbeat=now())
        return self.job(job.id)

    def _settled(self, job: Job) -> Job:
        """The job as it is: where the process that holds it is gone, STOPPED."""
        owner = _owner(job)
        if job.state not in ACTIVE or not job.pid or owner.lives(job.heartbeat):
            return job
        word = f"process {job.pid} ended without a word: it was killed, or the machine was restarted"
        ended = {"state": State.STOPPED, "error": word, "finished_at": job.heartbeat}
        self._change(job.id, owner, Job.state == job.state, **ended)
        with self._session() as session:
            return session.get_one(Job, job.id)

    def _take(self, job: Job, owner: Owner, state: State) -> None:
        """Make the job `owner`'s, unless it is held by a living process that did not start `owner` for it."""
        for _ in range(3):
            job = self.job(job.id)
            mine = job.host == owner.host and (job.pid == owner.pid or is_parent(job.pid))
            if job.state in ACTIVE and job.pid and not (job.state is State.PENDING and mine):
                raise WorkspaceError(
                    f"{job.kind.words} `{job.id}` is {job.state}: process {job.pid} on {job.host.split()[0]}",
                    hint=f"follow it: callwright model {job.kind.verb} {job.id}; stop it: kill {job.pid}",
                )
            afresh = {"scores": {}, "error": "", "started_at": now(), "finished_at": None, "heartbeat": now()}
            changes = {**owner._asdict(), **afresh, "state": state}
            if self._change(job.id, _owner(job), Job.state == job.state, **changes):
                return
        raise WorkspaceError(
            f"job `{job.id}` is being taken by other processes", hint="look again in a moment"
        )

    def _finish(self, job: Job, owner: Owner, pulse: Pulse, **changes: object) -> None:
        if not self._change(job.id, owner, **pulse.seen(), finished_at=now(), **changes):
            raise WorkspaceError(
                f"job `{job.id}` was taken over by another process while this one gave no sign of life",
                hint=f"what was made stands in `{self.folder(job)}`",
            )

    def _change(self, job_id: str, owner: Owner, *also: ColumnElement[bool], **changes: object) -> bool:
        """Change the job where it is still that owner's; False where it is not."""
        held = (Job.id == job_id, Job.host == owner.host, Job.pid == owner.pid, Job.token == owner.token)
        with self.engine.begin() as connection:
            return connection.execute(update(Job).where(*held, *also).values(**changes)).rowcount == 1

    def _session(self) -> Session:
        return Session(self.engine, expire_on_commit=False)

    def _added(self, row: Row) -> Row:
        with self._session() as session, session.begin():
            session.add(row)
        return row

    def _made(self, folder: Path) -> Path:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WorkspaceError(
                f"the folder `{folder}` cannot be made: {error.strerror}",
                hint="name another home with CALLWRIGHT_HOME",
            ) from error
        return folder


def _owner(job: Job) -> Owner:
    return Owner(job.host, job.pid, job.token)


def _exact(reference: str, rows: list[Row]) -> list[Row]:
    return [row for row in rows if row.id == reference]


def _one(reference: str, what: str, rows: list[Row]) -> Row | None:
    """The one row meant. Raises `WorkspaceError` where it could be several."""
    if len(rows) > 1:
        raise WorkspaceError(
            f"`{reference}` could be {len(rows)} {what}s: " + ", ".join(f"`{row.id}`" for row in rows),
            hint="give the whole id",
        )
    return rows[0] if rows else None
