from typing import Any

import pytest
from tokenizers import AddedToken, normalizers, pre_tokenizers

from callwright.errors import RenderError
from callwright.packs import Example, encode
from callwright.prepare import Encoder
from callwright.prepare.tokens import control_tokens
from callwright.renderers import Span, samples, text_of
from callwright.renderers.tiny import FRAME_TOKENS, SPECIAL_TOKENS, TinyRenderer
from callwright.testing import random_conversations, tiny_tokenizer

TINY = TinyRenderer()


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    texts = [text_of(TINY.render(told)) for told in random_conversations(30, seed=1)]
    made = tiny_tokenizer(texts, SPECIAL_TOKENS)
    made.add_tokens(FRAME_TOKENS)
    return made


def test_by_pieces_the_tokens_are_those_of_the_whole_text(tokenizer: Any) -> None:
    renders = [spans for told in random_conversations(200, seed=2) for spans in samples(told, TINY)]
    assert set(control_tokens(tokenizer)) == set(SPECIAL_TOKENS)
    assert Encoder(tokenizer).examples(renders) == [encode(spans, tokenizer) for spans in renders]


def test_what_is_forgotten_is_tokenized_again(tokenizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callwright.prepare.tokens.REMEMBERED", 10)
    renders = [spans for told in random_conversations(30, seed=3) for spans in samples(told, TINY)]
    encoder = Encoder(tokenizer)
    assert [encoder.examples([spans])[0] for spans in renders] == [encode(s, tokenizer) for s in renders]


def test_a_turn_that_melts_with_its_prompt_is_an_error_not_another_token() -> None:
    plain = tiny_tokenizer(["hello\n\nworld\n\n" * 20], ["<a>", "</a>"])
    spans = [Span("<a>wor", -1), Span("ld</a>", 1, sampled=True)]
    (error,) = Encoder(plain).examples([spans])
    assert isinstance(error, RenderError)
    assert "melts with the prompt" in str(error)
    with pytest.raises(RenderError):
        encode(spans, plain)


def test_a_turn_that_the_tokenizer_rewrites_is_an_error() -> None:
    composing = tiny_tokenizer(["hello"], ["</a>"])
    composing.normalizer = normalizers.NFC()
    (error,) = Encoder(composing).examples([[Span("x", -1), Span("e\u0301</a>", 4, sampled=True)]])
    assert isinstance(error, RenderError)
    assert "messages[4]: the tokenizer rewrites characters" in str(error)


def test_where_pieces_are_not_independent_the_text_is_tokenized_whole() -> None:
    plain = tiny_tokenizer(["hello"], ["<a>"])
    assert control_tokens(plain) == ["<a>"]
    plain.add_tokens([AddedToken("x<a>", special=False, normalized=False)])
    assert control_tokens(plain) == []
    metaspace = tiny_tokenizer(["hello"], ["<a>"])
    metaspace.pre_tokenizer = pre_tokenizers.Metaspace()
    assert control_tokens(metaspace) == []
    spans = [Span("<a>", -1), Span("x<a>", 1, sampled=True)]
    assert Encoder(plain).examples([spans]) == [encode(spans, plain)]


def test_a_tokenizer_that_truncates_or_pads_does_neither_here_and_is_left_as_it_is() -> None:
    cutting = tiny_tokenizer(["hello"], ["<a>"])
    cutting.enable_truncation(2)
    cutting.enable_padding(length=50)
    (example,) = Encoder(cutting).examples([[Span("<a>abc<a>", -1)]])
    assert isinstance(example, Example)
    assert len(example.ids) == 5
    assert cutting.truncation["max_length"] == 2
