"""The conversation under check, and what its checks may know of the job around it."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import NamedTuple

import msgspec
import orjson

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


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a check may know beyond the conversation: the job's choices and thresholds."""

    carries_results: bool = True
    """False for the question/answer form of a job folder: it has no tool results and is not blamed for it."""
    single_call: bool = False
    """Whether the job allows one call a turn only."""
    prompts: bool = False
    """Whether the conversations are prompts, which the assistant has yet to answer."""
    plain_text: bool = False
    """Whether replies are promised to be plain text, without markdown."""
    max_characters: int = 0
    """Longest conversation allowed, in characters of its text; 0: no limit."""
    max_tokens: int = 0
    """Longest conversation allowed, in tokens of the student; 0: no limit."""
    count_tokens: Callable[[Conversation], int] | None = None
    """The student's own count; None: there is no student to ask."""
    control_tokens: tuple[str, ...] = ()
    """The student's control tokens, beside the well-known ones."""
    json_results: tuple[str, ...] = ()
    """Tools that promise JSON as their result."""
    similarity: float = 0.85
    """Share of their words' runs that two conversations share at least to be near duplicates; 0 to 1."""
    tested: bool = True
    """Whether there are test rows; without them nothing can be given away, and none looks."""
    select: tuple[str, ...] = ()
    """Codes, or families of codes, to look for; empty: all that are on by default; `all`: all."""
    ignore: tuple[str, ...] = ()
    """Codes, or families of codes, to leave alone."""
    severity: Mapping[str, str] = {}
    """Code or family -> `error` or `warning`, where the job judges otherwise."""

    def wants(self, code: str, *, selected: bool = True) -> bool:
        """Whether to look for `code`; where one is selected and ignored, the more exact naming counts."""
        chosen = max((_reach(name, code) for name in self.select), default=0 if selected else -1)
        return chosen > max((_reach(name, code) for name in self.ignore), default=-1)


def _reach(name: str, code: str) -> int:
    """How exactly `name` names `code`: -1 not at all, 0 as one of all, else the length of the name."""
    if name == "all":
        return 0
    return len(name) if code == name or code.startswith(name + "-") else -1


class Made(NamedTuple):
    """A call where it was made."""

    turn: int
    place: int
    call: ToolCall

    @property
    def path(self) -> str:
        return f"$.messages[{self.turn}].tool_calls[{self.place}]"


class Texts(NamedTuple):
    """What is said, by whom."""

    users: list[str]
    replies: list[str]
    """Of every turn of the assistant, also where it is empty."""
    results: list[str]


class Subject:
    """A conversation with what several checks want to know of it, each worked out once, when first asked for."""

    def __init__(self, conversation: Conversation, context: Context) -> None:
        self.conversation = conversation
        self.context = context
        self.messages: tuple[Message, ...] = conversation.messages

    @cached_property
    def carries_results(self) -> bool:
        """Whether calls have results here; a row of the question/answer form has none, whatever its file has."""
        return self.context.carries_results and self.conversation.metadata.get("form") != "distil"

    @cached_property
    def texts(self) -> Texts:
        """The contents of the messages, each kind in its order; the system message is not among them."""
        texts = Texts([], [], [])
        users, replies, results = texts
        for message in self.messages:
            if type(message) is UserMessage:
                users.append(message.content)
            elif type(message) is AssistantMessage:
                replies.append(message.content)
            elif type(message) is ToolMessage:
                results.append(message.content)
        return texts

    @cached_property
    def spoken(self) -> str:
        """All that the user says."""
        return "\n".join(self.texts.users)

    @cached_property
    def calls(self) -> tuple[Made, ...]:
        """Every call, in order."""
        return tuple(
            Made(turn, place, call)
            for turn, message in enumerate(self.messages)
            if type(message) is AssistantMessage
            for place, call in enumerate(message.tool_calls)
        )

    @cached_property
    def made(self) -> dict[str, Made]:
        """Id of a call -> the call, the first of that id."""
        made: dict[str, Made] = {}
        for call in self.calls:
            made.setdefault(call.call.id, call)
        return made

    @cached_property
    def results(self) -> dict[str, int]:
        """Id of a call -> index of the message with its first result."""
        results: dict[str, int] = {}
        for index, message in enumerate(self.messages):
            if type(message) is ToolMessage:
                results.setdefault(message.call_id, index)
        return results

    @cached_property
    def tools(self) -> dict[str, Tool]:
        """Name -> tool, the first of that name."""
        return {tool.name: tool for tool in reversed(self.conversation.tools)}

    @cached_property
    def values(self) -> dict[int, Json]:
        """Index of a tool message -> the JSON value of its content, for those that are JSON objects or arrays."""
        values: dict[int, Json] = {}
        for index, message in enumerate(self.messages):
            if type(message) is ToolMessage and message.content.lstrip()[:1] in ("{", "["):
                try:
                    values[index] = orjson.loads(message.content)
                except ValueError:
                    continue
        return values
