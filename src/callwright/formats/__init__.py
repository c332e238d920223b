"""Formats: how a conversation is spelled in a file, read into ours and written back.

A form is a `Format` in a file of its own, named in `FORMATS`; to add one: one file, one line. The file around
the rows (JSON lines or CSV, packed or not) is the same for all forms: see `tables`.
"""

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import final

import msgspec

from callwright import files
from callwright.conversation import Conversation, Json
from callwright.errors import Fault, FormatError
from callwright.formats.reading import Reading
from callwright.formats.tables import records, unpacked_suffix
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
        "openai": "callwright.formats.openai:FORMAT",
        "distil": "callwright.formats.distil:FORMAT",
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
        yield Row(line=record.line, conversation=conversation, form=name, faults=tuple(placed))


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
    with files.atomic(path) as file:
        if unpacked_suffix(path) == ".csv":
            file.write(_csv_line(("question", "answer")))
        for conversation in conversations:
            row = kind.write(conversation)
            count += 1
            file.write(_csv_row(row) if unpacked_suffix(path) == ".csv" else line(row))
    return count


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
    sniffed = [form for form in FORMATS.values() if form.sniff(row)]
    if len(sniffed) == 1:
        return sniffed[0]
    expected = " or ".join(form.example for form in FORMATS.values())
    found = "the keys " + ", ".join(f"`{key}`" for key in row) if row else "no keys"
    found = "both in one row" if sniffed else found
    close = [
        f"`{key}`: {hint}" for key in row if (hint := near(key, ["messages", "question"])).startswith("did")
    ]
    reading.error("$", f"a row {expected}", found, "" if sniffed else "; ".join(close))
    return None


def _placed(fault: Fault, path: Path, line: int) -> Fault:
    return msgspec.structs.replace(fault, file=str(path), line=fault.line or line)
