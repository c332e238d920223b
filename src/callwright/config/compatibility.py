"""Which model may be a student or a teacher of which task: names, families, the lists of the reference."""

import json
import re
from pathlib import Path

from callwright.errors import Fault
from callwright.registry import near

SINGLE_TURN = "tool-calling-closed-book"
MULTI_TURN = "multi-turn-tool-calling-closed-book"
TASKS = (SINGLE_TURN, MULTI_TURN)
OTHER_TASKS = (
    "question-answering",
    "classification",
    "question-answering-open-book",
    "question-answering-closed-book",
)
"""Tasks of the reference that have nothing to do with tools; known, so that the refusal can say so."""

FAMILIES: dict[str, str] = {
    "tiny": r"callwright-tiny",
    "qwen": r"qwen3-\S+",
    "llama": r"(meta-)?llama-3(\.[123])?-\S+",
    "gpt-oss": r"(openai\.)?gpt-oss-\S+",
}
"""Family -> what the last part of a name looks like, in any case: `Qwen/Qwen3-0.6B`, `Qwen3-0.6B`."""

ARCHITECTURES = {
    "Qwen3ForCausalLM": "qwen",
    "Qwen3MoeForCausalLM": "qwen",
    "LlamaForCausalLM": "llama",
    "GptOssForCausalLM": "gpt-oss",
}
"""`architectures` in the config.json of a model folder -> family."""

STUDENT_NAMES = (
    "callwright-tiny",
    "Qwen3-0.6B",
    "Qwen3-1.7B",
    "Qwen3-4B",
    "Qwen3-8B",
    "Llama-3.2-1B-Instruct",
    "Llama-3.2-3B-Instruct",
    "Llama-3.1-8B-Instruct",
    "openai.gpt-oss-20b",
)
"""Names that a hint offers; any other of a family, a hub id or a folder will do as well."""

_ANY_TASK = ("Qwen3-235B-A22B-Instruct-2507", "Llama-3.1-405B-Instruct", "openai.gpt-oss-120b")
_SINGLE_TURN_ONLY = (
    "openai.gpt-oss-120b-thinking",
    "deepseek.v3.2",
    "deepseek.v3.2-thinking",
    "zai.glm-5",
    "zai.glm-5-thinking",
    "kimi-k2-thinking",
    "minimax-m2-thinking",
)
TEACHER_NAMES: dict[str, tuple[str, ...]] = {
    SINGLE_TURN: (*_ANY_TASK, *_SINGLE_TURN_ONLY),
    MULTI_TURN: _ANY_TASK,
}
"""Task -> the large teachers that the reference allows; `offline` is always allowed."""

UNTESTED = "base.allow_untested=true goes beyond the list"


def family(student: str) -> str | None:
    """The family of a student, by its name or, for a folder, by its files; None: not one of ours."""
    folder = Path(student).expanduser()
    if folder.is_dir():
        return _family_of_folder(folder)
    last = student.rsplit("/", maxsplit=1)[-1]
    return next((name for name, form in FAMILIES.items() if re.fullmatch(form, last, re.IGNORECASE)), None)


def _family_of_folder(folder: Path) -> str | None:
    card = _json(folder / "callwright.json")
    if card.get("family") in FAMILIES:
        return str(card["family"])
    adapter = _json(folder / "adapter_config.json").get("base_model_name_or_path")
    if isinstance(adapter, str) and Path(adapter).resolve() != folder.resolve():
        return family(adapter)
    architectures = _json(folder / "config.json").get("architectures")
    first = architectures[0] if isinstance(architectures, list) and architectures else None
    return ARCHITECTURES.get(first) if isinstance(first, str) else None


def _json(path: Path) -> dict[str, object]:
    try:
        value = json.loads(path.read_bytes())
    except (
        OSError,
        ValueError,
        RecursionError,
    ):  # no such file, or not one of a model: then it tells no family
        return {}
    return value if isinstance(value, dict) else {}


def student_fault(student: str) -> Fault | None:
    """Why `student` cannot be tuned for tool calling; None if it can."""
    if family(student):
        return None
    names = ", ".join(f"`{name}`" for name in STUDENT_NAMES)
    expected = f"a student of the families Qwen3, Llama 3 or GPT-OSS, or `callwright-tiny` (such as {names})"
    folder = Path(student).expanduser()
    if folder.is_dir():
        known = ", ".join(ARCHITECTURES)
        found = f"the folder `{student}`, whose config.json names no architecture among {known}"
        return Fault(expected=expected, found=found, hint=UNTESTED)
    if student.startswith((".", "/", "~")):
        found = f"`{student}`, and there is no such folder"
        return Fault(expected="a folder that holds a model", found=found, hint="or a name: " + names)
    close = near(student, list(STUDENT_NAMES))
    hint = f"{close} {UNTESTED}" if close.startswith("did") else UNTESTED
    return Fault(expected=expected, found=f"`{student}`", hint=hint)


def teacher_fault(teacher: str, task: str) -> Fault | None:
    """Why `teacher` cannot teach `task`; None if it can."""
    allowed = TEACHER_NAMES.get(task, _ANY_TASK)
    if plain(teacher) in ("offline", *map(plain, allowed)):
        return None
    names = ", ".join(f"`{name}`" for name in allowed)
    close = near(teacher, ["offline", *allowed])
    hint = f"{close} {UNTESTED}" if close.startswith("did") else UNTESTED
    found = f"`{teacher}`" + (", a single-turn teacher" if teacher in _SINGLE_TURN_ONLY else "")
    return Fault(expected=f"a teacher for `{task}`: `offline`, {names}", found=found, hint=hint)


def plain(name: str) -> str:
    """`openai/gpt-oss-120b`, `openai.gpt-oss-120b` and `gpt-oss-120b` are one model."""
    return re.sub(r"^(openai|deepseek|zai)\.", "", name.lower().rsplit("/", maxsplit=1)[-1])
