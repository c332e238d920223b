"""Induction heads from the first step: how a small model is born able to copy.

To write an argument a model copies words from the conversation, and transformers copy by *induction heads* (Olsson et
al., "In-context Learning and Induction Heads", 2022): a head of one layer notes at each token which tokens came
before it; a head of the next looks for a place where the same tokens came before, and writes the token found there.
Random weights find this only after many millions of tokens, more than a laptop sees in minutes. So two layers are
given these heads at the start, as plain weights of the unchanged architecture; training keeps, bends or forgets them.

The residual stream is laid out for it: dimension 0 is the same for every token (what a position-only query and key
are made of), then the token's identity, then two codes that layer 0 fills with the tokens one and two places back.
"""

import math
from typing import TYPE_CHECKING, Any

from callwright.students.machine import torch_module

if TYPE_CHECKING:
    from torch import Tensor

CODE = 16
"""Dimensions of a code that stands for a token."""
LOOK_BACK = 3.0
"""Gain of the queries and keys that attend one and two places back: nearly all of the attention goes there."""
MATCH = 2.2
"""Gain of the queries and keys that find the same two tokens again."""
COPY = 2.0
"""How loudly the found token is written; about enough to be the likeliest next one."""
QUIET = 0.05
"""Share of their random size that all other outputs keep, so that they do not drown the codes."""
FAST = 0.05
"""Rotations per token above which a frequency tells neighbours apart."""


def give_induction(model: Any, *, seed: int) -> None:
    """Write the three heads into layers 0 and 1 of a Qwen3 model with tied embeddings and random weights, in place.

    Raises `ValueError` where the model has not two layers, two heads of 64 dimensions, and a width of 64.
    """
    torch = torch_module()
    config = model.config
    width, size = int(config.hidden_size), int(config.head_dim)
    layers, heads = int(config.num_hidden_layers), int(config.num_attention_heads)
    if layers < 2 or heads < 2 or size < 4 * CODE or width < 4 * CODE:
        raise ValueError(
            f"expected 2 layers, 2 heads of {4 * CODE} dimensions and a width of {4 * CODE} or more for"
            f" induction heads, found {layers} layers, {heads} heads of {size} and a width of {width}"
        )
    known = width - 2 * CODE - 1
    identity, before, before_that = (
        slice(1, 1 + known),
        slice(1 + known, width - CODE),
        slice(width - CODE, width),
    )
    draw = torch.Generator().manual_seed(seed)

    def orthonormal(rows: int) -> "Tensor":
        square = torch.randn(known, rows, generator=draw)
        return torch.linalg.qr(square)[0].T.contiguous()

    with torch.no_grad():
        embedding = model.model.embed_tokens.weight
        spread = float(embedding.std())
        embedding[:, before] = 0
        embedding[:, before_that] = 0
        embedding[:, 0] = spread * math.sqrt(known) / 2
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight *= QUIET
            layer.mlp.down_proj.weight *= QUIET
        code = orthonormal(CODE)
        noting, finding = (layer.self_attn for layer in model.model.layers[:2])
        loud = spread * math.sqrt(known / CODE) / 3
        for head, (distance, place) in enumerate(((1, before), (2, before_that))):
            _look_back(noting, head, distance, frequencies(config))
            rows = slice(head * size, head * size + CODE)
            noting.v_proj.weight[rows, identity] = code
            noting.o_proj.weight[place, rows] = torch.eye(CODE) * loud
        slow = [*range(size // 2 - CODE, size // 2), *range(size - CODE, size)]
        _clear(finding, 0, size)
        finding.q_proj.weight[slow[:CODE], identity] = code
        finding.q_proj.weight[slow[CODE:], before] = torch.eye(CODE)
        finding.k_proj.weight[slow[:CODE], before] = torch.eye(CODE)
        finding.k_proj.weight[slow[CODE:], before_that] = torch.eye(CODE)
        finding.q_norm.weight[slow] = MATCH
        finding.k_norm.weight[slow] = MATCH
        copied = orthonormal(min(size, known))
        finding.v_proj.weight[: len(copied), identity] = copied
        finding.o_proj.weight[identity, : len(copied)] = copied.T * spread * COPY


def frequencies(config: Any) -> list[float]:
    """Radians that each pair of a head's dimensions turns per token, the fastest first."""
    half = int(config.head_dim) // 2
    theta = float(config.rope_parameters["rope_theta"])
    return [theta ** (-index / half) for index in range(half)]


def _look_back(attention: Any, head: int, distance: int, turns: list[float]) -> None:
    """A head that attends `distance` places back, whatever stands there.

    A query turned back by `distance` meets its key head on at exactly that distance; only the fast frequencies tell
    it from its neighbours.
    """
    half = len(turns)
    start = head * 2 * half
    _clear(attention, start, 2 * half)
    for index, turn in enumerate(turns):
        if turn > FAST:
            attention.q_proj.weight[start + index, 0] = math.cos(distance * turn)
            attention.q_proj.weight[start + half + index, 0] = -math.sin(distance * turn)
            attention.k_proj.weight[start + index, 0] = 1.0
            for norm in (attention.q_norm, attention.k_norm):
                norm.weight[[index, half + index]] = LOOK_BACK


def _clear(attention: Any, start: int, size: int) -> None:
    rows = slice(start, start + size)
    for part in (attention.q_proj, attention.k_proj, attention.v_proj):
        part.weight[rows] = 0
    attention.o_proj.weight[:, rows] = 0
