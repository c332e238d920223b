from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from callwright import packs
from callwright.errors import RunError
from callwright.files import sha256
from callwright.packs import IGNORED, Example, Packs


def examples(count: int, seed: int = 0) -> list[Example]:
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        ids = rng.integers(0, 50_000, size=int(rng.integers(2, 60))).tolist()
        labels = [IGNORED, *(token if rng.random() < 0.5 else IGNORED for token in ids[1:])]
        made.append(Example(ids, labels))
    return made


def in_packs(folder: Path) -> list[tuple[list[int], list[int]]]:
    found = []
    for pack in packs.read(folder):
        at = 0
        for length in pack.lengths.tolist():
            found.append((pack.ids[at : at + length].tolist(), pack.labels[at : at + length].tolist()))
            at += length
        assert at == len(pack.ids) == len(pack.labels) == len(pack.position_ids)
    return found


def test_what_is_written_is_read_back_each_example_whole(tmp_path: Path) -> None:
    given = examples(200)
    told = packs.write(tmp_path / "packs", given, pack_size=64)
    assert sorted(in_packs(tmp_path / "packs")) == sorted((e.ids, e.labels) for e in given)
    assert told.examples == 200
    assert told.tokens == sum(len(e.ids) for e in given)
    assert told.trained_tokens == sum(e.trained for e in given)
    assert told.longest == max(len(e.ids) for e in given)
    assert told.fill == pytest.approx(told.tokens / (told.packs * 64), abs=1e-6)


def test_positions_begin_anew_in_each_example_and_nothing_is_predicted_across(tmp_path: Path) -> None:
    packs.write(tmp_path / "packs", examples(100), pack_size=128)
    for pack in Packs(tmp_path / "packs"):
        starts = np.concatenate(([0], np.cumsum(pack.lengths)[:-1]))
        assert (np.flatnonzero(pack.position_ids == 0) == starts).all()
        assert (np.diff(pack.position_ids)[np.setdiff1d(np.arange(len(pack.ids) - 1), starts - 1)] == 1).all()
        assert (pack.labels[starts] == IGNORED).all()
        assert {part.dtype for part in (pack.ids, pack.labels, pack.position_ids, pack.lengths)} == {
            np.dtype(np.int32)
        }


def test_any_pack_is_read_by_its_number_from_any_shard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callwright.packs.shards.SHARD_TOKENS", 200)
    told = packs.write(tmp_path / "packs", examples(100), pack_size=64)
    assert len(told.shards) > 5
    folder = Packs(tmp_path / "packs")
    in_order = [pack.ids.tolist() for pack in packs.read(tmp_path / "packs")]
    assert [folder[n].ids.tolist() for n in range(len(folder))] == in_order
    assert folder[-1].ids.tolist() == in_order[-1]
    assert [pack.ids.tolist() for pack in folder[2:5]] == in_order[2:5]
    with pytest.raises(IndexError):
        folder[len(folder)]


def test_the_same_examples_and_seed_give_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("again", 3), ("other", 4)):
        packs.write(tmp_path / name, examples(50), pack_size=64, seed=seed)
    assert sha256(tmp_path / "one") == sha256(tmp_path / "again") != sha256(tmp_path / "other")


def test_the_manifest_names_every_shard_with_its_hash_and_takes_further_fields(tmp_path: Path) -> None:
    told = packs.write(
        tmp_path / "packs", examples(5), pack_size=64, manifest={"rows_in": 7, "left_out": {"too long": 2}}
    )
    assert packs.read_manifest(tmp_path / "packs") == told
    assert (told.rows_in, told.left_out) == (7, {"too long": 2})
    for shard in told.shards:
        assert sha256(tmp_path / "packs" / shard.file) == shard.sha256
    assert msgspec.json.decode((tmp_path / "packs" / "manifest.json").read_bytes())["pack_size"] == 64


def test_a_failure_on_the_way_leaves_what_was_there(tmp_path: Path) -> None:
    packs.write(tmp_path / "packs", examples(5), pack_size=64)
    before = sha256(tmp_path / "packs")

    def failing() -> Iterator[Example]:
        yield from examples(3)
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError, match="the power went"):
        packs.write(tmp_path / "packs", failing(), pack_size=64)
    assert sha256(tmp_path / "packs") == before
    assert [path.name for path in tmp_path.iterdir()] == ["packs"]


def test_no_examples_are_no_packs(tmp_path: Path) -> None:
    told = packs.write(tmp_path / "packs", [], pack_size=64)
    assert (told.packs, told.fill, len(Packs(tmp_path / "packs"))) == (0, 0.0, 0)


def test_a_folder_without_packs_says_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds no packs") as raised:
        packs.read_manifest(tmp_path)
    assert "callwright prepare" in raised.value.hint
