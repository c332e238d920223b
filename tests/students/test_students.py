import json
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from peft import LoraConfig, get_peft_model

from callwright.conversation import Conversation, Tool, UserMessage
from callwright.errors import ModelError
from callwright.renderers import RENDERERS
from callwright.renderers.tiny import FRAME_TOKENS, SPECIAL_TOKENS
from callwright.students import (
    CARD,
    PRESETS,
    STUDENTS,
    Student,
    StudentCard,
    TinySize,
    create_tiny,
    load_student,
    merged,
    quiet,
    save_student,
    tiny_tokenizer,
)
from callwright.students import folders as student_folders
from callwright.testing.students import TOKENS, Architecture, make_student

SMALL = TinySize(width=64, layers=2, heads=2, feed_forward=64, vocabulary=400)
TEXTS = ["open the final report", "delete report_final.txt please", "the report of the year 2024"]
TOOL = Tool(
    name="open_file",
    description="Open a file.",
    parameters={"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
)


@pytest.fixture
def tiny() -> Student:
    return create_tiny(TEXTS, seed=3, max_length=256, size=SMALL).with_card(tools=(TOOL,))


def template(name: str) -> str:
    spec = find_spec("trl")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0], "chat_templates", f"{name}.jinja").read_text()


def weights(student: Student) -> torch.Tensor:
    return torch.cat([weight.detach().flatten() for weight in student.model.parameters()])


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        answer: torch.Tensor = model(input_ids=torch.arange(12)[None]).logits
    return answer


# --- names


def test_importing_students_loads_no_torch() -> None:
    told = (
        "import sys, callwright.students; print(sorted({'torch', 'transformers', 'peft'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", told], text=True).strip() == "[]"


def test_every_student_has_a_known_renderer_and_all_but_ours_a_place_on_the_hub() -> None:
    assert all(info.renderer in RENDERERS for info in STUDENTS.values())
    assert all(info.name == name for name, info in STUDENTS.items())
    assert [name for name, info in STUDENTS.items() if not info.hub] == ["callwright-tiny"]
    assert {info.family for info in STUDENTS.values()} == {"qwen", "llama", "gpt-oss", "tiny"}
    assert set(PRESETS) <= set(STUDENTS)


# --- from nothing


def test_the_same_texts_and_seed_give_the_same_student(tiny: Student) -> None:
    again = create_tiny(TEXTS, seed=3, max_length=256, size=SMALL)
    assert torch.equal(weights(again), weights(tiny))
    assert again.encoder.to_str() == tiny.encoder.to_str()
    assert not torch.equal(weights(create_tiny(TEXTS, seed=4, max_length=256, size=SMALL)), weights(tiny))


def test_making_a_student_leaves_the_random_numbers_of_others_alone() -> None:
    state = torch.random.get_rng_state()
    create_tiny(TEXTS, seed=3, size=SMALL)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("before", ["", " ", '"', "_", "/", "(", "'", "\n", "2"])
@pytest.mark.parametrize("word", ["report", "zyxwvu", "Ünïcode", "日本"])
def test_a_word_is_the_same_tokens_wherever_it_stands(before: str, word: str) -> None:
    tokenizer = tiny_tokenizer(TEXTS, vocabulary=400)
    alone = tokenizer.encode(word).ids
    assert tokenizer.encode(before + word).ids[-len(alone) :] == alone
    assert (
        tokenizer.encode(before + word + "_x").ids[: -len(tokenizer.encode("_x").ids)][-len(alone) :] == alone
    )


def test_digits_and_signs_stand_one_by_one() -> None:
    tokenizer = tiny_tokenizer(TEXTS, vocabulary=400)
    assert tokenizer.encode("v2024--b  c").tokens == ["v", *"2024--", "b", "Ġ", "Ġ", "c"]


@pytest.mark.parametrize(
    "text", ["", "tab\tand\r\nlines", "e\u0301 ñ 日本 \u2028 🙂‍↔️", '{"a": [1.0, null]}', "\x00\x1f"]
)
def test_every_text_goes_into_tokens_and_back(tiny: Student, text: str) -> None:
    assert tiny.tokenizer.decode(tiny.tokenizer(text, add_special_tokens=False)["input_ids"]) == text


def test_frame_and_special_tokens_are_one_token_each(tiny: Student) -> None:
    for text in (*SPECIAL_TOKENS, *FRAME_TOKENS):
        assert len(tiny.encoder.encode(text, add_special_tokens=False).ids) == 1, text
    assert len(tiny.tokenizer) <= SMALL.vocabulary


# --- saving and loading


def test_a_saved_student_is_loaded_as_it_was(tiny: Student, tmp_path: Path) -> None:
    student = tiny.with_card(task_description="Open files.", scores={"binary": 0.5}, made_by="a test")
    save_student(student, tmp_path / "student")
    loaded = load_student(tmp_path / "student")
    assert loaded.card == student.card
    assert torch.equal(weights(loaded), weights(student))
    assert loaded.encoder.to_str() == student.encoder.to_str()
    assert type(loaded.renderer) is type(student.renderer)


def test_plain_transformers_loads_a_saved_student_and_writes_its_prompt(
    tiny: Student, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    save_student(tiny, tmp_path / "student")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "student")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "student")
    assert torch.equal(logits(model), logits(tiny.model))
    written = tokenizer.apply_chat_template(
        [{"role": "user", "content": "open it"}],
        tools=[{"type": "function", "function": msgspec.to_builtins(TOOL)}],
        add_generation_prompt=True,
        tokenize=False,
    )
    assert written == tiny.renderer.prompt(Conversation(messages=(UserMessage("open it"),), tools=(TOOL,)))
    assert "open_file(name: string)" in written
    stops = json.loads((tmp_path / "student" / "generation_config.json").read_text())["eos_token_id"]
    assert stops == list(tiny.card.stop_ids)
    assert tokenizer.convert_ids_to_tokens(stops) == ["<|im_end|>", "<|endoftext|>"]


def test_a_saved_folder_has_the_files_that_servers_look_for_and_nothing_half_written(
    tiny: Student, tmp_path: Path
) -> None:
    for _ in range(2):  # the second time over the first
        save_student(tiny, tmp_path / "student")
    assert sorted(path.name for path in (tmp_path / "student").iterdir()) == [
        CARD,
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["student"]


def test_a_save_that_fails_leaves_what_was_there(
    tiny: Student, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_student(tiny, tmp_path / "student")
    before = (tmp_path / "student" / CARD).read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(tiny.tokenizer, "save_pretrained", full)
    with pytest.raises(OSError, match="no space"):
        save_student(tiny.with_card(made_by="another"), tmp_path / "student")
    assert (tmp_path / "student" / CARD).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["student"]


@pytest.mark.parametrize(
    ("architecture", "name", "family", "renderer"),
    [
        ("qwen3", "qwen3", "qwen", "qwen"),
        ("llama", "llama3_2", "llama", "llama"),
        ("gpt-oss", "gptoss", "gpt-oss", "harmony"),
    ],
)
def test_a_folder_without_a_card_is_known_by_its_architecture(
    tmp_path: Path, architecture: Architecture, name: str, family: str, renderer: str
) -> None:
    student = load_student(make_student(tmp_path / "model", architecture, template(name)))
    assert (student.card.family, student.card.renderer) == (family, renderer)
    assert student.card.stops
    assert (
        student.tokenizer.convert_ids_to_tokens(list(student.card.stop_ids))[0]
        == TOKENS[architecture]["eos_token"]
    )
    assert student.card.base == str(tmp_path / "model")
    assert student.card.max_length == 4096


def test_our_own_template_is_known_without_a_card(tiny: Student, tmp_path: Path) -> None:
    save_student(tiny, tmp_path / "student")
    (tmp_path / "student" / CARD).unlink()
    assert load_student(tmp_path / "student").card.family == "tiny"


def test_the_type_of_the_weights_can_be_chosen(tiny: Student, tmp_path: Path) -> None:
    save_student(tiny, tmp_path / "student")
    assert load_student(tmp_path / "student", dtype="float64").model.dtype == torch.float64


# --- adapters


def adapted(student: Student) -> Student:
    config = LoraConfig(r=2, target_modules=["q_proj"], init_lora_weights=False, task_type="CAUSAL_LM")
    with quiet():
        return replace(student, model=get_peft_model(student.model, config))


@pytest.fixture
def adapter(tiny: Student, tmp_path: Path) -> Path:
    """An adapter in a folder of its own, beside its base."""
    save_student(tiny, tmp_path / "base")
    save_student(adapted(load_student(tmp_path / "base")), tmp_path / "adapter")
    return tmp_path / "adapter"


def test_an_adapter_folder_loads_onto_its_base(adapter: Path) -> None:
    assert not (adapter / "model.safetensors").exists()
    student, base = load_student(adapter), load_student(adapter.parent / "base")
    assert not torch.allclose(logits(student.model), logits(base.model))
    torch.testing.assert_close(logits(merged(load_student(adapter)).model), logits(student.model))


def test_an_adapter_whose_base_is_gone_is_refused_with_its_name(adapter: Path) -> None:
    (adapter.parent / "base").rename(adapter.parent / "moved")
    with pytest.raises(ModelError, match=r"is an adapter, and its base `.*base` cannot be loaded"):
        load_student(adapter)


def test_an_adapter_of_a_student_in_no_folder_is_not_saved_alone(tiny: Student, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be saved alone"):
        save_student(adapted(tiny), tmp_path / "adapter")
    assert list(tmp_path.iterdir()) == []


# --- what cannot be loaded


@pytest.mark.parametrize(
    ("name", "told", "hint"),
    [
        ("Qwen3-06B", "there is no student `Qwen3-06B`", "`Qwen3-0.6B`"),
        ("./nowhere/at/all", "there is no student `./nowhere/at/all`", "Qwen3"),
        ("callwright-tiny", "it is made from the conversations of a job", "callwright run"),
    ],
)
def test_a_name_that_leads_nowhere_is_refused_with_the_way(name: str, told: str, hint: str) -> None:
    with pytest.raises(ModelError) as caught:
        load_student(name)
    assert told in str(caught.value)
    assert hint in caught.value.hint


@pytest.mark.parametrize("name", ["Qwen3-0.6B", "nobody/has-this-model"])
def test_a_hub_that_cannot_be_reached_is_said_with_the_hint_to_give_a_folder(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match=r"cannot be had from the Hugging Face hub") as caught:
        load_student(name)
    assert "give a folder on this machine" in caught.value.hint


def test_a_folder_that_holds_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"neither config\.json nor adapter_config\.json"):
        load_student(tmp_path)


def test_a_folder_without_a_chat_template_is_refused(tiny: Student, tmp_path: Path) -> None:
    save_student(tiny, tmp_path / "student")
    (tmp_path / "student" / "chat_template.jinja").unlink()
    with pytest.raises(ModelError, match="has no chat template") as caught:
        load_student(tmp_path / "student")
    assert "chat_template.jinja" in caught.value.hint


@pytest.mark.parametrize("cut", ["model.safetensors", "config.json", CARD])
def test_a_file_that_was_cut_is_a_clear_error(tiny: Student, tmp_path: Path, cut: str) -> None:
    save_student(tiny, tmp_path / "student")
    path = tmp_path / "student" / cut
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ModelError, match=r"student.* cannot be (loaded|read)"):
        load_student(tmp_path / "student")


def test_a_template_of_another_model_is_refused(tmp_path: Path) -> None:
    make_student(tmp_path / "model", "llama", template("llama3_2"))
    card = StudentCard(family="qwen", renderer="qwen")
    (tmp_path / "model" / CARD).write_bytes(msgspec.json.encode(card))
    with pytest.raises(ModelError, match="no text that ends a turn"):
        load_student(tmp_path / "model")


def test_bfloat16_is_used_only_where_the_machine_is_quick_with_it(
    tiny: Student, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.model.to(torch.bfloat16)
    save_student(tiny, tmp_path / "student")
    for quick, expected in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(student_folders, "fast_bf16", lambda quick=quick: quick)
        assert load_student(tmp_path / "student").model.dtype == expected
