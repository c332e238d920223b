"""A student's vocabulary as the grammar engine sees it, and the reading of a grammar token by token."""

from functools import lru_cache

import numpy as np
from llguidance import LLMatcher, LLParserLimits, LLTokenizer
from numpy.typing import NDArray
from tokenizers import Tokenizer

from callwright.errors import CallwrightError

Mask = NDArray[np.bool_]

_LIMITS = LLParserLimits(precompute_large_lexemes=False)
"""A grounded grammar is compiled for every turn: without precomputing in 3 ms instead of 12, for half a millisecond
more over all the masks of a call (two cores, vocabulary of 1,024, `examples/filesystem`)."""


class Vocabulary:
    """`size`: width of the model's logits, at least as many as the tokenizer has tokens."""

    def __init__(self, tokenizer: Tokenizer, size: int, stop_ids: tuple[int, ...]) -> None:
        plain = Tokenizer.from_str(tokenizer.to_str())
        plain.no_padding()
        plain.no_truncation()
        self.size = size
        self.special = frozenset(
            token.content
            for token in plain.get_added_tokens_decoder().values()
            # The engine takes added tokens of this form for special, whether the tokenizer says so or not.
            if token.content.startswith("<") and token.content.endswith(">")
        )
        self._tokenizer = LLTokenizer(plain.to_str(), n_vocab=size, eos_token=list(stop_ids))
        self._compiled = lru_cache(maxsize=256)(self._compile)

    def matcher(self, lark: str) -> LLMatcher:
        """A reader at the start of the grammar; compiled once a text. Raises `CallwrightError`."""
        return self._compiled(lark).deep_copy()

    def _compile(self, lark: str) -> LLMatcher:
        matcher = LLMatcher(self._tokenizer, LLMatcher.grammar_from_lark(lark), log_level=0, limits=_LIMITS)
        if matcher.is_error():
            raise CallwrightError(
                f"the decoder cannot use this grammar: {matcher.get_error().splitlines()[0]}"
            )
        return matcher

    def allowed(self, matcher: LLMatcher) -> Mask:
        """The tokens that may come next, (size,)."""
        bits = np.frombuffer(matcher.compute_bitmask(), dtype=np.uint8)
        return np.unpackbits(bits, count=self.size, bitorder="little").view(np.bool_)
