"""The loop of `generate`: compose, check, keep or reject, until the number is reached or the well is dry."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Protocol

from msgspec.structs import replace

from callwright.checks import Context, Finding, check_all
from callwright.conversation import Conversation
from callwright.errors import ModelError

Progress = Callable[[int, int | None, str], None]

PATIENCE = 2000
"""Rejections in a row before the well counts as dry; more where many rows were already accepted."""


class Composer(Protocol):
    """`teacher.compose`: new conversations, `count` of them or without end, the same for the same seed."""

    def __call__(self, count: int | None = None, *, seed: int | None = None) -> Iterator[Conversation]: ...


def generate(
    compose: Composer,
    *,
    target: int,
    context: Context,
    test: Sequence[Conversation] = (),
    seed: int = 0,
    rejected: Callable[[Conversation, list[Finding]], None] | None = None,
    progress: Progress | None = None,
) -> Iterator[Conversation]:
    """Exactly `target` accepted conversations, streamed, with the ids `gen-000001`, … in order.

    A conversation with an error of any check is handed to `rejected` with all its findings and replaced by
    the next one. Memory holds hashes only. Raises `ModelError` with all counts where the composer ends, or
    gives nothing new for too long.
    """
    if target <= 0:
        return
    reasons: Counter[str] = Counter()
    accepted = dry = 0
    for conversation, findings in check_all(compose(None, seed=seed), context, test):
        errors = [finding for finding in findings if finding.severity == "error"]
        if errors:
            reasons.update({finding.code for finding in errors})
            dry += 1
            if rejected:
                rejected(conversation, findings)
            if dry >= max(PATIENCE, accepted // 2):
                raise _dry(accepted, target, reasons, f"the last {dry:,} in a row were rejected")
            continue
        dry = 0
        accepted += 1
        if progress and (accepted % 64 == 0 or accepted == target):
            progress(accepted, target, _said(reasons))
        yield replace(conversation, id=f"gen-{accepted:06}")
        if accepted == target:
            return
    raise _dry(accepted, target, reasons, "the teacher has nothing more to give")


def preview(compose: Composer, *, count: int = 5, seed: int = 0) -> list[Conversation]:
    """A handful of conversations to look at, unchecked."""
    return list(islice(compose(count, seed=seed), count))


def _dry(accepted: int, target: int, reasons: Counter[str], why: str) -> ModelError:
    total = f"{accepted:,} of {target:,} conversations were accepted, then {why}"
    counts = _said(reasons)
    return ModelError(
        f"{total}; rejections by reason: {counts}" if counts else total,
        hint="ask for fewer with synthgen.generation_target, or give more and more varied examples",
    )


def _said(reasons: Counter[str]) -> str:
    return ", ".join(
        f"{code} {count:,}" for code, count in sorted(reasons.items(), key=lambda r: (-r[1], r[0]))
    )
