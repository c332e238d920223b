"""A student: model, tokenizer, renderer, and the card that tells them apart."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from callwright.conversation import Json, Tool
from callwright.errors import ModelError
from callwright.renderers import RENDERERS, Renderer

if TYPE_CHECKING:
    from peft import PeftModel
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    Model: TypeAlias = PreTrainedModel | PeftModel


class StudentCard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """What `callwright.json` says of a student."""

    family: str
    renderer: str
    """Name in `renderers.RENDERERS`; its `parse` is the one that reads this student's calls."""
    stops: tuple[str, ...] = ()
    """Texts that end a turn."""
    stop_ids: tuple[int, ...] = ()
    tools: tuple[Tool, ...] = ()
    """Tools of the job it was trained for."""
    task_description: str = ""
    grounding: dict[str, dict[str, str]] = {}
    """Tool -> parameter -> `context` where the decoder holds its values to the conversation, or `free`."""
    scores: dict[str, Json] = {}
    base: str = ""
    """What it was tuned from: a name, hub id or folder; empty where it was made from nothing."""
    made_by: str = ""
    max_length: int = 0
    """Longest conversation it takes, in tokens."""


@dataclass(frozen=True, slots=True)
class Student:
    """A model with all that is needed to train and to serve it."""

    model: "Model"
    tokenizer: "PreTrainedTokenizerFast"
    renderer: Renderer
    card: StudentCard

    @property
    def encoder(self) -> "Tokenizer":
        """The tokenizer without its Hugging Face coat, as `packs.encode` takes it."""
        return self.tokenizer.backend_tokenizer  # type: ignore[no-any-return]

    def with_card(self, **changes: Any) -> "Student":
        """The same student, its card changed; `scores={…}`, `tools=…`."""
        return replace(self, card=msgspec.structs.replace(self.card, **changes))


def is_adapted(student: Student) -> bool:
    """Whether the student is a base with a LoRA adapter on it."""
    return hasattr(student.model, "peft_config")


def merged(student: Student) -> Student:
    """The student with its adapter folded into the weights; itself where it has none."""
    if not is_adapted(student):
        return student
    return replace(student, model=student.model.merge_and_unload())


def assemble(
    model: "Model", tokenizer: "PreTrainedTokenizerFast", card: StudentCard, *, template: str
) -> Student:
    """A student of its parts; what the card leaves open is filled in from them."""
    renderer = renderer_for(template, card.renderer, tokens=_named_tokens(tokenizer))
    stops = tuple(card.stops or renderer.stops)
    length = card.max_length or int(getattr(model.config, "max_position_embeddings", 0) or 0)
    ids = _stop_ids(tokenizer, stops)
    model.generation_config.eos_token_id = list(ids)
    model.generation_config.pad_token_id = (
        tokenizer.pad_token_id if tokenizer.pad_token_id is not None else ids[0]
    )
    card = msgspec.structs.replace(card, stops=stops, stop_ids=ids, max_length=length)
    return Student(model, tokenizer, renderer, card)


def renderer_for(template: str, name: str, *, tokens: Mapping[str, str] | None = None) -> Renderer:
    """The renderer called `name` that writes by `template`.

    `tokens`: what the template may name, such as `bos_token`; `eos_token` is also the stop of a template
    that has no family.
    """
    stop = (tokens or {}).get("eos_token", "") if name == "template" else ""
    return RENDERERS[name](template, stop=stop, special_tokens=tokens)  # type: ignore[no-any-return]


def _named_tokens(tokenizer: "PreTrainedTokenizerFast") -> dict[str, str]:
    return {name: str(text) for name, text in tokenizer.special_tokens_map.items() if isinstance(text, str)}


def _stop_ids(tokenizer: "PreTrainedTokenizerFast", stops: tuple[str, ...]) -> tuple[int, ...]:
    known = tokenizer.get_vocab()
    ids = tuple(known[stop] for stop in stops if stop in known)
    if not ids:
        raise ModelError(
            f"no text that ends a turn ({', '.join(map(repr, stops))}) is one token of this tokenizer",
            hint="template and tokenizer belong to different models; take both from the same folder",
        )
    return ids
