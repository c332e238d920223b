"""The contract of all rules: each finds its bad example, is silent on its good one, and its fix puts it right."""

import re

import pytest

from callwright.checks import CHECKS, FOLDS, Context, Examiner, Finding, Ledger, Rule, rules
from callwright.conversation import Conversation

READ = {rule.code for rule in CHECKS["format"].rules}
"""Said where rows are read, before there are conversations; their contract is in tests/lint."""
RULES = {code: rule for code, rule in rules().items() if code not in READ}


def said_of(rule: Rule, rows: tuple[Conversation, ...]) -> list[Finding]:
    """Everything that any check says of `rows`, in the rule's own context and with all rules on."""
    context = rule.context
    examiner, ledger = Examiner(context), Ledger(context)
    for number, conversation in enumerate(rule.test, start=1):
        ledger.hold(examiner.examine(conversation).keys, f"test.jsonl:{number}")
    found: list[Finding] = []
    for number, conversation in enumerate(rows, start=1):
        own, keys = examiner.examine(conversation)
        found += own + examiner.judged(ledger.add(keys, f"bad.jsonl:{number}"), conversation)
    return found + examiner.judged(ledger.close())


def shown(found: list[Finding]) -> list[str]:
    return [f"{finding.code} {finding.path} {finding.message}" for finding in found]


@pytest.mark.parametrize("code", RULES)
def test_the_bad_example_is_found_and_no_other_error_is_in_it(code: str) -> None:
    rule = RULES[code]
    found = said_of(rule, rule.bad)
    assert code in {finding.code for finding in found}, shown(found)
    others = [finding for finding in found if finding.code != code and finding.severity == "error"]
    assert not others, shown(others)


@pytest.mark.parametrize("code", RULES)
def test_on_the_good_example_every_check_is_silent(code: str) -> None:
    rule = RULES[code]
    assert shown(said_of(rule, rule.good)) == []


@pytest.mark.parametrize("code", RULES)
def test_a_fix_of_the_bad_example_takes_the_finding_away(code: str) -> None:
    rule = RULES[code]
    fixed = []
    for conversation in rule.bad:
        for finding in Examiner(rule.context).examine(conversation).findings:
            if finding.code == code and finding.fix:
                conversation = finding.fix(conversation)
        fixed.append(conversation)
    if tuple(fixed) != rule.bad:
        assert code not in {finding.code for finding in said_of(rule, tuple(fixed))}


@pytest.mark.parametrize("name", [*CHECKS, *FOLDS])
def test_codes_begin_with_the_name_of_their_family(name: str) -> None:
    family = CHECKS[name].rules if name in CHECKS else FOLDS[name].rules
    assert family
    assert [rule.code for rule in family if not re.fullmatch(rf"{name}(-[a-z]+)+", rule.code)] == []


@pytest.mark.parametrize("code", RULES)
def test_a_page_has_a_title_in_lower_case_and_a_paragraph(code: str) -> None:
    rule = RULES[code]
    assert rule.title == rule.title.strip().removesuffix(".")
    assert len(rule.why) > 120, "a reader wants to know what it does to a model, what counts, and what to do"
    assert rule.bad
    assert rule.good


def test_findings_are_those_asked_for_and_as_severe_as_the_job_says() -> None:
    rule = RULES["length-characters"]
    (bad,) = rule.bad

    def severities(**choices: object) -> list[str]:
        context = Context(max_characters=100, **choices)  # type: ignore[arg-type]
        return [f.severity for f in Examiner(context).examine(bad).findings if f.code == rule.code]

    assert severities() == ["error"]
    assert severities(ignore=("length",)) == []
    assert severities(select=("structure",)) == []
    assert severities(ignore=("length",), select=("length-characters",)) == ["error"]
    assert severities(severity={"length": "warning"}) == ["warning"]
