"""Rows of a file as plain objects, streamed: JSON lines or CSV, by name, packed (`.gz`, `.zst`) or not."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from callwright.conversation import Json
from callwright.errors import Fault
from callwright.files import DAMAGED, LONGEST, raw_lines
from callwright.formats.reading import shown
from callwright.formats.strict_json import JsonFault, parse

SUFFIXES = (".jsonl", ".csv")
PACKED = (".gz", ".zst")


class Record(msgspec.Struct, frozen=True):
    """One row: its object, or why it has none."""

    line: int
    value: dict[str, Json] = {}
    fault: Fault | None = None


def unpacked_suffix(path: Path) -> str:
    """The ending that tells the kind of file: `.csv` of `train.csv.gz`."""
    return (path.with_suffix("") if path.suffix in PACKED else path).suffix.lower()


CONVERSATIONS = (("question", "answer"), ("messages",))
"""Columns that a CSV file of conversations must have: all of one of these."""


def records(path: Path, columns: Sequence[tuple[str, ...]] = CONVERSATIONS) -> Iterator[Record]:
    """Every row of a file, good or faulty, with the line it begins in; blank lines are passed over.

    `columns`: what a CSV file's header must name, all of one of these.
    """
    line = 0
    try:
        for record in _csv(path, columns) if unpacked_suffix(path) == ".csv" else _json_lines(path):
            line = record.line
            yield record
    except DAMAGED as error:
        hint = "it is cut off or damaged; copy it again"
        found = f"{error or type(error).__name__} after line {line}"
        expected = f"a whole file packed as `{path.suffix}` says"
        yield Record(line + 1, fault=Fault(expected=expected, found=found, hint=hint))


def _json_lines(path: Path) -> Iterator[Record]:
    for number, raw in raw_lines(path):
        if not (stripped := raw.strip(b" \t\r\n")):
            continue
        if number == 1 and (stripped in (b"{", b"[") or stripped.startswith((b"[", b"[{"))):
            # One fault, not one a line: the whole file is of another kind.
            hint = f"rewrite it: jq -c '.[]' {path.name} > rows.jsonl"
            fault = Fault(
                expected="one JSON object a line (JSON lines)",
                found="a JSON array" if stripped[:1] == b"[" else "an object over several lines",
                hint=hint if stripped[:1] == b"[" else f"rewrite it: jq -c . {path.name} > rows.jsonl",
            )
            yield Record(number, fault=fault)
            return
        yield _json_line(number, raw, stripped)


def _json_line(number: int, raw: bytes, stripped: bytes) -> Record:
    if len(raw) >= LONGEST:
        fault = Fault(expected=f"a line shorter than {LONGEST >> 20} MB", found="a longer one")
        return Record(number, fault=fault)
    try:
        value = parse(stripped.decode())
    except UnicodeDecodeError as error:
        return Record(number, fault=_not_utf8(error.object[error.start], error.start + 1, number))
    except JsonFault as fault:
        return Record(number, fault=_not_json(fault, whole=raw.endswith(b"\n")))
    if not isinstance(value, dict):
        return Record(number, fault=Fault(expected="a JSON object", found=shown(value)))
    return Record(number, value)


def _not_json(fault: JsonFault, *, whole: bool) -> Fault:
    found = f"{fault} (column {fault.column})" if fault.column else str(fault)
    hint = "control characters are written as \\n, \\t or \\u00XX" if "control character" in found else ""
    if not whole and fault.column:
        hint = "this is the last line and has no end: the file seems cut off; copy or write it again"
    return Fault(expected="one JSON object", found=found, hint=hint)


def _not_utf8(byte: int, place: int, number: int) -> Fault:
    wide = number == 1 and place == 1 and byte in (0xFF, 0xFE)
    found = "text in UTF-16" if wide else f"the byte 0x{byte:02x} at byte {place} of the line"
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
            return Record(line, fault=fault)
    if len(fields) != len(header):
        hint = "a field that holds a comma stands in quotes, and quotes inside it are doubled"
        found = f"{len(fields)}: {shown(','.join(fields))}"
        return Record(line, fault=Fault(expected=f"{len(header)} fields", found=found, hint=hint))
    return Record(line, dict(zip(header, fields, strict=True)))


def _csv_not_utf8(byte: int, column: str, line: int) -> Fault:
    found = f"the byte 0x{byte:02x} in the column `{column}`"
    return Fault(line=line, expected="text in UTF-8", found=found, hint="save the file again as UTF-8")
