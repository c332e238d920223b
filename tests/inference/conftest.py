import pytest
import torch

from callwright.conversation import Tool
from callwright.students import Student, create_tiny
from callwright.students.tiny import TinySize

SMALL = TinySize(width=96, layers=2, heads=2, feed_forward=128)

TOOLS = (
    Tool(
        name="cat",
        parameters={
            "type": "object",
            "properties": {"file": {"type": "string", "maxLength": 12}, "lines": {"type": "integer"}},
            "required": ["file"],
        },
    ),
    Tool(name="pwd"),
    Tool(
        name="find",
        parameters={
            "type": "object",
            "properties": {
                "kind": {"enum": ["f", "d"]},
                "size": {"type": "number"},
                "tags": {"type": "array", "items": {"type": "boolean"}, "maxItems": 3},
            },
            "required": ["kind"],
        },
    ),
)


@pytest.fixture(scope="session")
def student() -> Student:
    """A random student that has never been trained."""
    torch.set_num_threads(1)
    texts = ["please show the report file", "list all my documents and find them"] * 20
    made = create_tiny(texts, seed=0, max_length=512, size=SMALL)
    return made.with_card(
        tools=TOOLS, task_description="You run commands.", grounding={"cat": {"file": "context"}}
    )
