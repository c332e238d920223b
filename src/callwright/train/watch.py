"""Who looks on while a student trains: logs steps, keeps checkpoints, tells time left, stops on Ctrl-C."""

import math
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING, Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from callwright.errors import ProofError
from callwright.packs import Pack
from callwright.train.batches import collator, shares_prefix, token_losses
from callwright.train.checkpoints import seal
from callwright.train.curves import Entry, Log
from callwright.train.settings import Progress, TrainSettings

if TYPE_CHECKING:
    from callwright.train.loop import PackTrainer


class Watch(TrainerCallback):  # type: ignore[misc]
    def __init__(
        self,
        trainer: "PackTrainer",
        log: Log,
        settings: TrainSettings,
        progress: Progress | None,
        *,
        held_out: Sequence[Pack],
        pad: int,
        steps_of_epoch: int,
    ) -> None:
        self.stopped = False
        self._steps_of_epoch = steps_of_epoch
        self._trainer, self._log, self._settings, self._progress = trainer, log, settings, progress
        self._held_out, self._collate = held_out, collator(pad, shares=shares_prefix(trainer.model))
        self._rate = 0.0
        self._began = self._stepped = self._saved = monotonic()
        self._wrote = 0.0
        """Seconds that the last checkpoint took."""
        self._first = 0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        self._began = self._stepped = self._saved = monotonic()
        self._first = state.global_step

    def on_pre_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        self._rate = rest["optimizer"].param_groups[0]["lr"]

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        loss, tokens = self._trainer.taken()
        if not math.isfinite(loss):
            raise ProofError(
                f"the loss is {loss} at step {state.global_step}: the student is broken from here on",
                hint="lower tuning.learning_rate, or set tuning.bf16=false",
            )
        now = monotonic()
        speed = tokens / max(now - self._stepped, 1e-9)
        self._enter(state, loss=loss, learning_rate=self._rate, tokens_per_second=round(speed, 1))
        last = state.global_step >= state.max_steps
        if self._held_out and (last or state.global_step % self._steps_of_epoch == 0):
            self._enter(state, eval_loss=self.held_out_loss())
        self._tell(state, loss, speed, now)
        if self.stopped:
            control.should_training_stop = True
        control.should_save = last or self.stopped or self._due(state.global_step)
        self._stepped = monotonic()

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        seal(Path(args.output_dir) / f"checkpoint-{state.global_step}")
        began, self._saved = self._stepped, monotonic()
        self._wrote, self._stepped = self._saved - began, self._saved

    def held_out_loss(self) -> float:
        """Mean loss of the trained tokens in the packs that are held out."""
        model, total, count = self._trainer.model, 0.0, 0
        model.eval()
        size = self._settings.per_device_eval_batch_size
        with torch.no_grad():
            for start in range(0, len(self._held_out), size):
                rows = range(start, min(start + size, len(self._held_out)))
                batch = self._collate([self._held_out[row] for row in rows])
                losses = token_losses(model, self._trainer._prepare_inputs(batch))
                total, count = total + float(losses.double().sum()), count + losses.numel()
        return total / max(count, 1)

    def _enter(self, state: TrainerState, **figures: float) -> None:
        self._log.add(Entry(step=state.global_step, epoch=round(state.epoch or 0.0, 4), **figures))

    def _due(self, step: int) -> bool:
        """Whether a checkpoint is wanted; writing them may take a twentieth of the time at most."""
        if self._settings.checkpoint_steps:
            return step % self._settings.checkpoint_steps == 0
        return monotonic() - self._saved >= max(self._settings.checkpoint_seconds, 20 * self._wrote)

    def _tell(self, state: TrainerState, loss: float, speed: float, now: float) -> None:
        if self._progress is None:
            return
        each = (now - self._began) / max(state.global_step - self._first, 1)
        left = round(each * (state.max_steps - state.global_step))
        note = f"loss {loss:.3f} · {speed:,.0f} tokens/s · {left // 60}:{left % 60:02d} left"
        self._progress(state.global_step, state.max_steps, note)


@contextmanager
def stoppable(watch: Watch) -> Iterator[None]:
    """Inside, the first Ctrl-C lets the step finish and a checkpoint be kept; the second stops at once."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals come to the main thread, which then stops us in its own way
        return

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        if watch.stopped:
            raise KeyboardInterrupt
        watch.stopped = True

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
