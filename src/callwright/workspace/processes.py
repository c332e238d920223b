"""Who holds a job: a process, known again by its start and not only its number, and its signs of life."""

import logging
import os
import platform
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple, Self

from sqlalchemy.exc import SQLAlchemyError

from callwright.workspace.tables import now

BEAT = 2.0
"""Seconds between two signs of life."""
SILENCE = timedelta(seconds=60)
"""A process on another machine that was silent for so long counts as gone; on this one it is looked at."""

Progress = Callable[[str, int, int | None, str], None]
"""`(stage, done, total, note)`, called often; total None: not known."""

log = logging.getLogger(__name__)


class Owner(NamedTuple):
    """A process, known again even after its number was given to another."""

    host: str
    pid: int
    token: str

    @classmethod
    def of(cls, pid: int) -> Self:
        return cls(_host(), pid, _start(pid))

    def lives(self, heartbeat: datetime | None) -> bool:
        """Whether it still runs; `heartbeat`: its last sign of life."""
        if self.host == _host():
            return bool(self.token) and _start(self.pid) == self.token
        return heartbeat is not None and now() - heartbeat < SILENCE


def _host() -> str:
    """This machine, or rather this numbering of processes: containers of one host name have their own."""
    with suppress(OSError):  # only Linux has these
        return f"{platform.node()} {Path('/proc/self/ns/pid').readlink()}"
    return platform.node()


def _start(pid: int) -> str:
    """When process `pid` started, in the system's own words; empty where there is none, or a zombie."""
    if not Path("/proc/self/stat").exists():
        return _start_by_ps(pid)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()  # the name before may hold anything, `)` and spaces too
    if fields[0] in "ZX":
        return ""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    return f"{boot}:{fields[19]}"


def _start_by_ps(pid: int) -> str:
    ps = shutil.which("ps") or "/bin/ps"
    asked = [ps, "-o", "stat=,lstart=", "-p", str(pid)]
    state, _, start = subprocess.run(asked, capture_output=True, text=True).stdout.strip().partition(" ")
    return "" if state.startswith("Z") else start.strip()


class Pulse:
    """Keeps what a job says of its progress; a thread of its own hands it to `beat` every few seconds.

    A `Progress` itself: training calls it at every step, which must not wait for a database.
    """

    def __init__(self, beat: Callable[[dict[str, Any]], object], progress: Progress | None) -> None:
        self._beat = beat
        self._progress = progress
        self._last: dict[str, Any] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="callwright-pulse", daemon=True)

    def __call__(self, stage: str, done: int, total: int | None, note: str) -> None:
        self._last = {"stage": stage, "done": done, "total": total, "note": note}
        if self._progress:
            self._progress(stage, done, total, note)

    def seen(self) -> dict[str, Any]:
        """The last progress, and the moment: the changes to a row of `jobs`."""
        return {**self._last, "heartbeat": now()}

    def _run(self) -> None:
        while not self._over.wait(BEAT):
            try:
                self._beat(self.seen())
            except SQLAlchemyError as error:  # the next beat may succeed; the job itself must not die of it
                log.warning("progress could not be entered in the database: %s", error)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


@contextmanager
def stoppable() -> Iterator[None]:
    """SIGTERM and SIGHUP stop what runs inside as Ctrl-C does: by `KeyboardInterrupt`."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread only
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def detached(command: list[str], log_file: Path) -> Owner:
    """Start `command` in a session of its own, its words appended to `log_file`; it outlives this process."""
    with log_file.open("ab") as said:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
        )
    owner = Owner.of(child.pid)
    child.returncode = 0  # nobody waits for it here, which Popen would otherwise warn of
    return owner


def is_parent(pid: int) -> bool:
    """Whether this process was started by `pid`."""
    return os.getppid() == pid
