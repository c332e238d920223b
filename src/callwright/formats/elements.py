"""The values of a JSON text one after the other, streamed: rows of an array, or objects that are written over lines.

Nothing is parsed here: the end of each value is found by its brackets and strings, so that a file of any size
needs the memory of one row.
"""

import re
from collections.abc import Iterator
from typing import IO

import msgspec

from callwright.errors import Fault
from callwright.files import LONGEST

CHUNK = 1 << 18
NEXT_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+([\[\]{}])', re.DOTALL)
"""All that is no bracket, whole strings included, and then the bracket; no match: it is not yet in sight."""
SCALAR = re.compile(rb'(?:[^",\[\]{}\s]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
SPACE = re.compile(rb"[ \t\r\n]*+")
BEGIN = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*+")


class Element(msgspec.Struct, frozen=True):
    """The text of one value, or why the rest of the file has none; `line` is where it begins, from 1."""

    line: int
    text: bytes = b""
    first: bool = True
    """Whether nothing stands before it in its line."""
    fault: Fault | None = None


def spread(head: bytes) -> bool:
    """Whether a file that begins so is an array of rows or objects over several lines, and no JSON lines."""
    begin = BEGIN.match(head)
    text = head[begin.end() :] if begin else head
    if text[:1] != b"{":
        return text[:1] == b"["
    line, _, rest = text.partition(b"\n")
    # A row that was cut off is followed by the next one; an object that goes on, by its own keys.
    return bool(rest.strip()) and _open(line) and rest.lstrip(b" \t\r\n")[:1] != b"{"


def _open(line: bytes) -> bool:
    """Whether brackets, and no string, are still open at the end of a line."""
    at = depth = 0
    while match := NEXT_BRACKET.match(line, at):
        depth += 1 if match[1] in b"[{" else -1
        at = match.end()
    return depth > 0 and not re.sub(rb'"(?:[^"\\]++|\\.)*+"', b"", line[at:]).count(b'"')


def elements(file: IO[bytes]) -> Iterator[Element]:
    """The rows of an array; of any other text all its values. What is wrong with the array is the last one."""
    text = _Text(file)
    text.space()
    if text.at_end():
        return
    try:
        yield from _of_array(text) if text.peek() == b"[" else _of_values(text)
    except _Ended as ended:
        yield Element(text.line, fault=ended.fault)


class _Ended(Exception):
    """Nothing more can be read."""

    def __init__(self, expected: str, found: str, hint: str = "") -> None:
        super().__init__(found)
        self.fault = Fault(expected=expected, found=found, hint=hint)


CUT = "the file seems cut off; copy or write it again"
REST = "the rest of the file was not read"


def _of_array(text: "_Text") -> Iterator[Element]:
    text.skip(1)
    text.space()
    if text.peek() == b"]":
        text.skip(1)
    else:
        while True:
            yield text.value()
            text.space()
            if text.at_end():
                raise _Ended("a comma or the end of the array, `]`", "the end of the file", CUT)
            mark = text.peek()
            if mark not in (b",", b"]"):
                raise _Ended("a comma between the rows of the array", f"`{mark.decode('latin1')}`", REST)
            text.skip(1)
            if mark == b"]":
                break
            text.space()
            if text.peek() == b"]":
                raise _Ended("a row after the comma", "the end of the array", "take the last comma away")
    text.space()
    if not text.at_end():
        found = f"more after the array: `{text.peek().decode('latin1')}`"
        raise _Ended("one array of rows, or one row a line", found, REST)


def _of_values(text: "_Text") -> Iterator[Element]:
    while not text.at_end():
        yield text.value()
        text.space()
        if text.peek() == b",":
            raise _Ended("rows without a comma between them, or an array `[…]` of rows", "a comma", REST)


class _Text:
    """A window on the file that moves with the reading."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._window = b""
        self._at = 0
        self._ended = False
        self.line = 1
        self._begins = True
        """Whether only space has been passed in this line."""
        while len(self._window) < 3 and self._more():
            pass
        self._at = 3 if self._window.startswith(b"\xef\xbb\xbf") else 0

    def _more(self) -> bool:
        """Read on, at least doubling what lies ahead, so that a long value is not looked at again and again."""
        if self._ended:
            return False
        ahead = self._window[self._at :]
        if len(ahead) >= LONGEST:
            raise _Ended(
                f"a row shorter than {LONGEST >> 20} MB", "a longer one, or a string without end", REST
            )
        chunk = self._file.read(max(CHUNK, len(ahead)))
        self._ended = not chunk
        self._window, self._at = ahead + chunk, 0
        return not self._ended

    def peek(self) -> bytes:
        """The next byte; `b""` at the end."""
        while self._at >= len(self._window) and self._more():
            pass
        return self._window[self._at : self._at + 1]

    def at_end(self) -> bool:
        return not self.peek()

    def skip(self, size: int) -> None:
        """Pass over bytes that lie ahead, counting lines."""
        passed = self._window[self._at : self._at + size]
        lines = passed.count(b"\n")
        self.line += lines
        if lines:
            passed = passed[passed.rindex(b"\n") + 1 :]
            self._begins = not passed.strip()
        elif self._begins:
            self._begins = not passed.strip()
        self._at += size

    def space(self) -> None:
        """Pass over white space."""
        while self.peek():
            match = SPACE.match(self._window, self._at)
            assert match
            self.skip(match.end() - self._at)
            if self._at < len(self._window):
                return

    def value(self) -> Element:
        """The value that begins here, to its last bracket."""
        line, first = self.line, self._begins
        size = self._nested() if self.peek() in (b"{", b"[") else self._scalar()
        text = self._window[self._at : self._at + size]
        self.skip(size)
        return Element(line, text, first)

    def _nested(self) -> int:
        size = depth = 0  # relative to where the window stands, which moves
        while True:
            match = NEXT_BRACKET.match(self._window, self._at + size)
            if not match:
                if not self._more():
                    raise _Ended(
                        "a whole row", f"the end of the file in the row that begins in line {self.line}", CUT
                    )
                continue
            size = match.end() - self._at
            depth += 1 if match[1] in b"[{" else -1
            if depth == 0:
                return size

    def _scalar(self) -> int:
        while True:
            match = SCALAR.match(self._window, self._at)
            assert match
            if match.end() < len(self._window) and self._window[match.end()] != ord('"'):
                break
            if not self._more():
                break
        size = match.end() - self._at
        if not size:
            found = f"`{self.peek().decode('latin1')}`"
            raise _Ended("a row, {…}", found, REST)
        return size
