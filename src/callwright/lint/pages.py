"""Pages: each rule with its reason and its examples, as documentation and at the terminal.

`python -m callwright.lint.pages` writes the whole documentation.
"""

import sys
from collections.abc import Iterator
from textwrap import fill

from callwright.checks import CHECKS, FOLDS, Examiner, Rule, rules
from callwright.checks.format import LOSS, UNREADABLE
from callwright.conversation import Conversation
from callwright.lint.transcript import transcript
from callwright.schema import signature

WIDTH = 100

ROWS = {
    UNREADABLE.code: (
        '{"messages": [{"role": "user", "content": "Hall on."}, {"role": "asistant", "content": "Done."}]}',
        '{"messages": [{"role": "user", "content": "Hall on."}, {"role": "assistant", "content": "Done."}]}',
    ),
    LOSS.code: (
        '{"messages": [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Yes?", "weight": 0}]}',
        '{"messages": [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Yes?"}],'
        ' "metadata": {"weight": 0}}',
    ),
}
"""Code -> a bad and a good row, of the rules that are about rows before they are conversations."""


def can_be_fixed(rule: Rule) -> bool:
    """Whether `--fix` puts the rule's own bad example right."""
    examiner = Examiner(rule.context)
    found = (finding for one in rule.bad for finding in examiner.examine(one).findings)
    return any(finding.code == rule.code and finding.fix for finding in found)


def traits(rule: Rule) -> str:
    """Severity, whether it is on, whether there is a fix; in a few words."""
    off = "" if rule.selected else ", off by default"
    return rule.severity + off + (", can be fixed with --fix" if can_be_fixed(rule) else "")


def explained(rule: Rule) -> str:
    """The page of a rule for a terminal."""
    parts = [f"{rule.code} ({traits(rule)})", rule.title, fill(rule.why, WIDTH)]
    for title, examples in _examples(rule):
        parts.append(title + ":")
        parts.append("\n\n".join("\n".join(f"    {line}" for line in example) for example in examples))
    return "\n\n".join(parts)


def documentation() -> str:
    """All pages as one document in Markdown."""
    parts = [
        "# Checks",
        "Every rule that `callwright check` knows, by family. An error keeps a row out of training; a warning is shown"
        " and counted. `--select` and `--ignore` take codes and families; so do `select`, `ignore` and `severity` in"
        " the section `checks` of a job's config.yaml. A row is spared by codes or families in its"
        " `metadata.ignore_checks`. This page is written by `python -m callwright.lint.pages`.",
        _contents(),
    ]
    for family in dict.fromkeys([*CHECKS, *FOLDS]):
        members = [*(CHECKS[family].rules if family in CHECKS else ())]
        members += FOLDS[family].rules if family in FOLDS else ()
        parts.append(f"## {family}")
        parts += [_page(rule) for rule in members]
    return "\n\n".join(parts) + "\n"


def _contents() -> str:
    lines = ["| code | severity | fix | what |", "| --- | --- | --- | --- |"]
    for rule in rules().values():
        severity = rule.severity + ("" if rule.selected else ", off by default")
        fix = "yes" if can_be_fixed(rule) else ""
        lines.append(f"| [`{rule.code}`](#{rule.code}) | {severity} | {fix} | {rule.title} |")
    return "\n".join(lines)


def _page(rule: Rule) -> str:
    parts = [f"### {rule.code}", f"*{rule.title}* ({traits(rule)})", rule.why]
    for title, examples in _examples(rule):
        parts.append(f"{title}:")
        parts += ["```text\n" + "\n".join(example) + "\n```" for example in examples]
    return "\n\n".join(parts)


def _examples(rule: Rule) -> Iterator[tuple[str, list[list[str]]]]:
    if rule.code in ROWS:
        bad, good = ROWS[rule.code]
        yield "Bad", [[bad]]
        yield "Good", [[good]]
        return
    if rule.test:
        yield "The test rows", [_shown(one, rule) for one in rule.test]
    yield "Bad", [_shown(one, rule) for one in rule.bad]
    yield "Good", [_shown(one, rule) for one in rule.good]


def _shown(conversation: Conversation, rule: Rule) -> list[str]:
    lines = [
        f"{line.role if line.first else '':>9}  {line.text}".rstrip() for line in transcript(conversation)
    ]
    if rule.code.startswith("tools-") or not lines:
        lines = [f"{'tool':>9}  {signature(tool)}" for tool in conversation.tools] + lines
    return lines


if __name__ == "__main__":
    sys.stdout.write(documentation())
