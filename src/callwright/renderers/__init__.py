"""Renderers: a conversation as the text a student reads and writes, every part marked with who writes it.

A student's own chat template is the truth (`template`); a family adds how its calls are parsed and where its turn
stops, and a `render` of its own only where the template disagrees with itself. `samples` gives what is trained.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from callwright.conversation import AssistantMessage, Conversation
from callwright.registry import Registry


class Span(msgspec.Struct, frozen=True):
    """A piece of the rendered text."""

    text: str
    message: int
    """Index of the message it belongs to; -1 for the preamble and the cue."""
    sampled: bool = False
    """Whether the student itself writes this text when it is served; only such text is trained."""


class Renderer(Protocol):
    """How one family of students writes conversations."""

    name: str
    stops: tuple[str, ...]
    """Texts that end a turn; the first is the one that is trained."""

    def render(self, conversation: Conversation, *, cue: bool = False) -> list[Span]:
        """The spans of the whole text; with `cue`, ready for the student's next turn.

        Raises `RenderError` where the template refuses the conversation.
        """
        ...

    def parse(self, text: str) -> AssistantMessage:
        """What a student wrote after the cue, stop or not, as a message; broken calls become `malformed`."""
        ...


RENDERERS: Registry[type] = Registry(
    "renderer",
    {
        "template": "callwright.renderers.template:TemplateRenderer",
        "tiny": "callwright.renderers.tiny:TinyRenderer",
        "qwen": "callwright.renderers.qwen:QwenRenderer",
        "llama": "callwright.renderers.llama:LlamaRenderer",
        "harmony": "callwright.renderers.harmony:HarmonyRenderer",
    },
)


def text_of(spans: Sequence[Span]) -> str:
    return "".join(span.text for span in spans)
