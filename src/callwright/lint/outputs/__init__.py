"""Outputs: how findings are written, one file each; to add one: one file, one line.

An output is a function from the stream of findings and what is counted of it to pieces of text, which together are
what is written. It takes the findings as they come.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from callwright.lint.report import Placed
from callwright.lint.summary import Summary
from callwright.registry import Registry

Output: TypeAlias = Callable[[Iterable[Placed], Summary], Iterator[str]]

OUTPUTS: Registry[Output] = Registry(
    "output",
    {
        "text": "callwright.lint.outputs.text:write",
        "json": "callwright.lint.outputs.json:write",
        "sarif": "callwright.lint.outputs.sarif:write",
        "github": "callwright.lint.outputs.github:write",
    },
)
