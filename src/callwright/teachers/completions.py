"""The chat completions of OpenAI's API, as a client writes and reads them: ours in its words, its words in ours."""

import json
from collections.abc import Mapping

from callwright.chat import Finish, Reply, Sampling, Usage
from callwright.conversation import AssistantMessage, Conversation, Json, MalformedCall, ToolCall
from callwright.errors import ModelError
from callwright.formats.messages import write_message
from callwright.formats.tools import write_tools

_ENDED = frozenset(
    {
        None,
        "",
        "stop",
        "eos",
        "eos_token",
        "end_turn",
        "stop_sequence",
        "tool_calls",
        "tool_use",
        "function_call",
    }
)
_CUT = frozenset({"length", "max_tokens", "model_length"})
_WHY = {"content_filter": "the answer was filtered"}


def request(model: str, conversation: Conversation, sampling: Sampling) -> dict[str, Json]:
    """The body that asks for the next message; what the API takes for granted is left out."""
    messages = [
        {
            key: value
            for key, value in write_message(message).items()
            if key not in ("reasoning_content", "malformed")
        }
        for message in conversation.messages
    ]
    body: dict[str, Json] = {
        "model": model,
        "messages": messages,
        "temperature": sampling.temperature,
        "max_tokens": sampling.max_tokens,
    }
    if sampling.top_p < 1:
        body["top_p"] = sampling.top_p
    if sampling.seed is not None:
        body["seed"] = sampling.seed
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if conversation.tools:
        body["tools"] = write_tools(conversation.tools)
        body["tool_choice"] = _choice(sampling.tool_choice)
        if not sampling.parallel_tool_calls:
            body["parallel_tool_calls"] = False
    if sampling.response_schema is not None:
        wanted = {
            "name": "reply",
            "schema": sampling.response_schema,
            "strict": _strict(sampling.response_schema),
        }
        body["response_format"] = {"type": "json_schema", "json_schema": wanted}
    return body


def _strict(schema: Json) -> bool:
    """Whether the schema may be asked for in OpenAI's strict form: every object closed, every property required."""
    if isinstance(schema, list | tuple):
        return all(map(_strict, schema))
    if not isinstance(schema, Mapping):
        return True
    properties = schema.get("properties")
    if schema.get("type") == "object" or isinstance(properties, Mapping):
        named = set(properties) if isinstance(properties, Mapping) else set()
        if schema.get("additionalProperties") is not False or set(schema.get("required", ())) != named:
            return False
    return all(map(_strict, schema.values()))


def _choice(choice: str) -> Json:
    if choice in ("auto", "none", "required"):
        return choice
    return {"type": "function", "function": {"name": choice}}


def reply_of(answer: Json) -> Reply:
    """The reply in an answer of the API. Raises `ModelError` where there is none.

    What did not end as an answer ends is an error reply that gives the reason.
    """
    try:
        choice = answer["choices"][0]
        written = choice["message"]
        message = _message(written)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ModelError(f"the answer has no message: {json.dumps(answer)}") from error
    usage = usage_of(answer.get("usage"))
    raw = _text(written.get("content"))
    ended = choice.get("finish_reason")
    ended = ended if isinstance(ended, str | None) else str(ended)
    if ended in _CUT:
        return Reply(message=_cut(message), finish="length", usage=usage, raw=raw)
    if ended not in _ENDED:
        why = _WHY.get(str(ended), f"the answer ended for the reason `{ended}`")
        return Reply(message=message, finish="error", usage=usage, raw=raw, error=why)
    finish: Finish = "tool_calls" if message.tool_calls else "stop"
    return Reply(message=message, finish=finish, usage=usage, raw=raw)


def usage_of(counted: Json) -> Usage:
    """All tokens of the prompt, cached or not, and all that were written, those of reasoning among them.

    Some servers count cached tokens and reasoning beside the rest instead of in it.
    """
    if not isinstance(counted, dict):
        return Usage()

    def number(name: str) -> int:
        value = counted.get(name)
        return value if isinstance(value, int) else 0

    prompt = number("prompt_tokens") or number("input_tokens")
    if "prompt_tokens" not in counted:
        prompt += number("cache_read_input_tokens") + number("cache_creation_input_tokens")
    written = number("completion_tokens") or number("output_tokens")
    return Usage(prompt_tokens=prompt, completion_tokens=max(written, number("total_tokens") - prompt))


def _cut(message: AssistantMessage) -> AssistantMessage:
    """A message whose calls may lack their ends."""
    cut = tuple(
        MalformedCall(
            raw=f"{call.name}({json.dumps(call.arguments)})", error="cut off by the limit of tokens"
        )
        for call in message.tool_calls
    )
    return AssistantMessage(
        content=message.content, reasoning=message.reasoning, malformed=(*cut, *message.malformed)
    )


def _message(written: dict[str, Json]) -> AssistantMessage:
    calls: list[ToolCall] = []
    malformed: list[MalformedCall] = []
    for value in written.get("tool_calls") or ():
        call = _call(value, len(calls) + 1)
        if isinstance(call, ToolCall):
            calls.append(call)
        else:
            malformed.append(call)
    return AssistantMessage(
        content=_text(written.get("content")) or _text(written.get("refusal")),
        reasoning=_text(written.get("reasoning_content") or written.get("reasoning")),
        tool_calls=tuple(calls),
        malformed=tuple(malformed),
    )


def _text(value: Json) -> str:
    if isinstance(value, list):
        return "".join(str(part.get("text", "")) for part in value if isinstance(part, dict))
    # Half of a surrogate pair is what is left of a character that was cut; no file could hold it.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _call(value: Json, number: int) -> ToolCall | MalformedCall:
    """A call as servers send it: arguments as text, as an object, empty, or encoded twice."""
    raw = _text(json.dumps(value, ensure_ascii=False))
    function = value.get("function", value) if isinstance(value, dict) else {}
    name, arguments = function.get("name"), function.get("arguments")
    if not isinstance(name, str) or not _text(name):
        return MalformedCall(raw=raw, error="the call has no name")
    for _ in range(2):
        if not isinstance(arguments, str):
            break
        try:
            arguments = json.loads(arguments) if arguments.strip() else {}
            json.dumps(arguments, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            return MalformedCall(raw=raw, error=f"the arguments are no JSON: {error}")
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, dict):
        return MalformedCall(raw=raw, error="the arguments are no JSON object")
    return ToolCall(name=_text(name), arguments=arguments, id=_text(str(value.get("id") or f"call_{number}")))
