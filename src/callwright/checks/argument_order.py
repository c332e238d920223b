"""The order of arguments: whether keys stand as the schema declares them, within objects and lists too."""

from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from callwright.conversation import AssistantMessage, Conversation, Json, Tool, ToolCall
from callwright.schema import Schema

Keys: TypeAlias = tuple[str | int, ...]
"""What leads to a value within the arguments of a call."""


def objects_within(schema: Schema) -> bool:
    """Whether a parameter of `schema` holds objects whose keys have an order."""
    return any(
        isinstance(spec, dict) and (len(_properties(spec)) > 1 or objects_within(spec))
        for spec in _within(schema)
    )


def _within(schema: Schema) -> Iterator[Json]:
    yield from _properties(schema).values()
    yield schema.get("items")


def _properties(schema: Schema) -> dict[str, Json]:
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}


def in_order_within(schema: Json, value: Json) -> bool:
    """Whether the keys of `value` stand in the order of `schema`, at every depth that it declares."""
    if type(value) is dict and isinstance(schema, dict):
        properties = _properties(schema)
        known = [key for key in value if key in properties]
        if len(known) > 1 and known != [key for key in properties if key in value]:
            return False
        return all(in_order_within(properties[key], value[key]) for key in known)
    if type(value) is list and isinstance(schema, dict) and isinstance(schema.get("items"), dict):
        return all(in_order_within(schema["items"], inner) for inner in value)
    return True


def arranged(schema: Json, value: Json) -> Json:
    """`value` with its keys in the order of `schema`, at every depth that it declares; unknown keys last."""
    if type(value) is dict and isinstance(schema, dict):
        properties = _properties(schema)
        known = {key: arranged(properties[key], value[key]) for key in properties if key in value}
        return {**known, **{key: inner for key, inner in value.items() if key not in properties}}
    if type(value) is list and isinstance(schema, dict) and isinstance(schema.get("items"), dict):
        return [arranged(schema["items"], inner) for inner in value]
    return value


def put_in_order(conversation: Conversation) -> Conversation:
    """The conversation with the arguments of every call as its tool declares them."""
    tools = {tool.name: tool for tool in reversed(conversation.tools)}
    messages = tuple(
        msgspec.structs.replace(message, tool_calls=tuple(_call(one, tools) for one in message.tool_calls))
        if isinstance(message, AssistantMessage) and message.tool_calls
        else message
        for message in conversation.messages
    )
    return msgspec.structs.replace(conversation, messages=messages)


def _call(call: ToolCall, tools: dict[str, Tool]) -> ToolCall:
    tool = tools.get(call.name)
    if tool is None:
        return call
    return msgspec.structs.replace(call, arguments=arranged(tool.parameters, call.arguments))


def altered(conversation: Conversation, turn: int, place: int, keys: Keys, value: Json) -> Conversation:
    """The conversation with `value` at `keys` of one call's arguments; as it is where there is no such place."""
    message = conversation.messages[turn]
    if not isinstance(message, AssistantMessage) or place >= len(message.tool_calls):
        return conversation
    calls = list(message.tool_calls)
    arguments = copied(calls[place].arguments)
    try:
        around = arguments
        for key in keys[:-1]:
            around = around[key]
        around[keys[-1]] = value
    except (LookupError, TypeError):  # an earlier fix has put something else there
        return conversation
    calls[place] = msgspec.structs.replace(calls[place], arguments=arguments)
    messages = list(conversation.messages)
    messages[turn] = msgspec.structs.replace(message, tool_calls=tuple(calls))
    return msgspec.structs.replace(conversation, messages=tuple(messages))


def copied(value: Json) -> Json:
    """A copy of objects and lists, at every depth."""
    if type(value) is dict:
        return {key: copied(inner) for key, inner in value.items()}
    if type(value) is list:
        return [copied(inner) for inner in value]
    return value
