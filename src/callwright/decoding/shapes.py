"""How a family of students writes a call, as the fixed texts around its name and its arguments.

The grammar, and whoever hears a student while it writes, take a turn apart by the same texts.
"""

import json

import msgspec

from callwright.conversation import AssistantMessage, Conversation, Tool, ToolCall, UserMessage
from callwright.errors import RenderError
from callwright.renderers import Renderer, text_of


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """A call is `opening` `name_key` NAME `arguments_key` {...} `ending` `closing`."""

    opening: str
    """What no text may contain, often one special token; empty where a call starts the turn with
    `name_key`.
    """
    name_key: str
    arguments_key: str
    ending: str
    closing: str
    between: str = "\n"
    """What stands between two calls."""
    several: bool = True
    """Whether the family can write more than one call in a turn."""
    thought: tuple[str, ...] = ()
    """The two texts that enclose reasoning at the start of a turn; empty where the family has none."""

    @property
    def start(self) -> str:
        """The text by which a call is known."""
        return self.opening or self.name_key


TAGGED = Shape(
    opening="<tool_call>",
    name_key='\n{"name": "',
    arguments_key='", "arguments": ',
    ending="}\n",
    closing="</tool_call>",
    thought=("<think>", "</think>"),
)

BARE = Shape(
    opening="",
    name_key='{"name": "',
    arguments_key='", "parameters": ',
    ending="}",
    closing="",
    several=False,
)

SHAPES = {"tiny": TAGGED, "qwen": TAGGED, "llama": BARE}
"""Name of a renderer -> how its family writes a call; a family that is not here decodes freely."""


def shape_of(renderer: Renderer) -> Shape | None:
    """How students of `renderer` write a call; None where that is not known or its template does otherwise."""
    shape = SHAPES.get(renderer.name)
    if shape is None:
        return None
    name, arguments = "probe_tool", {"probe_key": "probe value"}
    schema = {"type": "object", "properties": {"probe_key": {"type": "string"}}}
    call = AssistantMessage(tool_calls=(ToolCall(id="probe0001", name=name, arguments=arguments),))
    probe = Conversation(
        messages=(UserMessage("probe"), call),
        tools=(Tool(name=name, description="A probe.", parameters=schema),),
    )
    written = (
        f"{shape.opening}{shape.name_key}{name}{shape.arguments_key}{json.dumps(arguments)}"
        f"{shape.ending}{shape.closing}"
    )
    try:
        return shape if written in text_of(renderer.render(probe)) else None
    except RenderError:
        return None
