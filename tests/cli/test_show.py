"""`callwright show --student`: what a student is trained on can be seen, with and without colour."""

import json
from pathlib import Path

from typer.testing import CliRunner

from callwright import formats
from callwright.cli import app
from callwright.renderers.tiny import TinyRenderer
from callwright.students import create_tiny, save_student


def test_trained_runs_are_marked_where_there_is_no_colour(tmp_path: Path) -> None:
    messages = [
        {"role": "user", "content": "Is the hall lit?"},
        {"role": "assistant", "content": "It is."},
        {"role": "user", "content": "Good."},
        {"role": "assistant", "content": "Good night."},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"messages": messages}) + "\n")
    texts = [TinyRenderer().prompt(one) for one in formats.read(path)]
    save_student(create_tiny(texts * 20, seed=1), tmp_path / "student")
    result = CliRunner().invoke(app, ["show", str(path), "--student", str(tmp_path / "student")])
    assert result.exit_code == 0
    assert result.stdout.count("⟦") == 2
    first, second = (run.partition("⟧")[0] for run in result.stdout.split("⟦")[1:])
    assert "It is." in first
    assert "Good night." in second
    assert "Is the hall lit?" not in first + second
