"""`langfuse`: traces and observations as they are exported: `{"input": …, "output": …}`.

`input`: messages, or `{"messages", "tools"}`; `output`: the assistant's message, a completion, or its text; each
also as a string of JSON. Of a trace with `observations` the last generation is read, which holds the whole
conversation. Tools also from `metadata.tools` and `modelParameters.tools`. All other keys are kept as metadata.
"""

from typing import NamedTuple

import msgspec

from callwright.conversation import AssistantMessage, Conversation, Json
from callwright.errors import FormatError
from callwright.formats import Format
from callwright.formats.beside import told_form, write_beside
from callwright.formats.frame import Frame, read_frame
from callwright.formats.kept import taken, unsayable, with_all_ids, with_ids
from callwright.formats.messages import write_message
from callwright.formats.placed import MESSAGE, Placed, as_openai, read_placed
from callwright.formats.reading import Reading, shown
from callwright.formats.strict_json import JsonFault, parse
from callwright.formats.tools import write_tools

INPUT = 'messages, or {"messages": […], "tools": […]}'
OUTPUT = "the assistant's message, a completion, or its text"
OTHERS = ("question", "answer", "messages", "conversations")
"""Keys of the forms in which input and output are only something beside the conversation."""
PARAMETERS = ("modelParameters", "model_parameters")


class Langfuse(Format):
    name = "langfuse"
    example = '{"input": […], "output": {…}}'

    def sniff(self, row: dict[str, Json]) -> bool:
        if form := told_form(row):
            return form == self.name
        if any(key in row for key in OTHERS):
            return False
        if isinstance(row.get("observations"), list):
            return True
        given = row.get("input")
        if isinstance(given, str):
            return given.lstrip()[:1] in ("[", "{") and "output" in row
        messages = given.get("messages") if isinstance(given, dict) else given
        if messages == []:
            return "output" in row
        return isinstance(messages, list) and any(isinstance(one, dict) and "role" in one for one in messages)

    def take(self, row: dict[str, Json], reading: Reading) -> Conversation | None:
        source = _generation(row, reading)
        asked = _asked(source, reading)
        placed = _answered(source, asked, reading)
        frame = _frame(row, source, asked, reading)
        messages = read_placed(placed, reading)
        metadata, kept = taken(frame.metadata)
        messages = with_ids(messages, kept, reading)
        if reading.failed:
            return None
        return Conversation(messages=messages, tools=frame.tools, id=frame.id, metadata=metadata)

    def write(self, conversation: Conversation) -> dict[str, Json]:
        if faults := unsayable(conversation):
            raise FormatError("this conversation cannot be written as a trace", faults)
        named, kept = with_all_ids(conversation.messages)
        messages: list[Json] = [write_message(message) for message in named]
        output = messages.pop() if _ends_answered(conversation) else None
        asked: Json = messages
        if _with_tools(conversation):
            asked = {"messages": messages, "tools": write_tools(conversation.tools)}
        return write_beside(conversation, {"input": asked, "output": output}, kept, self.name)

    def place(self, conversation: Conversation, path: str) -> str:
        if path.startswith("$.tools"):
            return as_openai(path).replace("$", "$.input", 1)
        match = MESSAGE.fullmatch(as_openai(path))
        if not match:
            return path
        index, inside = int(match[1]), match[2]
        if index == len(conversation.messages) - 1 and _ends_answered(conversation):
            place = "$.output"
        else:
            place = f"$.input.messages[{index}]" if _with_tools(conversation) else f"$.input[{index}]"
        return place + inside


FORMAT = Langfuse()


class _Source(NamedTuple):
    """The trace or observation that holds the conversation, and its path in the row."""

    value: dict[str, Json]
    path: str


class _Asked(NamedTuple):
    """What an input holds."""

    messages: list[Json]
    path: str
    rest: dict[str, Json]
    """Its other keys, `tools` too."""


def _ends_answered(conversation: Conversation) -> bool:
    return bool(conversation.messages) and isinstance(conversation.messages[-1], AssistantMessage)


def _with_tools(conversation: Conversation) -> bool:
    """Whether the input says which tools there are; without, a reader would look for them in the metadata."""
    return bool(conversation.tools) or "tools" in conversation.metadata


# Which observation


def _generation(row: dict[str, Json], reading: Reading) -> _Source:
    """The last generation of a trace; the row itself where it has none."""
    observations = row.get("observations")
    if not isinstance(observations, list):
        if observations is not None:
            reading.error("$.observations", "an array of observations", shown(observations))
        return _Source(row, "$")
    found = [
        _Source(one, f"$.observations[{index}]")
        for index, one in enumerate(observations)
        if isinstance(one, dict) and one.get("type") == "GENERATION"
    ]
    if not found:
        if "input" not in row:
            reading.error("$.observations", "an observation of the type `GENERATION`", "none")
        return _Source(row, "$")
    if len(observations) > 1:
        left = f"{len(observations) - 1} other observations, which are not kept"
        reading.warning("$.observations", "the last generation, with the whole conversation", left)
    return max(enumerate(found), key=lambda one: (_begun(one[1].value), one[0]))[1]


def _begun(observation: dict[str, Json]) -> str:
    when = observation.get("startTime", observation.get("start_time"))
    return when if isinstance(when, str) else ""


# Input and output


def _unpacked(value: Json) -> Json:
    """The JSON value of a text that holds an object or array; everything else as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return parse(value)
        except JsonFault:
            return value
    return value


def _asked(source: _Source, reading: Reading) -> _Asked:
    path = f"{source.path}.input"
    value = _unpacked(source.value.get("input"))
    if isinstance(value, str):
        if value.lstrip()[:1] in ("[", "{"):
            reading.parsed(value, path, INPUT)
        else:
            reading.error(path, INPUT, shown(value), "plain text says nothing of the tools and turns before")
        return _Asked([], path, {})
    if isinstance(value, dict) and "messages" in value:
        rest = {key: inner for key, inner in value.items() if key != "messages"}
        value, path = _unpacked(value["messages"]), f"{path}.messages"
    else:
        rest = {}
    if not isinstance(value, list):
        reading.error(path, INPUT, shown(value))
        return _Asked([], path, {})
    return _Asked(value, path, rest)


def _answered(source: _Source, asked: _Asked, reading: Reading) -> list[Placed]:
    """All messages, those of the input and of the output, each with its place."""
    placed = [Placed(_plain(one), f"{asked.path}[{i}]") for i, one in enumerate(asked.messages)]
    path = f"{source.path}.output"
    value = source.value.get("output")
    unpacked = _unpacked(value)
    if value is None or value == []:
        return placed
    if isinstance(unpacked, dict | list) and not isinstance(value, str):
        pass
    elif isinstance(value, str) and not _is_answer(unpacked):
        return [*placed, Placed({"role": "assistant", "content": value}, path)]
    elif not isinstance(value, str):
        reading.error(path, OUTPUT, shown(value))
        return placed
    return placed + _outputs(unpacked, path, asked, reading)


def _is_answer(value: Json) -> bool:
    """Whether a text that is JSON means a message, and is not the reply itself."""
    if isinstance(value, list):
        return bool(value) and all(map(_is_answer, value))
    return isinstance(value, dict) and (value.get("role") == "assistant" or "choices" in value)


def _outputs(value: Json, path: str, asked: _Asked, reading: Reading) -> list[Placed]:
    """The messages that an output adds."""
    if isinstance(value, dict) and isinstance(value.get("choices"), list) and value["choices"]:
        if len(value["choices"]) > 1:
            left = f"{len(value['choices'])}, of which the first is kept"
            reading.warning(f"{path}.choices", "one choice", left)
        choice = value["choices"][0]
        path = f"{path}.choices[0].message"
        value = choice.get("message") if isinstance(choice, dict) else choice
    if isinstance(value, dict) and isinstance(value.get("messages"), list):
        value, path = value["messages"], f"{path}.messages"
    if isinstance(value, list):
        before = len(asked.messages) if value[: len(asked.messages)] == asked.messages else 0
        return [Placed(_reply(one), f"{path}[{i}]") for i, one in enumerate(value) if i >= before]
    if not isinstance(value, dict) or not value.keys() & {"role", "content", "tool_calls"}:
        reading.error(path, OUTPUT, shown(value))
        return []
    return [Placed(_reply(value), path)]


def _reply(value: Json) -> Json:
    value = _plain(value)
    return {"role": "assistant", **value} if isinstance(value, dict) and "role" not in value else value


def _plain(value: Json) -> Json:
    """A message as the OpenAI API has it, its calls also as LangChain writes them into a trace."""
    if not isinstance(value, dict):
        return value
    more = value.get("additional_kwargs")
    if isinstance(more, dict) and more.get("tool_calls") and not value.get("tool_calls"):
        value = {**value, "tool_calls": more["tool_calls"]}
    if isinstance(more, dict) and not more.keys() - {"tool_calls", "refusal"}:
        value = {key: inner for key, inner in value.items() if key != "additional_kwargs"}
    if isinstance(value.get("tool_calls"), list):
        value = {**value, "tool_calls": [_call(call) for call in value["tool_calls"]]}
    return value


def _call(value: Json) -> Json:
    if isinstance(value, dict) and "args" in value and "arguments" not in value:
        return {"arguments" if key == "args" else key: inner for key, inner in value.items()}
    return value


# What stands beside


def _frame(row: dict[str, Json], source: _Source, asked: _Asked, reading: Reading) -> Frame:
    """Id, tools and metadata; keys beside them are the exporter's own and no slips of ours."""
    own = ("id", "input", "output", "metadata", "observations")
    metadata = dict(_metadata(row, "$", reading))
    if source.value is not row:
        _add(metadata, _metadata(source.value, source.path, reading), f"{source.path}.metadata", reading)
        inner = {key: value for key, value in source.value.items() if key not in own}
        _add(metadata, {"observation": {"id": source.value.get("id"), **inner}}, source.path, reading)
    _add(metadata, {key: value for key, value in row.items() if key not in own}, "$", reading)
    tools, place = _tools(metadata, source, asked)
    if asked.rest.keys() - {"tools"}:
        beside = {key: value for key, value in asked.rest.items() if key != "tools"}
        _add(metadata, {"input": beside}, asked.path, reading)
    inside = Reading()
    frame = read_frame({"id": row.get("id"), "tools": tools, "metadata": metadata}, (), inside)
    for fault in inside.faults:
        path = fault.path.replace("$.tools", place, 1) if fault.path.startswith("$.tools") else fault.path
        reading.faults.append(msgspec.structs.replace(fault, path=path))
    return frame


def _metadata(value: dict[str, Json], path: str, reading: Reading) -> dict[str, Json]:
    found = _unpacked(value.get("metadata"))
    if found is None or isinstance(found, dict):
        return found or {}
    reading.error(f"{path}.metadata", "an object", shown(found))
    return {}


def _add(metadata: dict[str, Json], more: dict[str, Json], path: str, reading: Reading) -> None:
    for key, value in more.items():
        if key in metadata and metadata[key] != value:
            found = f"another `{key}` in the metadata, which is kept instead of this"
            reading.warning(f"{path}.{key}", "a key once", found)
        else:
            metadata[key] = value


def _tools(metadata: dict[str, Json], source: _Source, asked: _Asked) -> tuple[Json, str]:
    """The tools and their path, from the first place that has them; in the metadata they are not kept twice."""
    if "tools" in asked.rest:
        return _unpacked(asked.rest["tools"]), f"{source.path}.input.tools"
    if _is_tools(metadata.get("tools")):
        return _unpacked(metadata.pop("tools")), "$.metadata.tools"
    for name in PARAMETERS:
        parameters = _unpacked(source.value.get(name))
        if isinstance(parameters, dict) and _is_tools(parameters.get("tools")):
            return _unpacked(parameters["tools"]), f"{source.path}.{name}.tools"
    return None, "$.tools"


def _is_tools(value: Json) -> bool:
    value = _unpacked(value)
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)
