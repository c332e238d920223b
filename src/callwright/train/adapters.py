"""LoRA: which weights of an architecture get an adapter, and putting it on."""

from dataclasses import replace

from callwright.errors import ModelError
from callwright.students import Student, is_adapted
from callwright.train.settings import TrainSettings

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")

TARGETS: dict[str, list[str] | str] = {
    "qwen2": [*ATTENTION, "gate_proj", "up_proj", "down_proj"],
    "qwen3": [*ATTENTION, "gate_proj", "up_proj", "down_proj"],
    "llama": [*ATTENTION, "gate_proj", "up_proj", "down_proj"],
    "gpt_oss": list(ATTENTION),  # its experts are one tensor for all, not layers that peft could wrap
}
"""`model_type` -> names of the layers; any other architecture gets all its linear layers."""


def adapted(student: Student, settings: TrainSettings) -> Student:
    """The student with a new adapter on it, its own weights frozen."""
    from peft import LoraConfig, get_peft_model

    if is_adapted(student):
        raise ModelError(
            "this student is an adapter already, and adapters are not put on adapters",
            hint="save `merged(student)` as a folder and train that",
        )
    config = LoraConfig(
        r=settings.lora_r,
        lora_alpha=round(settings.lora_r * settings.lora_alpha_multiplier),
        lora_dropout=0.0,
        target_modules=TARGETS.get(str(student.model.config.model_type), "all-linear"),
        task_type="CAUSAL_LM",
    )
    # peft keeps the adapter's own weights in float32 over a base of any type.
    return replace(student, model=get_peft_model(student.model, config))
