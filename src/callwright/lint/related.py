"""Related: what other rows say that findings name, fetched when all has been read."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from callwright.conversation import Json
from callwright.lint.batches import STDIN, Batch, Elements, Lines, Records, batches
from callwright.lint.excerpts import clipped, row_value
from callwright.lint.report import CodeSummary, Excerpt, Placed


def with_related(codes: tuple[CodeSummary, ...], files: Sequence[Path]) -> tuple[CodeSummary, ...]:
    """The summaries with the openings of the rows that their findings name; each file is read through once."""
    wanted: dict[Path, set[int]] = defaultdict(set)
    for name in {name for code in codes for placed in code.shown for name in placed.finding.related}:
        file, _, line = name.rpartition(":")
        if line.isdigit() and Path(file) in files and Path(file) != STDIN:
            wanted[Path(file)].add(int(line))
    said = {f"{file}:{line}": text for file, lines in wanted.items() for line, text in _openings(file, lines)}

    def completed(placed: Placed) -> Placed:
        names = [name for name in placed.finding.related if name in said]
        return replace(placed, related=tuple(Excerpt(name=name, text=said[name]) for name in names))

    return tuple(replace(code, shown=tuple(map(completed, code.shown))) for code in codes)


def _openings(file: Path, lines: set[int]) -> Iterator[tuple[int, str]]:
    left = set(lines)
    for batch in batches(file):
        for line, raw in _rows(batch, left):
            yield line, opening(raw)
            left.discard(line)
        if not left:
            return


def _rows(batch: Batch, lines: set[int]) -> Iterable[tuple[int, bytes]]:
    if isinstance(batch, Lines):
        last = batch.line + batch.data.count(b"\n")
        return [(line, batch.raw(line, 0)) for line in sorted(lines) if batch.line <= line <= last]
    assert isinstance(batch, Elements | Records)
    places = [part.line for part in batch.parts]
    found = [(line, index) for index, line in enumerate(places) if line in lines]
    return [(line, batch.raw(line, index)) for line, index in found]


_USERS = ("user", "human")


def opening(raw: bytes) -> str:
    """What the user of a raw row says first, whatever its form; else how the row begins."""
    return clipped(_said_first(row_value(raw)) or raw.decode(errors="replace"))


def _said_first(value: Json) -> str:
    if isinstance(value, dict):
        if (value.get("role") or value.get("from")) in _USERS:
            said = value.get("content", value.get("value"))
            return said if isinstance(said, str) else _first_text(said)
        if isinstance(value.get("question"), str):
            return _said_first(row_value(value["question"].encode(errors="replace"))) or value["question"]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((said for one in inner if isinstance(one, dict | list) and (said := _said_first(one))), "")


def _first_text(value: Json) -> str:
    if isinstance(value, list):
        return next((said for one in value if (said := _first_text(one))), "")
    text = value.get("text") if isinstance(value, dict) else value
    return text if isinstance(text, str) else ""
