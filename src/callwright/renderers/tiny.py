"""callwright-tiny: our own small student, its template (`tiny.jinja`), and tokens that keep its turns short.

The template never rewrites history, so a conversation is written in one pass, message after message; only
the system block, where the tools are spelled out, asks Jinja, and is remembered. The tests hold this against
the template.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

import msgspec

from callwright.conversation import AssistantMessage, Conversation, Json, Message, SystemMessage, Tool
from callwright.renderers import Span
from callwright.renderers.qwen import QwenRenderer, call_text

TEMPLATE = Path(__file__).with_name("tiny.jinja").read_text(encoding="utf-8")

ROLES = ("system", "user", "assistant", "tool")
SPECIAL_TOKENS = ["<|endoftext|>", "<|im_end|>", "<|im_start|>", *(f"<|im_start|>{role}\n" for role in ROLES)]
"""The padding first. Each role's opening is one token, so a turn begins on a token whatever it says."""

FRAME_TOKENS = [
    "<think>\n",
    "\n</think>\n\n",
    "# Tools\n",
    '<tool_call>\n{"name": "',
    '", "arguments": {"',
    '", "arguments": {}}\n</tool_call>',
    '": "',
    '": ',
    '": ["',
    '": {"',
    '": [{"',
    '", "',
    ', "',
    '"], "',
    '"}, {"',
    '"}}\n</tool_call>',
    "}}\n</tool_call>",
    '"]}}\n</tool_call>',
    "<tool_call>",
    "</tool_call>",
    '[{"',
    '{"',
    '"}',
    '"}]',
    '"]',
]
"""What recurs in every call, each one ordinary token: a call is little more than its name, keys and values.

The quotes of a string belong to the frame, so a value is written in the same tokens as in the user's words.
Quotes inside a value are escaped and match none of these.
"""


class TinyRenderer(QwenRenderer):
    name = "tiny"
    stops = ("<|im_end|>", "<|endoftext|>")

    def __init__(
        self,
        template: str = TEMPLATE,
        *,
        stop: str = "",
        special_tokens: Mapping[str, str] | None = None,
        control_tokens: Sequence[str] = (),
        name: str = "",
        values: Mapping[str, Json] | None = None,
        today: date | None = None,
    ) -> None:
        super().__init__(
            template,
            stop=stop,
            special_tokens=special_tokens,
            control_tokens=control_tokens,
            name=name,
            values=values,
            today=today,
        )
        self._system = lru_cache(maxsize=256)(self._system_block)

    def render(self, conversation: Conversation, *, cue: bool = False) -> list[Span]:
        self._refuse_control_tokens(conversation)
        first = conversation.messages[0] if conversation.messages else None
        system = first.content if isinstance(first, SystemMessage) else None
        between = self._system(system, msgspec.json.encode(conversation.tools))
        spans: list[Span] = []
        for index, message in enumerate(conversation.messages):
            if index == 0 and system is not None:
                continue
            between += f"<|im_start|>{role_of(message)}\n"
            if isinstance(message, AssistantMessage):
                spans += [Span(between, -1), Span(self._turn(message), index, sampled=True)]
                between = "\n"
            else:
                between += message.content + "<|im_end|>\n"
        if cue:
            between += "<|im_start|>assistant\n"
        return [*spans, Span(between, -1)] if between else spans

    def prompt(self, conversation: Conversation) -> str:
        return "".join(span.text for span in self.render(conversation, cue=True))

    def _system_block(self, system: str | None, tools: bytes) -> str:
        messages = [] if system is None else self.dicts([SystemMessage(system)])
        return self.text(
            messages, self.tool_dicts(msgspec.json.decode(tools, type=tuple[Tool, ...])), cue=False
        )

    def _turn(self, message: AssistantMessage) -> str:
        self._dict(message, {})  # refuses what cannot be written
        said = f"<think>\n{message.reasoning}\n</think>\n\n" if message.reasoning else ""
        parts = [message.content] if message.content else []
        return said + "\n".join([*parts, *map(call_text, message.tool_calls)]) + "<|im_end|>"


def role_of(message: Message) -> str:
    """The role as the wire has it."""
    return str(message.__struct_config__.tag)
