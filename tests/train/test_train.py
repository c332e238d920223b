from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import torch
from msgspec.structs import replace

from callwright.errors import ModelError, ProofError, RunError
from callwright.packs import IGNORED, Packs
from callwright.students import Student, is_adapted, load_student, merged
from callwright.testing.students import Architecture
from callwright.train import TrainSettings, curves, export, loop, train


def weights(student: Student) -> torch.Tensor:
    return torch.cat([weight.detach().flatten() for weight in student.model.parameters()])


def losses(work: Path) -> list[float]:
    return [entry.loss for entry in curves.read(work) if entry.loss is not None]


@pytest.mark.parametrize("use_lora", [False, True])
@pytest.mark.parametrize("architecture", ["qwen3", "llama", "gpt-oss"])
def test_every_architecture_trains_and_exports_through_the_same_code(
    architecture: Architecture,
    use_lora: bool,
    folder_of: Callable[[Architecture], Path],
    packs_of: Callable[[Student], Path],
    settings: TrainSettings,
    tmp_path: Path,
) -> None:
    student = load_student(folder_of(architecture))
    before = weights(student).clone()
    settings = replace(settings, use_lora=use_lora, lora_r=4, num_train_epochs=1)
    student = train(student, packs_of(student), tmp_path / "work", settings=settings)

    assert is_adapted(student) is use_lora
    told = losses(tmp_path / "work")
    assert told[-1] < told[0]
    export(student, tmp_path / "student", work=tmp_path / "work")
    served = load_student(tmp_path / "student")
    assert served.card == student.card
    assert torch.equal(weights(served), weights(student))
    assert use_lora or not torch.equal(weights(served), before)


def test_a_merged_adapter_answers_as_the_adapter(
    folder_of: Callable[[Architecture], Path],
    packs_of: Callable[[Student], Path],
    settings: TrainSettings,
    tmp_path: Path,
) -> None:
    student = load_student(folder_of("qwen3"))
    settings = replace(settings, use_lora=True, lora_r=2, num_train_epochs=1)
    student = train(student, packs_of(student), tmp_path / "work", settings=settings)
    ids = torch.arange(20)[None]
    with torch.no_grad():
        adapted = student.model(input_ids=ids).logits
        whole = merged(student)
        torch.testing.assert_close(whole.model(input_ids=ids).logits, adapted, atol=1e-5, rtol=1e-5)
    assert not is_adapted(whole)
    export(whole, tmp_path / "whole", work=tmp_path / "work")
    assert not (tmp_path / "whole" / "adapter_config.json").exists()


def test_the_log_the_picture_and_the_progress_tell_the_training(
    tiny: Student, tiny_packs: Path, settings: TrainSettings, tmp_path: Path
) -> None:
    told: list[tuple[int, int | None, str]] = []
    train(tiny, tiny_packs, tmp_path, settings=settings, progress=lambda *step: told.append(step))
    entries = curves.read(tmp_path)
    assert [entry.step for entry in entries if entry.loss is not None] == list(range(1, 9))
    assert [entry.step for entry in entries if entry.eval_loss is not None] == [4, 8]
    assert entries[-1].epoch == 2.0
    assert max(entry.learning_rate or 0 for entry in entries) == pytest.approx(settings.learning_rate)
    assert all(entry.tokens_per_second for entry in entries if entry.loss is not None)
    assert [(done, total) for done, total, _ in told] == [(n, 8) for n in range(1, 9)]
    assert "loss " in told[-1][2]
    assert "0:00 left" in told[-1][2]
    assert (tmp_path / curves.PICTURE).stat().st_size > 5000


def test_the_terminal_is_left_alone(
    tiny: Student,
    tiny_packs: Path,
    settings: TrainSettings,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    train(tiny, tiny_packs, tmp_path, settings=settings)
    assert capfd.readouterr() == ("", "")


def test_one_pack_at_a_time_over_two_steps_learns_as_two_packs_at_once(
    tiny_packs: Path, student_of: Callable[[], Student], settings: TrainSettings, tmp_path: Path
) -> None:
    at_once = train(student_of(), tiny_packs, tmp_path / "once", settings=settings)
    slowly = replace(settings, per_device_train_batch_size=1, gradient_accumulation_steps=2)
    in_two = train(student_of(), tiny_packs, tmp_path / "two", settings=slowly)
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "once"), abs=1e-4)
    torch.testing.assert_close(weights(in_two), weights(at_once), atol=1e-3, rtol=1e-3)


class PowerCut(Exception):
    pass


def test_a_training_that_was_cut_goes_on_to_the_same_end(
    tiny_packs: Path, student_of: Callable[[], Student], settings: TrainSettings, tmp_path: Path
) -> None:
    settings = replace(settings, checkpoint_steps=2)
    undisturbed = train(student_of(), tiny_packs, tmp_path / "whole", settings=settings)

    def cut(done: int, total: int | None, note: str) -> None:
        if done == 7:  # the second epoch, a step after a checkpoint
            raise PowerCut

    with pytest.raises(PowerCut):
        train(student_of(), tiny_packs, tmp_path / "cut", settings=settings, progress=cut)
    again = train(student_of(seed=99), tiny_packs, tmp_path / "cut", settings=settings)
    assert losses(tmp_path / "cut") == pytest.approx(losses(tmp_path / "whole"), abs=1e-5)
    torch.testing.assert_close(weights(again), weights(undisturbed), atol=1e-6, rtol=0)
    eval_losses = [
        [e.eval_loss for e in curves.read(tmp_path / name) if e.eval_loss] for name in ("whole", "cut")
    ]
    assert eval_losses[0] == pytest.approx(eval_losses[1], abs=1e-5)


def test_an_adapter_that_was_cut_goes_on_to_the_same_end(
    folder_of: Callable[[Architecture], Path],
    packs_of: Callable[[Student], Path],
    settings: TrainSettings,
    tmp_path: Path,
) -> None:
    settings = replace(settings, use_lora=True, lora_r=2, checkpoint_steps=2, num_train_epochs=1)
    folder = folder_of("qwen3")
    packs = packs_of(load_student(folder))
    undisturbed = train(load_student(folder), packs, tmp_path / "whole", settings=settings)

    def cut(done: int, total: int | None, note: str) -> None:
        if done == 3:
            raise PowerCut

    with pytest.raises(PowerCut):
        train(load_student(folder), packs, tmp_path / "cut", settings=settings, progress=cut)
    again = train(load_student(folder), packs, tmp_path / "cut", settings=settings)
    torch.testing.assert_close(weights(again), weights(undisturbed), atol=1e-6, rtol=0)


def test_a_finished_training_is_not_done_again(
    tiny_packs: Path, student_of: Callable[[], Student], settings: TrainSettings, tmp_path: Path
) -> None:
    done = train(student_of(), tiny_packs, tmp_path, settings=settings)
    steps: list[int] = []
    again = train(
        student_of(seed=5), tiny_packs, tmp_path, settings=settings, progress=lambda n, *_: steps.append(n)
    )
    assert steps == []
    assert torch.equal(weights(again), weights(done))


def test_ctrl_c_keeps_a_checkpoint_and_stops_after_the_step(
    tiny_packs: Path, student_of: Callable[[], Student], settings: TrainSettings, tmp_path: Path
) -> None:
    import signal

    def interrupt(done: int, total: int | None, note: str) -> None:
        if done == 3:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(student_of(), tiny_packs, tmp_path / "cut", settings=settings, progress=interrupt)
    assert (tmp_path / "cut" / "checkpoints" / "checkpoint-4").is_dir() or (
        tmp_path / "cut" / "checkpoints" / "checkpoint-3"
    ).is_dir()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    train(student_of(), tiny_packs, tmp_path / "cut", settings=settings)
    train(student_of(), tiny_packs, tmp_path / "whole", settings=settings)
    assert losses(tmp_path / "cut") == pytest.approx(losses(tmp_path / "whole"), abs=1e-5)


def test_a_folder_of_another_training_is_refused_with_what_differs(
    tiny: Student, tiny_packs: Path, settings: TrainSettings, tmp_path: Path
) -> None:
    settings = replace(settings, num_train_epochs=1)
    train(tiny, tiny_packs, tmp_path, settings=settings)
    with pytest.raises(RunError, match=r"learning_rate: 0\.003 before, 0\.1 now"):
        train(tiny, tiny_packs, tmp_path, settings=replace(settings, learning_rate=0.1))


def test_a_folder_whose_beginning_cannot_be_read_is_refused(
    tiny: Student, tiny_packs: Path, settings: TrainSettings, tmp_path: Path
) -> None:
    (tmp_path / "begun.json").write_text("{")
    with pytest.raises(RunError, match=r"begun\.json` cannot be read"):
        train(tiny, tiny_packs, tmp_path, settings=settings)


def test_nothing_is_trained_before_the_proofs_hold(
    tiny: Student, tiny_packs: Path, settings: TrainSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Masked(Packs):
        def __getitem__(self, index):  # type: ignore[no-untyped-def]
            pack = super().__getitem__(index)
            return replace(pack, labels=pack.labels * 0 + IGNORED)

    monkeypatch.setattr(loop, "Packs", Masked)
    before = weights(tiny).clone()
    with pytest.raises(ProofError, match="is trained"):
        train(tiny, tiny_packs, tmp_path, settings=settings)
    assert torch.equal(weights(tiny), before)


def test_a_loss_that_is_no_number_stops_the_training_with_advice(
    tiny: Student, tiny_packs: Path, settings: TrainSettings, tmp_path: Path
) -> None:
    with pytest.raises(ProofError, match="the loss is nan at step") as caught:
        train(tiny, tiny_packs, tmp_path, settings=replace(settings, learning_rate=1e30, warmup_ratio=0.0))
    assert "learning_rate" in caught.value.hint


def test_an_adapter_is_not_put_on_an_adapter(
    folder_of: Callable[[Architecture], Path],
    packs_of: Callable[[Student], Path],
    settings: TrainSettings,
    tmp_path: Path,
) -> None:
    student = load_student(folder_of("qwen3"))
    packs = packs_of(student)
    settings = replace(settings, use_lora=True, lora_r=2, num_train_epochs=1)
    student = train(student, packs, tmp_path / "one", settings=settings)
    with pytest.raises(ModelError, match="an adapter already"):
        train(student, packs, tmp_path / "two", settings=settings)


@pytest.mark.parametrize("scheduler", ["linear", "cosine", "constant"])
def test_the_rate_rises_and_then_follows_its_scheduler(
    scheduler: str, tiny: Student, tiny_packs: Path, settings: TrainSettings, tmp_path: Path
) -> None:
    chosen = msgspec.structs.replace(settings, scheduler=scheduler, warmup_ratio=0.25)
    train(tiny, tiny_packs, tmp_path, settings=chosen)
    rates = [
        e.learning_rate / settings.learning_rate for e in curves.read(tmp_path) if e.learning_rate is not None
    ]
    assert rates[:3] == pytest.approx([0.0, 0.5, 1.0])
    last = {"linear": 1 / 6, "cosine": 0.067, "constant": 1.0}[scheduler]
    assert rates[-1] == pytest.approx(last, abs=1e-3)
