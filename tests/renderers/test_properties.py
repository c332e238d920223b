"""The four properties of rendering, over every renderer and random conversations."""

import json
from typing import Any

import pytest
from renderer_cases import CASES, Case

from callwright.conversation import AssistantMessage, Conversation
from callwright.packs import IGNORED
from callwright.prepare.tokens import Encoder
from callwright.renderers import samples, text_of

EACH = 12
MANY = 3000

every_renderer = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
readers = pytest.mark.parametrize(
    "case", [c for c in CASES if c.family != "template"], ids=lambda case: case.id
)


@every_renderer
def test_the_text_is_the_templates_and_each_turn_is_trained_once_after_exactly_its_prompt(case: Case) -> None:
    for conversation in case.conversations(EACH * (10 if case.family == "tiny" else 1)):
        check_what_is_trained(case.renderer, case.tokenizer, conversation)


@pytest.mark.slow
@every_renderer
def test_thousands_of_conversations_hold_the_same(case: Case) -> None:
    for conversation in case.conversations(MANY, seed=7):
        check_what_is_trained(case.renderer, case.tokenizer, conversation)


def check_what_is_trained(renderer: Any, tokenizer: Any, conversation: Conversation) -> None:
    turns = dict(conversation.turns())
    trained: list[int] = []
    renders = list(samples(conversation, renderer))
    for spans, example in zip(renders, Encoder(tokenizer).examples(renders), strict=True):
        assert not isinstance(example, Exception), example
        text = text_of(spans)
        assert example.ids == tokenizer.encode(text, add_special_tokens=False).ids
        assert example.labels == [
            i if label != IGNORED else IGNORED for i, label in zip(example.ids, example.labels, strict=True)
        ]
        said = [span for span in spans if span.sampled]
        runs = trained_runs(example.labels)
        assert [tokenizer.decode(example.ids[a:b], skip_special_tokens=False) for a, b in runs] == [
            s.text for s in said
        ]
        for span, (start, _) in zip(said, runs, strict=True):
            prompt = renderer.prompt(conversation.upto(span.message))
            assert example.ids[:start] == tokenizer.encode(prompt, add_special_tokens=False).ids
            assert span.text.endswith(renderer.stops)
        trained += [span.message for span in said]
    assert sorted(trained) == sorted(turns)


def trained_runs(labels: list[int]) -> list[tuple[int, int]]:
    """Where labels are trained, as (start, end)."""
    edges = [n for n in range(len(labels) + 1) if _on(labels, n) != _on(labels, n - 1)]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _on(labels: list[int], at: int) -> bool:
    return 0 <= at < len(labels) and labels[at] != IGNORED


@readers
def test_the_trained_text_reads_back_as_the_turn_value_for_value(case: Case) -> None:
    for conversation in case.conversations(EACH * 3, seed=3):
        turns = dict(conversation.turns())
        for spans in samples(conversation, case.renderer):
            for span in spans:
                if span.sampled:
                    read = case.renderer.parse(span.text, conversation.tools)
                    assert said(read) == said(turns[span.message])


def said(turn: AssistantMessage) -> str:
    """A turn as one string that tells `1`, `1.0` and `true` apart, and the order of keys."""
    calls = [[call.name, json.dumps(call.arguments, ensure_ascii=False)] for call in turn.tool_calls]
    return json.dumps([turn.content.strip(), turn.reasoning.strip(), calls, [m.raw for m in turn.malformed]])


@readers
def test_a_turn_read_while_it_is_written_only_grows(case: Case) -> None:
    for conversation in case.conversations(2, seed=5):
        for spans in samples(conversation, case.renderer):
            for span in [span for span in spans if span.sampled]:
                whole = case.renderer.parse(span.text, conversation.tools)
                for length in range(len(span.text)):
                    settled = case.renderer.settled(span.text[:length])
                    assert span.text.startswith(settled)
                    partly = case.renderer.parse(settled, conversation.tools)
                    assert whole.content.startswith(partly.content)
                    assert whole.reasoning.startswith(partly.reasoning)
                    assert whole.tool_calls[: len(partly.tool_calls)] == partly.tool_calls
                    assert len(partly.malformed) <= 1


@every_renderer
def test_the_prompt_is_the_text_of_render_with_a_cue(case: Case) -> None:
    for conversation in case.conversations(5, seed=11):
        for index, _ in conversation.turns():
            before = conversation.upto(index)
            assert case.renderer.prompt(before) == text_of(case.renderer.render(before, cue=True))
