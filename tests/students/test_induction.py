"""Induction heads at birth: what was seen before is copied, before any training."""

from typing import Any

import pytest
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from callwright.students.induction import give_induction


def model(**shape: Any) -> Qwen3ForCausalLM:
    torch.manual_seed(0)
    return Qwen3ForCausalLM(
        Qwen3Config(
            **{
                "vocab_size": 500,
                "hidden_size": 128,
                "num_hidden_layers": 3,
                "num_attention_heads": 4,
                "num_key_value_heads": 4,
                "head_dim": 64,
                "intermediate_size": 128,
                "tie_word_embeddings": True,
                "initializer_range": 0.06,
                "rope_parameters": {"rope_type": "default", "rope_theta": 1e6},
                "attn_implementation": "eager",
                **shape,
            }
        )
    ).eval()


def copied(student: Qwen3ForCausalLM) -> float:
    """Share of tokens of a repeated random text that are foretold in its second half."""
    generator = torch.Generator().manual_seed(1)
    once = torch.randint(0, 500, (8, 40), generator=generator)
    twice = torch.cat([once, once], dim=1)
    with torch.no_grad():
        foretold = student(twice).logits.argmax(-1)
    return float((foretold[:, 40:-1] == twice[:, 41:]).float().mean())


def test_an_untrained_student_copies_what_it_saw_before() -> None:
    student = model()
    assert copied(student) < 0.02
    give_induction(student, seed=0)
    assert copied(student) > 0.6


def test_the_first_heads_look_one_and_two_tokens_back() -> None:
    student = model()
    give_induction(student, seed=0)
    with torch.no_grad():
        attention = student(torch.arange(60)[None], output_attentions=True).attentions[0][0]
    assert float(attention[0].diagonal(-1).mean()) > 0.95
    assert float(attention[1].diagonal(-2).mean()) > 0.95


def test_the_same_seed_gives_the_same_heads() -> None:
    first, second = model(), model()
    give_induction(first, seed=3)
    give_induction(second, seed=3)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


@pytest.mark.parametrize("shape", [{"num_hidden_layers": 1}, {"head_dim": 32}, {"hidden_size": 32}])
def test_a_model_without_room_for_the_heads_is_refused(shape: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="expected 2 layers, 2 heads of 64"):
        give_induction(model(**shape), seed=0)
