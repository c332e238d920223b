"""The names of students: what a job may ask for, where it comes from, and the settings that suit it."""

from collections.abc import Iterable

import msgspec

from callwright.conversation import Json

TINY = "callwright-tiny"


class StudentInfo(msgspec.Struct, frozen=True):
    """A student by its name."""

    name: str
    family: str
    """`qwen`, `llama`, `gpt-oss` or `tiny`."""
    hub: str
    """Id on the Hugging Face hub; empty for the one that is made here."""
    renderer: str


def _table(family: str, renderer: str, owner: str, names: Iterable[str]) -> dict[str, StudentInfo]:
    return {name: StudentInfo(name, family, f"{owner}/{name}", renderer) for name in names}


STUDENTS: dict[str, StudentInfo] = {
    TINY: StudentInfo(TINY, "tiny", "", "tiny"),
    **_table(
        "qwen", "qwen", "Qwen", ("Qwen3-0.6B", "Qwen3-1.7B", "Qwen3-4B", "Qwen3-4B-Instruct-2507", "Qwen3-8B")
    ),
    **_table(
        "llama",
        "llama",
        "meta-llama",
        ("Llama-3.2-1B-Instruct", "Llama-3.2-3B-Instruct", "Llama-3.1-8B-Instruct"),
    ),
    **_table("gpt-oss", "harmony", "openai", ("gpt-oss-20b", "gpt-oss-120b")),
}
"""Every student that a job may name. To add one: one line."""

FAMILIES: dict[str, tuple[str, str]] = {
    "qwen2": ("qwen", "qwen"),
    "qwen3": ("qwen", "qwen"),
    "qwen3_moe": ("qwen", "qwen"),
    "llama": ("llama", "llama"),
    "gpt_oss": ("gpt-oss", "harmony"),
}
"""`model_type` of a config.json -> family and renderer; any other is rendered by its template alone."""

PRESETS: dict[str, dict[str, Json]] = {
    TINY: {
        "tuning.use_lora": False,
        "tuning.learning_rate": 3e-3,
        "tuning.learning_rate_scheduler": "cosine",
        "tuning.adam_beta2": 0.95,
        "tuning.input_noise": 0.15,
        "tuning.num_train_epochs": 2,
        "tuning.per_device_train_batch_size": 2,
        "tuning.train_eval_split": 0.05,
        "synthgen.generation_target": 6000,
    }
}
"""Student -> dotted configuration key -> value that is used where the user has set none."""
