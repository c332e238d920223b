import json
from pathlib import Path

import pytest

from callwright.config.compatibility import (
    MULTI_TURN,
    SINGLE_TURN,
    STUDENT_NAMES,
    TEACHER_NAMES,
    family,
    student_fault,
    teacher_fault,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("callwright-tiny", "tiny"),
        ("Qwen3-0.6B", "qwen"),
        ("Qwen/Qwen3-0.6B", "qwen"),
        ("qwen3-4b", "qwen"),
        ("Llama-3.2-1B-Instruct", "llama"),
        ("meta-llama/Llama-3.2-1B-Instruct", "llama"),
        ("meta-llama/Meta-Llama-3-8B-Instruct", "llama"),
        ("unsloth/Llama-3.1-8B-Instruct", "llama"),
        ("openai/gpt-oss-20b", "gpt-oss"),
        ("openai.gpt-oss-20b", "gpt-oss"),
        ("gpt-oss-20b", "gpt-oss"),
        ("Qwen2.5-7B", None),
        ("Qwen3.5-4B", None),
        ("Llama-2-7b", None),
        ("Llama-4-Scout", None),
        ("TinyLlama-1.1B", None),
        ("SmolLM2-135M", None),
        ("gemma-3-270m-it", None),
    ],
)
def test_a_name_tells_the_family(name: str, expected: str | None) -> None:
    assert family(name) == expected
    assert (student_fault(name) is None) == (expected is not None)


def test_every_name_that_a_hint_offers_is_allowed() -> None:
    assert [name for name in STUDENT_NAMES if student_fault(name)] == []


def test_a_folder_tells_its_family_by_its_files(tmp_path: Path) -> None:
    model, adapter, own, other = (tmp_path / name for name in ("model", "adapter", "own", "other"))
    for folder, file, content in [
        (model, "config.json", {"architectures": ["LlamaForCausalLM"]}),
        (adapter, "adapter_config.json", {"base_model_name_or_path": str(model)}),
        (own, "callwright.json", {"family": "tiny"}),
        (other, "config.json", {"architectures": ["BertModel"]}),
    ]:
        folder.mkdir()
        (folder / file).write_text(json.dumps(content))
    assert [family(str(folder)) for folder in (model, adapter, own, other)] == [
        "llama",
        "llama",
        "tiny",
        None,
    ]
    fault = student_fault(str(other))
    assert fault
    assert "names no architecture" in fault.found


def test_a_folder_with_broken_files_tells_no_family(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("[" * 100_000)
    (tmp_path / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(tmp_path)}))
    assert family(str(tmp_path)) is None


def test_a_folder_that_is_not_there_is_told_so() -> None:
    fault = student_fault("./no/such/folder")
    assert fault
    assert "there is no such folder" in fault.found


@pytest.mark.parametrize("task", [SINGLE_TURN, MULTI_TURN])
@pytest.mark.parametrize(
    "teacher",
    ["offline", "openai.gpt-oss-120b", "openai/gpt-oss-120b", "Qwen/Qwen3-235B-A22B-Instruct-2507"],
)
def test_the_teachers_of_the_seeds_are_allowed_for_both_tasks(task: str, teacher: str) -> None:
    assert teacher_fault(teacher, task) is None


def test_the_newer_teachers_are_allowed_for_single_turns_only() -> None:
    assert (len(TEACHER_NAMES[SINGLE_TURN]), len(TEACHER_NAMES[MULTI_TURN])) == (10, 3)
    assert teacher_fault("zai.glm-5", SINGLE_TURN) is None
    fault = teacher_fault("zai.glm-5", MULTI_TURN)
    assert fault
    assert fault.found == "`zai.glm-5`, a single-turn teacher"


def test_a_teacher_that_is_none_is_told_the_near_name() -> None:
    fault = teacher_fault("openai.gpt-oss-120", MULTI_TURN)
    assert fault
    assert "did you mean `openai.gpt-oss-120b`?" in fault.hint
