"""Files checked like code: every finding where it stands, whatever is in the files."""

import gzip
import json
import tracemalloc
from pathlib import Path

import pytest
from lint_rows import TOOLS, called, encoded_twice, row, without_result, write

from callwright.checks import Context
from callwright.conversation import Tool
from callwright.errors import InputError
from callwright.lint import Lint, Placed, Setup, lint

CHOSEN = Context(select=("structure", "arguments", "duplicates-exact", "leakage", "format", "length"))
"""Families that these tests are about, so that another check does not change them."""
TOOL = Tool(**TOOLS[0]["function"])


def found(*files: Path, setup: Setup | None = None, test: tuple[Path, ...] = ()) -> list[Placed]:
    return list(Lint(files, setup or Setup(context=CHOSEN), test=test))


def places(placed: list[Placed]) -> list[tuple[str, int, str, str]]:
    return [(Path(one.file).name, one.line, one.finding.code, one.path) for one in placed]


def test_findings_stand_in_the_order_of_files_and_rows_at_their_place_in_the_row(tmp_path: Path) -> None:
    one = write(tmp_path / "one.jsonl", [row(), "", without_result(1)])
    two = write(tmp_path / "two.jsonl", [encoded_twice(2)])
    assert places(found(two, one)) == [
        ("two.jsonl", 1, "arguments-double-encoded", "$.messages[1].tool_calls[0].function.arguments.with"),
        ("one.jsonl", 3, "structure-result-missing", "$.messages[1].tool_calls[0]"),
    ]


def test_clean_files_have_no_findings(tmp_path: Path) -> None:
    assert found(write(tmp_path / "a.jsonl", [row(n) for n in range(5)])) == []


def test_the_function_streams_what_the_class_gives(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [without_result()])
    assert list(lint([path], context=CHOSEN)) == found(path)


def test_what_cannot_be_read_is_a_finding_and_the_rest_is_checked(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", ['{"messages": [}', {"mesages": []}, without_result()])
    first, second, third = found(path)
    assert [one.finding.code for one in (first, second)] == ["format-unreadable"] * 2
    assert (first.line, first.column, first.excerpt) == (1, 15, '{"messages": [}')
    assert "did you mean `messages`?" in second.finding.message
    assert third.line == 3


def test_keys_that_are_not_kept_are_warnings(tmp_path: Path) -> None:
    made = row()
    made["messages"][0]["weight"] = 1
    (only,) = found(write(tmp_path / "a.jsonl", [made]))
    assert (only.finding.code, only.finding.severity, only.path) == (
        "format-loss",
        "warning",
        "$.messages[0].weight",
    )


def test_a_row_that_repeats_another_names_it(tmp_path: Path) -> None:
    one = write(tmp_path / "one.jsonl", [row(1), row(2)])
    two = write(tmp_path / "two.jsonl", [row(3), row(2)])
    (only,) = found(one, two)
    assert places([only]) == [("two.jsonl", 2, "duplicates-exact", "$")]
    assert f"{one}:2" in only.finding.message + " ".join(only.finding.related)


def test_test_rows_are_held_against_the_others_and_not_against_themselves(tmp_path: Path) -> None:
    train = write(tmp_path / "train.jsonl", [row(1), row(2)])
    test = write(tmp_path / "test.jsonl", [row(2), row(3)])
    assert places(found(train, test, test=(test,))) == [("train.jsonl", 2, "leakage-conversation", "$")]


def test_rows_are_completed_by_the_job_and_paths_are_those_of_the_file(tmp_path: Path) -> None:
    bare = row(own_tools=False)
    bare["messages"][1] = called({"town": "Rome"})
    path = write(tmp_path / "a.jsonl", [bare])
    setup = Setup(context=CHOSEN, system="Help with tables.", tools=(TOOL,))
    codes = {one.finding.code for one in found(path, setup=setup)}
    assert codes == {"arguments-schema"}
    assert {one.path.partition(".tool_calls")[0] for one in found(path, setup=setup)} == {"$.messages[1]"}


def test_what_is_wrong_with_the_jobs_own_tools_is_said_once_and_of_the_job(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [row(n, own_tools=False) for n in range(3)])
    tool = Tool(name="find table!", parameters=TOOL.parameters)
    lint = Lint([path], Setup(tools=(TOOL, tool)), job_file="job/job_description.json")
    of_job = [one for one in lint if one.path.startswith("$.tools")]
    assert len({(one.finding.code, one.path) for one in of_job}) == len(of_job)
    assert {one.file for one in of_job} <= {"job/job_description.json"}


def test_a_row_may_ask_to_be_spared(tmp_path: Path) -> None:
    spared = without_result() | {"metadata": {"ignore_checks": ["structure", "duplicates-exact"]}}
    assert found(write(tmp_path / "a.jsonl", [spared, spared])) == []


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.json", "a.csv"])
def test_every_kind_of_file_is_checked(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    rows = [row(1), without_result(2)]
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress("".join(json.dumps(one) + "\n" for one in rows).encode()))
    elif name.endswith(".json"):
        path.write_text(json.dumps(rows, indent=2))
    elif name.endswith(".csv"):
        cells = [json.dumps(one["messages"]).replace('"', '""') for one in rows]
        tools = json.dumps(TOOLS).replace('"', '""')
        path.write_text("messages,tools\n" + "".join(f'"{cell}","{tools}"\n' for cell in cells))
    else:
        write(path, rows)
    (only,) = found(path)
    assert only.finding.code == "structure-result-missing"
    assert only.excerpt


def test_rows_that_share_a_line_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([row(1), encoded_twice(2)]))
    (only,) = found(path)
    assert only.excerpt == '"with": "[\\"garden\\"]"'


def test_files_that_are_not_there_are_all_named_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        Lint([tmp_path / "a.jsonl", tmp_path, tmp_path / "b.jsonl"])
    assert [fault.found for fault in caught.value.faults] == ["no such file", "a folder", "no such file"]


def test_a_damaged_file_is_a_finding_behind_its_good_rows(tmp_path: Path) -> None:
    whole = gzip.compress("".join(json.dumps(without_result(n)) + "\n" for n in range(50)).encode())
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(whole[:-12])
    *good, last = found(path)
    assert {one.finding.code for one in good} == {"structure-result-missing"}
    assert last.finding.code == "format-unreadable"
    assert "damaged" in last.finding.message


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        path = tmp_path / f"{rows}.jsonl"
        with path.open("w") as file:
            for number in range(rows):
                file.write(json.dumps(row(number) | {"metadata": {"pad": "x" * 20_000}}) + "\n")
        tracemalloc.start()
        assert found(path, setup=Setup(context=Context(select=("structure", "arguments")))) == []
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)
    assert peak(600) < peak(150) * 1.3


def test_what_is_counted_is_what_was_found(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [row(1), without_result(2), encoded_twice(3), encoded_twice(4), "x"])
    lint = Lint([path], Setup(context=CHOSEN))
    placed = list(lint)
    summary = lint.summary
    assert (summary.errors, summary.warnings, summary.rows, summary.fixable) == (4, 0, 5, 2)
    report = lint.report()
    assert [(code.rule.code, code.count, code.fixable) for code in report.codes] == [
        ("format-unreadable", 1, 0),
        ("structure-result-missing", 1, 0),
        ("arguments-double-encoded", 2, 2),
    ]
    assert (report.files[0].rows, report.files[0].unreadable, report.files[0].forms) == (5, 1, ("openai",))
    assert sorted(str(one) for code in report.codes for one in code.shown) == sorted(map(str, placed))


def test_statistics_are_those_of_the_set_beside_its_test_set(tmp_path: Path) -> None:
    train = write(tmp_path / "train.jsonl", [row(n) for n in range(3)])
    test = write(tmp_path / "test.jsonl", [row(9)])
    lint = Lint([train, test], Setup(context=CHOSEN, statistics=True), test=[test])
    assert list(lint) == []
    report = lint.report()
    assert report.statistics
    assert report.test_statistics
    assert (report.statistics.rows, report.test_statistics.rows) == (3, 1)


def test_the_report_shows_the_pairs_of_duplicates(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [row(1), row(2), row(1)])
    lint = Lint([path], Setup(context=CHOSEN))
    assert len(list(lint)) == 1
    (code,) = lint.report().codes
    (shown,) = code.shown
    if shown.finding.related:
        assert [(one.name, one.text) for one in shown.related] == [
            (f"{path}:1", "A table in Rome, please, Bob, for order 1.")
        ]
        assert shown.excerpt == "A table in Rome, please, Bob, for order 1."
