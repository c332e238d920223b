"""Renderers: a conversation as the text a student reads and writes, every part marked with who writes it.

A student's own chat template is the truth (`template`); a family adds how its calls are parsed and where its
turn stops, and a `render` of its own only where the template disagrees with itself. `samples` gives what is
trained.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from callwright.conversation import AssistantMessage, Conversation, Tool
from callwright.errors import RenderError
from callwright.registry import Registry


class Span(msgspec.Struct, frozen=True):
    """A piece of the rendered text."""

    text: str
    message: int
    """Index of the message it belongs to; -1 for what the template writes around and between."""
    sampled: bool = False
    """Whether the student itself writes this text when it is served; only such text is trained."""


class Renderer(Protocol):
    """How one family of students writes conversations."""

    name: str
    stops: tuple[str, ...]
    """Texts that end a turn; the first is the one that is trained, unless the turn says otherwise."""
    control_tokens: tuple[str, ...]
    """Texts that steer the student; data that spells one is refused, since it could end or forge a turn."""

    def render(self, conversation: Conversation, *, cue: bool = False) -> list[Span]:
        """The spans of the whole text; with `cue`, ready for the student's next turn.

        A turn is marked sampled where it stands after exactly its own prompt. Raises `RenderError` where the
        template refuses the conversation or loses a part of it.
        """
        ...

    def prompt(self, conversation: Conversation) -> str:
        """The text that a server sends for the next turn: that of `render` with `cue`, without the spans."""
        ...

    def parse(self, text: str, tools: tuple[Tool, ...] = ()) -> AssistantMessage:
        """What a student wrote after the cue, stop or not, as a message; broken calls become `malformed`.

        `tools` tell the types where the family writes values without them.
        """
        ...

    def settled(self, text: str) -> str:
        """The part of a text still being written that more text cannot turn into something else.

        `parse(settled(text))` only ever grows: no half of a tag is taken for content. A call not yet
        finished is its last `malformed`.
        """
        ...

    def lost(self, turn: AssistantMessage, text: str, tools: tuple[Tool, ...]) -> str:
        """What of `turn` its sampled `text` does not say, in words; empty if it says it all."""
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


def samples(conversation: Conversation, renderer: Renderer) -> Iterator[list[Span]]:
    """The fewest renders that train every assistant turn once, after exactly its own prompt.

    A template that keeps history as it was written needs one; one that rewrites history, one per rewrite.
    Raises `RenderError` where a turn cannot be placed, is not stopped, or loses something on the way.
    """
    left = [index for index, _ in conversation.turns()]
    while left:
        spans = renderer.render(conversation.upto(left[-1] + 1))
        fresh = {span.message for span in spans if span.sampled}.intersection(left)
        if left[-1] not in fresh:
            raise _unplaced(left[-1], renderer.prompt(conversation.upto(left[-1])), text_of(spans))
        for span in spans:
            if span.sampled and span.message in fresh:
                _refuse_loss(conversation, renderer, span)
        yield [
            span
            if span.message in fresh or not span.sampled
            else msgspec.structs.replace(span, sampled=False)
            for span in spans
        ]
        left = [index for index in left if index not in fresh]


def _unplaced(index: int, prompt: str, text: str) -> RenderError:
    at = next((n for n, (one, two) in enumerate(zip(prompt, text, strict=False)) if one != two), len(prompt))
    if at == len(prompt):
        return RenderError(f"messages[{index}]: the turn does not end with its stop", hint="give its `stop`")
    return RenderError(
        f"messages[{index}]: the chat template does not write this turn after its own prompt: "
        f"a server sends `{prompt[at : at + 30]}` where the conversation has `{text[at : at + 30]}`",
        hint="what is trained must be what is served; some templates need a value like enable_thinking=false",
    )


def _refuse_loss(conversation: Conversation, renderer: Renderer, span: Span) -> None:
    turn = conversation.messages[span.message]
    assert isinstance(turn, AssistantMessage)
    place = f"messages[{span.message}]"
    if not span.text.endswith(renderer.stops):
        raise RenderError(f"{place}: the turn does not end with its stop {' or '.join(renderer.stops)}")
    if why := renderer.lost(turn, span.text, conversation.tools):
        raise RenderError(f"{place}: the chat template does not keep the turn: {why}")
