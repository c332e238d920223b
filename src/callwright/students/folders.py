"""A student's folder: loaded from anywhere, saved whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from callwright.errors import ModelError
from callwright.files import synced
from callwright.registry import near
from callwright.students.machine import fast_bf16, quiet, torch_module
from callwright.students.names import FAMILIES, STUDENTS, TINY
from callwright.students.student import Student, StudentCard, assemble, is_adapted

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

CARD = "callwright.json"


def load_student(folder_or_name: str | Path, *, dtype: str | None = None) -> Student:
    """The student of a folder (full or LoRA adapter), of a name in `STUDENTS`, or of a hub id.

    `dtype`: name of a torch type such as `float32`; None: the folder's own where this machine computes it
    well, otherwise float32. Raises `ModelError` where there is no such student or its folder is not whole.
    """
    place = _place(folder_or_name)
    with quiet():
        model = _adapter(Path(place), dtype) if _is_adapter(place) else _weights(place, dtype)
        tokenizer = _tokenizer(place, str(model.name_or_path))
    template = _template(tokenizer, place)
    card = _card(place)
    if card is None:
        family, renderer = family_of(str(model.config.model_type), template)
        base = str(model.name_or_path) if _is_adapter(place) else str(folder_or_name)
        card = StudentCard(family=family, renderer=renderer, base=base)
    return assemble(model, tokenizer, card, template=template)


def family_of(model_type: str, template: str) -> tuple[str, str]:
    """Family and renderer of a folder without a card, by its architecture and its template."""
    from callwright.renderers.tiny import TEMPLATE

    if template == TEMPLATE:
        return "tiny", "tiny"
    return FAMILIES.get(model_type, (model_type, "template"))


def _place(folder_or_name: str | Path) -> str:
    """A folder that is there, or a hub id."""
    text = str(folder_or_name)
    if Path(text).is_dir():
        return text
    if text == TINY:
        raise ModelError(
            f"`{TINY}` has no weights to load: it is made from the conversations of a job",
            hint="train one with `callwright run JOB`, and load the `student` folder of that run",
        )
    if known := STUDENTS.get(text.removeprefix("openai.")):  # the reference's spelling of gpt-oss
        return known.hub
    if not isinstance(folder_or_name, Path) and text.count("/") == 1 and not text.startswith((".", "/", "~")):
        return text
    raise ModelError(
        f"there is no student `{text}`: no such folder, and no such name", hint=near(text, list(STUDENTS))
    )


def _is_adapter(place: str) -> bool:
    return Path(place, "adapter_config.json").is_file()


def _weights(place: str, dtype: str | None) -> "PreTrainedModel":
    torch = torch_module()
    from safetensors import SafetensorError
    from transformers import AutoConfig, AutoModelForCausalLM

    folder = Path(place)
    if folder.is_dir() and not (folder / "config.json").is_file():
        raise ModelError(
            f"`{place}` is no student folder: it has neither config.json nor adapter_config.json",
            hint="give the `student` folder of a run, or any Hugging Face model folder",
        )
    try:
        config = AutoConfig.from_pretrained(place)
        own = getattr(config, "dtype", None) or torch.float32
        if dtype:
            own = getattr(torch, dtype)
        elif own == torch.bfloat16 and not fast_bf16():
            own = torch.float32
        return AutoModelForCausalLM.from_pretrained(place, dtype=own)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise _unloadable(place, error) from error


def _adapter(folder: Path, dtype: str | None) -> "PeftModel":
    torch = torch_module()
    from peft import PeftModel
    from safetensors import SafetensorError

    try:
        base = str(
            msgspec.json.decode((folder / "adapter_config.json").read_bytes())["base_model_name_or_path"]
        )
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise ModelError(f"`{folder / 'adapter_config.json'}` does not say which model it adapts") from error
    hint = "put the base back, or name where it is as base_model_name_or_path in adapter_config.json"
    nearby = folder / base
    try:
        place = str(nearby) if nearby.is_dir() else _place(base)
        model = _weights(place, dtype)
    except ModelError as error:
        raise ModelError(
            f"`{folder}` is an adapter, and its base `{base}` cannot be loaded: {error}", hint=hint
        ) from error
    try:
        # An adapter is small beside its base, and sums of small numbers: float32 whatever the base has.
        adapted = PeftModel.from_pretrained(model, str(folder), torch_dtype=torch.float32)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise _unloadable(str(folder), error) from error
    return adapted.eval()


def _unloadable(place: str, error: Exception) -> ModelError:
    told = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if Path(place).is_dir():
        return ModelError(
            f"`{place}` cannot be loaded: {told}", hint="is the folder whole? copy or download it again"
        )
    return ModelError(
        f"`{place}` cannot be had from the Hugging Face hub: {told}",
        hint="without network, give a folder on this machine; a gated model needs HF_TOKEN",
    )


def _tokenizer(place: str, base: str) -> "PreTrainedTokenizerFast":
    from transformers import AutoTokenizer

    own = not Path(place).is_dir() or Path(place, "tokenizer_config.json").is_file()
    try:
        tokenizer = AutoTokenizer.from_pretrained(place if own or not _is_adapter(place) else base)
    except (OSError, ValueError, KeyError) as error:
        raise _unloadable(place, error) from error
    if not tokenizer.is_fast:
        raise ModelError(
            f"the tokenizer of `{place}` has no tokenizer.json", hint="save it once with `use_fast=True`"
        )
    return tokenizer


def _template(tokenizer: "PreTrainedTokenizerFast", place: str) -> str:
    template = tokenizer.chat_template
    if isinstance(template, dict):
        template = template.get("tool_use") or template.get("default")
    if not template:
        raise ModelError(
            f"`{place}` has no chat template, so nobody knows how it writes conversations",
            hint="use the `Instruct` model of that name, or put its chat_template.jinja into the folder",
        )
    return str(template)


def _card(place: str) -> StudentCard | None:
    path = Path(place, CARD)
    if not path.is_file():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=StudentCard)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise ModelError(
            f"`{path}` cannot be read: {error}", hint="delete it; the folder loads without"
        ) from error


def save_student(student: Student, folder: Path) -> None:
    """Write the student's folder; what was there before stays until the new one is whole.

    A LoRA student is saved as its adapter, which needs its base to be loaded; `merged` makes it a full one.
    """
    if is_adapted(student) and not student.model.name_or_path:
        raise ModelError(
            "an adapter cannot be saved alone: its base is in no folder",
            hint="save the base first and load it from there, or save `merged(student)`",
        )
    with _whole_folder(folder) as place, quiet():
        student.model.save_pretrained(place)
        student.model.generation_config.save_pretrained(place)
        student.tokenizer.save_pretrained(place)
        (place / "README.md").unlink(missing_ok=True)  # peft's card of empty headings
        (place / CARD).write_bytes(msgspec.json.format(msgspec.json.encode(student.card), indent=2) + b"\n")


@contextmanager
def _whole_folder(folder: Path) -> Iterator[Path]:
    """A new folder that appears as `folder` whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=".partial"))
    try:
        yield place
        for path in place.rglob("*"):
            with path.open("rb") as file:
                os.fsync(file.fileno())
        synced(place)
        place.chmod(0o755)
        if folder.exists():
            before = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=".replaced"))
            folder.rename(before / folder.name)
            place.rename(folder)
            shutil.rmtree(before)
        else:
            place.rename(folder)
        synced(folder.parent)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
