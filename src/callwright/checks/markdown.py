"""Markdown: its marks, told from the signs that plain text uses too."""

import re
from collections.abc import Iterator

from callwright.checks.examples import reply, said, user
from callwright.checks.rules import Rule
from callwright.checks.subject import Context

MARKDOWN = Rule(
    code="markup-markdown",
    title="a reply holds markdown, though plain text is promised",
    why="Where replies are spoken, or shown as they are, two asterisks are read out or seen. The job"
    " promises plain text with `checks.plain_text`; without it nothing is looked for. Headings, bold and"
    " slanted words, lists, tables, links and code are found; a single dash at the beginning of a line, a"
    " star between numbers or a number with a dot is plain text. Write sentences.",
    context=Context(plain_text=True),
    bad=(said(user("What can you do?"), reply("I can do **two things**:\n- light rooms\n- find tables")),),
    good=(
        said(user("What can you do?"), reply("Two things - 1. I light rooms, 2. I find tables. 2 * 2 is 4.")),
    ),
)

_SIGNS = "*#`|[~\n"
_INLINE = (
    ("code", re.compile(r"```|`[^`\n]{1,300}`")),
    ("bold words", re.compile(r"\*\*[^\s*][^*\n]{0,300}\*\*")),
    ("slanted words", re.compile(r"(?<![\w*])\*[^\s*](?:[^*\n]{0,300}[^\s*])?\*(?![\w*])")),
    ("struck words", re.compile(r"~~[^\s~][^~\n]{0,300}~~")),
    ("a link", re.compile(r"!?\[[^\[\]\n]{1,300}\]\([^()\s]{1,2000}\)")),
)
_HEADING = re.compile(r" {0,3}#{1,6} +\S")
_BULLET = re.compile(r" {0,8}[-*+•] +\S")
_NUMBERED = re.compile(r" {0,8}\d{1,3}[.)] +\S")


def marks(text: str) -> Iterator[tuple[str, str]]:
    """Each kind of markdown in `text`, once, with the first words of it."""
    if not any(sign in text for sign in _SIGNS):
        return
    for kind, pattern in _INLINE:
        if found := pattern.search(text):
            yield kind, found[0]
    lines = text.split("\n")
    for kind, pattern, enough in (
        ("a heading", _HEADING, 1),
        ("a list", _BULLET, 2),
        ("a list", _NUMBERED, 2),
    ):
        marked = [line for line in lines if pattern.match(line)]
        if len(marked) >= enough:
            yield kind, marked[0].strip()
    ruled = [line for line in lines if "|" in line and "---" in line and not line.strip("|-: \t\r")]
    if ruled:
        yield "a table", ruled[0].strip()
