"""Prepare: conversations become packs, by the student's own template and tokenizer.

Every conversation read is either in the packs or counted as left out, with its reason.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np

from callwright.conversation import Conversation
from callwright.errors import ProofError, RenderError
from callwright.packs import IGNORED, Example, PackManifest, layout, summary, write
from callwright.prepare.tokens import Encoder
from callwright.renderers import Renderer, Span, samples

__all__ = ["Encoder", "Painted", "prepare", "show"]

Progress = Callable[[int, int | None, str], None]

TOO_LONG = "too long"
NO_TURN = "nothing to train: no assistant turn"
CHUNK = 256
SHOWN = 20
"""Left-out conversations that the manifest names one by one."""


def prepare(
    conversations: Iterable[Conversation],
    renderer: Renderer,
    tokenizer: Any,
    folder: Path,
    *,
    pack_size: int,
    max_length: int,
    seed: int = 0,
    too_long: Literal["leave out", "cut"] = "leave out",
    dry_run: bool = False,
    progress: Progress | None = None,
) -> PackManifest:
    """Write packs of `pack_size` tokens to `folder`; what they hold and what was left out is in the manifest.

    A conversation of more than `max_length` tokens is left out, or cut after the last turn that fits.
    `dry_run` reads and counts everything and writes nothing. Raises `ProofError` where no token or every
    token is trained.
    """
    work = _Work(renderer, Encoder(tokenizer), min(max_length, pack_size), too_long)
    examples = _reported(work, conversations, progress)
    if not dry_run:
        return write(folder, work.proved(examples), pack_size=pack_size, manifest=work.told, seed=seed)
    lengths, trained = [], 0
    for example in work.proved(examples):
        lengths.append(len(example.ids))
        trained += example.trained
    plan = layout(lengths, pack_size, seed=seed)
    return summary(lengths, plan, pack_size, trained=trained, seed=seed, manifest=work.told)


class _Work:
    """One run of `prepare`: what goes in, what comes out, what is left out."""

    def __init__(self, renderer: Renderer, encoder: Encoder, limit: int, too_long: str) -> None:
        self.renderer, self.encoder, self.limit, self.cuts = renderer, encoder, limit, too_long == "cut"
        self.rows = self.turns_cut = 0
        self.left_out: Counter[str] = Counter()
        self.named: list[str] = []
        self.data = hashlib.sha256()
        self.told: dict[str, Any] = {}
        """The manifest's fields; filled when the last example has come."""

    def examples(self, conversations: Iterable[Conversation]) -> Iterator[Example]:
        coming = iter(conversations)
        while chunk := list(islice(coming, CHUNK)):
            rendered = [(conversation, self._rendered(conversation)) for conversation in chunk]
            encoded = iter(self.encoder.examples([spans for _, renders in rendered for spans in renders]))
            for conversation, renders in rendered:
                if renders:
                    yield from self._kept(conversation, [next(encoded) for _ in renders])

    def _rendered(self, conversation: Conversation) -> list[list[Span]]:
        self.rows += 1
        self.data.update(msgspec.json.encode(msgspec.structs.replace(conversation, origin="")))
        try:
            renders = list(samples(conversation, self.renderer))
        except RenderError as error:
            self._leave_out(conversation, str(error))
            return []
        if not renders:
            self._leave_out(conversation, NO_TURN)
        return renders

    def _kept(self, conversation: Conversation, encoded: list[Example | RenderError]) -> list[Example]:
        kept, cut = [], 0
        for example in encoded:
            if isinstance(example, RenderError):
                self._leave_out(conversation, str(example))
                return []
            fitting, lost = (example, 0) if len(example.ids) <= self.limit else shortened(example, self.limit)
            if lost and not (self.cuts and fitting.trained):
                self._leave_out(
                    conversation, f"{TOO_LONG}: {len(example.ids)} tokens, at most {self.limit} allowed"
                )
                return []
            kept.append(fitting)
            cut += lost
        self.turns_cut += cut
        return kept

    def _leave_out(self, conversation: Conversation, why: str) -> None:
        self.left_out[reason(why)] += 1
        if len(self.named) < SHOWN:
            place = conversation.id or conversation.origin or f"conversation {self.rows}"
            self.named.append(f"{place}: {why}")

    def proved(self, examples: Iterable[Example]) -> Iterator[Example]:
        """The examples, and after the last the proof that some but not all of their tokens are trained."""
        could = trained = 0
        for example in examples:
            could += len(example.ids) - 1  # nothing predicts the first
            trained += example.trained
            yield example
        self._finish()
        if not trained:
            reasons = "; ".join(f"{count} × {why}" for why, count in self.left_out.most_common(3))
            raise ProofError(
                f"no token would be trained: {self.rows} conversations read"
                + (f", {reasons}" if reasons else ""),
                hint="`callwright show` paints what is trained of a conversation",
            )
        if trained >= could:
            raise ProofError("every token would be trained, prompts too", hint="the renderer marks no prompt")

    def _finish(self) -> None:
        template = getattr(self.renderer, "template", "")
        self.told.update(
            rows_in=self.rows,
            left_out=dict(self.left_out),
            left_out_rows=tuple(self.named),
            turns_cut=self.turns_cut,
            max_length=self.limit,
            renderer=self.renderer.name,
            hashes={
                "template": hashlib.sha256(template.encode()).hexdigest(),
                "tokenizer": self.encoder.fingerprint(),
                "data": self.data.hexdigest(),
            },
        )


def reason(why: str) -> str:
    """The reason without the particulars of one conversation, so that equal ones are counted together."""
    if why.startswith("messages["):
        why = why.partition(": ")[2]
    if why.startswith(TOO_LONG):
        return TOO_LONG
    return re.sub(r"`.*`", "`…`", why, flags=re.DOTALL)


def shortened(example: Example, limit: int) -> tuple[Example, int]:
    """The example up to its last turn that ends within `limit`, and how many turns that costs."""
    trained = np.array(example.labels) != IGNORED
    ends = np.flatnonzero(trained & ~np.append(trained[1:], False)) + 1
    fitting = ends[ends <= limit]
    end = int(fitting[-1]) if len(fitting) else 0
    return Example(example.ids[:end], example.labels[:end]), len(ends) - len(fitting)


def _reported(
    work: _Work, conversations: Iterable[Conversation], progress: Progress | None
) -> Iterator[Example]:
    total = len(conversations) if isinstance(conversations, (list, tuple)) else None
    for made, example in enumerate(work.examples(conversations)):
        if progress and made % CHUNK == 0:
            progress(work.rows, total, "preparing")
        yield example
    if progress:
        progress(work.rows, total, "packing")


class Painted(msgspec.Struct, frozen=True):
    """A token as it is trained or not, to be shown."""

    id: int
    text: str
    trained: bool


def show(conversation: Conversation, renderer: Renderer, tokenizer: Any) -> list[list[Painted]]:
    """Every token of every render of `conversation`, marked where it is trained. Raises `RenderError`."""
    encoder = Encoder(tokenizer)
    shown = []
    for example in encoder.examples(list(samples(conversation, renderer))):
        if isinstance(example, RenderError):
            raise example
        texts = (encoder.tokenizer.decode([token], skip_special_tokens=False) for token in example.ids)
        shown.append(
            [
                Painted(token, text, label != IGNORED)
                for token, text, label in zip(example.ids, texts, example.labels, strict=True)
            ]
        )
    return shown
