"""Reports: gathered, written, read back; safe and self-contained as pages."""

import base64
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fakes_evaluate import TOOLS, Scripted, call, talk

from callwright.chat import Reply, Sampling
from callwright.conversation import AssistantMessage, Conversation
from callwright.evaluate import Funnel, Report, evaluate, items, report, score, summary, write_report
from callwright.evaluate.baselines import constant
from callwright.evaluate.pages import html, markdown, percent, read_report

EVIL = "</script><img src=x onerror=alert(1)>'\"`|{{7*7}}\u2028"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def made(talks: list[Conversation], tmp_path: Path) -> Report:
    talks.append(talk(f"row {EVIL}", (f"go {EVIL}", call("cd", to=EVIL))))
    questions = items(talks, expand=True)
    queue = [item.expected for item in questions]
    evil = Scripted(lambda _: Reply(message=call("rm", **{EVIL: EVIL})), name=EVIL)
    evaluations = {
        "tuned": evaluate(evil, talks, tmp_path / "tuned.jsonl"),
        "teacher": evaluate(
            Scripted(lambda _: Reply(message=queue.pop(0)), name="offline"), talks, tmp_path / "teacher.jsonl"
        ),
        "base": score(questions, constant(questions, AssistantMessage(content=EVIL)), model="base"),
    }
    (tmp_path / "loss.png").write_bytes(PIXEL)
    return report(
        EVIL,
        questions,
        evaluations,
        train=talks,
        funnel=Funnel(
            examples=4, planned=9, accepted=9, rejected={EVIL: 2}, prepared=8, left_out={"too long": 1}
        ),
        loss_curve="loss.png",
        remarks=[EVIL],
    )


def test_models_stand_in_their_order_with_a_baseline_and_verdicts(made: Report) -> None:
    assert list(made.evaluations) == ["base", "tuned", "teacher", "baseline"]
    assert made.evaluations["baseline"].model == '{"name": "cd", "parameters": {"to": "docs"}}'
    assert [(v.subject, v.word) for v in made.verdicts] == [
        ("tuned student", "ESCALATE"),
        ("teacher", "ITERATE"),
    ]
    assert [c.second for c in made.comparisons] == [
        "base student",
        "teacher",
        "always the most frequent call",
    ]
    assert made.failed == {"base": 7, "tuned": 8, "teacher": 0}
    assert (made.test.conversations, made.test.calls, made.test.replies, made.test.repeated) == (5, 7, 1, 1)


def test_the_notes_say_what_the_figures_do_not(made: Report) -> None:
    text = "\n".join(made.notes)
    assert made.notes[0] == EVIL
    assert "7 calls in 5 conversations" in text
    assert "true history" in text
    assert "a machine composed" in text
    assert "Of 1 turn that should reply in text, the tuned student called in 1." in text
    assert "Fewer than 10 test calls each, so their own figures say little: cd, ls." in text
    assert "1 turn of the test set" in text


def test_failures_beyond_the_limit_are_counted(made: Report, talks: list[Conversation]) -> None:
    questions = items(talks, expand=True)
    bad = score(questions, constant(questions, AssistantMessage(content="no")), model="m")
    short = report("job", questions, {"tuned": bad}, shown=2)
    assert (len(short.failures), short.failed) == (2, {"tuned": 7})
    assert "Shown are 2 of them" in html(short, Path())


def test_a_report_comes_back_from_its_file(made: Report, tmp_path: Path) -> None:
    write_report(tmp_path, made)
    assert read_report(tmp_path) == made
    assert sorted(p.name for p in tmp_path.glob("report.*")) == ["report.html", "report.json", "report.md"]
    assert json.loads((tmp_path / "report.json").read_text())["evaluations"]["tuned"]["results"] == []


class Page(HTMLParser):
    """Collects tags, checks that they nest, keeps the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_well_formed_self_contained_and_holds_text_as_text(made: Report, tmp_path: Path) -> None:
    page = Page(html(made, tmp_path))
    assert page.open == []
    assert [tag for tag, _ in page.tags].count("script") == 1
    images = [attributes["src"] for tag, attributes in page.tags if tag == "img"]
    assert images == ["data:image/png;base64," + base64.b64encode(PIXEL).decode()]
    assert not [a for _, a in page.tags if any(name.startswith("on") or name == "href" for name in a)]
    assert not re.search(r"https?:|@import|url\(", html(made, tmp_path))
    assert EVIL.strip() in page.text
    assert "49" not in [word for word in page.text.split() if "7*7" in word]


def test_the_differing_argument_is_marked(made: Report, tmp_path: Path) -> None:
    assert '<span class="fn bad">rm</span>' in html(made, tmp_path)


def test_a_missing_curve_is_said(made: Report, tmp_path: Path) -> None:
    (tmp_path / "loss.png").unlink()
    assert "There is no image at loss.png" in html(made, tmp_path)


def test_the_markdown_holds_text_as_text(made: Report) -> None:
    page = markdown(made)
    assert not re.search(r"(?m)^(?!    ).*[^\\]<", page)
    rows = [line for line in page.splitlines() if line.startswith("|")]
    columns = {len(re.findall(r"(?<!\\)\|", row)) for row in rows[:6]}
    assert columns == {6}
    assert "\n\n\n" not in page


def test_the_summary_has_a_row_a_model(made: Report) -> None:
    rows = summary(made)
    assert [row.who for row in rows] == [
        "base student",
        "tuned student",
        "teacher",
        "always the most frequent call",
    ]
    assert rows[1].calls.startswith("0.0 % (0 of 7; 95 %: 0.0 to ")
    assert rows[2].conversations == "100.0 % (5 of 5; 95 %: 56.6 to 100.0)"


def test_one_model_alone_makes_a_report(talks: list[Conversation], tmp_path: Path) -> None:
    questions = items(talks, expand=True)
    alone = score(questions, constant(questions, call("ls")), model="offline")
    write_report(tmp_path, report("job", questions, {"teacher": alone}))
    assert "PROCEED" not in (tmp_path / "report.md").read_text()
    assert TOOLS[0].name in (tmp_path / "report.html").read_text()


def test_an_empty_test_set_is_reported_and_not_an_error(tmp_path: Path) -> None:
    write_report(tmp_path, report("job", [], {"tuned": score([], [], model="m")}))
    assert "not measured" in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize(
    ("value", "said"), [(0.5, "50"), (0.999, "99.9"), (1, "100"), (0.001, "0.1"), (0, "0"), (None, "–")]
)
def test_nearly_all_is_not_rounded_to_all(value: float | None, said: str) -> None:
    assert percent(value).split("\u00a0")[0] == said


def test_evaluate_does_it_all_and_resumes(talks: list[Conversation], tmp_path: Path) -> None:
    model = Scripted(lambda _: Reply(message=call("ls")))
    sampling = Sampling(max_tokens=9)
    path = tmp_path / "predictions.jsonl"
    first = evaluate(model, talks, path, sampling=sampling, expand=False)
    assert (first.calls.value, first.calls.count, first.model) == (0.25, 4, "scripted")
    assert evaluate(model, talks, path, sampling=sampling, expand=False) == first
    assert model.batches == [4]
