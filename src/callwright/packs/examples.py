"""Examples: a renderer's spans as token ids, and labels where the student writes."""

from collections.abc import Sequence
from typing import Any

import msgspec

from callwright.errors import RenderError
from callwright.renderers import Span, text_of

IGNORED = -100
"""The label of a token that is not trained, as torch's cross-entropy has it."""


class Example(msgspec.Struct, frozen=True):
    """One render of a conversation, as tokens."""

    ids: list[int]
    labels: list[int]
    """The token itself where the student writes it, else `IGNORED`; the first is always `IGNORED`."""

    @property
    def trained(self) -> int:
        """How many tokens are trained."""
        return len(self.labels) - self.labels.count(IGNORED)


def encode(spans: Sequence[Span], tokenizer: Any) -> Example:
    """Tokenize the whole text at once and train the tokens that lie in sampled spans.

    `tokenizer`: a `tokenizers.Tokenizer`, or a `transformers` tokenizer with one inside. Raises
    `RenderError` where a sampled span does not begin and end between two tokens: a server would then read
    other tokens than were trained.
    """
    tokenizer = getattr(tokenizer, "backend_tokenizer", tokenizer)
    encoding = tokenizer.encode(text_of(spans), add_special_tokens=False)
    ids, offsets = list(encoding.ids), encoding.offsets
    labels, at, token = [IGNORED] * len(ids), 0, 0
    for span in spans:
        start, at = at, at + len(span.text)
        if not span.sampled:
            continue
        while token < len(ids) and offsets[token][0] < start:
            token += 1
        if token and offsets[token - 1][1] > start:
            raise _straddles(span, "begin")
        while token < len(ids) and offsets[token][0] < at:
            labels[token] = ids[token]
            token += 1
        if token and offsets[token - 1][1] > at:
            raise _straddles(span, "end")
    if labels:
        labels[0] = IGNORED  # nothing comes before it that could predict it
    return Example(ids, labels)


def _straddles(span: Span, edge: str) -> RenderError:
    return RenderError(
        f"messages[{span.message}]: what the student writes does not {edge} between two tokens",
        hint="text at the edge melts with the template's; a turn that begins with a line break does this",
    )
