"""One turn while it is being written: what it may be, what it is so far, and when it is done. No torch
here.
"""

from collections.abc import Callable, Sequence

import numpy as np
from llguidance import LLMatcher
from numpy.typing import NDArray

from callwright.chat import Finish, Sampling, Usage
from callwright.decoding.vocabulary import Vocabulary

Logits = NDArray[np.float32]


class Row:
    """`limit`: most tokens to write. `call_start`: the text by which a call is known; stop texts count
    before it only, since inside a call they are somebody's data.
    """

    def __init__(
        self,
        prompt: Sequence[int],
        sampling: Sampling,
        *,
        decode: Callable[[list[int]], str],
        stop_ids: frozenset[int],
        limit: int,
        matcher: LLMatcher | None = None,
        call_start: str = "",
    ) -> None:
        self.prompt = list(prompt)
        self.ids: list[int] = []
        self.finish: Finish | None = None
        self.error = ""
        self._sampling, self._decode, self._stop_ids, self._limit = sampling, decode, stop_ids, limit
        self._matcher, self._call_start = matcher, call_start
        self._random = np.random.default_rng(sampling.seed)
        self._written = 0
        self._heard = 0
        self._cut: int | None = None

    @property
    def last(self) -> int:
        """The token that the model reads next."""
        return self.ids[-1] if self.ids else self.prompt[-1]

    @property
    def held(self) -> bool:
        """Whether a grammar holds it."""
        return self._matcher is not None

    @property
    def usage(self) -> Usage:
        return Usage(prompt_tokens=len(self.prompt), completion_tokens=self._written)

    @property
    def raw(self) -> str:
        """The text so far; a stop is no part of it."""
        return self._decode(self.ids)[: self._cut]

    def take(self, logits: Logits, vocabulary: Vocabulary) -> None:
        """Choose the next token by the scores of all, (vocabulary,), and see whether the turn is done."""
        if self._matcher is not None:
            allowed = vocabulary.allowed(self._matcher)
            if self._matcher.is_error() or not allowed.any():
                self._fail(self._matcher.get_error() or "the grammar allows no token")
                return
            logits = np.where(allowed, logits[: len(allowed)], np.float32(-np.inf))
        token = chosen(logits, self._sampling, self._random)
        self._written += 1
        if token in self._stop_ids:
            self.finish = "stop"
            return
        self.ids.append(token)
        if self._matcher is not None:
            if not self._matcher.consume_token(token):
                self._fail(self._matcher.get_error())
            elif self._matcher.is_stopped():
                self.finish = "stop"  # the grammar is complete: only the stop could follow
        if self.finish is None and self._stopped_by_text():
            self.finish = "stop"
        if self.finish is None and self._written >= self._limit:
            self.finish = "length"

    def heard(self) -> str:
        """The text that has come since this was last asked, as far as it cannot change any more."""
        text = self.raw
        end = len(text)
        if self.finish is None:
            end = len(text.rstrip("\ufffd"))  # the last character may be half written
            if self._sampling.stop and not self._in_call(text):
                end = min(end, len(text) - max(map(len, self._sampling.stop)) + 1)
        piece = text[self._heard : max(end, self._heard)]
        self._heard += len(piece)
        return piece

    def _fail(self, error: str) -> None:
        self.finish, self.error = "error", error.splitlines()[0] if error else "the grammar stopped"

    def _in_call(self, text: str) -> bool:
        return bool(self._call_start) and self._call_start in text

    def _stopped_by_text(self) -> bool:
        if not self._sampling.stop:
            return False
        text = self._decode(self.ids)
        plain = text.split(self._call_start, maxsplit=1)[0] if self._call_start else text
        places = [at for stop in self._sampling.stop if (at := plain.find(stop)) >= 0]
        self._cut = min(places, default=None)
        return bool(places)


def chosen(logits: Logits, sampling: Sampling, random: np.random.Generator) -> int:
    """The next token: the likeliest at temperature 0, else drawn from the nucleus of `top_p`."""
    if sampling.temperature <= 0:
        return int(logits.argmax())
    scores = logits.astype(np.float64) / sampling.temperature
    weights = np.exp(scores - scores.max())
    weights /= weights.sum()
    if sampling.top_p < 1:
        order = np.argsort(-weights, kind="stable")
        before = np.cumsum(weights[order]) - weights[order]
        weights[order[before >= sampling.top_p]] = 0
    total = np.cumsum(weights)
    # `right`: a draw of exactly 0 must not land on a leading token of weight 0.
    return int(np.searchsorted(total, random.random() * total[-1], side="right"))
