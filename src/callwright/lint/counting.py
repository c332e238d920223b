"""Counting: how long a conversation is in the tokens of a student, without loading the student."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from callwright.checks import Context
from callwright.conversation import Conversation
from callwright.errors import ModelError, RenderError

if TYPE_CHECKING:
    from callwright.students import StudentCard


def with_student(context: Context, folder: Path) -> Context:
    """The context with the student's own count, its control tokens, and its length where none is set."""
    from tokenizers import Tokenizer

    from callwright.students import renderer_for

    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ModelError(
            f"`{folder}` has no tokenizer.json",
            hint="give the `student` folder of a run, or a model's folder",
        )
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    template, tokens = _template(folder), _special_tokens(folder)
    card = _card(folder, template)
    renderer = renderer_for(template, card.renderer, tokens=tokens)

    def count(conversation: Conversation) -> int:
        try:
            whole = conversation.completed(system=card.task_description, tools=card.tools)
            text = "".join(span.text for span in renderer.render(whole))
        except RenderError:  # left out of any training, which says why
            return 0
        return len(tokenizer.encode(text, add_special_tokens=False).ids)

    return replace(
        context,
        count_tokens=count,
        control_tokens=(*context.control_tokens, *renderer.control_tokens),
        max_tokens=_longest(context.max_tokens, card.max_length),
    )


def _longest(allowed: int, length: int) -> int:
    """The smaller of two limits, 0 being none."""
    return min((limit for limit in (allowed, length) if limit > 0), default=0)


def _card(folder: Path, template: str) -> "StudentCard":
    from callwright.students import CARD, StudentCard
    from callwright.students.folders import family_of

    config = _json(folder / "config.json")
    length = int(config.get("max_position_embeddings") or 0)
    if (folder / CARD).is_file():
        try:
            card = msgspec.json.decode((folder / CARD).read_bytes(), type=StudentCard)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise ModelError(f"`{folder / CARD}` cannot be read: {error}") from error
        return replace(card, max_length=card.max_length or length)
    family, renderer = family_of(str(config.get("model_type", "")), template)
    return StudentCard(family=family, renderer=renderer, max_length=length)


def _template(folder: Path) -> str:
    path = folder / "chat_template.jinja"
    if path.is_file():
        return path.read_text(encoding="utf-8")
    template = _json(folder / "tokenizer_config.json").get("chat_template")
    if isinstance(template, list):
        template = {one["name"]: one["template"] for one in template}
    if isinstance(template, dict):
        template = template.get("tool_use") or template.get("default")
    if not template:
        raise ModelError(
            f"`{folder}` has no chat template, so nobody knows how it writes conversations",
            hint="put the model's chat_template.jinja into the folder",
        )
    return str(template)


def _special_tokens(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        for key, value in _json(folder / name).items():
            text = value.get("content") if isinstance(value, dict) else value
            if key.endswith("_token") and isinstance(text, str):
                found[key] = text
    return found


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):  # not every folder has every file
        return {}
    return value if isinstance(value, dict) else {}
