"""Students: the names that are known, and a student's folder: loaded, made from nothing, saved whole.

A student folder is an ordinary Hugging Face folder (weights or a LoRA adapter, tokenizer, the chat template
that was trained, the ids that end a turn) and `callwright.json`, its card. Any folder of a causal language
model with a chat template loads too: its family is read from `config.json`.

Importing this package loads no torch; loading, making and saving do.
"""

from callwright.students.folders import CARD, load_student, save_student
from callwright.students.machine import fast_bf16, quiet
from callwright.students.names import FAMILIES, PRESETS, STUDENTS, TINY, StudentInfo
from callwright.students.student import Student, StudentCard, assemble, is_adapted, merged, renderer_for
from callwright.students.tiny import TinySize, create_tiny, tiny_tokenizer

__all__ = [
    "CARD",
    "FAMILIES",
    "PRESETS",
    "STUDENTS",
    "TINY",
    "Student",
    "StudentCard",
    "StudentInfo",
    "TinySize",
    "assemble",
    "create_tiny",
    "fast_bf16",
    "is_adapted",
    "load_student",
    "merged",
    "quiet",
    "renderer_for",
    "save_student",
    "tiny_tokenizer",
]
