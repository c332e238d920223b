import gzip
import stat
from pathlib import Path

import pytest
import zstandard

from callwright.files import DAMAGED, atomic, lines, opened, raw_lines, sha256

TEXT = b"".join(b"%d: a line\n" % number for number in range(20_000))


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"])
def test_what_is_written_is_read_back_by_the_ending_of_the_name(tmp_path: Path, name: str) -> None:
    with atomic(tmp_path / name) as file:
        file.write(TEXT)
    with opened(tmp_path / name) as file:
        assert file.read() == TEXT
    assert len(list(lines(tmp_path / name))) == 20_000


def test_a_packed_file_of_several_frames_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.zst").write_bytes(zstandard.compress(b"one\n") + zstandard.compress(b"two\n"))
    assert list(lines(tmp_path / "a.zst")) == [(1, b"one"), (2, b"two")]


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_a_packed_file_that_is_cut_off_raises_instead_of_ending_early(tmp_path: Path, ending: str) -> None:
    packed = gzip.compress(TEXT) if ending == ".gz" else zstandard.compress(TEXT)
    (tmp_path / f"a{ending}").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(DAMAGED):
        list(lines(tmp_path / f"a{ending}"))


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_a_file_that_is_not_packed_as_its_name_says_raises(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"a{ending}").write_bytes(b"plain text, no archive")
    with pytest.raises(DAMAGED):
        list(lines(tmp_path / f"a{ending}"))


def test_only_a_newline_ends_a_line_and_blank_ones_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffa\u2028b\r\n\r\n  \nc\x85d".encode())
    assert list(lines(path)) == [(1, "a\u2028b".encode()), (4, "c\x85d".encode())]


def test_a_line_too_long_is_cut_and_the_numbers_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callwright.files.LONGEST", 4)
    path = tmp_path / "a.txt"
    path.write_bytes(b"123456789\nab\n123\nc")
    assert list(raw_lines(path)) == [(1, b"1234"), (2, b"ab\n"), (3, b"123\n"), (4, b"c")]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic(path) as file:
        file.write(b"new" * (1 // 0))
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]


def test_a_written_file_may_be_read_by_whom_the_umask_lets(tmp_path: Path) -> None:
    with atomic(tmp_path / "new" / "a.txt") as file:
        file.write(b"text")
    (tmp_path / "plain.txt").write_text("text")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("new/a.txt", "plain.txt")]
    assert modes[0] == modes[1]


def test_the_hash_of_a_folder_is_of_its_names_and_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "in").mkdir(parents=True)
        (tmp_path / name / "in" / "a").write_text("text")
    assert sha256(tmp_path / "one") == sha256(tmp_path / "two")
    (tmp_path / "two" / "in" / "a").rename(tmp_path / "two" / "in" / "b")
    assert sha256(tmp_path / "one") != sha256(tmp_path / "two")
