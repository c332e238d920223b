"""Harmony, the form of GPT-OSS: messages in channels.

`analysis` is reasoning, `final` the reply, and what goes `to=functions.NAME` in `commentary` is a call.

A call ends with `<|call|>`, a reply with `<|return|>`; in history the template writes `<|end|>` for the
latter, so each reply is trained in a render of its own. The template disagrees with itself on a reply after
calls with reasoning: the prompt shows that reasoning, the conversation that ends with the reply does not.
What a server sends is the prompt, so a turn is written here, after it. Text beside a call the template
writes as reasoning, and of several calls only the first: both fail the conversation with the reason.
"""

import json
import re

from callwright.conversation import AssistantMessage, MalformedCall, Tool, ToolCall
from callwright.errors import RenderError
from callwright.renderers.reading import BrokenJson, call_of, difference, value_at
from callwright.renderers.template import Prefixes, TemplateRenderer

END, START = "<|end|>", "<|start|>assistant"
CALL, MESSAGE, CHANNEL = "<|call|>", "<|message|>", "<|channel|>"

_RECIPIENT = re.compile(r"\bto=(?:functions\.)?([^\s<]+)")
_CHANNEL = re.compile(r"<\|channel\|>\s*(\w+)")


class HarmonyRenderer(TemplateRenderer):
    name = "harmony"
    stops = ("<|return|>", CALL)
    own_control_tokens = (
        "<|start|>",
        END,
        MESSAGE,
        CHANNEL,
        "<|constrain|>",
        "<|startoftext|>",
        "<|endoftext|>",
    )
    markers = (START, END, MESSAGE, CHANNEL, "<|constrain|>")

    def beginning(self, prefixes: Prefixes, length: int, *, cue: bool) -> str:
        last = prefixes.conversation.messages[length - 1] if length else None
        if cue or not isinstance(last, AssistantMessage):
            return super().beginning(prefixes, length, cue=cue)
        return prefixes.text(length - 1, cue=True) + _turn(last, length - 1)

    def parse(self, text: str, tools: tuple[Tool, ...] = ()) -> AssistantMessage:
        reasoning: list[str] = []
        content: list[str] = []
        calls: list[ToolCall] = []
        malformed: list[MalformedCall] = []
        for part in self.unstopped(text).removeprefix(START).split(END):
            head, written, body = part.removeprefix(START).partition(MESSAGE)
            recipient, channel = _RECIPIENT.search(head), _CHANNEL.search(head)
            if recipient:
                call = _call(recipient[1], body, finished=bool(written))
                (calls if isinstance(call, ToolCall) else malformed).append(call)  # type: ignore[arg-type]
            elif not written:
                content.append("" if channel or head.strip() in ("", CHANNEL) else head)
            elif channel and channel[1] == "analysis":
                reasoning.append(body)
            else:
                content.append(body)
        return AssistantMessage(
            content="\n".join(filter(None, content)),
            reasoning="\n".join(filter(None, reasoning)),
            tool_calls=tuple(calls),
            malformed=tuple(malformed),
        )

    def settled(self, text: str) -> str:
        """A message's head says nothing until it is whole."""
        open_from = text.rfind(START) if START in text else 0
        at = max(open_from, text.rfind(END) + len(END) if END in text else 0)
        if MESSAGE not in text[at:] and not _RECIPIENT.search(text, at):
            return super().settled(text[:at])
        return super().settled(text)

    def lost(self, turn: AssistantMessage, text: str, tools: tuple[Tool, ...]) -> str:
        return difference(turn, self.parse(text, tools))


def _turn(message: AssistantMessage, index: int) -> str:
    """The turn as the template has it, from the end of its prompt on."""
    thought = f"{CHANNEL}analysis{MESSAGE}{message.reasoning}{END}{START}" if message.reasoning else ""
    if not message.tool_calls:
        return f"{thought}{CHANNEL}final{MESSAGE}{message.content}<|return|>"
    if len(message.tool_calls) > 1 or message.content:
        raise RenderError(
            f"messages[{index}]: this chat template keeps one call a turn, and no text beside it",
            hint="split the turn, or use another student",
        )
    call = message.tool_calls[0]
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    return f"{thought} to=functions.{call.name}{CHANNEL}commentary json{MESSAGE}{arguments}{CALL}"


def _call(name: str, body: str, *, finished: bool) -> ToolCall | MalformedCall:
    if not finished:
        return MalformedCall(raw=name, error="the call is not finished: its arguments are missing")
    try:
        value, end = value_at(body)
    except BrokenJson as error:
        return MalformedCall(raw=body, error=str(error))
    if body[end:].strip():
        return MalformedCall(
            raw=body, error=f"expected the end of the call, found `{body[end:].strip()[:20]}`"
        )
    return call_of({"name": name, "arguments": value}, body, key="arguments")
