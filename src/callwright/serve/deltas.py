"""A turn as the API sends it: what each piece of text adds to content, reasoning and calls.

A streamed answer sends these additions as they come and a whole one is their sum, so the two cannot
differ, however the text was cut. Content is what the student's own parser makes of the text so far; the
arguments of a call are passed on letter by letter where the decoder has made them sure, and otherwise
once they are whole and hold.
"""

import json
from collections.abc import Callable, Collection

import msgspec

from callwright.conversation import AssistantMessage, Json, MalformedCall, Tool, ToolCall
from callwright.decoding import Shape
from callwright.renderers import Renderer
from callwright.schema import call_faults


class Delta(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One addition to a message."""

    content: str = ""
    reasoning: str = ""
    call: int = -1
    """Index of the call that it belongs to; -1: to none."""
    id: str = ""
    name: str = ""
    arguments: str = ""


class Open(msgspec.Struct):
    """A call as far as it is written."""

    name: str
    arguments: str
    whole: bool


class Deltas:
    """`shape`: the exact texts of a call, where a grammar holds the student to them; None: calls come
    from the parser.

    `sure`: tools whose arguments the grammar holds to all of their schema.
    """

    def __init__(
        self,
        renderer: Renderer,
        tools: tuple[Tool, ...],
        new_id: Callable[[], str],
        *,
        shape: Shape | None = None,
        sure: Collection[str] = (),
    ) -> None:
        self.malformed: list[MalformedCall] = []
        """What should have been a call and was not passed on."""
        self.calls = 0
        """Calls passed on."""
        self._renderer, self._tools, self._new_id, self._shape, self._sure = (
            renderer,
            tools,
            new_id,
            shape,
            sure,
        )
        self._text = ""
        self._content = self._reasoning = ""
        self._seen = 0  # calls that are whole, passed on or not
        self._sent = ""  # arguments of the open call that were passed on
        self._begun = False

    def feed(self, piece: str) -> list[Delta]:
        """What `piece` adds."""
        self._text += piece
        return self._additions(self._renderer.settled(self._text))

    def close(self, *, cut: bool) -> list[Delta]:
        """What is certain only now that nothing follows; `cut`: it ended by the limit, perhaps in half a tag."""
        found = [] if cut else self._additions(self._text)
        if not self._begun:
            # A call of which a beginning was passed on is known to be cut by the finish reason.
            self.malformed += self._renderer.parse(self._text, self._tools).malformed
        return found

    def _additions(self, text: str) -> list[Delta]:
        message = self._renderer.parse(text, self._tools)
        found = []
        if new := message.reasoning[len(self._reasoning) :]:
            self._reasoning = message.reasoning
            found.append(Delta(reasoning=new))
        if new := message.content[len(self._content) :]:
            self._content = message.content
            found.append(Delta(content=new))
        calls = self._written(text) if self._shape else _parsed(message)
        while self._seen < len(calls):
            call = calls[self._seen]
            if call.name in self._sure:
                found += self._pass_on(call)
            elif call.whole:
                found += self._pass_on(call) if self._holds(call) else []
            if not call.whole:
                break
            self._seen, self._begun, self._sent = self._seen + 1, False, ""
        return found

    def _pass_on(self, call: Open) -> list[Delta]:
        found = []
        if not self._begun:
            self._begun = True
            self.calls += 1
            found.append(Delta(call=self.calls - 1, id=self._new_id(), name=call.name))
        if new := call.arguments[len(self._sent) :]:
            self._sent = call.arguments
            found.append(Delta(call=self.calls - 1, arguments=new))
        return found

    def _holds(self, call: Open) -> bool:
        faults = call_faults(ToolCall(name=call.name, arguments=json.loads(call.arguments)), self._tools)
        if faults:
            raw = json.dumps({"name": call.name, "arguments": json.loads(call.arguments)}, ensure_ascii=False)
            why = "; ".join(f"{path}: {fault}" for path, fault in faults)
            self.malformed.append(MalformedCall(raw=raw, error=why))
        return not faults

    def _written(self, text: str) -> list[Open]:
        """The calls in `text`, the last one perhaps open, by the exact texts around them."""
        assert self._shape is not None
        calls: list[Open] = []
        at = self._after_reasoning(text)
        while (start := self._next(text, at)) >= 0:
            name_end = text.find(self._shape.arguments_key, start)
            if name_end < 0:
                break
            arguments = name_end + len(self._shape.arguments_key)
            end = _object_end(text, arguments)
            name = json.loads(f'"{text[start:name_end]}"')
            calls.append(Open(name, text[arguments:end], end is not None))
            if end is None:
                break
            at = end
        return calls

    def _next(self, text: str, at: int) -> int:
        """Where the next call's name begins; -1: nowhere yet."""
        assert self._shape is not None
        head = self._shape.opening + self._shape.name_key
        if not self._shape.opening and (at > 0 or not text.startswith(head)):
            return -1
        start = text.find(head, at)
        return start + len(head) if start >= 0 else -1

    def _after_reasoning(self, text: str) -> int:
        assert self._shape is not None
        if self._shape.thought and text.startswith(self._shape.thought[0]):
            end = text.find(self._shape.thought[1])
            return len(text) if end < 0 else end
        return 0


def _parsed(message: AssistantMessage) -> list[Open]:
    return [
        Open(call.name, json.dumps(call.arguments, ensure_ascii=False), True) for call in message.tool_calls
    ]


def _object_end(text: str, start: int) -> int | None:
    try:
        return json.JSONDecoder().raw_decode(text, start)[1]
    except ValueError:
        return None


def message_of(deltas: list[Delta]) -> dict[str, Json]:
    """The whole message that `deltas` add up to, as the API has it."""
    content = "".join(delta.content for delta in deltas)
    reasoning = "".join(delta.reasoning for delta in deltas)
    calls: list[dict[str, Json]] = []
    for delta in deltas:
        if delta.call == len(calls):
            calls.append(
                {"id": delta.id, "type": "function", "function": {"name": delta.name, "arguments": ""}}
            )
        if delta.call >= 0:
            calls[delta.call]["function"]["arguments"] += delta.arguments
    message: dict[str, Json] = {"role": "assistant", "content": content or None, "refusal": None}
    if reasoning:
        message["reasoning_content"] = reasoning
    if calls:
        message["tool_calls"] = calls
    return message
