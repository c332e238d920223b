"""A request as the API has it, read into a conversation and the way its answer is drawn.

Every field is honoured or refused by name; none is ignored. What a field may hold without changing
anything (no penalty, no log probabilities) is taken.
"""

import json
from collections.abc import Callable
from typing import Annotated, Literal

import msgspec

from callwright.chat import Sampling
from callwright.checks.tools import tool_faults
from callwright.conversation import Conversation, Json
from callwright.decoding.schemas import enforced
from callwright.errors import FormatError
from callwright.formats import FORMATS
from callwright.registry import near

DEPTH = 64
"""Deepest nesting of a body that is read."""


class ApiError(Exception):
    """An answer that is an error, in OpenAI's shape."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        param: str | None = None,
        code: str | None = None,
        kind: str = "invalid_request_error",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers or {}
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}


class _Options(msgspec.Struct, forbid_unknown_fields=True):
    include_usage: bool = False
    include_obfuscation: bool = False


class _Body(msgspec.Struct, kw_only=True):
    """The fields that are honoured."""

    model: str
    messages: Annotated[list[Json], msgspec.Meta(min_length=1)]
    tools: list[dict[str, Json]] | None = None
    tool_choice: str | dict[str, Json] | None = None
    parallel_tool_calls: bool | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    seed: int | None = None
    stop: str | Annotated[list[str], msgspec.Meta(max_length=4)] | None = None
    max_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    n: Annotated[int, msgspec.Meta(ge=1, le=8)] | None = None
    stream: bool | None = None
    stream_options: _Options | None = None
    user: str | None = None
    """Who asks; nothing depends on it."""


HARMLESS: dict[str, Callable[[Json], bool]] = {
    "logprobs": lambda value: value is False,
    "top_logprobs": lambda value: value == 0,
    "frequency_penalty": lambda value: value == 0,
    "presence_penalty": lambda value: value == 0,
    "logit_bias": lambda value: value == {},
    "response_format": lambda value: value == {"type": "text"},
    "modalities": lambda value: value == ["text"],
    "service_tier": lambda value: value in ("auto", "default"),
    "store": lambda value: value is False,
    "metadata": lambda value: value == {},
    "prompt_cache_key": lambda value: isinstance(value, str),
    "safety_identifier": lambda value: isinstance(value, str),
    "audio": lambda _: False,
    "prediction": lambda _: False,
    "reasoning_effort": lambda _: False,
    "verbosity": lambda _: False,
    "web_search_options": lambda _: False,
    "function_call": lambda _: False,
    "functions": lambda _: False,
}
"""Fields of the API that are not honoured -> whether a value of theirs changes nothing; null never does."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request, understood."""

    model: str
    conversation: Conversation
    sampling: Sampling
    n: int
    stream: bool
    include_usage: bool


def asked(body: bytes) -> Asked:
    """The request in `body`. Raises `ApiError`."""
    values = _object(body)
    _known(values)
    try:
        fields = msgspec.convert(values, _Body)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$")
        param = place.strip(".`") or None
        raise ApiError(f"{f'{param}: ' if param else ''}{what[:1].lower()}{what[1:]}", param=param) from error
    if fields.stream_options and not fields.stream:
        raise ApiError("stream_options is for streamed answers only: set stream", param="stream_options")
    choice = _choice(fields.tool_choice)
    if fields.tools == []:
        if choice not in ("auto", "none"):
            raise ApiError("a call is asked for and there are no tools", param="tool_choice")
        choice = "none"
    conversation = _conversation(values)
    stop = (fields.stop,) if isinstance(fields.stop, str) else tuple(fields.stop or ())
    if not all(stop):
        raise ApiError("stop: an empty text would stop every answer", param="stop")
    return Asked(
        model=fields.model,
        conversation=conversation,
        sampling=Sampling(
            temperature=fields.temperature or 0.0,
            top_p=1.0 if fields.top_p is None else fields.top_p,
            max_tokens=fields.max_completion_tokens or fields.max_tokens or 1 << 20,
            seed=None if fields.seed is None else fields.seed & (2**63 - 1),
            stop=stop,
            tool_choice=choice,
            parallel_tool_calls=fields.parallel_tool_calls is not False,
        ),
        n=fields.n or 1,
        stream=bool(fields.stream),
        include_usage=bool(fields.stream_options and fields.stream_options.include_usage),
    )


def _object(body: bytes) -> dict[str, Json]:
    try:
        values = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ApiError(f"the body is no JSON: {error}") from error
    if not isinstance(values, dict):
        raise ApiError("the body must be a JSON object")
    level: list[Json] = [values]
    for _ in range(DEPTH):
        level = [part for value in level for part in (value.values() if isinstance(value, dict) else value)]
        level = [part for part in level if isinstance(part, dict | list)]
        if not level:
            return values
    raise ApiError(f"the body is nested deeper than {DEPTH} levels")


def _known(values: dict[str, Json]) -> None:
    honoured = list(_Body.__struct_fields__)
    for name, value in values.items():
        if name in honoured:
            continue
        if name not in HARMLESS:
            hint = near(name, honoured) if len(name) < 64 else ""
            raise ApiError(f"unknown field `{name[:64]}`; {hint}", param=name[:64], code="unknown_parameter")
        if value is not None and not HARMLESS[name](value):
            raise ApiError(
                f"`{name}` is not supported with this value", param=name, code="unsupported_parameter"
            )


def _conversation(values: dict[str, Json]) -> Conversation:
    row: dict[str, Json] = {"messages": [_without_empties(message) for message in values["messages"]]}
    strict = []
    if values.get("tools"):
        row["tools"] = [_without_strict(tool, index) for index, tool in enumerate(values["tools"])]
        strict = [bool(tool.get("function", {}).get("strict")) for tool in values["tools"]]
    try:
        conversation = FORMATS["openai"].read(row, "the request")
    except FormatError as error:
        first = error.faults[0] if error.faults else None
        param = first.path.removeprefix("$.") if first else None
        raise ApiError("; ".join(map(str, error.faults)) or str(error), param=param) from error
    for fault in tool_faults(conversation.tools):
        said = f"{fault.found}; {fault.hint}" if fault.hint else fault.found
        raise ApiError(said, param=fault.path.removeprefix("$.").replace("].", "].function.", 1))
    for index, tool in enumerate(conversation.tools):
        param = f"tools[{index}].function.parameters"
        if strict[index] and (left_out := enforced(tool).left_out):
            raise ApiError(
                f"`{tool.name}` is strict, and this cannot be enforced: {'; '.join(left_out)}", param=param
            )
    return conversation


def _without_empties(message: Json) -> Json:
    """Without what clients send back of an answer that says nothing, such as `"refusal": null`."""
    if not isinstance(message, dict):
        return message
    empty = {key for key, value in message.items() if value is None and key not in ("role", "content")}
    if message.get("content") is None and message.get("role") in ("user", "system", "tool", "developer"):
        return {**{key: value for key, value in message.items() if key not in empty}, "content": ""}
    known = (
        {"annotations", "name"}
        if message.get("role") in ("assistant", "user", "system", "developer")
        else set()
    )
    return {key: value for key, value in message.items() if key not in empty | known}


def _without_strict(tool: Json, index: int) -> Json:
    """Without `strict`: the decoder is strict with every tool."""
    if not isinstance(tool, dict) or not isinstance(tool.get("function"), dict):
        param = f"tools[{index}]"
        raise ApiError(f'{param}: expected {{"type": "function", "function": {{…}}}}', param=param)
    if tool.get("type", "function") != "function":
        raise ApiError("only tools of type `function` are supported", param=f"tools[{index}].type")
    function = {
        key: value for key, value in tool["function"].items() if key != "strict" and value is not None
    }
    return {"type": "function", "function": function}


def _choice(value: str | dict[str, Json] | None) -> str:
    if value is None:
        return "auto"
    if isinstance(value, str):
        kinds: tuple[Literal["auto", "none", "required"], ...] = ("auto", "none", "required")
        if value in kinds:
            return value
        raise ApiError(f"tool_choice: {near(value[:64], list(kinds))}", param="tool_choice")
    name = value.get("function", {}).get("name") if isinstance(value.get("function"), dict) else None
    if value.get("type") == "function" and isinstance(name, str) and name:
        return name
    kind = json.dumps(value.get("type"), ensure_ascii=False)[:64]
    raise ApiError(f"tool_choice of type {kind} is not supported", param="tool_choice")
