"""How a student is trained: plain values, named as in the `tuning` section of a configuration."""

from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

Progress: TypeAlias = Callable[[int, int | None, str], None]
"""Told of steps done, steps in all, and a note with loss, speed and time left."""


class TrainSettings(msgspec.Struct, frozen=True, kw_only=True):
    learning_rate: float = 5e-5
    scheduler: Literal["linear", "cosine", "constant"] = "linear"
    weight_decay: float = 0.0
    warmup_ratio: float = 0.05
    """Share of the steps in which the rate rises."""
    bf16: bool = True
    """Compute in bfloat16 where this machine is quicker with it; weights that are trained stay float32."""
    use_lora: bool = True
    lora_r: int = 64
    lora_alpha_multiplier: float = 1.0
    """alpha = r times this."""
    per_device_train_batch_size: int = 1
    """Packs a batch."""
    per_device_eval_batch_size: int = 1
    num_train_epochs: float = 4
    train_eval_split: float = 0.2
    """Share of the packs that is held out, to show the loss on what is not trained."""
    gradient_accumulation_steps: int = 1
    seed: int = 123
    adam_beta2: float = 0.999
    max_grad_norm: float = 1.0
    history_loss_weight: float = 0.0
    """Weight of the tokens that the student does not write itself; above 0 only for a student made from
    nothing, which has no other text to learn language and copying from."""
    input_noise: float = 0.0
    """Share of the prompt's words, those that are copied apart, that are exchanged for random ones; above 0 for a
    student made from nothing, which would else know a request by the exact words of the examples."""
    checkpoint_steps: int = 0
    """Steps between checkpoints; 0: by the clock alone."""
    checkpoint_seconds: float = 60.0
    """Seconds between checkpoints; more where one takes long to write."""
