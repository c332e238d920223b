"""Tiny random students of each architecture, as folders: for tests where a user has a model of gigabytes.

`make_student` writes an ordinary Hugging Face folder with random weights, a byte-level tokenizer and the chat
template it is given, so the same code runs on it as on the real one.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from callwright.students import quiet

Architecture: TypeAlias = Literal["qwen3", "llama", "gpt-oss"]

TOKENS: dict[Architecture, dict[str, str]] = {
    "qwen3": {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"},
    "llama": {
        "bos_token": "<|begin_of_text|>",
        "eos_token": "<|eot_id|>",
        "pad_token": "<|finetune_right_pad_id|>",
    },
    "gpt-oss": {
        "bos_token": "<|startoftext|>",
        "eos_token": "<|return|>",
        "pad_token": "<|endoftext|>",
    },
}
"""Architecture -> the special tokens that its tokenizer has by name, as the real ones have."""

CONTROL_TOKENS: dict[Architecture, tuple[str, ...]] = {
    "qwen3": ("<|im_start|>",),
    "llama": ("<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>", "<|python_tag|>"),
    "gpt-oss": ("<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|constrain|>", "<|call|>"),
}
"""Architecture -> its further special tokens."""

SHAPE: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 16,
    "intermediate_size": 64,
    "max_position_embeddings": 4096,
}


def make_student(
    folder: Path,
    architecture: Architecture,
    template: str,
    *,
    texts: Iterable[str] = (),
    seed: int = 0,
    shape: Mapping[str, Any] | None = None,
) -> Path:
    """Write a tiny random student into `folder`, and give the folder.

    `texts`: what the tokenizer learns its words from; none: it knows single bytes. `shape`: configuration
    values in place of those in `SHAPE`.
    """
    import torch
    from transformers import PreTrainedTokenizerFast

    with quiet(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_object=byte_tokenizer(architecture, texts), **TOKENS[architecture]
        )
        tokenizer.chat_template = template
        model = _model(architecture, tokenizer, {**SHAPE, **(shape or {})})
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return folder


def byte_tokenizer(architecture: Architecture, texts: Iterable[str] = ()) -> Any:
    """A `tokenizers.Tokenizer` over bytes, with the architecture's special tokens and words of `texts`."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=[*TOKENS[architecture].values(), *CONTROL_TOKENS[architecture]],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _model(architecture: Architecture, tokenizer: Any, shape: dict[str, Any]) -> Any:
    from transformers import (
        GptOssConfig,
        GptOssForCausalLM,
        LlamaConfig,
        LlamaForCausalLM,
        Qwen3Config,
        Qwen3ForCausalLM,
    )

    ids = {f"{name}_id": getattr(tokenizer, f"{name}_id") for name in ("bos_token", "eos_token", "pad_token")}
    values = {"vocab_size": len(tokenizer), **ids, **shape}
    if architecture == "gpt-oss":
        experts = {"num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": 32}
        return GptOssForCausalLM(GptOssConfig(**{**experts, **values}))
    if architecture == "llama":
        return LlamaForCausalLM(LlamaConfig(**values))
    return Qwen3ForCausalLM(Qwen3Config(tie_word_embeddings=True, **values))
