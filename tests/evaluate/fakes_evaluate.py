"""A small test set and models that answer it from a script."""

from collections.abc import Callable, Sequence

from callwright.chat import Reply, Sampling
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

TOOLS = (
    Tool(
        name="ls",
        parameters={"type": "object", "properties": {"a": {"type": "boolean", "default": False}}},
    ),
    Tool(name="cd", parameters={"type": "object", "properties": {"to": {"type": "string"}}}),
)


def call(name: str, **arguments: Json) -> AssistantMessage:
    return AssistantMessage(tool_calls=(ToolCall(name=name, arguments=arguments, id="c"),))


def talk(identity: str, *turns: tuple[str, AssistantMessage], system: str = "Manage files.") -> Conversation:
    messages: list[Message] = [SystemMessage(system)]
    for text, turn in turns:
        messages += [UserMessage(text), turn]
        messages += [ToolMessage(content="ok", call_id=c.id) for c in turn.tool_calls]
    while isinstance(messages[-1], ToolMessage):
        messages.pop()
    return Conversation(messages=tuple(messages), tools=TOOLS, id=identity)


class Scripted:
    """Answers from a function of the prompt; counts the batches and prompts it was asked."""

    def __init__(self, answer: Callable[[Conversation], Reply], name: str = "scripted") -> None:
        self.name = name
        self.answer = answer
        self.batches: list[int] = []

    async def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
        return self.answer(conversation)

    def replies(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[Reply]:
        self.batches.append(len(conversations))
        return [self.answer(conversation) for conversation in conversations]


def small_set() -> list[Conversation]:
    """Four conversations, seven turns, one of which should reply in text."""
    reply = AssistantMessage(content="Where to?")
    return [
        talk("one", ("list all", call("ls", a=True)), ("go to docs", call("cd", to="docs"))),
        talk("two", ("list", call("ls"))),
        talk("three", ("go", reply), ("to docs", call("cd", to="docs"))),
        talk("four", ("list", call("ls")), ("go up", call("cd", to=".."))),
    ]
