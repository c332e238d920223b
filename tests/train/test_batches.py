from pathlib import Path

import numpy as np
import pytest
import torch

from callwright.packs import IGNORED, Pack, Packs
from callwright.students import Student
from callwright.train.batches import Noise, collator, held_out, shares_prefix, token_losses, unpacked


def pack_of(*samples: tuple[list[int], int]) -> Pack:
    """Samples as (ids, number of the first that is trained)."""
    labels = [[IGNORED] * start + ids[start:] for ids, start in samples]
    return Pack(
        ids=np.array([token for ids, _ in samples for token in ids], dtype=np.int32),
        labels=np.array([label for part in labels for label in part], dtype=np.int32),
        position_ids=np.concatenate([np.arange(len(ids), dtype=np.int32) for ids, _ in samples]),
        lengths=np.array([len(ids) for ids, _ in samples], dtype=np.int32),
    )


def test_labels_are_shifted_and_no_sample_foretells_the_next() -> None:
    batch = collator(0, shares=False)([pack_of(([5, 6, 7], 1), ([8, 9], 0))])
    group = batch["groups"][0]
    assert group["labels"].tolist() == [[6, 7, IGNORED, 9, IGNORED]]
    assert batch["labels"].tolist() == [6, 7, 9]
    assert int(batch["tokens"]) == 5


def test_padding_is_a_sample_of_its_own_and_never_trained() -> None:
    batch = collator(0, shares=False)([pack_of(([5, 6, 7], 1)), pack_of(([8, 9], 1))])
    group = batch["groups"][0]
    assert group["input_ids"].tolist() == [[5, 6, 7], [8, 9, 0]]
    assert group["position_ids"].tolist() == [[0, 1, 2], [0, 1, 0]]
    assert group["labels"].tolist() == [[6, 7, IGNORED], [9, IGNORED, IGNORED]]


def test_history_is_weighted_and_told_apart_from_what_is_trained() -> None:
    batch = collator(0, shares=False, history=0.5)([pack_of(([5, 6, 7, 8], 2))])
    assert batch["labels"].tolist() == [6, 7, 8]
    assert batch["weights"].tolist() == [0.5, 1.0, 1.0]


def test_a_common_beginning_is_taken_apart_up_to_the_first_trained_token() -> None:
    common = list(range(10, 50))
    one, two = [*common, 1, 2, 3], [*common, 4, 5]
    batch = collator(0, shares=True)([pack_of((one, 41), (two, 41))])
    assert batch["prefix"].tolist() == common
    group = batch["groups"][0]
    assert group["input_ids"].tolist() == [[4, 5, 0], [1, 2, 3]]  # by length, so that little is padded
    assert group["position_ids"].tolist()[1] == [40, 41, 42]
    assert batch["labels"].tolist() == [2, 3, 5]  # in the order of the samples all the same
    assert int(batch["tokens"]) == 85


def test_a_short_common_beginning_is_left_where_it_is() -> None:
    batch = collator(0, shares=True)([pack_of(([1, 2, 3, 4], 2), ([1, 2, 5, 6], 2))])
    assert len(batch["prefix"]) == 0


@pytest.mark.parametrize("shares", [False, True])
def test_losses_and_gradients_are_those_of_the_samples_alone(
    tiny: Student, tiny_packs: Path, shares: bool
) -> None:
    packs = Packs(tiny_packs)[:3]
    alone = [sample for pack in packs for sample in unpacked(pack)]
    tiny.model.eval()
    assert shares_prefix(tiny.model)

    batch = collator(0, shares=shares)(packs)
    assert bool(len(batch["prefix"])) is shares
    together = token_losses(tiny.model, batch)
    together.mean().backward()
    gradients = [weight.grad.clone() for weight in tiny.model.parameters()]
    tiny.model.zero_grad()
    single = torch.cat([token_losses(tiny.model, collator(0, shares=False)([one])) for one in alone])
    single.mean().backward()

    torch.testing.assert_close(together, single, atol=1e-5, rtol=1e-5)
    for ours, weight in zip(gradients, tiny.model.parameters(), strict=True):
        torch.testing.assert_close(ours, weight.grad, atol=1e-6, rtol=1e-4)


def test_packs_are_held_out_by_share_and_seed() -> None:
    ours, out = held_out(10, 0.2, seed=1)
    assert sorted([*ours, *out]) == list(range(10))
    assert len(out) == 2
    assert held_out(10, 0.2, seed=1) == (ours, out)
    assert held_out(10, 0.2, seed=2) != (ours, out)


@pytest.mark.parametrize(
    ("count", "share", "expected"), [(1, 0.2, 0), (2, 0.01, 1), (2, 0.99, 1), (9, 0.0, 0)]
)
def test_something_is_always_left_to_train(count: int, share: float, expected: int) -> None:
    ours, out = held_out(count, share, seed=0)
    assert (len(ours), len(out)) == (count - expected, expected)


def test_noise_changes_ordinary_words_of_the_prompt_and_nothing_that_is_written_or_copied() -> None:
    # 1, 2: template; 10 to 19: words; the student writes 12 and 2, and 12 stands in the prompt too
    ids = [1, 10, 11, 12, 13, 14, 15, 2, 12, 2]
    sample = pack_of((ids, 8))
    noise = Noise(1.0, np.arange(100, 110))
    assert noise.on(sample, 0).ids.tolist() == ids, "none of its words may be exchanged"
    noisy = Noise(1.0, np.arange(10, 20)).on(sample, 2)
    kept = [0, 1, 3, 7, 8, 9]  # before the start, of the template, written, or copied
    assert [noisy.ids[at] for at in kept] == [ids[at] for at in kept]
    assert all(10 <= noisy.ids[at] < 20 for at in (2, 4, 5, 6))
    assert noisy.labels.tolist() == sample.labels.tolist()
    assert noisy.ids.tolist() == Noise(1.0, np.arange(10, 20)).on(sample, 2).ids.tolist()


def test_noise_is_about_as_much_as_asked_for() -> None:
    sample = pack_of((list(range(10, 1010)), 1000))
    changed = Noise(0.2, np.arange(10, 1010)).on(sample, 0).ids
    assert 0.15 < float(np.mean(changed != sample.ids)) < 0.25
