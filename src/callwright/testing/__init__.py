"""Public fakes to test with: random conversations, tokenizers, students, an endpoint with faults.

Nothing here needs a network, a download or a GPU; everything is seeded.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Endpoint": "endpoint",
    "Pretend": "pretend",
    "Trouble": "endpoint",
    "said": "endpoint",
    "random_conversation": "conversations",
    "random_conversations": "conversations",
    "random_tools": "conversations",
    "tiny_tokenizer": "conversations",
    "byte_tokenizer": "students",
    "make_student": "students",
    "spoilt_rows": "spoiling",
}
"""Public name -> the module of this folder it lives in."""

__all__ = [
    "Endpoint",
    "Pretend",
    "Trouble",
    "byte_tokenizer",
    "make_student",
    "random_conversation",
    "random_conversations",
    "random_tools",
    "said",
    "spoilt_rows",
    "tiny_tokenizer",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"callwright.testing.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'callwright.testing' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
