"""Two small jobs: a smart home, call after call, and a library, with questions, results and replies."""

import json

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


def tool(name: str, description: str, required: list[str], **properties: Json) -> Tool:
    schema = {"type": "object", "properties": properties, "required": required}
    return Tool(name=name, description=description, parameters=schema)


ROOM = {"type": "string", "enum": ["kitchen", "living_room", "office"]}
HOME_TOOLS = (
    tool("set_light", "Turn a light on or off.", ["room", "on"], room=ROOM, on={"type": "boolean"}),
    tool("set_heat", "Set the temperature.", ["degrees"], room=ROOM, degrees={"type": "number"}),
    tool("save_scene", "Save a scene.", ["file"], file={"type": "string"}),
    tool("load_scene", "Load a scene.", ["file"], file={"type": "string"}),
    tool("water_plants", "Water the plants for some minutes.", ["minutes"], minutes={"type": "integer"}),
)
HOME_ROWS: tuple[tuple[tuple[str, str, dict[str, Json]], ...], ...] = (
    (("turn on the kitchen light", "set_light", {"room": "kitchen", "on": True}),),
    (
        ("switch off the lights in the living room", "set_light", {"room": "living_room", "on": False}),
        ("and in the office too", "set_light", {"room": "office", "on": False}),
    ),
    (
        ("set the heat to 21.5", "set_heat", {"degrees": 21.5}),
        ("no, 19.5", "set_heat", {"degrees": 19.5}),
    ),
    (("heat the office to twenty degrees", "set_heat", {"room": "office", "degrees": 20}),),
    (
        ("save this as movie_night.json", "save_scene", {"file": "movie_night.json"}),
        ("now load it", "load_scene", {"file": "movie_night.json"}),
    ),
    (("Load the scene 'early morning.json'", "load_scene", {"file": "early morning.json"}),),
    (("please save the scene as Dinner.json", "save_scene", {"file": "Dinner.json"}),),
)


def home() -> list[Conversation]:
    rows = []
    for turns in HOME_ROWS:
        messages: list[Message] = [SystemMessage("You control a home.")]
        for number, (said, name, arguments) in enumerate(turns, start=1):
            call = ToolCall(id=f"call_{number}", name=name, arguments=arguments)
            messages += [UserMessage(said), AssistantMessage(tool_calls=(call,))]
        rows.append(Conversation(messages=tuple(messages), tools=HOME_TOOLS))
    return rows


LIBRARY_TOOLS = (
    tool(
        "reserve_book", "Reserve a book.", ["title", "date"],
        title={"type": "string"}, date={"type": "string", "format": "date"},
        branch={"type": "string", "enum": ["north", "south"], "default": "north"},
    ),
)  # fmt: skip
LIBRARY_ROWS = (
    ("Silver Harbor", "2024-05-08", "May 8th", "R-20931", "Yes, please."),
    ("The Quiet Garden", "2024-05-11", "May 11th", "R-77310", "Yes, that is right."),
    ("Copper Moon", "2024-05-20", "May 20th", "R-50122", "Sure, go ahead."),
)


def library() -> list[Conversation]:
    rows = []
    for title, date, said, code, agreed in LIBRARY_ROWS:
        result = json.dumps({"code": code, "title": title, "date": date, "status": "reserved"})
        messages = (
            SystemMessage("You reserve books. Today is 2024-05-01."),
            UserMessage(f"I want to reserve {title}."),
            AssistantMessage(content="For which day?"),
            UserMessage(f"For {said} would be good."),
            AssistantMessage(content=f"{title} on {said}, is that right?"),
            UserMessage(agreed),
            AssistantMessage(
                tool_calls=(
                    ToolCall(id="call_1", name="reserve_book", arguments={"title": title, "date": date}),
                )
            ),
            ToolMessage(content=result, call_id="call_1"),
            AssistantMessage(content=f"Done, your code is {code}."),
        )
        rows.append(Conversation(messages=messages, tools=LIBRARY_TOOLS))
    return rows
