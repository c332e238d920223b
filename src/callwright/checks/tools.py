"""Tools: what a conversation declares that a model may call, told once for each tool however many rows bring it."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

from callwright.checks.rules import Finding, Fold
from callwright.checks.subject import Context, Subject
from callwright.checks.tool_schema import of_schema
from callwright.checks.tools_rules import DUPLICATE, NAME, RULES, UNDESCRIBED
from callwright.conversation import Tool
from callwright.errors import Fault

_KEPT = 512
"""Lists of tools whose findings are remembered; a file has one, or one a row."""
_LISTED = 6
"""Parameters without a description that are named."""


class Tools(Fold):
    """Says what is wrong with tools; the same only once."""

    rules = RULES

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._said: set[tuple[str, str, str]] = set()

    @classmethod
    def key(cls, subject: Subject) -> Any:
        return _findings(subject.conversation.tools) or None

    def add(self, key: Any, name: str) -> Iterator[Finding]:
        for finding in key:
            # Messages name the tool; where it stands in its list may differ from row to row.
            said = (finding.code, finding.path.partition("]")[2], finding.message)
            if said not in self._said:
                self._said.add(said)
                yield finding


def tool_findings(tools: tuple[Tool, ...]) -> list[Finding]:
    """What is to be said of `tools`; paths are as in a conversation, `$.tools[0].parameters.properties.city`."""
    return list(_findings(tools))


def tool_faults(tools: tuple[Tool, ...]) -> list[Fault]:
    """Why no model can be asked with `tools`: the errors among what is said of them; empty where one can."""
    faults = []
    for finding in tool_findings(tools):
        found, _, hint = finding.message.partition("; ")
        if finding.severity == "error":
            faults.append(Fault(path=finding.path, expected="tools that hold", found=found, hint=hint))
    return faults


_BY_IDENTITY: dict[int, tuple[tuple[Tool, ...], tuple[Finding, ...]]] = {}
"""The lists are kept alive here, so that an id means one list."""


def _findings(tools: tuple[Tool, ...]) -> tuple[Finding, ...]:
    known = _BY_IDENTITY.get(id(tools))
    if known is None:
        if len(_BY_IDENTITY) >= _KEPT:
            _BY_IDENTITY.clear()
        known = _BY_IDENTITY[id(tools)] = tools, tuple(_of_list(tools))
    return known[1]


def _of_list(tools: tuple[Tool, ...]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for place, tool in enumerate(tools):
        at = f"$.tools[{place}]"
        if tool.name in first:
            said = f"`{tool.name}` a second time, after $.tools[{first[tool.name]}]"
            yield DUPLICATE.at(at, f"{said}; give each tool a name of its own", words=tool.name)
        first.setdefault(tool.name, place)
        for finding in _of_tool(tool):
            yield msgspec.structs.replace(finding, path=at + finding.path[1:])


def _of_tool(tool: Tool) -> tuple[Finding, ...]:
    """What is to be said of one tool by itself; paths begin at the tool."""
    try:
        return _remembered(msgspec.json.encode(tool))
    except (ValueError, TypeError, RecursionError, OverflowError):
        return _about(tool)


@lru_cache(maxsize=4096)
def _remembered(text: bytes) -> tuple[Finding, ...]:
    return _about(msgspec.json.decode(text, type=Tool))


def _about(tool: Tool) -> tuple[Finding, ...]:
    return (*_name(tool), *_undescribed(tool), *of_schema(tool))


_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_STRANGE = re.compile(r"[^a-zA-Z0-9_-]")


def _name(tool: Tool) -> Iterator[Finding]:
    if not _NAME.fullmatch(tool.name):
        strange = _STRANGE.search(tool.name)
        why = f"`{strange[0]}` in it" if strange else f"{len(tool.name)} characters"
        said = f"the OpenAI API refuses the name `{tool.name}`, for {why}; it takes 1 to 64 letters, digits, _ and -"
        yield NAME.at("$.name", said, words=strange[0] if strange else "")


def _undescribed(tool: Tool) -> Iterator[Finding]:
    properties = tool.parameters.get("properties")
    bare = [
        f"`{name}`"
        for name, spec in (properties if isinstance(properties, dict) else {}).items()
        if not (isinstance(spec, dict) and ("$ref" in spec or str(spec.get("description") or "").strip()))
    ]
    if tool.description.strip() and not bare:
        return
    names = ", ".join(bare[:_LISTED]) + (f" and {len(bare) - _LISTED} more" if len(bare) > _LISTED else "")
    if tool.description.strip():
        said = f"`{tool.name}` does not describe {names}"
    else:
        said = f"`{tool.name}` has no description" + (f", nor do its parameters {names}" if bare else "")
    yield UNDESCRIBED.at("$", f"{said}; a model knows of it only what is said here", words=tool.name)
