"""Every renderer with the official templates of its family, and the conversations that it must not refuse."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

from callwright.conversation import Conversation
from callwright.renderers import RENDERERS, text_of
from callwright.renderers.tiny import FRAME_TOKENS, SPECIAL_TOKENS
from callwright.testing import random_conversations, tiny_tokenizer

SINGLE = {"parallel": False, "beside": False}


def official(name: str) -> str:
    """A chat template as its makers ship it, from the `trl` wheel."""
    return (resources.files("trl") / "chat_templates" / f"{name}.jinja").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Case:
    id: str
    family: str
    template: str = ""
    """Name of the official template; none for our own."""
    can: dict[str, Any] = field(default_factory=dict)
    """What its conversations may hold, as `random_conversation` takes it."""
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def renderer(self) -> Any:
        return _renderer(self.id)

    @property
    def tokenizer(self) -> Any:
        return _tokenizer(self.id)

    def conversations(self, count: int, seed: int = 0) -> Iterator[Conversation]:
        return random_conversations(count, seed=seed, **self.can)


BOS = {"special_tokens": {"bos_token": "<|begin_of_text|>"}}
THINKS = {"reasoning": True}
NO_THINKING = {"values": {"enable_thinking": False}}

CASES = [
    Case("tiny", "tiny", can=THINKS),
    Case("qwen2.5", "qwen", "qwen2_5"),
    Case("qwen3", "qwen", "qwen3", THINKS),
    Case("qwen3 without thinking", "qwen", "qwen3", {}, NO_THINKING),
    Case("qwen3-2507", "qwen", "qwen3_instruct_2507"),
    Case("qwen3.5 thinking", "qwen", "qwen3_5_think", THINKS),
    Case("qwen3.5", "qwen", "qwen3_5_nothink"),
    Case("qwen3.6", "qwen", "qwen3_6", THINKS),
    Case("llama3.1", "llama", "llama3_1", SINGLE, BOS),
    Case("llama3.2", "llama", "llama3_2", SINGLE, BOS),
    Case("gpt-oss", "harmony", "gptoss", {**SINGLE, **THINKS}),
    Case(
        "nemotron by its template alone",
        "template",
        "nemotron_3_nano",
        {},
        {"stop": "<|im_end|>", "control_tokens": ("<|im_start|>", "<think>", "</think>"), **NO_THINKING},
    ),
    Case("lfm2.5 by its template alone", "template", "lfm2_2_5", SINGLE, {"stop": "<|im_end|>"}),
]


@lru_cache
def _renderer(id: str) -> Any:
    case = next(case for case in CASES if case.id == id)
    template = (official(case.template),) if case.template else ()
    return RENDERERS[case.family](*template, **case.options)


@lru_cache
def _tokenizer(id: str) -> Any:
    """A real BPE with this renderer's control tokens, trained on a few of its texts."""
    case = next(case for case in CASES if case.id == id)
    texts = [text_of(case.renderer.render(conversation)) for conversation in case.conversations(20, seed=99)]
    tokenizer = tiny_tokenizer(texts, SPECIAL_TOKENS if id == "tiny" else case.renderer.control_tokens)
    if id == "tiny":
        tokenizer.add_tokens(FRAME_TOKENS)
    return tokenizer
