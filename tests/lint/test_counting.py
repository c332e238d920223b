"""Tokens counted as a student counts them, without loading it."""

import subprocess
import sys
from pathlib import Path

import pytest
from lint_rows import row, write

from callwright import formats
from callwright.checks import Context
from callwright.errors import ModelError
from callwright.lint import Lint, Setup
from callwright.lint.counting import with_student
from callwright.packs import encode
from callwright.renderers.tiny import TinyRenderer
from callwright.students import create_tiny, save_student


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("student") / "student"
    rows = write(folder.parent / "rows.jsonl", [row(n) for n in range(20)])
    texts = [TinyRenderer().prompt(one) for one in formats.read(rows)]
    save_student(create_tiny(texts, seed=1), folder)
    return folder


def test_the_count_is_that_of_the_packs(student: Path, tmp_path: Path) -> None:
    from callwright.students import load_student

    loaded = load_student(student)
    (conversation,) = formats.read(write(tmp_path / "a.jsonl", [row()]))
    counted = with_student(Context(), student)
    assert counted.count_tokens
    example = encode(loaded.renderer.render(conversation), loaded.encoder)
    assert counted.count_tokens(conversation) == len(example.ids)
    assert counted.max_tokens == loaded.card.max_length
    assert set(loaded.renderer.control_tokens) <= set(counted.control_tokens)


@pytest.mark.parametrize("jobs", [1, 2])
def test_long_conversations_are_found_by_every_process(student: Path, tmp_path: Path, jobs: int) -> None:
    path = write(tmp_path / "a.jsonl", [row(1), row(2)])
    context = Context(select=("length-tokens",), max_tokens=10)
    found = list(Lint([path], Setup(context=context, student=student), jobs=jobs))
    assert [(one.line, one.finding.code) for one in found] == [(1, "length-tokens"), (2, "length-tokens")]


def test_neither_torch_nor_transformers_is_loaded_for_it(student: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom callwright.checks import Context\n"
        "from callwright.lint.counting import with_student\n"
        f"with_student(Context(), Path({str(student)!r}))\n"
        "print([name for name in ('torch', 'transformers', 'peft') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_what_is_no_student_is_refused_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no tokenizer\.json"):
        with_student(Context(), tmp_path)
