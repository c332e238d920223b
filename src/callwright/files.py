"""Files: lines of plain, `.gz` and `.zst` text as they stream by, and outputs that are never half-written."""

import gzip
import hashlib
import io
import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import zstandard


def opened(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked by the ending of its name (`.gz`, `.zst`); streamed.

    Reading raises one of `DAMAGED` where a packed file is cut off or is not what its name says.
    """
    if path.suffix == ".gz":
        return cast(IO[bytes], gzip.open(path, "rb"))
    if path.suffix == ".zst":
        return io.BufferedReader(_Unpacked(path), 1 << 20)
    return path.open("rb")


DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError)
"""What reading a broken `.gz` or `.zst` file raises."""


class _Unpacked(io.RawIOBase):
    """The text of a `.zst` file; raises where it is cut off, as zstandard's own reader does not."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._packed = b""
        self._text = memoryview(b"")
        self._frame: zstandard.ZstdDecompressionObj | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._text:
            packed = self._packed or self._file.read(1 << 16)
            if not packed:
                if self._frame is not None:
                    raise EOFError("the file ends in the middle of its packed data")
                return 0
            self._frame = self._frame or zstandard.ZstdDecompressor().decompressobj()
            self._text = memoryview(self._frame.decompress(packed))
            self._packed = self._frame.unused_data if self._frame.eof else b""
            if self._frame.eof:
                self._frame = None
        size = min(len(buffer), len(self._text))
        buffer[:size] = self._text[:size]
        self._text = self._text[size:]
        return size

    def close(self) -> None:
        self._file.close()
        super().close()


def raw_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    r"""Lines with their numbers from 1 and their ends, without a byte order mark.

    Only `\n` ends a line: U+2028, U+2029 and the like are content, as JSON has it. A line longer than
    `LONGEST` is cut there, so that a file of one line cannot fill the memory.
    """
    with opened(path) as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST), b""), start=1):
            yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            while len(line) == LONGEST and not line.endswith(b"\n"):
                line = file.readline(LONGEST)


LONGEST = 64 << 20
"""Bytes of the longest line that is read whole."""


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """`raw_lines` without their ends (`\\n`, `\\r\\n`); blank ones are passed over."""
    for number, line in raw_lines(path):
        if line := line.strip(b" \t\r\n"):
            yield number, line


@contextmanager
def atomic(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears under `path` whole or not at all; packed by the ending of its name.

    Written beside its place under a temporary name, synced, then renamed; what was at `path` stays until
    then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as raw:
            if path.suffix == ".gz":
                with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as packed:
                    yield cast(IO[bytes], packed)
            elif path.suffix == ".zst":
                with zstandard.ZstdCompressor(level=3).stream_writer(raw, closefd=False) as stream:
                    yield cast(IO[bytes], stream)
            else:
                yield raw
            raw.flush()
            os.fsync(raw.fileno())
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
        synced(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def synced(folder: Path) -> None:
    """Make a rename inside `folder` last through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256(path: Path) -> str:
    """Hash of a file's bytes, or of a folder's file names and bytes; hexadecimal."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    total = hashlib.sha256()
    for inner in sorted(p for p in path.rglob("*") if p.is_file()):
        total.update(f"{inner.relative_to(path).as_posix()}\0{sha256(inner)}\n".encode())
    return total.hexdigest()
