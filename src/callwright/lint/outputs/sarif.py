"""`sarif`: SARIF 2.1.0, which code hosts and editors read; results are written as they are found."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from callwright import __version__
from callwright.checks import Rule, rules
from callwright.lint.outputs.json import encoded
from callwright.lint.pages import explained
from callwright.lint.report import Placed
from callwright.lint.summary import Summary

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def write(found: Iterable[Placed], summary: Summary) -> Iterator[str]:
    """One log with one run: all rules, then a result for each finding."""
    known = list(rules())
    driver = {
        "name": "callwright",
        "version": __version__,
        "rules": [_rule(rule) for rule in rules().values()],
    }
    head = encoded({"$schema": SCHEMA, "version": "2.1.0", "runs": []})
    tool = encoded({"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": []})
    yield head.removesuffix("]}") + tool.removesuffix("]}")
    between = "\n"
    for placed in found:
        yield between + encoded(_result(placed, known))
        between = ",\n"
    yield "\n]}]}\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": explained(rule)},
        "defaultConfiguration": {"level": rule.severity, "enabled": rule.selected},
    }


def _result(placed: Placed, known: list[str]) -> dict[str, Any]:
    finding = placed.finding
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": known.index(finding.code),
        "level": finding.severity,
        "message": {"text": finding.message},
    }
    if placed.file:
        result["locations"] = [
            _location(placed.file, placed.line) | {"logicalLocations": [{"fullyQualifiedName": placed.path}]}
        ]
    if related := [_location(*_parted(name)) for name in finding.related]:
        result["relatedLocations"] = related
    print_of = "\0".join((finding.code, placed.file, placed.path, finding.message, finding.words))
    digest = hashlib.sha256(print_of.encode(errors="replace")).hexdigest()
    result["partialFingerprints"] = {"callwright/v1": digest}
    return result


def _location(file: str, line: int) -> dict[str, Any]:
    path = Path(file)
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix())
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if line:
        physical["region"] = {"startLine": line}
    return {"physicalLocation": physical}


def _parted(name: str) -> tuple[str, int]:
    """`train.jsonl:12` as file and line."""
    file, _, line = name.rpartition(":")
    return (file, int(line)) if file and line.isdigit() else (name, 0)
