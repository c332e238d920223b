"""The command lines with which a trained student is asked and served elsewhere."""

import json
import shlex
import socket
from pathlib import Path

import pytest
import typer

from callwright.cli import ways
from callwright.workspace import Model


@pytest.mark.parametrize(
    ("question", "context", "asked"),
    [
        ("Go up", "", ["Go up"]),
        ('[{"role": "user", "content": "Go up"}]', "", ["Go up"]),
        ("Go up", '[{"role": "user", "content": "Hi"}]', ["Hi", "Go up"]),
        ('[{"role": "user", "content": "Go up"}]', '[{"role": "user", "content": "Hi"}]', ["Hi", "Go up"]),
        ("Go up", "We are in /tmp.", ["We are in /tmp.\n\nGo up"]),
        ("[1", "", ["[1"]),
        ('{"a": 1}', "", ['{"a": 1}']),
    ],
)
def test_a_question_and_its_context_are_text_or_messages(
    question: str, context: str, asked: list[str]
) -> None:
    assert [message["content"] for message in ways.messages(question, context)] == asked


def test_text_cannot_come_before_messages() -> None:
    with pytest.raises(typer.BadParameter, match="a JSON array"):
        ways.messages('[{"role": "user", "content": "Go up"}]', "We are in /tmp.")


def test_the_request_survives_the_shell_whatever_the_question_says() -> None:
    question = """it's "50 %" of $HOME & `é`"""
    commands = ways.requests(Model(name="my model", endpoint="http://127.0.0.1:8123"), question)
    curl = shlex.split(commands["curl"])

    assert curl[2] == "http://127.0.0.1:8123/v1/chat/completions"
    assert json.loads(curl[-1]) == {"model": "my model", "messages": [{"role": "user", "content": question}]}
    compile(commands["python"], "python", "exec")
    assert commands["endpoint"] == "http://127.0.0.1:8123"


@pytest.mark.parametrize(
    ("family", "parser"),
    [("qwen", "hermes"), ("tiny", "hermes"), ("llama", "llama3_json"), ("gpt-oss", "openai")],
)
def test_vllm_gets_the_parser_of_the_family(tmp_path: Path, family: str, parser: str) -> None:
    (tmp_path / "callwright.json").write_text(json.dumps({"family": family}))
    commands = ways.elsewhere(tmp_path, "my model")

    assert shlex.split(commands["vLLM"]) == [
        *("vllm", "serve", str(tmp_path), "--served-model-name", "my model"),
        *("--enable-auto-tool-choice", "--tool-call-parser", parser),
    ]
    assert shlex.split(commands["transformers"]) == ["transformers", "serve", str(tmp_path)]


def test_an_adapter_is_served_upon_its_base(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "Qwen/Qwen3-0.6B"}))
    command = shlex.split(ways.elsewhere(tmp_path, "mine")["vLLM"])

    assert command[:4] == ["vllm", "serve", "Qwen/Qwen3-0.6B", "--enable-lora"]
    assert command[5] == f"mine={tmp_path}"


def test_a_server_that_listens_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert ways.answers(endpoint)
    assert not ways.answers(endpoint)
