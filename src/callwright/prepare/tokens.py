"""Spans to tokens, fast: what lies between two control tokens is tokenized by itself, and only once.

A tokenizer cuts a text at its special tokens before anything else, so the pieces between them are
independent. The piece with the task and the tools is the same in every row of a job, and is more than half
of its tokens. Where a tokenizer might not cut so, each text is tokenized whole (`packs.encode`, against
which the tests hold this).
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from callwright.errors import RenderError
from callwright.packs import IGNORED, Example, encode
from callwright.renderers import Span, text_of

REMEMBERED = 20_000
"""Pieces kept at most; all are forgotten when there are more."""

Piece = tuple[str, bool, tuple[int, ...]]
"""A text between control tokens, whether the student writes its beginning, and where in it this changes."""


class Encoder:
    """One tokenizer, with a memory of the pieces it has seen.

    `tokenizer`: a `tokenizers.Tokenizer`, or a `transformers` tokenizer with one inside.
    """

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = _uncut(getattr(tokenizer, "backend_tokenizer", tokenizer))
        control = control_tokens(self.tokenizer)
        self._split = re.compile("|".join(map(re.escape, control))) if control else None
        self._known: dict[str, list[int]] = {}

    def fingerprint(self) -> str:
        """SHA-256 of the tokenizer."""
        return hashlib.sha256(self.tokenizer.to_str().encode()).hexdigest()

    def examples(self, renders: Sequence[Sequence[Span]]) -> list[Example | RenderError]:
        """An example for each render, or why there is none."""
        if self._split is None:
            return [self._tried(spans) for spans in renders]
        pieces = [list(_pieces(spans, self._split)) for spans in renders]
        self._learn({text for render in pieces for piece in render for text in _texts(piece)})
        return [self._joined(spans, parts) for spans, parts in zip(renders, pieces, strict=True)]

    def _tried(self, spans: Sequence[Span]) -> Example | RenderError:
        try:
            self._refuse_rewriting(spans)
            return encode(spans, self.tokenizer)
        except RenderError as error:
            return error

    def _learn(self, texts: set[str]) -> None:
        if len(self._known) + len(texts) > REMEMBERED:
            self._known = {text: self._known[text] for text in texts if text in self._known}
        new = sorted(text for text in texts if text not in self._known)
        encodings = self.tokenizer.encode_batch_fast(new, add_special_tokens=False)
        self._known.update((text, encoding.ids) for text, encoding in zip(new, encodings, strict=True))

    def _joined(self, spans: Sequence[Span], pieces: Sequence[Piece]) -> Example | RenderError:
        ids: list[int] = []
        labels: list[int] = []
        try:
            self._refuse_rewriting(spans)
            for text, sampled, edges in pieces:
                tokens = self._known[text]
                ids += tokens
                for end in (*(self._head(text, edge, tokens) for edge in edges), len(tokens)):
                    start = len(labels) - len(ids) + len(tokens)
                    labels += tokens[start:end] if sampled else [IGNORED] * (end - start)
                    sampled = not sampled
        except RenderError as error:
            return error
        if labels:
            labels[0] = IGNORED  # nothing comes before it that could predict it
        return Example(ids, labels)

    def _head(self, text: str, edge: int, tokens: list[int]) -> int:
        """How many of the tokens are those of the text before `edge`, as a server would send them."""
        given = self._known[text[:edge]]
        if tokens[: len(given)] != given:
            raise RenderError(
                f"what the student writes melts with the prompt into one token, `{text[edge : edge + 20]}`",
                hint="a turn that begins with a line break does this",
            )
        return len(given)

    def _refuse_rewriting(self, spans: Sequence[Span]) -> None:
        normalizer = self.tokenizer.normalizer
        if normalizer is None:
            return
        for span in spans:
            if span.sampled and normalizer.normalize_str(span.text) != span.text:
                raise RenderError(
                    f"messages[{span.message}]: the tokenizer rewrites characters of this turn",
                    hint="write it in composed characters (Unicode NFC)",
                )


def _pieces(spans: Sequence[Span], split: re.Pattern[str]) -> Iterator[Piece]:
    """The control tokens and the texts between them, in order."""
    text, edges, at, sampled = text_of(spans), list(_edges(spans)), 0, False
    borders = [place for found in split.finditer(text) for place in found.span()]
    for border in (*borders, len(text)):
        if border == at:
            continue
        inside = []
        while edges and edges[0] < border:
            edge = edges.pop(0)
            if edge == at:
                sampled = not sampled
            else:
                inside.append(edge - at)
        yield text[at:border], sampled, tuple(inside)
        sampled ^= len(inside) % 2 == 1
        at = border


def _edges(spans: Sequence[Span]) -> Iterator[int]:
    """Where the student begins and ends to write."""
    at, sampled = 0, False
    for span in spans:
        if span.sampled != sampled and span.text:
            yield at
            sampled = span.sampled
        at += len(span.text)


def _texts(piece: Piece) -> list[str]:
    text, _, edges = piece
    return [text, *(text[:edge] for edge in edges)]


def control_tokens(tokenizer: Any) -> list[str]:
    """Tokens at which any text may be cut with the same tokens left and right, the longest first.

    None where the pieces of this tokenizer depend on what stands before them.
    """
    pre = _state(tokenizer.pre_tokenizer)
    if b"Metaspace" in pre or b'"add_prefix_space":true' in pre:
        return []
    if _state(tokenizer.normalizer) not in (b"null", b'{"type":"NFC"}'):
        return []
    added = list(tokenizer.get_added_tokens_decoder().values())
    plain = [t for t in added if t.special and not (t.lstrip or t.rstrip or t.single_word or t.normalized)]
    control = {token.content for token in plain if token.content}
    others = [token.content for token in added]
    if any(_swallows(other, token, other in control) for other in others for token in control):
        return []
    return sorted(control, key=lambda token: (-len(token), token))


def _swallows(other: str, token: str, controls: bool) -> bool:
    """Whether an added token could take the beginning of a control token for itself."""
    if other == token or token[0] not in other[1:]:
        return False
    if token in other and not controls:
        return True
    return any(other.endswith(token[:length]) for length in range(1, len(token)))


def _state(part: Any) -> bytes:
    return b"null" if part is None else bytes(part.__getstate__())


def _uncut(tokenizer: Any) -> Any:
    """The tokenizer without truncation and padding, which would change what is trained."""
    if getattr(tokenizer, "truncation", None) is None and getattr(tokenizer, "padding", None) is None:
        return tokenizer
    copy = type(tokenizer).from_str(tokenizer.to_str())
    copy.no_truncation()
    copy.no_padding()
    return copy
