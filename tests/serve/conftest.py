import socket
import threading
from collections.abc import Iterator

import pytest
import torch
import uvicorn
from fastapi import FastAPI

from callwright.conversation import Tool
from callwright.inference import StudentModel
from callwright.serve import create_app
from callwright.students import create_tiny
from callwright.students.tiny import TinySize


@pytest.fixture(scope="session")
def model() -> StudentModel:
    """A random student that has never been trained, held by its decoder."""
    torch.set_num_threads(1)
    tools = (
        Tool(
            name="cat",
            parameters={
                "type": "object",
                "properties": {"file": {"type": "string", "maxLength": 12}, "lines": {"type": "integer"}},
                "required": ["file"],
            },
        ),
        Tool(name="pwd"),
    )
    small = TinySize(width=64, layers=2, heads=2, feed_forward=64)
    texts = ["please show the report file", "list all my documents and find them"] * 20
    student = create_tiny(texts, seed=0, max_length=512, size=small)
    return StudentModel(student.with_card(tools=tools, task_description="You run commands."), batch_size=4)


class Running:
    """A uvicorn server in a thread of its own while the `with` block lasts."""

    def __init__(self, app: FastAPI) -> None:
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=10))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]})
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/v1"

    def __enter__(self) -> "Running":
        self.socket.listen()  # a client may connect before the server accepts
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join()
        self.socket.close()


@pytest.fixture(scope="session")
def url(model: StudentModel) -> Iterator[str]:
    """The base URL of a server that wants a key."""
    with Running(create_app(model, name="tiny", api_keys=["another", "sk-test"])) as running:
        yield running.url


@pytest.fixture(scope="session")
def running() -> type[Running]:
    """Runs an app while its `with` block lasts."""
    return Running
