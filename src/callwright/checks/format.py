"""Format: rows that cannot be read as conversations, and what of a row is not kept when it is read.

No look at a conversation finds these: they are said where files are read, and judged like all other findings.
"""

from callwright.checks.rules import Check, Rule

UNREADABLE = Rule(
    code="format-unreadable",
    title="a row cannot be read as a conversation",
    why="The text is no JSON, or its keys are those of no form, or a call in it has no name. Nothing else can be said"
    " of such a row, and no training takes it; the rest of the file is checked. The finding says what was expected and"
    " what is there instead. Where rows of another program are meant, `--from FORM` names their form, and"
    " `callwright convert` writes them in another.",
    bad=(),
    good=(),
)
LOSS = Rule(
    code="format-loss",
    title="something in a row is not kept when it is read",
    why="A key that no reader knows (`weight` in a message, `logprobs` beside a call). The conversation is read"
    " without it, so whoever trains on the row never sees it. Take the key away, or put what it"
    " says into `metadata`, which is kept as it is.",
    bad=(),
    good=(),
    severity="warning",
)

CHECK = Check(rules=(UNREADABLE, LOSS), look=lambda subject: ())
