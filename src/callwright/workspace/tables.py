"""The tables, and the database they are in: SQLite by default, any SQLAlchemy URL."""

import secrets
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    Engine,
    Enum,
    ForeignKey,
    String,
    Text,
    create_engine,
    event,
    select,
)
from sqlalchemy import inspect as looked_at
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, Session, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from callwright.errors import WorkspaceError

FORM = 1
"""Version of the tables."""


class State(StrEnum):
    JOB_NOT_STARTED = "JOB_NOT_STARTED"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    STOPPED = "STOPPED"


class Kind(StrEnum):
    TEACHER_EVALUATION = "teacher_evaluation"
    TRAINING = "training"

    @property
    def verb(self) -> str:
        """As the command line spells it."""
        return self.value.replace("_", "-")

    @property
    def words(self) -> str:
        return self.value.replace("_", " ")


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; what a database without time zones gives back is taken as such."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


def now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    """Twelve random letters and digits (60 bits), without the ones that are misread."""
    return "".join(secrets.choice("0123456789abcdefghjkmnpqrstvwxyz") for _ in range(12))


def _values(members: Sequence[StrEnum]) -> list[str]:
    return [member.value for member in members]


def _named(members: type[StrEnum]) -> Enum:
    """Kept as text, so that a database holds the words that the command line shows."""
    return Enum(members, native_enum=False, length=24, values_callable=_values)


class Table(MappedAsDataclass, DeclarativeBase):
    """Base of the tables."""


class Version(Table, kw_only=True):
    __tablename__ = "schema_version"

    form: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Model(Table, kw_only=True):
    __tablename__ = "models"

    id: Mapped[str] = mapped_column(String(12), primary_key=True, default_factory=new_id)
    name: Mapped[str] = mapped_column(String(80), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment, default_factory=now)
    endpoint: Mapped[str] = mapped_column(Text, default="")
    """Where it was last deployed, such as `http://127.0.0.1:8000`."""


class Upload(Table, kw_only=True):
    __tablename__ = "uploads"

    id: Mapped[str] = mapped_column(String(12), primary_key=True, default_factory=new_id)
    model_id: Mapped[str] = mapped_column(ForeignKey("models.id"), index=True)
    content: Mapped[str] = mapped_column(String(64))
    """sha256 of file names and bytes; the name of its folder."""
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What the check of the files says of them: task, tools, rows."""
    created_at: Mapped[datetime] = mapped_column(Moment, default_factory=now)


class Job(Table, kw_only=True):
    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(String(12), primary_key=True, default_factory=new_id)
    model_id: Mapped[str] = mapped_column(ForeignKey("models.id"), index=True)
    upload_id: Mapped[str] = mapped_column(ForeignKey("uploads.id"), index=True)
    kind: Mapped[Kind] = mapped_column(_named(Kind))
    overrides: Mapped[list[str]] = mapped_column(JSON)
    """`key=value`, sorted by key."""
    identity: Mapped[str] = mapped_column(String(64), unique=True)
    """Hash of upload, kind and overrides: there is one job of each."""
    folder: Mapped[str] = mapped_column(Text)
    """The run directory, seen from the home folder."""
    state: Mapped[State] = mapped_column(_named(State), default=State.PENDING)
    host: Mapped[str] = mapped_column(String(200), default="")
    pid: Mapped[int] = mapped_column(default=0)
    """Process that holds the job or held it last; 0: none yet."""
    token: Mapped[str] = mapped_column(String(120), default="")
    """When that process started, so that another with its number is not taken for it."""
    heartbeat: Mapped[datetime | None] = mapped_column(Moment, default=None)
    stage: Mapped[str] = mapped_column(Text, default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None] = mapped_column(default=None)
    """None: not known."""
    note: Mapped[str] = mapped_column(Text, default="")
    scores: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict)
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(Moment, default_factory=now)
    started_at: Mapped[datetime | None] = mapped_column(Moment, default=None)
    finished_at: Mapped[datetime | None] = mapped_column(Moment, default=None)


def connected(url: str) -> Engine:
    """The database at `url`, its tables made if need be. Raises `WorkspaceError` where it cannot be used."""
    try:
        where = make_url(url)
        engine = create_engine(where)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise WorkspaceError(
            f"expected an SQLAlchemy database URL whose driver is installed, found an unusable one: {error}",
            hint="such as postgresql+psycopg://user:password@host/database with `pip install psycopg`",
        ) from error
    if where.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _settings)
    try:
        _prepare(engine)
    except SQLAlchemyError as error:
        engine.dispose()
        reason = str(getattr(error, "orig", None) or error)
        raise WorkspaceError(
            f"the database {where.render_as_string(hide_password=True)} cannot be used: {reason}",
            hint="another one is named with CALLWRIGHT_DATABASE_URL, another folder with CALLWRIGHT_HOME",
        ) from error
    return engine


PATIENCE = 200
"""Times that the change to write-ahead logging is tried, a twentieth of a second apart."""


def _settings(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Readers beside a writer, and patience instead of `database is locked`."""
    cursor = connection.cursor()
    for pragma in ("busy_timeout = 30000", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    for left in range(PATIENCE, -1, -1):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError:  # changing the mode of a new file does not wait for others by itself
            if not left:
                raise
            time.sleep(0.05)
    cursor.close()


def _prepare(engine: Engine) -> None:
    """Make the tables of a new database; the row of `schema_version`, written last, says they are there."""
    form = _form(engine)
    if form is None:
        _make(engine)
        form = _form(engine)
    if form != FORM:
        engine.dispose()
        raise WorkspaceError(
            f"expected a workspace of form {FORM}, found one of form {form}",
            hint="use the version of callwright that made it, or name another CALLWRIGHT_HOME",
        )


def _form(engine: Engine) -> int | None:
    if not looked_at(engine).has_table(Version.__tablename__):
        return None
    with Session(engine) as session:
        return session.scalar(select(Version.form))


def _make(engine: Engine) -> None:
    for left in range(len(Table.metadata.tables), -1, -1):
        try:
            Table.metadata.create_all(engine)
            break
        except SQLAlchemyError:  # another process made one of them at this moment; what is missing comes next
            if not left:
                raise
    with (
        suppress(IntegrityError),
        Session(engine) as session,
        session.begin(),
    ):  # written by the other process
        session.add(Version(form=FORM))
