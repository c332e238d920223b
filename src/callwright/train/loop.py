"""The training itself: Hugging Face `Trainer` over packs, watched, kept and stopped by our own callback."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from transformers import PrinterCallback, Trainer, TrainingArguments, set_seed

from callwright.errors import RunError
from callwright.files import atomic, sha256
from callwright.packs import Packs
from callwright.students import Student, fast_bf16, quiet
from callwright.train import proofs
from callwright.train.adapters import adapted
from callwright.train.batches import Batch, Noise, collator, held_out, shares_prefix, token_losses
from callwright.train.checkpoints import newest, step_of
from callwright.train.curves import Log, draw
from callwright.train.settings import Progress, TrainSettings
from callwright.train.watch import Watch, stoppable

SCHEDULERS = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}


class Begun(msgspec.Struct, frozen=True):
    """What a training folder was begun with; a checkpoint is worth nothing to any other training."""

    settings: TrainSettings
    bf16: bool
    """What `settings.bf16` came to on the machine where it began."""
    packs: str
    student: str


def run(
    student: Student, packs: Path, folder: Path, *, settings: TrainSettings, progress: Progress | None
) -> Student:
    folder.mkdir(parents=True, exist_ok=True)
    begun = _begun(folder, student, packs, settings)
    with quiet(), threads():
        set_seed(settings.seed)
        data = Packs(packs)
        ours, out = held_out(len(data), settings.train_eval_split, seed=settings.seed)
        pad = student.tokenizer.pad_token_id or student.card.stop_ids[0]
        student = adapted(student, settings) if settings.use_lora else _full(student)
        checkpoint = newest(folder / "checkpoints")
        trainer = PackTrainer(
            model=student.model,
            args=_arguments(folder, settings, bf16=begun.bf16, warmup=warmup_steps(len(ours), settings)),
            train_dataset=torch.utils.data.Subset(data, ours),
            data_collator=collator(
                pad,
                shares=shares_prefix(student.model),
                history=settings.history_loss_weight,
                noise=_noise(student, settings.input_noise),
            ),
        )
        if checkpoint is None:
            proofs.before_training(student, data, pad=pad)
            proofs.remember(student, data, folder)
        log = Log(folder, upto=step_of(checkpoint) if checkpoint else 0)
        watch = Watch(
            trainer,
            log,
            settings,
            progress,
            held_out=torch.utils.data.Subset(data, out),
            pad=pad,
            steps_of_epoch=steps_of_epoch(len(ours), settings),
        )
        trainer.remove_callback(PrinterCallback)
        trainer.add_callback(watch)
        with stoppable(watch):
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        draw(folder)
    if watch.stopped:
        raise KeyboardInterrupt
    return replace(student, model=student.model.eval())


class PackTrainer(Trainer):  # type: ignore[misc]
    """`Trainer` with the loss over exactly the labelled tokens of an optimizer step, packed or not."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.model_accepts_loss_kwargs = True  # so that the tokens of all batches of a step are counted
        self.loss_sum = torch.zeros((), dtype=torch.float64)
        self.trained = 0
        self.tokens = 0

    def compute_loss(
        self,
        model: Any,
        inputs: Batch,
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        losses, weights = token_losses(model, inputs), inputs["weights"]
        own = losses.detach()[weights == 1]
        self.loss_sum += own.sum().double().cpu()
        self.trained += own.numel()
        self.tokens += int(inputs["tokens"])
        total = (losses * weights).sum()
        # Gradients are averaged over processes, while the count is of all of them together.
        return total / (num_items_in_batch or len(losses)) * self.accelerator.num_processes

    def taken(self) -> tuple[float, int]:
        """Mean loss and number of tokens since the last call."""
        mean, tokens = float(self.loss_sum) / max(self.trained, 1), self.tokens
        self.loss_sum.zero_()
        self.trained = self.tokens = 0
        return mean, tokens


def _arguments(folder: Path, settings: TrainSettings, *, bf16: bool, warmup: int) -> TrainingArguments:
    arguments = TrainingArguments(
        output_dir=str(folder / "checkpoints"),
        per_device_train_batch_size=settings.per_device_train_batch_size,
        gradient_accumulation_steps=settings.gradient_accumulation_steps,
        num_train_epochs=settings.num_train_epochs,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=SCHEDULERS[settings.scheduler],
        warmup_steps=warmup,
        weight_decay=settings.weight_decay,
        adam_beta2=settings.adam_beta2,
        max_grad_norm=settings.max_grad_norm,
        bf16=bf16,
        seed=settings.seed,
        data_seed=settings.seed,
        use_cpu=not torch.cuda.is_available(),
        logging_strategy="no",
        save_strategy="no",
        eval_strategy="no",
        save_total_limit=2,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
    )
    if arguments.n_gpu > 1:
        arguments._n_gpu = (
            1  # several GPUs are for several processes; Trainer would split batches among threads
        )
    return arguments


def _noise(student: Student, share: float) -> Noise | None:
    """Noise of ordinary tokens: not of those that were added for the template, a call or the end of a turn."""
    if not share:
        return None
    added = set(student.tokenizer.get_added_vocab().values()) | set(student.tokenizer.all_special_ids)
    return Noise(share, np.array([word for word in range(len(student.tokenizer)) if word not in added]))


def _full(student: Student) -> Student:
    """The student with all weights trainable, in float32: bfloat16 would round small updates away."""
    for weight in student.model.parameters():
        weight.requires_grad_(True)
    return replace(student, model=student.model.float())


def _begun(folder: Path, student: Student, packs: Path, settings: TrainSettings) -> Begun:
    """What this folder's training was begun with; entered now if it is new."""
    size = sum(weight.numel() for weight in student.model.parameters())
    now = Begun(
        settings=settings,
        bf16=settings.bf16 and fast_bf16(),
        packs=sha256(packs / "manifest.json"),
        student=f"{student.card.family}, {size} weights, {len(student.tokenizer)} tokens",
    )
    path = folder / "begun.json"
    if not path.exists():
        with atomic(path) as file:
            file.write(msgspec.json.format(msgspec.json.encode(now), indent=2) + b"\n")
        return now
    try:
        before = msgspec.json.decode(path.read_bytes(), type=Begun)
    except msgspec.MsgspecError as error:
        raise RunError(
            f"`{path}` cannot be read: {error}", hint=f"delete `{folder}` to train anew"
        ) from error
    old = msgspec.to_builtins(before.settings) | {"packs": before.packs, "student": before.student}
    new = msgspec.to_builtins(settings) | {"packs": now.packs, "student": now.student}
    if differ := [f"{key}: {old[key]!r} before, {new[key]!r} now" for key in new if old.get(key) != new[key]]:
        raise RunError(
            f"`{folder}` holds a training that was begun otherwise:\n  " + "\n  ".join(differ),
            hint="delete it to train anew, or train in another folder",
        )
    return before


@contextmanager
def threads() -> Iterator[None]:
    """As many torch threads inside as this process may use processors, unless `OMP_NUM_THREADS` says."""
    before = torch.get_num_threads()
    if "OMP_NUM_THREADS" not in os.environ and hasattr(os, "sched_getaffinity"):
        torch.set_num_threads(max(len(os.sched_getaffinity(0)), 1))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def warmup_steps(packs: int, settings: TrainSettings) -> int:
    """Steps in which the rate rises; never all of them, since the rate of the first is 0."""
    total = math.ceil(steps_of_epoch(packs, settings) * settings.num_train_epochs)
    return min(math.ceil(settings.warmup_ratio * total), total - 1)


def steps_of_epoch(packs: int, settings: TrainSettings) -> int:
    """Optimizer steps that one pass over `packs` packs takes, as Trainer counts them."""
    batches = math.ceil(packs / settings.per_device_train_batch_size)
    return max(math.ceil(batches / settings.gradient_accumulation_steps), 1)
