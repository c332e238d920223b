"""Callwright: from a job description and a few dozen examples to a small model that makes the right tool call.

The whole way in Python::

    import callwright

    job = callwright.read_job("examples/filesystem")
    run = callwright.run(job, "runs/filesystem")
    model = callwright.load(run / "student")
    print(model.generate('[{"role": "user", "content": "List the files here"}]'))

Importing this package loads neither torch nor a network client; each name is imported on first use.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Before torch is loaded: its threads should sleep while they wait for each other. Where other programs share the
# cores, threads that spin made training ten times slower (59 s against 6 s); on idle cores it makes no difference.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

if TYPE_CHECKING:
    from callwright.conversation import (
        AssistantMessage,
        Conversation,
        MalformedCall,
        SystemMessage,
        Tool,
        ToolCall,
        ToolMessage,
        UserMessage,
    )
    from callwright.errors import CallwrightError
    from callwright.inference import load
    from callwright.job import read_job
    from callwright.pipeline import run

_HOMES = {
    "AssistantMessage": "conversation",
    "CallwrightError": "errors",
    "Conversation": "conversation",
    "MalformedCall": "conversation",
    "SystemMessage": "conversation",
    "Tool": "conversation",
    "ToolCall": "conversation",
    "ToolMessage": "conversation",
    "UserMessage": "conversation",
    "load": "inference",
    "read_job": "job",
    "run": "pipeline",
}
"""Public name -> the module it lives in."""

__all__ = [
    "AssistantMessage",
    "CallwrightError",
    "Conversation",
    "MalformedCall",
    "SystemMessage",
    "Tool",
    "ToolCall",
    "ToolMessage",
    "UserMessage",
    "load",
    "read_job",
    "run",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"callwright.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'callwright' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
