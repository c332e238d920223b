"""Workers: batches examined by several processes, the results in the order of the batches.

Workers are started by a server process, not forked from this one, which may have threads. They end with it: when it
is interrupted, killed, or done.
"""

import gc
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import NamedTuple, TypeAlias, TypeVar

from callwright.errors import CallwrightError
from callwright.lint.batches import Batch
from callwright.lint.examining import Examining, Setup

AHEAD = 2
"""Batches under way for each worker, so that none waits for the next."""
WORTH = 8 << 20
"""Bytes of input that make another process worth its start."""
YOUNG = 50_000
"""Objects made before a collection: rows make many that die young, and hardly a circle."""


class Task(NamedTuple):
    """Rows to examine."""

    path: Path
    batch: Batch
    held: bool = False
    """They are test rows: the folds are told of them before all others, and nothing is said of them."""


T = TypeVar("T")
Work: TypeAlias = Callable[[Examining, Batch, Path], T]
"""What is done with a batch; a function of a module, so that another process can be told of it."""


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def worth(size: int) -> int:
    """Processes that an input of `size` bytes is worth on this machine."""
    return max(1, min(cores(), -(-size // WORTH)))


def done(work: Work[T], setup: Setup, tasks: Iterable[Task], jobs: int = 1) -> Iterator[tuple[Task, T]]:
    """Every task with what `work` makes of it, in order; with one job in this process."""
    if jobs > 1:
        yield from _by_workers(work, setup, iter(tasks), jobs)
        return
    examining = Examining(setup)
    for task in tasks:
        yield task, work(examining, task.batch, task.path)


def _by_workers(work: Work[T], setup: Setup, tasks: Iterator[Task], jobs: int) -> Iterator[tuple[Task, T]]:
    Examining(setup)  # a fault of the setup is said here, not by a process that ends
    method = "forkserver" if sys.platform.startswith("linux") else "spawn"
    pool = ProcessPoolExecutor(jobs, get_context(method), initializer=_begin, initargs=(setup,))
    waiting: deque[tuple[Task, Future[T]]] = deque()
    try:
        while True:
            for task in islice(tasks, AHEAD * jobs - len(waiting)):
                waiting.append((task, pool.submit(_do, work, task.batch, task.path)))
            if not waiting:
                break
            task, future = waiting.popleft()
            yield task, future.result()
    except BrokenProcessPool as error:
        raise CallwrightError(
            "a process that checked rows was ended from outside", hint="if memory ran out, try `--jobs 1`"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_EXAMINING: list[Examining] = []
"""That of this process, once it has begun."""


def _begin(setup: Setup) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and ends its workers
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _EXAMINING.append(Examining(setup))
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 100)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent:
        connection.wait([parent.sentinel])
        os._exit(1)


def _do(work: Work[T], batch: Batch, path: Path) -> T:
    return work(_EXAMINING[0], batch, path)
