"""Two small jobs to generate for: commands, and a service with results and replies."""

from collections.abc import Sequence

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


def tool(name: str, description: str, **parameters: Json) -> Tool:
    """A tool whose parameters are all required, but for those with a default."""
    required = [key for key, spec in parameters.items() if "default" not in spec]
    schema = {"type": "object", "properties": parameters, "required": required}
    return Tool(name=name, description=description, parameters=schema)


TEXT = {"type": "string", "description": "As the user says it."}
LS = tool("ls", "List the files of the current folder.")
CD = tool("cd", "Go to a folder.", folder=TEXT)
MV = tool("mv", "Move a file to a folder.", file=TEXT, folder=TEXT)
COMMANDS = (LS, CD, MV)

FIND = tool(
    "find_table",
    "Find a table in a restaurant.",
    city=TEXT,
    guests={"type": "integer", "default": 2, "description": "How many come."},
)
BOOK = tool("book_table", "Book a table that was found.", restaurant=TEXT, time=TEXT)
SERVICE = (FIND, BOOK)


def called(name: str, number: int = 1, **arguments: Json) -> AssistantMessage:
    return AssistantMessage(tool_calls=(ToolCall(name=name, arguments=arguments, id=f"call_{number}"),))


def gave(content: str, number: int = 1) -> ToolMessage:
    return ToolMessage(content=content, call_id=f"call_{number}")


def says(text: str) -> AssistantMessage:
    return AssistantMessage(content=text)


def row(*messages: Message, tools: Sequence[Tool] = SERVICE) -> Conversation:
    return Conversation(messages=messages, tools=tuple(tools))


COMMAND_ROWS = [
    row(UserMessage("what is here"), called("ls"), tools=COMMANDS),
    row(
        UserMessage("go to docs"),
        called("cd", folder="docs"),
        UserMessage("list them"),
        called("ls", 2),
        UserMessage("move a.txt to old"),
        called("mv", 3, file="a.txt", folder="old"),
        tools=COMMANDS,
    ),
    row(
        UserMessage("go to pics"),
        called("cd", folder="pics"),
        UserMessage("no, I meant photos"),
        called("cd", 2, folder="photos"),
        tools=COMMANDS,
    ),
]
SERVICE_ROWS = [
    row(
        UserMessage("A table in Graz please."),
        called("find_table", city="Graz"),
        gave('[{"restaurant": "Adler"}]'),
        says("Adler has one. Shall I book it?"),
        UserMessage("Yes, at seven."),
        called("book_table", 2, restaurant="Adler", time="seven"),
        gave('{"booked": true}', 2),
        says("It is booked."),
        UserMessage("Thanks!"),
        says("You are welcome."),
    ),
    row(
        UserMessage("I need a table."),
        says("In which city?"),
        UserMessage("In Linz."),
        called("find_table", city="Linz"),
        gave("[]"),
        says("There is none in Linz."),
    ),
]
