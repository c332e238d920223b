"""Rows that lint tests are made of: good ones, and one for each thing that is wrong with them."""

import json
from collections.abc import Iterable
from pathlib import Path

from callwright.conversation import Json

TOOLS: list[Json] = [
    {
        "type": "function",
        "function": {
            "name": "find_table",
            "description": "Find restaurants with a free table.",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "description": "City to look in."},
                    "guests": {"type": "integer", "description": "How many will come."},
                    "with": {
                        "type": "array",
                        "items": {"type": "string"},
                        "description": "What it must have.",
                    },
                },
                "required": ["city"],
            },
        },
    }
]


def called(arguments: Json, identity: str = "call_1", name: str = "find_table") -> Json:
    """An assistant's turn that makes one call."""
    function = {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}
    call = {"id": identity, "type": "function", "function": function}
    return {"role": "assistant", "content": "", "tool_calls": [call]}


GUESTS = ("Ann", "Bob", "Cid", "Dan", "Eve", "Fay", "Gus", "Hal", "Ida", "Jim")


def row(number: int = 0, arguments: Json = None, *, city: str = "Rome", own_tools: bool = True) -> Json:
    """A good row; each number is another conversation."""
    guest = GUESTS[number % len(GUESTS)]
    messages = [
        {"role": "user", "content": f"A table in {city}, please, {guest}, for order {number}."},
        called(arguments or {"city": city}),
        {"role": "tool", "tool_call_id": "call_1", "content": f'{{"name": "Da Enzo", "order": {number}}}'},
        {"role": "assistant", "content": "Da Enzo has one."},
    ]
    return {"messages": messages, "tools": TOOLS} if own_tools else {"messages": messages}


def without_result(number: int = 0) -> Json:
    """An error: `structure-result-missing`."""
    made = row(number)
    return made | {"messages": [message for message in made["messages"] if message["role"] != "tool"]}


def encoded_twice(number: int = 0) -> Json:
    """An error with a fix: `arguments-double-encoded`."""
    return row(number, {"city": "Rome", "with": '["garden"]'})


def write(path: Path, rows: Iterable[Json]) -> Path:
    """JSON lines; text stands for itself."""
    path.write_text(
        "".join((one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)) + "\n" for one in rows)
    )
    return path
