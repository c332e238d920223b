"""What this machine has for students: torch, its quick number types; and how to keep its libraries quiet."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from logging import ERROR
from time import perf_counter
from typing import Any

from callwright.errors import MissingExtra


@cache
def fast_bf16() -> bool:
    """Whether this machine multiplies bfloat16 at least as fast as float32; on a CPU, by trying.

    Many processors take the type and emulate it: 25 to 60 times slower was measured on one without AVX-512.
    """
    torch = torch_module()
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())

    def seconds(dtype: Any) -> float:
        matrix = torch.ones(256, 256, dtype=dtype)
        matrix @ matrix
        began = perf_counter()
        for _ in range(5):
            matrix @ matrix
        return perf_counter() - began

    return seconds(torch.bfloat16) < seconds(torch.float32)


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings, notes or progress bars of the Hugging Face libraries inside; ours are the only ones."""
    from huggingface_hub.utils import logging as hub
    from transformers.utils import logging

    level, bars, hub_level = logging.get_verbosity(), logging.is_progress_bar_enabled(), hub.get_verbosity()
    logging.set_verbosity_error()
    hub.set_verbosity(ERROR)
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        hub.set_verbosity(hub_level)
        if bars:
            logging.enable_progress_bar()


def torch_module() -> Any:
    """`torch`, or `MissingExtra` where the `train` extra is not installed."""
    try:
        import torch
        import transformers  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or "torch", "train") from error
    return torch
