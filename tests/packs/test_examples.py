from typing import Any

import pytest

from callwright.errors import RenderError
from callwright.packs import IGNORED, encode
from callwright.renderers import Span
from callwright.testing import tiny_tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return tiny_tokenizer(["hello world\n\n hello there " * 20], ["<a>", "</a>"])


def test_tokens_in_sampled_spans_are_trained_and_no_others(tokenizer: Any) -> None:
    example = encode(
        [Span("<a>hello\n", -1), Span("world</a>", 1, sampled=True), Span("\n<a>", -1)], tokenizer
    )
    trained = [label for label in example.labels if label != IGNORED]
    assert tokenizer.decode(trained, skip_special_tokens=False) == "world</a>"
    assert tokenizer.decode(example.ids, skip_special_tokens=False) == "<a>hello\nworld</a>\n<a>"
    assert example.trained == len(trained)
    assert all(label in (IGNORED, token) for token, label in zip(example.ids, example.labels, strict=True))


def test_the_first_token_is_never_trained(tokenizer: Any) -> None:
    example = encode([Span("<a>world</a>", 0, sampled=True)], tokenizer)
    assert example.labels == [IGNORED, *example.ids[1:]]


@pytest.mark.parametrize(
    ("spans", "edge"),
    [
        ([Span("<a>hel", -1), Span("lo</a>", 3, sampled=True)], "begin"),
        ([Span("<a>", -1), Span("hel", 3, sampled=True), Span("lo", -1)], "end"),
    ],
)
def test_a_turn_that_begins_or_ends_inside_a_token_is_an_error(tokenizer: Any, spans: Any, edge: str) -> None:
    with pytest.raises(RenderError, match=rf"messages\[3\].*does not {edge} between two tokens"):
        encode(spans, tokenizer)


def test_a_transformers_tokenizer_is_taken_too(tokenizer: Any) -> None:
    from transformers import PreTrainedTokenizerFast

    spans = [Span("<a>hello", -1), Span(" world</a>", 1, sampled=True)]
    assert encode(spans, PreTrainedTokenizerFast(tokenizer_object=tokenizer)) == encode(spans, tokenizer)
