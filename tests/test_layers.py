"""A module imports only from the lines below its own, so nothing can run in a circle."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import callwright

PACKAGE = Path(callwright.__file__).parent
LAYERS = [  # top to bottom; a module may import only from lower lines, or from its own folder
    {"cli", "studio"},
    {"pipeline", "testing"},
    {"generate", "prepare", "train", "evaluate", "serve", "lint", "curate", "doctor"},
    {"agent"},
    {"inference"},
    {"job", "workspace", "runs"},
    {"students", "teachers"},
    {"config", "packs", "engines", "toolsets", "decoding"},
    {"formats", "checks", "renderers", "metrics", "columns", "projections"},
    {"chat", "schema"},
    {"files", "registry"},
    {"conversation", "errors"},
]
HEIGHT = {name: height for height, names in enumerate(LAYERS) for name in names}
TORCH_ROOMS = {"students", "inference", "train"}
NETWORK_ROOMS = {"teachers", "cli"}


def modules() -> Iterator[tuple[str, Path, ast.Module]]:
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        yield room, path, ast.parse(path.read_text())


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_every_module_has_its_place_in_the_layers() -> None:
    assert {room for room, _, _ in modules()} - {"__init__", "__main__"} <= set(HEIGHT)


def test_a_module_imports_only_from_lower_lines() -> None:
    violations = [
        f"{path}: `{room}` imports `{there}`"
        for room, path, tree in modules()
        for name in imported(tree)
        if name.startswith("callwright.") and room in HEIGHT
        for there in [name.split(".")[1]]
        if room != there and HEIGHT[there] <= HEIGHT[room]
    ]
    assert violations == []


def test_torch_and_the_network_are_kept_in_their_rooms() -> None:
    strays = [
        f"{path}: {name}"
        for room, path, tree in modules()
        for name in imported(tree)
        if (name.split(".")[0] in {"torch", "transformers", "peft"} and room not in TORCH_ROOMS | {"testing"})
        or (name.split(".")[0] in {"httpx", "openai"} and room not in NETWORK_ROOMS)
    ]
    assert strays == []


def test_importing_the_package_and_its_command_loads_no_heavy_library() -> None:
    heavy = ["torch", "transformers", "pyarrow", "numpy", "fastapi", "httpx", "sqlalchemy"]
    code = f"import sys, callwright, callwright.cli; print([m for m in {heavy!r} if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_a_job_is_planned_and_its_rows_are_made_without_the_training_libraries(tmp_path: Path) -> None:
    blocked = ["torch", "transformers", "pyarrow", "llguidance", "tokenizers", "fastapi", "matplotlib"]
    example = PACKAGE.parents[1] / "examples" / "filesystem"
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({blocked!r}))\n"
        "from callwright.cli import app\n"
        f"app(['check', {str(example)!r}, 'synthgen.generation_target=5', 'output_dir={tmp_path / 'run'}'])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    assert (tmp_path / "run" / "conversations.jsonl").exists()
