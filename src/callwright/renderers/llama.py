"""Llama 3.x: a turn is either text or one call, written as bare JSON `{"name": …, "parameters": {…}}`.

Its templates refuse more than one call a turn and drop text beside a call; both fail the conversation with
the reason.
"""

from callwright.conversation import AssistantMessage, MalformedCall, Tool, ToolCall
from callwright.renderers.reading import BrokenJson, call_of, difference, value_at
from callwright.renderers.template import TemplateRenderer

PYTHON = "<|python_tag|>"


class LlamaRenderer(TemplateRenderer):
    name = "llama"
    stops = ("<|eot_id|>", "<|eom_id|>", "<|end_of_text|>")
    own_control_tokens = ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", PYTHON)
    markers = (PYTHON,)

    def parse(self, text: str, tools: tuple[Tool, ...] = ()) -> AssistantMessage:
        said = self.unstopped(text)
        tagged = said.lstrip().startswith(PYTHON)
        written = said.strip().removeprefix(PYTHON)
        if not tagged and not _looks_like_a_call(written):
            return AssistantMessage(content=said)
        calls: list[ToolCall] = []
        at = 0
        while rest := written[at:].strip(" \n;"):
            at = written.index(rest, at)
            try:
                value, at = value_at(written, at)
            except BrokenJson as error:
                return AssistantMessage(
                    tool_calls=tuple(calls), malformed=(MalformedCall(raw=rest, error=str(error)),)
                )
            call = call_of(value, rest, key="parameters")
            if isinstance(call, MalformedCall):
                return AssistantMessage(tool_calls=tuple(calls), malformed=(call,))
            calls.append(call)
        return AssistantMessage(tool_calls=tuple(calls))

    def settled(self, text: str) -> str:
        """What may still become a call is one, or is text from the first character on."""
        return super().settled(text) if text.lstrip()[:1] != "{" else text

    def lost(self, turn: AssistantMessage, text: str, tools: tuple[Tool, ...]) -> str:
        return difference(turn, self.parse(text, tools))


def _looks_like_a_call(text: str) -> bool:
    """Whether JSON begins here as a call does; other JSON is a reply that happens to be JSON."""
    if not text.startswith("{"):
        return False
    inside = text[1:].lstrip()
    return inside.startswith('"name"') or '"name"'.startswith(inside)
