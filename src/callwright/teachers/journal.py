"""What was paid for: every reply is on disk before it is used, so that after `kill -9` none is asked for again.

A journal is a file of JSON lines that only grows: the hash of what was asked, the reply, and a checksum of it. Many
replies that come together are written and synced together, so the disk is no brake.
"""

import asyncio
import fcntl
import hashlib
import os
import threading
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol, Self, runtime_checkable

import msgspec

from callwright.chat import ChatModel, Reply, Sampling, Usage
from callwright.conversation import Conversation
from callwright.errors import Fault, RunError
from callwright.files import raw_lines, synced


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Replies and their tokens."""

    replies: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def and_of(self, usage: Usage) -> "Totals":
        return Totals(
            replies=self.replies + 1,
            prompt_tokens=self.prompt_tokens + usage.prompt_tokens,
            completion_tokens=self.completion_tokens + usage.completion_tokens,
        )


class _Entry(msgspec.Struct, frozen=True):
    key: str
    crc: int
    reply: msgspec.Raw


class Journal:
    """The journal at `path`, new or gone on with, held by one process at a time; closed by `close` or `with`.

    Raises `RunError` where another process works with it. What cannot be read is in `faults`, and will be asked for
    again; `cut` counts a last line that a crash left unfinished, which is no fault.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cut = 0
        self.faults: list[Fault] = []
        self.stored = Totals()
        """All that is in the file."""
        self.replayed = Totals()
        """What was answered from it since it was opened."""
        self.asked = Totals()
        """What was asked of a model since it was opened."""
        self._places: dict[bytes, tuple[int, int]] = {}  # key -> offset and size of the line
        self._asking: dict[bytes, asyncio.Future[None]] = {}
        self._unwritten: list[tuple[_Line, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._order = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(path)
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
            synced(path.parent)
            self._size = self._read()
        except BaseException:
            os.close(self._lock)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what a stopped event loop left unwritten, and let others work with it."""
        if self._file < 0:
            return
        self._write([line for line, _ in self._unwritten])
        os.close(self._file)
        os.close(self._lock)
        self._file = -1

    async def reply(self, key: bytes, ask: Callable[[], Awaitable[Reply]]) -> Reply:
        """The reply to what `key` stands for: from the journal, or asked for and written down first.

        Who asks for the same while it is being asked waits for that reply. An error is not written down. Raises
        `RunError` where the disk does not take it.
        """
        while key in self._asking:
            await asyncio.wait([self._asking[key]])
        if found := self._found(key):
            self.replayed = self.replayed.and_of(found.usage)
            return found
        done = self._asking[key] = asyncio.get_running_loop().create_future()
        try:
            reply = await ask()
            if reply.finish != "error":
                self.asked = self.asked.and_of(reply.usage)
                await self._kept(_line(key, reply))
            return reply
        finally:
            del self._asking[key]
            done.set_result(None)

    # --- reading ------------------------------------------------------------------------------------------

    def _found(self, key: bytes) -> Reply | None:
        if key not in self._places:
            return None
        offset, size = self._places[key]
        entry = msgspec.json.decode(os.pread(self._file, size, offset), type=_Entry)
        return msgspec.json.decode(entry.reply, type=Reply)

    def _read(self) -> int:
        """Learn what is there; the size of the file without a cut-off end, which is removed."""
        size = 0
        for number, line in raw_lines(self.path):
            if not line.endswith(b"\n"):
                self.cut = 1
                os.ftruncate(self._file, size)
                break
            try:
                entry = msgspec.json.decode(line, type=_Entry)
                if zlib.crc32(entry.reply) != entry.crc:
                    raise ValueError("a reply that was changed")
                usage = msgspec.json.decode(entry.reply, type=Reply).usage
                self._enter(bytes.fromhex(entry.key), size, len(line), usage)
            except ValueError as error:  # msgspec's errors are ValueErrors too
                self.faults.append(_fault(self.path, number, error))
            size += len(line)
        return size

    def _enter(self, key: bytes, offset: int, size: int, usage: Usage) -> None:
        if key not in self._places:
            self._places[key] = offset, size
            self.stored = self.stored.and_of(usage)

    # --- writing ------------------------------------------------------------------------------------------

    async def _kept(self, line: "_Line") -> None:
        """Return when the line is on disk; lines that come while others are written go together."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._unwritten.append((line, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.ensure_future(self._write_groups())
        await done

    async def _write_groups(self) -> None:
        while group := self._unwritten[:]:
            error: BaseException | None = None
            try:
                await asyncio.to_thread(self._write, [line for line, _ in group])
            except OSError as failed:
                error = RunError(f"`{self.path}` cannot be written: {failed}", hint="make room on the disk")
            del self._unwritten[: len(group)]
            for _, done in group:
                if not done.done():
                    done.set_exception(error) if error else done.set_result(None)

    def _write(self, lines: list["_Line"]) -> None:
        """Append the lines that are not there yet, and sync; all or none."""
        with self._order:
            new = [line for line in lines if line.key not in self._places]
            if not new:
                return
            try:
                _write_all(self._file, b"".join(line.text for line in new))
                os.fsync(self._file)
            except OSError:
                os.ftruncate(self._file, self._size)
                raise
            for line in new:
                self._enter(line.key, self._size, len(line.text), line.usage)
                self._size += len(line.text)


class _Line(msgspec.Struct, frozen=True):
    key: bytes
    text: bytes
    usage: Usage


@runtime_checkable
class Identified(Protocol):
    """A model that is not known by its name alone."""

    @property
    def identity(self) -> str: ...


class Journaled:
    """`model`, whose replies are taken from `journal` where they are there, and put there where they are not.

    `slot`: the same question may be asked twice on purpose, in two slots, as for a second attempt.
    """

    def __init__(self, model: ChatModel, journal: Journal, *, slot: str = "") -> None:
        self.name = model.name
        self._model, self._journal, self._slot = model, journal, slot

    def at(self, slot: str) -> "Journaled":
        """The same in another slot."""
        return Journaled(self._model, self._journal, slot=slot)

    @property
    def identity(self) -> str:
        return self._model.identity if isinstance(self._model, Identified) else self._model.name

    async def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
        """The model's reply, which is on disk."""
        key = asked(self.identity, conversation, sampling, self._slot)
        return await self._journal.reply(key, lambda: self._model.reply(conversation, sampling))


def asked(identity: str, conversation: Conversation, sampling: Sampling, slot: str = "") -> bytes:
    """The key of a question: who is asked, what is said, with which tools and sampling, in which slot."""
    told = [identity, conversation.messages, conversation.tools, sampling, slot]
    return hashlib.sha256(msgspec.json.encode(told, order="deterministic")).digest()[:20]


def _line(key: bytes, reply: Reply) -> _Line:
    text = msgspec.json.encode(reply)
    entry = _Entry(key=key.hex(), crc=zlib.crc32(text), reply=msgspec.Raw(text))
    return _Line(key=key, text=msgspec.json.encode(entry) + b"\n", usage=reply.usage)


def _fault(path: Path, number: int, error: ValueError) -> Fault:
    return Fault(
        file=str(path),
        line=number,
        expected="a reply as it was written down",
        found=str(error),
        hint="it will be asked for again",
        severity="warning",
    )


def _write_all(file: int, text: bytes) -> None:
    left = memoryview(text)
    while left:
        left = left[os.write(file, left) :]


def _locked(path: Path) -> int:
    """A lock beside `path` that ends with this process, however it ends."""
    lock = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        other = os.read(lock, 32).decode(errors="replace").strip() or "unknown"
        os.close(lock)
        raise RunError(
            f"another process ({other}) works with `{path}`", hint="wait for it, or stop it"
        ) from error
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    return lock
