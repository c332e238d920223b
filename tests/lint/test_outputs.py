"""Outputs: what each writes, for people and for programs; pages and excerpts."""

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from lint_rows import encoded_twice, row, without_result, write

from callwright.checks import Context, rules
from callwright.checks.rules import Finding
from callwright.lint import Lint, Setup
from callwright.lint.excerpts import caret, excerpt, excerpt_at, keys_of, underline, visible
from callwright.lint.outputs import OUTPUTS
from callwright.lint.pages import documentation, explained
from callwright.lint.report import Placed
from callwright.lint.summary import Summary
from callwright.lint.transcript import transcript

CHOSEN = Setup(context=Context(select=("structure", "arguments", "duplicates-exact", "format")))
DOCUMENT = Path(__file__).parents[2] / "docs" / "checks.md"


def written(name: str, path: Path, shown: int = 20) -> str:
    lint = Lint([path], CHOSEN, shown=shown)
    return click.unstyle("".join(OUTPUTS[name](lint, lint.summary)))


def of(*findings: Placed) -> tuple[Iterator[Placed], Summary]:
    """Findings as a check streams them."""
    summary = Summary(20)
    summary.file(Path("a.jsonl"), test=False)

    def stream() -> Iterator[Placed]:
        for one in findings:
            summary.finding(Path("a.jsonl"), one)
            yield one

    return stream(), summary


ODD = Placed(
    finding=Finding(
        code="structure-order",
        path="$",
        message="a % of\nlines, \x1b[31m and \ud800",
        words="50%,:",
        related=("b,c.jsonl:7",),
    ),
    file="my rows,1.jsonl",
    line=3,
    path="$.messages[0]",
    excerpt="",
)


@pytest.mark.parametrize("name", OUTPUTS)
def test_every_output_is_text_in_utf_8_and_obeys_no_control_characters(name: str) -> None:
    found, summary = of(ODD)
    said = click.unstyle("".join(OUTPUTS[name](found, summary)))
    assert "structure-order" in said
    assert "\x1b" not in said or name == "github"
    said.encode(errors="strict" if name in ("json", "sarif") else "replace")


@pytest.mark.parametrize("name", OUTPUTS)
def test_every_output_of_nothing_is_whole(name: str) -> None:
    found, summary = of()
    said = "".join(OUTPUTS[name](found, summary))
    if name in ("json", "sarif"):
        json.loads(said)
    else:
        assert said == ""


def test_text_is_like_a_compilers(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [row(1), encoded_twice(2)])
    first, said, text, marks, *_ = written("text", path).splitlines()
    at = "$.messages[1].tool_calls[0].function.arguments.with"
    assert first == f"{path}:2: error arguments-double-encoded at {at}"
    assert said.startswith("  a value written as a string of JSON")
    assert text == '  | "with": "[\\"garden\\"]"'
    assert "^" in marks


def test_text_ends_with_a_table_and_one_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [row(1), encoded_twice(2), encoded_twice(3), without_result(4)])
    *_, head, one, two, _, last = written("text", path).splitlines()
    assert head.split() == ["code", "severity", "findings", "rows", "fixable"]
    assert one.split() == ["structure-result-missing", "error", "1", "1"]
    assert two.split() == ["arguments-double-encoded", "error", "2", "2", "2"]
    assert last == "3 errors, 0 warnings in 1 file, 4 rows; 2 can be fixed with --fix"


def test_text_shows_the_first_of_each_code_and_counts_the_rest(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [without_result(n) for n in range(7)])
    said = written("text", path, shown=3)
    assert said.count(": error structure-result-missing") == 3
    assert "… 4 more of structure-result-missing; --all shows them" in said


def test_json_is_an_array_of_all_findings(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [without_result(n) for n in range(30)])
    found = json.loads(written("json", path))
    assert len(found) == 30
    first = found[0]
    assert (first["file"], first["line"], first["code"]) == (str(path), 1, "structure-result-missing")
    assert set(first) == {
        *("place", "file", "line", "path", "code", "severity", "message", "words", "related", "fixable")
    }


def test_sarif_has_all_that_the_standard_requires(tmp_path: Path) -> None:
    path = write(tmp_path / "a b.jsonl", [without_result(1), encoded_twice(2), "x"])
    log = json.loads(written("sarif", path))
    assert (log["version"], log["$schema"].endswith("sarif-2.1.0.json")) == ("2.1.0", True)
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "callwright"
    assert [rule["id"] for rule in driver["rules"]] == list(rules())
    assert all(rule["help"]["text"] and rule["shortDescription"]["text"] for rule in driver["rules"])
    assert len(run["results"]) == 3
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning")
        assert result["message"]["text"]
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        assert physical["artifactLocation"]["uri"] == path.as_uri()
        assert physical["region"]["startLine"] >= 1
        assert location["logicalLocations"][0]["fullyQualifiedName"].startswith("$")
        assert len(result["partialFingerprints"]["callwright/v1"]) == 64


def test_sarif_names_related_places_and_relative_files() -> None:
    found, summary = of(ODD)
    (result,) = json.loads("".join(OUTPUTS["sarif"](found, summary)))["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "my%20rows%2C1.jsonl"
    (related,) = result["relatedLocations"]
    assert related["physicalLocation"]["region"] == {"startLine": 7}


def test_github_commands_are_escaped() -> None:
    found, summary = of(ODD)
    (said,) = "".join(OUTPUTS["github"](found, summary)).splitlines()
    assert said.startswith(
        "::error file=my rows%2C1.jsonl,line=3,title=structure-order::$.messages[0]: a %25 of%0Alines"
    )


# Excerpts

ROW = json.dumps(
    {
        "messages": [
            {"role": "user", "content": "x" * 200 + " the\n**bold** word " + "y" * 200},
            {"tool_calls": [{"function": {"arguments": '{"city": "Rom\\u00e9", "a b": [1, 2]}'}}]},
        ]
    }
).encode()


def test_paths_are_taken_apart() -> None:
    assert keys_of('$.items[0]["a \\"b"].c-d') == ["items", 0, 'a "b', "c-d"]


def test_an_excerpt_is_a_window_around_the_words_in_one_line() -> None:
    said = excerpt(ROW, "$.messages[0].content", "**bold**")
    assert len(said) <= 102
    assert said[0] == said[-1] == "…"
    assert "the⏎**bold** word" in said
    marks = underline(said, "**bold**")
    assert said[marks.index("^") : marks.index("^") + marks.count("^")] == "**bold**"


def test_arguments_that_are_text_are_looked_into() -> None:
    path = "$.messages[1].tool_calls[0].function.arguments"
    assert excerpt(ROW, f"{path}.city", "Romé") == '"city": "Romé"'
    assert excerpt(ROW, f'{path}["a b"][1]') == "2"
    assert excerpt(ROW, f"{path}.none").startswith('"arguments": ')


def test_words_are_underlined_by_the_columns_they_take() -> None:
    assert underline("日本 words", "words") == "     ^^^^^"
    assert underline("short", "") == "^^^^^"
    assert underline("…cut", "") == ""
    assert underline("here", "elsewhere") == ""


def test_the_column_of_a_fault_is_marked() -> None:
    raw = b"a" * 300 + b"!" + b"b" * 300
    for text, column in ((b"abc!", 4), (raw, 301)):
        said = excerpt_at(text, column)
        assert said[caret(said, column).index("^")] == "!"


def test_nothing_in_an_excerpt_is_obeyed_by_a_terminal() -> None:
    assert visible("a\x1b[31m\nb\t\u202ec") == "a\\u001b[31m⏎b⇥\\u202ec"


# Pages


@pytest.mark.parametrize("code", rules())
def test_every_rule_is_explained_with_its_examples(code: str) -> None:
    said = explained(rules()[code])
    assert said.startswith(f"{code} (")
    assert "Bad:" in said
    assert "Good:" in said


def test_the_document_of_all_rules_is_up_to_date() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == documentation(), (
        "write it anew: python -m callwright.lint.pages > docs/checks.md"
    )


def test_a_transcript_shows_results_below_their_calls() -> None:
    from callwright.checks.examples import call, calls, reply, result, said, user

    both = said(
        user("Both."),
        calls(call("find_table", city="Rome"), call("set_light", room="hall", on=True)),
        result("\n".join(map(str, range(40)))),
        result('{"ok": 1}'),
        reply("Done."),
    )
    lines = list(transcript(both, folded=3))
    assert [(line.role, line.text) for line in lines] == [
        ("user", "Both."),
        ("assistant", '→ find_table(city="Rome")  [call_1]'),
        ("tool", "← [call_1] 0"),
        ("tool", "  1"),
        ("tool", "  2"),
        ("tool", "  … 37 more lines"),
        ("assistant", '→ set_light(room="hall", on=true)  [call_2]'),
        ("tool", '← [call_2] {"ok": 1}'),
        ("assistant", "Done."),
    ]
    assert [line.first for line in lines] == [True, True, *[False] * 6, True]
