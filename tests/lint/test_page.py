"""The page of a check: well-formed, complete in itself, everything escaped, its numbers those of the report."""

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callwright.checks.examples import SEARCH, call, reply, result, said, user
from callwright.checks.rules import Finding, Rule
from callwright.checks.statistics import Statistics
from callwright.checks.tally import Tally, counted
from callwright.conversation import Conversation, Tool
from callwright.errors import Fault
from callwright.lint.page import differing, marked, page, plural, share, ticked
from callwright.lint.plots import histogram, plots
from callwright.lint.report import CodeSummary, Excerpt, FileSummary, Placed, Report

EVIL = "<script>alert('x')</script> & \"quoted\" \ud800"
VOID = {"meta", "br", "img", "link", "hr"}


class Parsed(HTMLParser):
    """The texts and links of a page; fails where a tag is closed that is not open."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.marks: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = dict(attrs)
        self.ids += [str(given["id"])] if "id" in given else []
        self.links += [str(given[name]) for name in ("href", "src") if name in given]
        assert not [name for name in given if name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)
        if "mark" in self.open:
            self.marks.append(data)


def conversation(number: int) -> Conversation:
    made = call("set_light", room="hall", on=True), result("ok"), reply("It is on.")
    return said(user(f"Light {number}, please."), *made, *(user("Thanks."), reply("Yes.")) * (number % 3))


def statistics(number: int) -> Statistics:
    tally = Tally()
    for one in range(number):
        tally.add(counted(conversation(one)))
    return tally.statistics()


def rule(code: str, severity: str = "error") -> Rule:
    return Rule(
        code=code,
        title="a call has `no` result",
        why="A student learns <b>what</b> it sees.",
        bad=(),
        good=(),
        severity="warning" if severity == "warning" else "error",
    )


def placed(line: int, **more: object) -> Placed:
    finding = Finding(
        code="structure-result", path="$.messages[1]", message="the call of `go` has none", words="go"
    )
    fields = {
        "finding": finding,
        "file": "train.jsonl",
        "line": line,
        "path": "$.messages[1]",
        "excerpt": "go now",
    }
    return Placed(**(fields | more))  # type: ignore[arg-type]


def report(**more: object) -> Report:
    fields = {
        "files": (FileSummary(path="train.jsonl", rows=12, errors=7, warnings=1203, forms=("openai",)),),
        "codes": (
            CodeSummary(rule=rule("user-opening", "warning"), count=1203, shown=(placed(3),)),
            CodeSummary(
                rule=rule("structure-result"),
                count=9,
                errors=7,
                fixable=2,
                shown=tuple(placed(line) for line in range(1, 8)),
            ),
        ),
    }
    return Report(**(fields | more))  # type: ignore[arg-type]


def test_the_page_is_complete_in_itself() -> None:
    text = page(report(statistics=statistics(30), test_statistics=statistics(12)))
    parsed = Parsed(text)
    assert not {"script", "img", "link", "iframe"} & parsed.tags
    assert "http" not in text
    assert "url(" not in text
    assert "prefers-color-scheme:dark" in text
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {link.removeprefix("#") for link in parsed.links} <= set(parsed.ids)


def test_findings_are_counted_by_code_errors_first_and_the_rest_is_counted() -> None:
    parsed = Parsed(page(report()))
    assert parsed.links == ["#structure-result", "#user-opening"]
    assert "7 errors 1,205 warnings 2 put right by --fix" in parsed.text
    assert "Show 2 more" in parsed.text
    assert "2 more of these are not shown" in parsed.text
    assert "1,202 more of these are not shown" in parsed.text
    assert parsed.text.count("train.jsonl:") == 8
    assert parsed.marks == ["go"] * 8


def test_a_clean_set_is_called_clean() -> None:
    parsed = Parsed(page(report(codes=())))
    assert "Clean nothing was found" in parsed.text
    assert "How the set is made up" not in parsed.text


def test_several_files_and_what_could_not_be_read_are_listed() -> None:
    files = (
        FileSummary(path="a.jsonl", rows=1000, unreadable=3, forms=("openai", "distil")),
        FileSummary(path="b.csv", rows=1, test=True),
    )
    fault = Fault(
        file="a.jsonl", line=4, path="$", expected="one `object`", found="a list", hint="take it out"
    )
    parsed = Parsed(page(report(files=files, faults=(fault,))))
    assert "2 files checked 1,001 conversations" in parsed.text
    assert "openai, distil 1,000 3 0 0" in parsed.text
    assert "b.csv test" in parsed.text
    assert "a.jsonl:4 $ Expected one object , found a list take it out" in parsed.text


def test_conversations_that_belong_together_stand_side_by_side() -> None:
    beside = Excerpt(name="test.jsonl:3", text="go there")
    parsed = Parsed(
        page(
            report(
                codes=(CodeSummary(rule=rule("leakage-x"), count=1, shown=(placed(5, related=(beside,)),)),)
            )
        )
    )
    assert "train.jsonl:5 go now test.jsonl:3 go there" in parsed.text
    assert parsed.marks == ["go", "go"]


def test_where_two_conversations_differ_their_words_are_marked() -> None:
    assert Parsed(str(differing("for 2 people <at> Sino", "for 3 people <at> Sino"))).marks == ["2"]
    assert Parsed(str(differing("the same", "the same"))).marks == []
    assert Parsed(str(differing("alone", ""))).marks == []


def test_a_finding_about_the_whole_set_has_no_line() -> None:
    whole = placed(0, file="", path="$", excerpt="")
    parsed = Parsed(page(report(codes=(CodeSummary(rule=rule("balance-x"), count=1, shown=(whole,)),))))
    assert "the whole set the call of go has none" in parsed.text


def test_the_balance_is_drawn_beside_that_of_the_test() -> None:
    text = page(report(statistics=statistics(30), test_statistics=statistics(12)))
    parsed = Parsed(text)
    assert "here: 30 conversations, 30 calls test: 12 conversations, 12 calls" in parsed.text
    assert "set_light 30 100 % test 12 · 100 %" in parsed.text
    assert "find_table declared, never called 0 0 %" in parsed.text
    assert "Calls in one turn median 1, test 1 Always 1." in parsed.text
    assert 'aria-label="1 turns: 33\xa0% (test 33\xa0%); 2 turns: 33\xa0% (test 33\xa0%); 3 turns' in text
    assert "set_light. on given 30 times true 30 12 false 0 0" in parsed.text


def test_whatever_is_said_is_escaped() -> None:
    tool = Tool(name=EVIL, parameters={"properties": {EVIL: {"enum": [EVIL, "b"]}}})
    tally = Tally()
    tally.add(counted(said(user(EVIL), call(EVIL, **{EVIL: EVIL}), tools=[tool])))
    finding = Finding(code="x", path=EVIL, message=EVIL, words=EVIL, related=(EVIL,))
    found = Placed(
        finding=finding, file=EVIL, line=1, path=EVIL, excerpt=EVIL, related=(Excerpt(name=EVIL, text=EVIL),)
    )
    text = page(
        Report(
            files=(FileSummary(path=EVIL, rows=1, unreadable=1, forms=(EVIL,)),),
            codes=(CodeSummary(rule=rule("structure-x"), count=1, shown=(found,)),),
            faults=(Fault(file=EVIL, path=EVIL, expected=EVIL, found=EVIL, hint=EVIL),),
            statistics=tally.statistics(),
            test_statistics=tally.statistics(),
        )
    )
    assert "script" not in Parsed(text).tags
    assert "<b>what</b>" not in text
    assert text.encode()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30), st.text(max_size=8))
def test_marking_changes_no_letter(excerpt: str, words: str) -> None:
    parsed = Parsed(str(marked(excerpt, words)).replace("\r", "").replace("\0", ""))
    assert "".join(parsed.words) == excerpt.replace("\r", "").replace("\0", "")


@pytest.mark.parametrize(
    ("excerpt", "words", "marks"),
    [
        ("book a table now", "table", ["table"]),
        ("book a table now", "", []),
        ("book a table now", "chair", []),
        (r'"say": "a \"b\" c"', 'a "b" c', [r"a \"b\" c"]),
        ("two⏎lines", "two\nlines", ["two⏎lines"]),
        ("so " + "x" * 50 + "…", "x" * 90, ["x" * 50 + "…"]),
    ],
)
def test_the_words_are_marked_as_the_excerpt_spells_them(excerpt: str, words: str, marks: list[str]) -> None:
    assert Parsed(str(marked(excerpt, words))).marks == marks


def test_numbers_are_written_for_reading() -> None:
    assert [plural(1, "error"), plural(1234, "error")] == ["1 error", "1,234 errors"]
    written = [share(value).replace("\N{NO-BREAK SPACE}", " ") for value in (0, 0.0001, 0.012, 0.5, 1)]
    assert written == ["0 %", "<0.1 %", "1.2 %", "50 %", "100 %"]
    assert str(ticked("`a<b` and ` alone")) == "<code>a&lt;b</code> and ` alone"


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(st.integers(0, 10**6), st.integers(1, 50), max_size=30),
    st.none() | st.dictionaries(st.integers(0, 10**6), st.integers(1, 50), max_size=30),
)
def test_a_histogram_has_few_columns_that_hold_everything(
    here: dict[int, int], test: dict[int, int] | None
) -> None:
    made = histogram("Lengths", here, test, "characters")
    assert len(made.columns) <= 25
    assert sum(column.count for column in made.columns) == sum(here.values())
    if here and test:
        assert sum(column.test or 0 for column in made.columns) == pytest.approx(1)
    assert all(column.share <= made.highest for column in made.columns)


def test_thousands_of_tools_are_drawn_in_part_and_the_rest_is_counted() -> None:
    tally = Tally()
    many = tuple(Tool(name=f"tool_{number}", parameters=SEARCH.parameters) for number in range(400))
    for tool in many:
        tally.add(counted(said(user("a"), call(tool.name, city="x"), tools=many)))
    drawn = plots(tally.statistics(), None)
    assert len(drawn.tools) == 400
    parsed = Parsed(page(report(statistics=tally.statistics())))
    assert "100 tools are called more rarely and not shown" in parsed.text
    assert "Those of 100 tools are not shown" in parsed.text
