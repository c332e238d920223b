"""The command lines with which a trained student is asked, and served by other servers."""

import json
import shlex
import socket
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import typer

if TYPE_CHECKING:
    from callwright.workspace import Model


def elsewhere(student: Path, name: str) -> dict[str, str]:
    """Server -> the command with which it serves a student folder."""
    path = shlex.quote(str(student))
    card = student / "callwright.json"
    family = json.loads(card.read_text(encoding="utf-8")).get("family", "") if card.exists() else ""
    parser = {"llama": "llama3_json", "gpt-oss": "openai"}.get(family, "hermes")
    served = f"--served-model-name {shlex.quote(name)} --enable-auto-tool-choice --tool-call-parser {parser}"
    adapter = student / "adapter_config.json"
    if adapter.exists():
        base = json.loads(adapter.read_text(encoding="utf-8"))["base_model_name_or_path"]
        loaded = f"{shlex.quote(base)} --enable-lora --lora-modules {shlex.quote(f'{name}={student}')}"
        template = f"--chat-template {shlex.quote(str(student / 'chat_template.jinja'))}"
        tools = f"--enable-auto-tool-choice --tool-call-parser {parser}"
        return {"vLLM": f"vllm serve {loaded} {template} {tools}"}
    return {"vLLM": f"vllm serve {path} {served}", "transformers": f"transformers serve {path}"}


def messages(question: str, context: str) -> list[Any]:
    """The conversation that is asked: each of both is text, or a JSON array of messages."""
    before, asked = _messages(context), _messages(question)
    if isinstance(before, list):
        return [*before, *(asked if isinstance(asked, list) else [{"role": "user", "content": asked}])]
    if isinstance(asked, list):
        raise typer.BadParameter("expected a JSON array, as --question is one", param_hint="--context")
    return [{"role": "user", "content": f"{before}\n\n{asked}"}]


def _messages(text: str) -> list[Any] | str:
    if not text:
        return []
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, list) else text


def requests(model: "Model", question: str) -> dict[str, str]:
    """Commands that ask the deployed model, ready to be pasted."""
    endpoint = model.endpoint or "http://127.0.0.1:8000"
    asked = [{"role": "user", "content": question}]
    body = json.dumps({"model": model.name, "messages": asked}, ensure_ascii=False)
    curl = (
        f"curl -s {endpoint}/v1/chat/completions -H 'Content-Type: application/json' -d {shlex.quote(body)}"
    )
    python = (
        "from openai import OpenAI\n"
        f'client = OpenAI(base_url="{endpoint}/v1", api_key="none")\n'
        f"answer = client.chat.completions.create(model={model.name!r}, messages={asked!r})\n"
        "print(answer.choices[0].message)"
    )
    return {"endpoint": endpoint, "curl": curl, "python": python}


def answers(endpoint: str) -> bool:
    where = urlsplit(endpoint)
    try:
        with closing(socket.create_connection((where.hostname or "", where.port or 80), timeout=0.5)):
            return True
    except OSError:
        return False
