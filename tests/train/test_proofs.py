"""Each proof is shown to pass on what is right, and to fail when its bug is planted."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from callwright.errors import ProofError
from callwright.packs import IGNORED, Pack, Packs
from callwright.students import Student, TinySize, create_tiny, save_student
from callwright.train import proofs


@pytest.fixture
def data(tiny_packs: Path) -> list[Pack]:
    return Packs(tiny_packs)[:]


def test_all_proofs_hold_for_what_is_right(tiny: Student, data: list[Pack]) -> None:
    proofs.before_training(tiny, data, pad=0)
    trained, tokens = proofs.of_labels(data)
    assert 0 < trained < tokens
    assert proofs.of_stops(data, tiny) == 40
    assert proofs.of_isolation(tiny.model, data, pad=0) < 1e-5


def test_packs_with_nothing_trained_are_refused(data: list[Pack]) -> None:
    masked = [replace(pack, labels=np.full_like(pack.labels, IGNORED)) for pack in data]
    with pytest.raises(ProofError, match="none of the 2,320 tokens is trained"):
        proofs.of_labels(masked)


def test_packs_with_everything_trained_are_refused(data: list[Pack]) -> None:
    unmasked = [replace(pack, labels=np.where(pack.position_ids > 0, pack.ids, IGNORED)) for pack in data]
    with pytest.raises(ProofError, match="all of the 2,320 tokens are trained"):
        proofs.of_labels(unmasked)


def test_packs_without_tokens_are_refused() -> None:
    with pytest.raises(ProofError, match="the packs are empty"):
        proofs.of_labels([])


def test_a_turn_whose_stop_is_not_trained_is_counted_and_shown(tiny: Student, data: list[Pack]) -> None:
    broken = data[0].labels.copy()
    stops = np.flatnonzero(np.isin(broken, tiny.card.stop_ids))
    broken[stops[:2]] = IGNORED
    with pytest.raises(ProofError, match=r"(?s)2 of 40 trained turns do not end with a stop .*</tool_call>"):
        proofs.of_stops([replace(data[0], labels=broken), *data[1:]], tiny)


def test_turns_at_the_edges_of_samples_are_two_turns(tiny: Student) -> None:
    stop = tiny.card.stop_ids[0]
    ids = np.array([9, 8, stop, 8, stop], dtype=np.int32)
    labels = np.array([IGNORED, 8, stop, 8, stop], dtype=np.int32)
    positions = np.array([0, 1, 2, 0, 1], dtype=np.int32)
    pack = Pack(ids=ids, labels=labels, position_ids=positions, lengths=np.array([3, 2], dtype=np.int32))
    assert proofs.of_stops([pack], tiny) == 2


@pytest.mark.parametrize("joined", [False, True])
def test_samples_that_see_each_other_are_found(
    tiny: Student, data: list[Pack], monkeypatch: pytest.MonkeyPatch, joined: bool
) -> None:
    forward = tiny.model.forward

    def leaking(**inputs: Any) -> Any:
        if inputs.get("past_key_values") is None and not inputs["use_cache"]:
            inputs["attention_mask"] = torch.ones_like(
                inputs["input_ids"]
            )  # hides the samples from transformers
        return forward(**inputs)

    monkeypatch.setattr(tiny.model, "forward", leaking)
    monkeypatch.setattr(proofs, "shares_prefix", lambda model: False)
    rows = [part for pack in data[:2] for part in proofs.unpacked(pack)] if joined else data
    with pytest.raises(ProofError, match="samples in one pack see each other"):
        proofs.of_isolation(tiny.model, rows, pad=0)


def trained(student: Student) -> Student:
    with torch.no_grad():
        for weight in student.model.parameters():
            weight += 0.01
    return student


def test_an_export_of_the_trained_student_holds(tiny: Student, data: list[Pack], tmp_path: Path) -> None:
    proofs.remember(tiny, data, tmp_path)
    save_student(trained(tiny), tmp_path / "student")
    proofs.of_export(tiny, tmp_path / "student", tmp_path)


def test_an_export_that_changed_nothing_is_found(tiny: Student, data: list[Pack], tmp_path: Path) -> None:
    proofs.remember(tiny, data, tmp_path)
    save_student(tiny, tmp_path / "student")
    with pytest.raises(ProofError, match="answers as before training"):
        proofs.of_export(tiny, tmp_path / "student", tmp_path)


def test_an_export_with_other_weights_is_found(tiny: Student, data: list[Pack], tmp_path: Path) -> None:
    proofs.remember(tiny, data, tmp_path)
    save_student(tiny, tmp_path / "student")
    trained(tiny)
    with pytest.raises(ProofError, match="answers otherwise than the student that was trained"):
        proofs.of_export(tiny, tmp_path / "student", tmp_path)


def test_an_export_with_another_template_is_found(tiny: Student, data: list[Pack], tmp_path: Path) -> None:
    proofs.remember(tiny, data, tmp_path)
    save_student(trained(tiny), tmp_path / "student")
    template = tmp_path / "student" / "chat_template.jinja"
    template.write_text(template.read_text().replace("# Tools", "# Functions"))
    with pytest.raises(ProofError, match="the saved chat template writes"):
        proofs.of_export(tiny, tmp_path / "student", tmp_path)


def test_an_export_with_another_tokenizer_is_found(tiny: Student) -> None:
    other = create_tiny(["other words are learnt here, and here"], seed=1, size=TinySize(width=64, heads=2))
    with pytest.raises(ProofError, match="does not give the tokens that were trained"):
        proofs.of_writing(tiny, other.tokenizer, "<|im_start|>user\nopen report_2<|im_end|>")
