"""The words that a rule's examples are written in: `said(user("…"), call("light", room="hall"), result("ok"), …)`."""

from collections.abc import Sequence
from itertools import count

import msgspec

from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    Message,
    SystemMessage,
    Tool,
    ToolCall,
    ToolMessage,
    UserMessage,
)

LIGHT = Tool(
    name="set_light",
    description="Switch the light of a room.",
    parameters={
        "type": "object",
        "properties": {
            "room": {"type": "string", "description": "Name of the room."},
            "on": {"type": "boolean", "description": "Whether the light is to burn."},
            "level": {
                "type": "integer",
                "description": "Brightness in percent.",
                "minimum": 1,
                "maximum": 100,
            },
        },
        "required": ["room", "on"],
    },
)
SEARCH = Tool(
    name="find_table",
    description="Find restaurants with a free table.",
    parameters={
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "City to look in."},
            "guests": {"type": "integer", "description": "How many will come."},
            "day": {"type": "string", "description": "Date, YYYY-MM-DD."},
            "price": {"type": "string", "enum": ["low", "middle", "high"], "description": "Price range."},
        },
        "required": ["city"],
    },
)
TOOLS = (LIGHT, SEARCH)


def system(text: str) -> SystemMessage:
    """The system message."""
    return SystemMessage(text)


def user(text: str) -> UserMessage:
    """A turn of the user."""
    return UserMessage(text)


def reply(text: str, *, reasoning: str = "") -> AssistantMessage:
    """A turn of the assistant that calls nothing."""
    return AssistantMessage(content=text, reasoning=reasoning)


def call(name: str, /, **arguments: Json) -> AssistantMessage:
    """A turn of the assistant that makes one call; `said` gives it its id."""
    return AssistantMessage(tool_calls=(ToolCall(name=name, arguments=arguments),))


def calls(*turns: AssistantMessage) -> AssistantMessage:
    """The calls of `turns` as one turn that makes them all."""
    return AssistantMessage(tool_calls=tuple(made for turn in turns for made in turn.tool_calls))


def result(text: str, *, of: str = "") -> ToolMessage:
    """The result of the call `of`; of the next one that is open where it names none."""
    return ToolMessage(content=text, call_id=of)


def said(*messages: Message, tools: Sequence[Tool] = TOOLS) -> Conversation:
    """A conversation of these messages; calls are numbered, results answer the open calls in their order."""
    number = count(1)
    waiting: list[str] = []
    done: list[Message] = []
    for message in messages:
        if isinstance(message, AssistantMessage) and message.tool_calls:
            made = tuple(
                one if one.id else msgspec.structs.replace(one, id=f"call_{next(number)}")
                for one in message.tool_calls
            )
            waiting = [one.id for one in made]
            message = msgspec.structs.replace(message, tool_calls=made)
        elif isinstance(message, ToolMessage):
            if not message.call_id and waiting:
                message = msgspec.structs.replace(message, call_id=waiting[0])
            waiting = [identity for identity in waiting if identity != message.call_id]
        done.append(message)
    return Conversation(messages=tuple(done), tools=tuple(tools))
