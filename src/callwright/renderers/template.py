"""Any student, by its own chat template.

What a student writes on turn *i* is what the template adds between the prompt of that turn and the
conversation that ends with it. Nothing is assumed of a template: the shape it takes arguments in is probed,
and whether a turn, its text and its calls are written where and as they should be is looked up in the
rendered text.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property, lru_cache

import msgspec

from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    Message,
    Tool,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from callwright.errors import RenderError
from callwright.renderers import Span
from callwright.renderers.reading import says, short, strings
from callwright.renderers.sandbox import Fixed, compiled, run

Dicts = list[dict[str, Json]]

PROBE = ToolCall(
    id="probe00001", name="probe_tool", arguments={"probe_key": "probe value", "probe_flag": True}
)
PROBE_TOOL = Tool(
    name="probe_tool",
    description="A probe.",
    parameters={
        "type": "object",
        "properties": {"probe_key": {"type": "string"}, "probe_flag": {"type": "boolean"}},
        "required": ["probe_key"],
    },
)


class TemplateRenderer:
    """A student by its chat template; `stop` ends a turn.

    `special_tokens`: what the template may read by name, as `tokenizer.special_tokens_map` has it
    (`bos_token`, …). `values`: further variables of the template, such as `enable_thinking`. `today`: what
    its clock says; by default the day on which this renderer was made, so that one run has one date.
    """

    name = "template"
    stops: tuple[str, ...] = ()
    own_control_tokens: tuple[str, ...] = ()
    """What steers this family beside its stops."""
    markers: tuple[str, ...] = ()
    """Texts that open or close a part of a turn; `settled` holds back what may become one."""

    def __init__(
        self,
        template: str,
        *,
        stop: str = "",
        special_tokens: Mapping[str, str] | None = None,
        control_tokens: Sequence[str] = (),
        name: str = "",
        values: Mapping[str, Json] | None = None,
        today: date | None = None,
    ) -> None:
        self.template = template
        self.name = name or type(self).name
        self.stops = tuple(dict.fromkeys(text for text in (stop, *type(self).stops) if text))
        if not self.stops:
            raise RenderError("a chat template does not tell what ends a turn", hint="give `stop`")
        named = {key: text for key, text in (special_tokens or {}).items() if isinstance(text, str)}
        control = (*self.stops, *self.own_control_tokens, *named.values(), *control_tokens)
        self.control_tokens = tuple(dict.fromkeys(control))
        self._control = re.compile("|".join(map(re.escape, self.control_tokens)))
        self._values = {**named, **(values or {})}
        self._compiled = compiled(template, today or date.today())
        self._tools = lru_cache(maxsize=64)(self._tools_from)
        self._last: Prefixes | None = None

    # --- writing

    def render(self, conversation: Conversation, *, cue: bool = False) -> list[Span]:
        self._refuse_control_tokens(conversation)
        prefixes = self._prefixes(conversation)
        whole, at = prefixes.text(len(conversation.messages), cue=cue), 0
        _refuse_lost_context(conversation, whole)
        spans: list[Span] = []
        for index, _ in conversation.turns():
            if place := self._place(prefixes, index, whole):
                start, end = place
                spans += [Span(whole[at:start], -1), Span(whole[start:end], index, sampled=True)]
                at = end
        return [span for span in (*spans, Span(whole[at:], -1)) if span.text]

    def prompt(self, conversation: Conversation) -> str:
        self._refuse_control_tokens(conversation)
        return self.text(self.dicts(conversation.messages), self.tool_dicts(conversation.tools), cue=True)

    def text(self, messages: Dicts, tools: Dicts | None, *, cue: bool) -> str:
        """The template's text of messages as it takes them."""
        return run(self._compiled, messages, tools, cue=cue, values=self._values)

    def beginning(self, prefixes: "Prefixes", length: int, *, cue: bool) -> str:
        """The text of the first `length` messages; families may have their own."""
        return self.text(prefixes.dicts[:length], prefixes.tools, cue=cue)

    def _prefixes(self, conversation: Conversation) -> "Prefixes":
        """The texts of this conversation's beginnings, kept while the same conversation is rendered again."""
        last = self._last
        if last is None or not last.covers(conversation):
            self._last = last = Prefixes(self, conversation)
        return last

    def _place(self, prefixes: "Prefixes", index: int, whole: str) -> tuple[int, int] | None:
        """Where turn `index` stands in `whole`, if `whole` has it after exactly its prompt."""
        turn = prefixes.text(index + 1, cue=False)
        if not whole.startswith(turn):
            return None
        prompt = prefixes.text(index, cue=True)
        if not turn.startswith(prompt):
            return None
        end = max(turn.rfind(stop) + len(stop) if stop in turn else 0 for stop in self.stops)
        return (len(prompt), end) if end > len(prompt) and not turn[end:].strip() else None

    # --- our messages as the template takes them

    def dicts(self, messages: Sequence[Message]) -> Dicts:
        """Messages in OpenAI's form; arguments in the shape this template takes."""
        names = {
            call.id: call.name
            for message in messages
            if isinstance(message, AssistantMessage)
            for call in message.tool_calls
        }
        return [self._dict(message, names) for message in messages]

    def _dict(self, message: Message, names: Mapping[str, str]) -> dict[str, Json]:
        if isinstance(message, ToolMessage):
            named = {"name": names[message.call_id]} if message.call_id in names else {}
            return {"role": "tool", "tool_call_id": message.call_id, **named, "content": message.content}
        if not isinstance(message, AssistantMessage):
            role = "user" if isinstance(message, UserMessage) else "system"
            return {"role": role, "content": message.content}
        if message.malformed:
            raise RenderError(
                f"a malformed call cannot be written: {message.malformed[0].error}",
                hint="leave out conversations with malformed calls",
            )
        said: dict[str, Json] = {"role": "assistant", "content": message.content}
        if (
            message.reasoning
        ):  # both names, as Hugging Face gives them; an empty one would open an empty block
            said |= {"thinking": message.reasoning, "reasoning_content": message.reasoning}
        if message.tool_calls:
            said["tool_calls"] = [self._call(call, self.takes_strings) for call in message.tool_calls]
        return said

    @staticmethod
    def _call(call: ToolCall, as_string: bool) -> dict[str, Json]:
        arguments = json.dumps(call.arguments, ensure_ascii=False) if as_string else call.arguments
        return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}

    def tool_dicts(self, tools: tuple[Tool, ...]) -> Dicts | None:
        """Tools in OpenAI's form, keys always in this order; None for none, since `[]` writes boilerplate."""
        return self._tools(msgspec.json.encode(tools)) if tools else None

    def _tools_from(self, encoded: bytes) -> Dicts:
        if found := self._control.search(encoded.decode()):
            raise RenderError(
                f"a tool's declaration spells the control token `{found[0]}`", hint="take it out"
            )
        return [
            Fixed(
                {
                    "type": "function",
                    "function": Fixed(
                        {
                            "name": tool.name,
                            "description": tool.description,
                            "parameters": tool.parameters or {"type": "object", "properties": {}},
                        }
                    ),
                }
            )
            for tool in msgspec.json.decode(encoded, type=tuple[Tool, ...])
        ]

    @cached_property
    def takes_strings(self) -> bool:
        """Whether arguments must be a string of JSON; found by writing a probe both ways."""
        reasons = []
        for as_string in (False, True):
            call = self._call(PROBE, as_string)
            messages: Dicts = [
                {"role": "user", "content": "probe"},
                {"role": "assistant", "content": "", "tool_calls": [call]},
            ]
            try:
                text = self.text(messages, self.tool_dicts((PROBE_TOOL,)), cue=False)
            except RenderError as error:
                reasons.append(str(error))
                continue
            if "probe value" in text and '\\"probe_key' not in text and "'probe_key'" not in text:
                return as_string
        raise RenderError(
            "the chat template cannot write tool calls" + (f": {reasons[0]}" if reasons else ""),
            hint="use a student whose template knows tools",
        )

    # --- reading

    def parse(self, text: str, tools: tuple[Tool, ...] = ()) -> AssistantMessage:
        """The text up to its stop, as content: a template alone does not tell how calls are read."""
        return AssistantMessage(content=self.unstopped(text))

    def unstopped(self, text: str) -> str:
        """The text before the first stop."""
        return text[: min((at for stop in self.stops if (at := text.find(stop)) >= 0), default=len(text))]

    def settled(self, text: str) -> str:
        for marker in (*self.stops, *self.markers):
            for length in range(min(len(marker) - 1, len(text)), 0, -1):
                if text.endswith(marker[:length]):
                    return self.settled(text[:-length])
        return text.rstrip()

    def lost(self, turn: AssistantMessage, text: str, tools: tuple[Tool, ...]) -> str:
        said = [turn.content, turn.reasoning, *(call.name for call in turn.tool_calls)]
        said += [leaf for call in turn.tool_calls for leaf in strings(call.arguments)]
        return next((f"`{short(part)}` is not in its text" for part in said if not says(text, part)), "")

    # --- refusing

    def _refuse_control_tokens(self, conversation: Conversation) -> None:
        if not self._control.search(msgspec.json.encode(conversation.messages).decode()):
            return
        for index, message in enumerate(conversation.messages):
            if found := self._control.search(msgspec.json.encode(message).decode()):
                raise RenderError(
                    f"messages[{index}]: the control token `{found[0]}` in a text could end or forge a turn",
                    hint="take it out of the text, or write it otherwise",
                )


class Prefixes:
    """The texts of one conversation's beginnings, each rendered once."""

    def __init__(self, renderer: TemplateRenderer, conversation: Conversation) -> None:
        self.conversation = conversation
        self.dicts = renderer.dicts(conversation.messages)
        self.tools = renderer.tool_dicts(conversation.tools)
        self._renderer = renderer
        self._texts: dict[tuple[int, bool], str] = {}

    def covers(self, other: Conversation) -> bool:
        mine, its = self.conversation.messages, other.messages
        return (
            len(its) <= len(mine)
            and all(one is two for one, two in zip(its, mine, strict=False))
            and (self.conversation.tools is other.tools)
        )

    def text(self, length: int, *, cue: bool) -> str:
        key = (length, cue)
        if key not in self._texts:
            self._texts[key] = self._renderer.beginning(self, length, cue=cue)
        return self._texts[key]


def _refuse_lost_context(conversation: Conversation, text: str) -> None:
    for index, message in enumerate(conversation.messages):
        if not isinstance(message, AssistantMessage) and not says(text, message.content):
            raise RenderError(
                f"messages[{index}]: the chat template does not write `{short(message.content)}`"
            )
