"""Packs and students that the tests of training share; small enough to train in a second."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from callwright import packs
from callwright.conversation import AssistantMessage, Conversation, SystemMessage, Tool, ToolCall, UserMessage
from callwright.renderers import samples
from callwright.students import Student, TinySize, create_tiny
from callwright.testing.students import Architecture, make_student
from callwright.train import TrainSettings

TOOLS = (
    Tool(
        name="open_file",
        description="Open a file.",
        parameters={"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
    ),
)
NAMES = ("plan", "notes", "letter", "budget", "report", "recipe", "draft", "photo")
SMALL = TinySize(width=64, layers=2, heads=2, feed_forward=64, vocabulary=400)


def conversation(name: str) -> Conversation:
    call = ToolCall(id="call_1", name="open_file", arguments={"name": name})
    return Conversation(
        messages=(
            SystemMessage("You open files."),
            UserMessage(f"please open {name}"),
            AssistantMessage(tool_calls=(call,)),
        ),
        tools=TOOLS,
    )


CONVERSATIONS = [conversation(f"{one}_{two}") for one in NAMES for two in NAMES[:5]]


def tiny_student(seed: int = 1) -> Student:
    student = create_tiny(texts(), seed=seed, max_length=512, size=SMALL)
    return student.with_card(tools=TOOLS)


def texts() -> list[str]:
    return [str(turn.content) for c in CONVERSATIONS for turn in c.messages] + list(NAMES)


def make_packs(student: Student, folder: Path, *, pack_size: int = 256, count: int = 40) -> Path:
    examples = (
        packs.encode(spans, student.encoder)
        for one in CONVERSATIONS[:count]
        for spans in samples(one, student.renderer)
    )
    packs.write(folder, examples, pack_size=pack_size)
    return folder


def template(architecture: Architecture) -> str:
    """The official template, as the trl wheel ships it."""
    names = {"qwen3": "qwen3", "llama": "llama3_2", "gpt-oss": "gptoss"}
    spec = find_spec("trl")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(
        spec.submodule_search_locations[0], "chat_templates", f"{names[architecture]}.jinja"
    ).read_text()


@pytest.fixture
def tiny() -> Student:
    return tiny_student()


@pytest.fixture(scope="session")
def tiny_packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_packs(tiny_student(), tmp_path_factory.mktemp("tiny") / "packs")


@pytest.fixture
def folder_of(tmp_path: Path) -> Callable[[Architecture], Path]:
    return lambda name: make_student(tmp_path / name, name, template(name), texts=texts())


@pytest.fixture
def packs_of(tmp_path: Path) -> Callable[[Student], Path]:
    return lambda student: make_packs(student, tmp_path / "packs", pack_size=1200, count=14)


@pytest.fixture
def student_of() -> Callable[..., Student]:
    return lambda seed=1: tiny_student(seed)


@pytest.fixture
def settings() -> TrainSettings:
    return TrainSettings(
        learning_rate=3e-3,
        use_lora=False,
        bf16=False,
        num_train_epochs=2,
        per_device_train_batch_size=2,
        train_eval_split=0.2,
        seed=7,
    )
