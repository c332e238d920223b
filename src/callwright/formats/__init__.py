"""Formats: how a conversation is spelled in a file, read into ours and written back.

A form is a `Format` in a file of its own, named in `FORMATS`; to add one: one file, one line. The file around
the rows (JSON lines or CSV, packed or not) is the same for all forms: see `tables`.
"""

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import final

import msgspec

from callwright import files
from callwright.conversation import Conversation, Json
from callwright.errors import Fault, FormatError
from callwright.formats.quick import quick
from callwright.formats.reading import Reading
from callwright.formats.tables import Record, json_line, records, unpacked_suffix
from callwright.registry import Registry, near

LISTED = 100
"""Faults of a file that are listed; the rest is counted."""


class Format(ABC):
    """One way to spell a conversation as a row."""

    name: str
    example: str
    """A row, as a person would recognise it."""

    @abstractmethod
    def sniff(self, row: dict[str, Json]) -> bool:
        """Whether `row` means to be of this form, right or wrong."""

    @abstractmethod
    def take(self, row: dict[str, Json], reading: Reading) -> Conversation | None:
        """The conversation, or None where `reading` got an error; warnings come with the conversation."""

    @abstractmethod
    def write(self, conversation: Conversation) -> dict[str, Json]:
        """The row that `read` gives this for. Raises `FormatError` where this form cannot say it."""

    @abstractmethod
    def place(self, conversation: Conversation, path: str) -> str:
        """Where `path` of a finding, such as `$.messages[3].tool_calls[0].name`, is in the row."""

    @final
    def read(self, row: dict[str, Json], origin: str = "") -> Conversation:
        """The conversation of one row. Raises `FormatError` with all faults of the row."""
        reading = Reading()
        conversation = self.take(row, reading)
        if conversation is None or reading.failed:
            raise FormatError(f"{origin or 'the row'} is no row of the form `{self.name}`", reading.faults)
        return msgspec.structs.replace(conversation, origin=origin)


FORMATS: Registry[Format] = Registry(
    "form of conversations",
    {
        "anthropic": "callwright.formats.anthropic:FORMAT",
        "langfuse": "callwright.formats.langfuse:FORMAT",
        "context": "callwright.formats.context:FORMAT",
        "tool_using": "callwright.formats.tool_using:FORMAT",
        "hermes": "callwright.formats.hermes:FORMAT",
        "sharegpt": "callwright.formats.sharegpt:FORMAT",
        "distil": "callwright.formats.distil:FORMAT",
        "openai": "callwright.formats.openai:FORMAT",
        "openai_messages": "callwright.formats.openai:FORMAT",
    },
)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a file: a conversation, or the faults that it has instead; warnings come with either."""

    line: int
    """Where it begins, from 1."""
    conversation: Conversation | None = None
    form: str = ""
    """Name of the form it was read as."""
    faults: tuple[Fault, ...] = ()


def rows(path: Path, form: str | None = None) -> Iterator[Row]:
    """Every row of a file, good or faulty, streamed; `form` None: each row's own, told by its keys."""
    for record in records(path):
        yield row_of(record, path, form)


def row_of(record: Record, path: Path, form: str | None = None) -> Row:
    """The row of one record; `path` is where it comes from."""
    reading = Reading()
    chosen = FORMATS[form] if form else None
    conversation = None
    if record.fault:
        reading.faults.append(record.fault)
    else:
        chosen = chosen or _form_of(record.value, reading)
        conversation = chosen.take(record.value, reading) if chosen else None
    if conversation and not reading.failed:
        conversation = msgspec.structs.replace(conversation, origin=f"{path}:{record.line}")
    else:
        conversation = None
    placed = (_placed(fault, path, record.line) for fault in reading.faults)
    name = chosen.name if chosen else ""
    return Row(line=record.line, conversation=conversation, form=name, faults=tuple(placed))


def row_of_line(number: int, raw: bytes, path: Path, form: str | None = None) -> Row | None:
    """The row of one raw line of JSON, its end included; None where the line is blank."""
    stripped = raw.strip(b" \t\r\n")
    if not stripped:
        return None
    conversation = quick(stripped) if form in (None, "openai", "openai_messages") else None
    if conversation is None:
        return row_of(json_line(number, raw, stripped), path, form)
    placed = msgspec.structs.replace(conversation, origin=f"{path}:{number}")
    return Row(line=number, conversation=placed, form="openai")


def read(path: Path, form: str | None = None) -> Iterator[Conversation]:
    """The conversations of a file, streamed. Raises `FormatError` at its end, with all faults, if it has any.

    Nothing more is given once a fault is met; the rest of the file is read to tell all of them.
    """
    found: list[Fault] = []
    total = 0
    for row in rows(path, form):
        errors = [fault for fault in row.faults if fault.severity == "error"]
        total += len(errors)
        found += errors[: LISTED - len(found)]
        if not total and row.conversation:
            yield row.conversation
    if total:
        listed = f" (the first {len(found)} listed)" if total > len(found) else ""
        raise FormatError(f"{path} has {total:,} fault{'' if total == 1 else 's'}{listed}:", found)


def write(path: Path, conversations: Iterable[Conversation], form: str = "openai") -> int:
    """Write a file, whole or not at all; how many rows. Raises `FormatError` for what `form` cannot say."""
    kind = FORMATS[form]
    count = 0
    with sink(path) as put:
        for conversation in conversations:
            put(kind.write(conversation))
            count += 1
    return count


@contextmanager
def sink(path: Path) -> Iterator[Callable[[dict[str, Json]], object]]:
    """What takes the rows of a file that appears whole or not at all: `.csv`, `.json` (an array), JSON lines.

    Taking a row raises `FormatError` where such a file cannot hold it, and the file is as before.
    """
    spell = spelled(path)
    with files.atomic(path) as file:
        if unpacked_suffix(path) != ".json":
            file.write(_csv_line(("question", "answer")) if unpacked_suffix(path) == ".csv" else b"")
            yield lambda row: file.write(spell(row))
            return
        empty = True

        def put(row: dict[str, Json]) -> None:
            nonlocal empty
            text = spell(row)[:-1]
            file.write((b"[\n" if empty else b",\n") + text)
            empty = False

        yield put
        file.write(b"[]\n" if empty else b"\n]\n")


def spelled(path: Path) -> Callable[[dict[str, Json]], bytes]:
    """How a row stands in a file of that name; raises `FormatError` where it cannot."""
    return _csv_row if unpacked_suffix(path) == ".csv" else line


def line(row: dict[str, Json]) -> bytes:
    r"""A row as one line of JSON. Raises `FormatError` for what UTF-8 or JSON cannot say.

    Python's own `json`, because it keeps integers of any size. U+2028, U+2029 and U+0085 are escaped: many
    readers take them for the end of a line.
    """
    try:
        text = json.dumps(row, ensure_ascii=False, allow_nan=False)
        for character in "\u2028\u2029\x85":
            text = text.replace(character, f"\\u{ord(character):04x}")
        return text.encode() + b"\n"
    except (ValueError, TypeError) as error:
        raise FormatError(f"this row cannot be written as JSON: {error}") from error


def _csv_row(row: dict[str, Json]) -> bytes:
    if set(row) != {"question", "answer"}:
        hint = "write JSON lines: a name that ends in .jsonl"
        raise FormatError(f"a CSV file holds `question` and `answer`, not {', '.join(row)}", hint=hint)
    return _csv_line((row["question"], row["answer"]))


def _csv_line(fields: tuple[str, ...]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(fields)
    return text.getvalue().encode()


def _form_of(row: dict[str, Json], reading: Reading) -> Format | None:
    """The first form of the table that claims the row; the specific ones stand first."""
    form = next((form for form in FORMATS.values() if form.sniff(row)), None)
    both = "messages" in row and ("question" in row or "answer" in row)
    if form and not both:
        return form
    expected = f"a row {FORMATS['openai'].example} or {FORMATS['distil'].example}, or of another known form"
    if both:
        reading.error("$", expected, "both in one row", "name the form that counts: --from openai")
        return None
    found = "the keys " + ", ".join(f"`{key}`" for key in row) if row else "no keys"
    close = [
        f"`{key}`: {hint}" for key in row if (hint := near(key, ["messages", "question"])).startswith("did")
    ]
    others = ", ".join(dict.fromkeys(form.name for form in FORMATS.values()))
    reading.error("$", expected, found, "; ".join(close) or f"the forms are {others}")
    return None


def _placed(fault: Fault, path: Path, line: int) -> Fault:
    return msgspec.structs.replace(fault, file=str(path), line=fault.line or line)
