"""Many turns written together over one model: a step gives each its next token, and rows come and go
between steps.

A prompt is read alone, from the longest start that an earlier prompt left in the prefix cache, so that
turn n of a conversation costs its new tokens and a job's preamble is read once; then it joins the rows
that are being written. Shorter rows are padded on the left and masked; positions are each row's own, so a
row is not changed by its company beyond the noise of floating point.
"""

from collections import OrderedDict
from threading import Lock
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache

from callwright.decoding.vocabulary import Vocabulary
from callwright.inference.rows import Logits, Row

Keys = list[tuple[torch.Tensor, torch.Tensor]]
"""A layer's keys and values, each (rows, heads, tokens, size of a head)."""


class Prefixes:
    """What the model made of earlier prompts, the latest within `most_bytes`. Safe to share between
    threads.
    """

    def __init__(self, most_bytes: int = 256 << 20) -> None:
        self._most = most_bytes
        self._kept: OrderedDict[bytes, tuple[np.ndarray[Any, np.dtype[np.int64]], Keys, int]] = OrderedDict()
        self._lock = Lock()

    def longest(self, prompt: list[int]) -> Keys:
        """Keys and values of the longest start of `prompt` that is known, its last token left to be read."""
        ids = np.asarray(prompt[:-1], dtype=np.int64)
        with self._lock:
            best, length = None, 0
            for name, (known, _, _) in self._kept.items():
                size = min(len(known), len(ids))
                differ = np.flatnonzero(known[:size] != ids[:size])
                shared = int(differ[0]) if len(differ) else size
                if shared > length:
                    best, length = name, shared
            if best is None:
                return []
            self._kept.move_to_end(best)
            return [(keys[:, :, :length], values[:, :, :length]) for keys, values in self._kept[best][1]]

    def keep(self, prompt: list[int], keys: Keys) -> None:
        ids = np.asarray(prompt, dtype=np.int64)
        size = sum(part.nbytes for layer in keys for part in layer)
        with self._lock:
            self._kept[ids.tobytes()] = (ids, keys, size)
            while self._kept and sum(entry[2] for entry in self._kept.values()) > self._most:
                self._kept.popitem(last=False)


class Writing:
    """The rows being written over `model`, any causal language model of transformers."""

    def __init__(self, model: Any, vocabulary: Vocabulary, prefixes: Prefixes | None) -> None:
        self.rows: list[Row] = []
        self._model, self._vocabulary, self._prefixes = model, vocabulary, prefixes
        self._cache = DynamicCache()
        self._mask = torch.ones((0, 0), dtype=torch.bool, device=model.device)

    def admit(self, row: Row) -> bool:
        """Read the prompt of `row` and choose its first token; whether it goes on from there."""
        keys = self._prefixes.longest(row.prompt) if self._prefixes else []
        cache = DynamicCache(keys or None)
        start = keys[0][0].shape[-2] if keys else 0
        ids = torch.tensor([row.prompt[start:]], device=self._model.device)
        places = torch.arange(start, len(row.prompt), device=self._model.device)[None]
        with torch.inference_mode():
            out = self._model(
                input_ids=ids, position_ids=places, past_key_values=cache, use_cache=True, logits_to_keep=1
            )
        if self._prefixes:
            self._prefixes.keep(row.prompt, [(layer.keys, layer.values) for layer in cache.layers])
        row.take(self._scores(out)[0], self._vocabulary)
        if row.finish is None:
            self._join(row, cache)
        return row.finish is None

    def step(self) -> list[Row]:
        """One more token for every row; the rows that are done, which have left."""
        device = self._model.device
        ids = torch.tensor([[row.last] for row in self.rows], device=device)
        places = torch.tensor([[len(row.prompt) + len(row.ids) - 1] for row in self.rows], device=device)
        self._mask = torch.nn.functional.pad(self._mask, (0, 1), value=True)
        with torch.inference_mode():
            out = self._model(
                input_ids=ids,
                position_ids=places,
                attention_mask=None if bool(self._mask.all()) else self._mask,
                past_key_values=self._cache,
                use_cache=True,
            )
        for row, scores in zip(self.rows, self._scores(out), strict=True):
            row.take(scores, self._vocabulary)
        return self.leave([row for row in self.rows if row.finish is not None])

    def leave(self, done: list[Row]) -> list[Row]:
        """Take rows out, finished or given up."""
        gone = {id(row) for row in done}
        stay = [index for index, row in enumerate(self.rows) if id(row) not in gone]
        if len(stay) == len(self.rows):
            return done
        self.rows = [self.rows[index] for index in stay]
        if not stay:
            self._cache = DynamicCache()
            self._mask = self._mask[:0, :0]
            return done
        keep = torch.tensor(stay, device=self._mask.device)
        self._mask = self._mask[keep]
        padding = int(
            (~self._mask.any(dim=0)).sum()
        )  # columns that only padded the longest row, which has left
        self._mask = self._mask[:, padding:]
        for layer in self._cache.layers:
            layer.keys, layer.values = layer.keys[keep][:, :, padding:], layer.values[keep][:, :, padding:]
        return done

    def _scores(self, out: Any) -> Logits:
        """Scores of the next token, (rows, vocabulary)."""
        scores: Logits = out.logits[:, -1].float().cpu().numpy()
        return scores

    def _join(self, row: Row, cache: DynamicCache) -> None:
        size = len(row.prompt)
        mask = torch.ones((1, size), dtype=torch.bool, device=self._mask.device)
        if not self.rows:
            self._cache, self._mask = cache, mask
        else:
            width = max(size, self._mask.shape[1])
            self._mask = torch.cat([_padded(self._mask, width, -1), _padded(mask, width, -1)])
            for mine, new in zip(self._cache.layers, cache.layers, strict=True):
                mine.keys = torch.cat([_padded(mine.keys, width, -2), _padded(new.keys, width, -2)])
                mine.values = torch.cat([_padded(mine.values, width, -2), _padded(new.values, width, -2)])
        self.rows.append(row)


def _padded(tensor: torch.Tensor, width: int, dim: int) -> torch.Tensor:
    """`tensor` with zeros before it along `dim`, up to `width`."""
    short = width - tensor.shape[dim]
    return tensor if short == 0 else torch.nn.functional.pad(tensor, (0, 0) * (-dim - 1) + (short, 0))
