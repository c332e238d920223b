"""Many processes: the same findings, and a clear end whatever happens to one of them."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from lint_rows import encoded_twice, row, without_result, write

from callwright.errors import CallwrightError
from callwright.lint import Lint
from callwright.lint.batches import SIZE, Lines
from callwright.lint.examining import Examining, Setup
from callwright.lint.outputs import OUTPUTS
from callwright.lint.workers import Task, done, worth


def large(path: Path, megabytes: int = 3) -> Path:
    """A file of several batches with a few faults of each kind."""
    makers = [row] * 20 + [without_result, encoded_twice]
    pad = {"metadata": {"pad": "x" * 8_000}}
    count = megabytes * SIZE // 8_600
    return write(path, [makers[n % len(makers)](n // 3) | pad for n in range(count)])


def written(path: Path, jobs: int, output: str) -> str:
    lint = Lint([path], jobs=jobs)
    return "".join(OUTPUTS[output](lint, lint.summary))


def test_the_result_is_the_same_whatever_the_number_of_processes(tmp_path: Path) -> None:
    path = large(tmp_path / "a.jsonl")
    for output in ("json", "text"):
        alone = written(path, 1, output)
        assert "arguments-double-encoded" in alone
        assert written(path, 3, output) == alone


def test_a_small_input_is_not_worth_another_process() -> None:
    assert worth(0) == worth(8 << 20) == 1


def kill(examining: Examining, batch: object, path: Path) -> None:
    """Work that ends as if memory had run out."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_is_killed_is_told_and_nothing_hangs(tmp_path: Path) -> None:
    tasks = (Task(tmp_path, Lines(1, b"{}\n")) for _ in range(10))
    with pytest.raises(CallwrightError, match="ended from outside"):
        list(done(kill, Setup(), tasks, jobs=2))


def parents() -> dict[int, int]:
    """Process -> its parent."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            found[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    return found


def descendants(pid: int) -> list[int]:
    children = [child for child, parent in parents().items() if parent == pid]
    return [one for child in children for one in (child, *descendants(child))]


def running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_their_parent(tmp_path: Path, sent: signal.Signals) -> None:
    path = large(tmp_path / "a.jsonl", 24)
    command = [sys.executable, "-m", "callwright.cli", "check", str(path), "--jobs", "2", "--output", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout
        process.stdout.readline()  # workers are at work, and soon wait: nobody reads on
        workers = descendants(process.pid)
        assert len(workers) >= 2
        process.send_signal(sent)
        process.stdout.close()
        assert process.wait(20) != 0
    limit = time.monotonic() + 20
    while any(map(running, workers)) and time.monotonic() < limit:
        os.sched_yield()
    assert [pid for pid in workers if running(pid)] == []
