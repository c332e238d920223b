"""Packs on disk: Arrow files of int32 with a manifest, written whole or not at all, read by mapping them."""

import os
import shutil
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, overload

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.ipc

from callwright.errors import RunError
from callwright.files import atomic, sha256, synced
from callwright.packs.examples import Example
from callwright.packs.layout import Layout, layout

Ints: TypeAlias = npt.NDArray[np.int32]

MANIFEST = "manifest.json"
SHARD_TOKENS = 4_000_000
_SCHEMA = pa.schema([(name, pa.list_(pa.int32())) for name in ("ids", "labels", "lengths")])


class Shard(msgspec.Struct, frozen=True, kw_only=True):
    file: str
    packs: int
    sha256: str


class PackManifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder of packs holds, what was left out of it, and what it was made from."""

    pack_size: int
    seed: int = 0
    packs: int = 0
    examples: int = 0
    tokens: int = 0
    trained_tokens: int = 0
    longest: int = 0
    """Tokens of the longest example."""
    fill: float = 0.0
    """Tokens in packs of the tokens that packs could hold."""
    shards: tuple[Shard, ...] = ()
    rows_in: int = 0
    """Conversations read."""
    left_out: dict[str, int] = {}
    """Reason -> conversations left out for it."""
    left_out_rows: tuple[str, ...] = ()
    """The first of them, each as its place and its reason."""
    turns_cut: int = 0
    """Turns at the end of conversations cut to fit; 0 unless cutting was asked for."""
    max_length: int = 0
    renderer: str = ""
    hashes: dict[str, str] = {}
    """SHA-256 of `template`, `tokenizer` and `data`."""


class Pack(msgspec.Struct, frozen=True):
    """Examples laid end to end; arrays of int32, all but `lengths` as long as the pack."""

    ids: Ints
    labels: Ints
    position_ids: Ints
    """From 0 in each example."""
    lengths: Ints
    """Tokens of each example, in order."""


class Spool:
    """Examples on disk, their lengths in memory; gone when closed."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the spool)
        self.lengths = array("i")
        self.trained = 0

    def add(self, example: Example) -> None:
        self._file.write(np.array((example.ids, example.labels), dtype=np.int32).tobytes())
        self.lengths.append(len(example.ids))
        self.trained += example.trained

    def rows(self, plan: Layout) -> Iterator[tuple[Ints, Ints, Ints]]:
        """For each pack, its ids, its labels and the lengths of its examples."""
        self._file.flush()
        lengths = np.array(self.lengths, dtype=np.int64)
        ends = np.cumsum(lengths)
        everything = (
            np.memmap(self._file, dtype=np.int32, mode="r") if len(lengths) else np.empty(0, np.int32)
        )
        for members in plan:
            parts = [everything[2 * (ends[i] - lengths[i]) : 2 * ends[i]].reshape(2, -1) for i in members]
            ids, labels = np.concatenate(parts, axis=1)
            yield ids, labels, lengths[members].astype(np.int32)

    def close(self) -> None:
        self._file.close()


def write(
    folder: Path,
    examples: Iterable[Example],
    *,
    pack_size: int,
    manifest: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> PackManifest:
    """Pack `examples` into `folder`, which appears whole or not at all; what was there before is replaced.

    `manifest`: further fields of `PackManifest`; read when all examples have come.
    """
    spool = Spool()
    try:
        for example in examples:
            spool.add(example)
        plan = layout(spool.lengths, pack_size, seed=seed)
        told = summary(spool.lengths, plan, pack_size, trained=spool.trained, seed=seed, manifest=manifest)
        return _appear(folder, spool.rows(plan), told)
    finally:
        spool.close()


def summary(
    lengths: Sequence[int],
    plan: Layout,
    pack_size: int,
    *,
    trained: int,
    seed: int = 0,
    manifest: Mapping[str, Any] | None = None,
) -> PackManifest:
    """The manifest of packs that are not written, or not yet."""
    tokens = sum(lengths)
    return PackManifest(
        pack_size=pack_size,
        seed=seed,
        packs=len(plan),
        examples=len(lengths),
        tokens=tokens,
        trained_tokens=trained,
        longest=max(lengths, default=0),
        fill=round(tokens / (len(plan) * pack_size), 6) if len(plan) else 0.0,
        **(manifest or {}),
    )


def _appear(folder: Path, rows: Iterable[tuple[Ints, Ints, Ints]], told: PackManifest) -> PackManifest:
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=".partial"))
    try:
        told = msgspec.structs.replace(told, shards=tuple(_shards(temporary, rows)))
        with atomic(temporary / MANIFEST) as file:
            file.write(msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n")
        temporary.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        temporary.replace(folder)
        synced(folder.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return told


def _shards(folder: Path, rows: Iterable[tuple[Ints, Ints, Ints]]) -> Iterator[Shard]:
    """Write rows as Arrow files of about `SHARD_TOKENS` each."""
    batch: list[tuple[Ints, Ints, Ints]] = []
    number = held = 0
    for row in rows:
        batch.append(row)
        held += len(row[0])
        if held >= SHARD_TOKENS:
            yield _shard(folder / f"packs-{number:05}.arrow", batch)
            batch, held, number = [], 0, number + 1
    if batch:
        yield _shard(folder / f"packs-{number:05}.arrow", batch)


def _shard(path: Path, rows: list[tuple[Ints, Ints, Ints]]) -> Shard:
    columns = [
        pa.ListArray.from_arrays(
            np.concatenate(([0], np.cumsum([len(part) for part in column]))).astype(np.int32),
            np.concatenate(column),
        )
        for column in zip(*rows, strict=True)
    ]
    with path.open("wb") as file:
        with pa.ipc.new_file(file, _SCHEMA) as writer:
            writer.write_batch(pa.record_batch(columns, schema=_SCHEMA))
        file.flush()
        os.fsync(file.fileno())
    return Shard(file=path.name, packs=len(rows), sha256=sha256(path))


class Packs(Sequence[Pack]):
    """The packs of a folder, mapped and read when asked for. Raises `RunError` where there are none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = read_manifest(folder)
        batches = [
            pa.ipc.open_file(pa.memory_map(str(folder / shard.file))).get_batch(0)
            for shard in self.manifest.shards
        ]
        self._batches = batches
        self._ends = np.cumsum([shard.packs for shard in self.manifest.shards])

    def __len__(self) -> int:
        return self.manifest.packs

    @overload
    def __getitem__(self, index: int) -> Pack: ...
    @overload
    def __getitem__(self, index: slice) -> list[Pack]: ...
    def __getitem__(self, index: int | slice) -> Pack | list[Pack]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        index += len(self) if index < 0 else 0
        if not 0 <= index < len(self):
            raise IndexError(index)
        shard = int(np.searchsorted(self._ends, index, side="right"))
        row = index - (int(self._ends[shard - 1]) if shard else 0)
        ids, labels, lengths = (column[row].values.to_numpy() for column in self._batches[shard].columns)
        positions = np.concatenate([np.arange(length, dtype=np.int32) for length in lengths])
        return Pack(ids, labels, positions, lengths)


def read(folder: Path) -> Iterator[Pack]:
    """Every pack of a folder, in order."""
    yield from Packs(folder)


def read_manifest(folder: Path) -> PackManifest:
    """What the folder holds. Raises `RunError` where it holds no packs."""
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=PackManifest)
    except FileNotFoundError:
        raise RunError(f"{folder} holds no packs", hint="make them with `callwright prepare`") from None
    except msgspec.MsgspecError as error:
        raise RunError(f"{folder / MANIFEST} is no manifest of packs: {error}") from error
