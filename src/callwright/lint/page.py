"""The page: a report of a check as one HTML file that needs nothing else, no script and no network."""

import json
import re
from difflib import SequenceMatcher
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from callwright import __version__
from callwright.lint.excerpts import LEAD, visible
from callwright.lint.plots import plots
from callwright.lint.report import Report
from callwright.lint.tables import percent

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
_COMPARED = 1_000_000
"""Words of one text times words of the other, up to which they are compared."""
_AT_ONCE = 5
"""Findings of a code that are open; the rest of those shown is folded in."""
_TICKED = re.compile(r"`([^`]+)`")
_TOOLS = 24
"""Tools, and parameters of few values, that are open likewise."""
_MOST = 300
"""Of both, all that is drawn; the rest is counted."""


def page(report: Report) -> str:
    """The whole page. What is found is grouped by code; what is not shown of it is counted."""
    # StrictUndefined: a field that the template misspells is an error, not an empty place.
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(ticked=ticked, marked=marked, plural=plural, share=share, differing=differing)
    statistics, test = report.statistics, report.test_statistics
    text = environment.get_template("page.html.jinja").render(
        report=report,
        codes=sorted(report.codes, key=lambda code: (not code.errors, -code.count)),
        most=max((code.count for code in report.codes), default=1),
        errors=sum(code.errors for code in report.codes),
        warnings=sum(code.count - code.errors for code in report.codes),
        fixable=sum(code.fixable for code in report.codes),
        rows=sum(file.rows for file in report.files),
        unreadable=sum(file.unreadable for file in report.files),
        plots=plots(statistics, test) if statistics and statistics.rows else None,
        percent=percent,
        at_once=_AT_ONCE,
        few_tools=_TOOLS,
        few_values=_TOOLS,
        most_tools=_MOST,
        version=__version__,
    )
    return clean(text)


def clean(text: str) -> str:
    """The text without lone surrogates, which no file in UTF-8 can hold."""
    return text.encode("utf-8", "replace").decode()


def ticked(text: str) -> Markup:
    """Escaped, and what stands between backticks as code."""
    return Markup(_TICKED.sub(r"<code>\1</code>", str(escape(visible(text)))))  # noqa: S704 - escaped before


def marked(excerpt: str, words: str) -> Markup:
    """The excerpt, escaped, with the words in it marked."""
    plain = visible(words)
    for spelled in (plain, json.dumps(plain, ensure_ascii=False)[1:-1]):
        if spelled and spelled in excerpt:
            before, _, after = excerpt.partition(spelled)
            return escape(before) + _mark(spelled) + escape(after)
    head = plain[:LEAD]
    if head and head in excerpt:  # words that go on beyond the excerpt
        start = excerpt.index(head)
        return escape(excerpt[:start]) + _mark(excerpt[start:])
    return escape(excerpt)


def differing(text: str, other: str) -> Markup:
    """The text, escaped, with the words in it marked that `other` has not, or not there."""
    mine, others = _WORDS.findall(text), _WORDS.findall(other)
    if not other or len(mine) * len(others) > _COMPARED:
        return escape(text)
    marked = Markup()
    for tag, start, end, _, _ in SequenceMatcher(None, mine, others, autojunk=False).get_opcodes():
        piece = "".join(mine[start:end])
        marked += escape(piece) if tag == "equal" or not piece.strip() else _mark(piece)
    return marked


def _mark(words: str) -> Markup:
    return Markup("<mark>{}</mark>").format(words)


def plural(count: int, noun: str) -> str:
    """`1 error`, `1,234 errors`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def share(value: float) -> str:
    """`12 %`; below one of a hundred with a digit more."""
    text = f"{value * 100:.1f}" if 0 < value < 0.0995 else f"{value * 100:.0f}"
    return f"{'<0.1' if text == '0.0' else text}\N{NO-BREAK SPACE}%"
