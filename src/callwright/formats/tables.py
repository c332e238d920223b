"""Rows of a file as plain objects, streamed: JSON or CSV, by name, packed (`.gz`, `.zst`) or not.

JSON is one object a line, objects over several lines one after the other, or an array of rows: told by how the
file begins.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from callwright.conversation import Json
from callwright.errors import Fault
from callwright.files import DAMAGED, LONGEST, opened, raw_lines
from callwright.formats.elements import Element, elements, spread
from callwright.formats.reading import shown
from callwright.formats.strict_json import JsonFault, parse

SUFFIXES = (".jsonl", ".csv")
PACKED = (".gz", ".zst")


class Record(msgspec.Struct, frozen=True):
    """One row: its object, or why it has none."""

    line: int
    value: dict[str, Json] = {}
    fault: Fault | None = None
    text: str = ""
    """What a row that could not be read says, as far as it is known."""


def unpacked_suffix(path: Path) -> str:
    """The ending that tells the kind of file: `.csv` of `train.csv.gz`."""
    return (path.with_suffix("") if path.suffix in PACKED else path).suffix.lower()


CONVERSATIONS = (
    ("question", "answer"),
    ("messages",),
    ("conversations",),
    ("context",),
    ("input", "output"),
)
"""Columns that a CSV file of conversations must have: all of one of these."""


def records(path: Path, columns: Sequence[tuple[str, ...]] = CONVERSATIONS) -> Iterator[Record]:
    """Every row of a file, good or faulty, with the line it begins in; blank lines are passed over.

    `columns`: what a CSV file's header must name, all of one of these.
    """
    line = 0
    try:
        for record in _csv(path, columns) if unpacked_suffix(path) == ".csv" else _json(path):
            line = record.line
            yield record
    except DAMAGED as error:
        hint = "it is cut off or damaged; copy it again"
        found = f"{error or type(error).__name__} after line {line}"
        expected = f"a whole file packed as `{path.suffix}` says"
        yield Record(line + 1, fault=Fault(expected=expected, found=found, hint=hint))


HEAD = 1 << 16
"""Bytes from which it is told whether rows stand one a line."""


def _json(path: Path) -> Iterator[Record]:
    if path.is_file() and spread(_head(path)):  # a pipe can be read but once, and is taken for JSON lines
        with opened(path) as file:
            yield from map(element_record, elements(file))
        return
    for number, raw in raw_lines(path):
        if stripped := raw.strip(b" \t\r\n"):
            yield json_line(number, raw, stripped)


def _head(path: Path) -> bytes:
    """What can be read of the beginning; that a file is damaged is told with the rows."""
    head = b""
    with opened(path) as file:
        try:
            while len(head) < HEAD and (part := file.read1(HEAD - len(head))):  # type: ignore[attr-defined]
                head += part
        except DAMAGED:
            pass
    return head


def json_line(number: int, raw: bytes, stripped: bytes) -> Record:
    if len(raw) >= LONGEST:
        fault = Fault(expected=f"a line shorter than {LONGEST >> 20} MB", found="a longer one")
        return Record(number, fault=fault)
    value = _value(stripped)
    if isinstance(value, UnicodeDecodeError):
        fault = _not_utf8(value.object[value.start], value.start + 1, number)
    elif isinstance(value, JsonFault):
        fault = _not_json(value, whole=raw.endswith(b"\n"))
    elif not isinstance(value, dict):
        fault = Fault(expected="a JSON object", found=shown(value))
    else:
        return Record(number, value)
    return Record(number, fault=fault, text=stripped.decode(errors="replace"))


def _value(text: bytes) -> Json | UnicodeDecodeError | JsonFault:
    try:
        return parse(text.decode())
    except (UnicodeDecodeError, JsonFault) as error:
        return error


def element_record(element: Element) -> Record:
    """A row that may stand over several lines, or as one of many in a line."""
    if element.fault:
        return Record(element.line, fault=element.fault)
    value = _value(element.text)
    if isinstance(value, UnicodeDecodeError):
        before = element.text[: value.start]
        line = element.line + before.count(b"\n")
        byte = len(before) - before.rfind(b"\n")
        fault = _not_utf8(value.object[value.start], byte, 0, "line" if line > element.line else "row")
        fault = msgspec.structs.replace(fault, line=line)
    elif isinstance(value, JsonFault):
        line = element.line + max(value.line - 1, 0)
        within = "" if element.first or line > element.line else " of the row"
        fault = msgspec.structs.replace(_not_json(value, whole=True, within=within), line=line)
    elif not isinstance(value, dict):
        fault = Fault(expected="a JSON object", found=shown(value))
    else:
        return Record(element.line, value)
    return Record(element.line, fault=fault, text=element.text.decode(errors="replace"))


def _not_json(fault: JsonFault, *, whole: bool, within: str = "") -> Fault:
    found = f"{fault} (column {fault.column}{within})" if fault.column else str(fault)
    hint = "control characters are written as \\n, \\t or \\u00XX" if "control character" in found else ""
    if not whole and fault.column:
        hint = "this is the last line and has no end: the file seems cut off; copy or write it again"
    return Fault(expected="one JSON object", found=found, hint=hint)


def _not_utf8(byte: int, place: int, number: int, of: str = "line") -> Fault:
    wide = number == 1 and place == 1 and byte in (0xFF, 0xFE)
    found = "text in UTF-16" if wide else f"the byte 0x{byte:02x} at byte {place} of the {of}"
    return Fault(expected="text in UTF-8", found=found, hint="save the file again as UTF-8")


def _csv(path: Path, columns: Sequence[tuple[str, ...]]) -> Iterator[Record]:
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST))
    # Bytes that are no UTF-8 pass as surrogates, so that the rows keep their places and the fault its own.
    texts = (raw.decode(errors="surrogateescape") for _, raw in raw_lines(path))
    reader = csv.reader(texts, strict=True)
    header: list[str] = []
    begins = 1
    while True:
        try:
            fields = next(reader, None)
        except csv.Error as error:
            yield Record(begins, fault=_not_csv(error))
            return  # after a quote gone wrong every later row would be a guess
        if fields is None:
            break
        line, begins = begins, reader.line_num + 1
        if not fields:
            continue
        if not header:
            header = [name.strip() for name in fields]
            if fault := _bad_header(header, line, columns):
                yield Record(line, fault=fault)
                return
            continue
        yield _csv_record(header, fields, line)
    if not header:
        yield Record(1, fault=Fault(expected=_headers(columns), found="an empty file"))


def _headers(columns: Sequence[tuple[str, ...]]) -> str:
    return "the header " + " or ".join(f"`{','.join(names)}`" for names in columns)


def _bad_header(header: list[str], line: int, columns: Sequence[tuple[str, ...]]) -> Fault | None:
    if any(set(names) <= set(header) for names in columns):
        twice = [name for name in header if header.count(name) > 1]
        return Fault(expected="each column once", found=f"`{twice[0]}` twice") if twice else None
    text = ",".join(header)
    if (wrong := text.encode(errors="surrogateescape")) and any(byte >= 0xFE for byte in wrong[:1]):
        return _not_utf8(wrong[0], 1, line)
    hint = "the first line names the columns"
    if len(header) == 1 and any(mark in text for mark in ";\t|"):
        hint = "columns are divided by commas; save the file as comma-separated CSV, or better as JSON lines"
    found = shown(text.encode(errors="replace").decode())
    return Fault(expected=_headers(columns), found=found, hint=hint)


def _not_csv(error: csv.Error) -> Fault:
    expected = 'a CSV row, with fields that hold commas, quotes or line ends in "…" and quotes inside doubled'
    cut = "unexpected end of data" in str(error) or "field limit" in str(error)
    hint = "a quote that opens here is never closed, or the file is cut off" if cut else ""
    hint = hint or "the rest of the file was not read; JSON lines (.jsonl) need no such quoting"
    return Fault(expected=expected, found=str(error), hint=hint)


def _csv_record(header: list[str], fields: list[str], line: int) -> Record:
    for name, field in zip(header, fields, strict=False):
        try:
            field.encode()
        except UnicodeEncodeError as error:
            before = field[: error.start].encode(errors="surrogateescape")
            fault = _csv_not_utf8(ord(field[error.start]) & 0xFF, name, line + before.count(b"\n"))
            return Record(line, fault=fault, text=_csv_text(fields))
    if len(fields) != len(header):
        hint = "a field that holds a comma stands in quotes, and quotes inside it are doubled"
        found = f"{len(fields)}: {shown(','.join(fields))}"
        fault = Fault(expected=f"{len(header)} fields", found=found, hint=hint)
        return Record(line, fault=fault, text=_csv_text(fields))
    return Record(line, dict(zip(header, fields, strict=True)))


def _csv_not_utf8(byte: int, column: str, line: int) -> Fault:
    found = f"the byte 0x{byte:02x} in the column `{column}`"
    return Fault(line=line, expected="text in UTF-8", found=found, hint="save the file again as UTF-8")


def _csv_text(fields: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(fields)
    return text.getvalue().encode(errors="surrogateescape").decode(errors="replace")
