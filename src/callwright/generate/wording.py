"""Wording: a model's text as somebody says it, and what shows that it is not."""

import re

from callwright.generate.lenient import without_thoughts

_PREFIX = re.compile(r"\A\**(?:you|user|me|customer|assistant|message|next message)\**\s*:\s*", re.IGNORECASE)
_QUOTED = re.compile(r'\A(["“])(.*)(["”])\Z', re.DOTALL)
_MARKS = re.compile(
    r"<\|[^|]*\|>|</?(?:think|tool_call|tool_response)>|\A\s*```|\{\{|\[(?:name|date|city|insert)[^\]]*\]"
)
_MACHINE = re.compile(
    r"\bas an ai\b|\bas a language model\b|\bmy next message\b|\bhere(?:'s| is) (?:my|the) (?:next )?message\b"
    r"|\bthe blueprint\b|\bthe direction\b|\bcan(?:'|’)?t (?:help|assist) with\b|\bhow can i (?:help|assist)\b",
    re.IGNORECASE,
)
LONGEST = 2000
"""Characters of a message that anybody would still write."""


def spoken(text: str) -> tuple[str, list[str]]:
    """The text without a name before it and quotes around it, and what is wrong with it."""
    bare = _PREFIX.sub("", without_thoughts(text))
    quoted = _QUOTED.match(bare)
    if quoted and quoted[1] not in quoted[2] and quoted[3] not in quoted[2]:
        bare = quoted[2]
    bare = bare.strip()
    wrong = []
    if not bare:
        wrong.append("it is empty")
    if len(bare) > LONGEST:
        wrong.append(f"it is longer than {LONGEST:,} characters")
    if marks := _MARKS.search(bare):
        wrong.append(f"it has markup in it: {marks[0]}")
    if machine := _MACHINE.search(bare):
        wrong.append(f"it speaks of its making: {machine[0]}")
    return bare, wrong
