"""Notes: what the figures of a report do not show, said before the figures."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from callwright.evaluate.expansion import Item
from callwright.evaluate.scores import KNOWN, NEW, Evaluation
from callwright.metrics.statistics import told

FEW = 10
"""Test calls of a tool below which its own figure says little."""

SYNTHETIC = (
    "The student learnt from conversations that a machine composed from the examples, and the test rows come "
    "from the same hand as those examples. Other people will word things in ways that neither has."
)
HISTORIES = (
    "Every turn was asked with the true history before it, whatever the model had answered earlier. Left to "
    "its own history, an early slip can spoil later turns, and whole conversations go wrong more often."
)


def notes(items: Sequence[Item], models: Mapping[str, Evaluation], repeated: int) -> list[str]:
    """Sentences to be read first, each true of this very test set."""
    return [
        *_size(items, models),
        *_histories(items),
        SYNTHETIC,
        *_beyond(models),
        *_known(models),
        *_rare(items),
        *_repeated(repeated),
        *_unanswered(models),
    ]


def _size(items: Sequence[Item], models: Mapping[str, Evaluation]) -> Iterator[str]:
    talks = len({item.conversation for item in items})
    calls = sum(bool(item.expected.tool_calls) for item in items)
    text = f"The test set has {_count(calls, 'call')} in {_count(talks, 'conversation')}"
    subject = models.get("tuned") or next(iter(models.values()), None)
    if subject is None or subject.calls.low is None or subject.calls.high is None:
        yield f"{text}."
        return
    width = (subject.calls.high - subject.calls.low) * 50
    yield (
        f"{text}, so a share of right calls is known to about ±{max(width, 0.5):.0f} points. Calls of one "
        "conversation hang together; the intervals count conversations, not calls."
    )


def _histories(items: Sequence[Item]) -> Iterator[str]:
    if any(item.turn > 1 for item in items):
        yield HISTORIES


def _beyond(models: Mapping[str, Evaluation]) -> Iterator[str]:
    if "tuned" not in models:
        return
    tuned = models["tuned"]
    text = f"The verdict is about single calls. Whole conversations right: {told(tuned.conversations)}."
    if stray := tuned.decisions.called_when_reply_due:
        due = stray + tuned.decisions.replied_when_due
        text += f" Of {_count(due, 'turn')} that should reply in text, the tuned student called in {stray:,}."
    yield text


def _known(models: Mapping[str, Evaluation]) -> Iterator[str]:
    parts = {part.name: part.figure for part in models["tuned"].by_history} if "tuned" in models else {}
    if KNOWN in parts:
        fresh = f"has {told(parts[NEW])}" if NEW in parts else "has nothing to show, for there are none"
        yield (
            f"In {_count(parts[KNOWN].count, 'call')} the user's words so far open a training conversation "
            f"too; on the others the tuned student {fresh}."
        )


def _rare(items: Sequence[Item]) -> Iterator[str]:
    counts = Counter(name for item in items for name in {call.name for call in item.expected.tool_calls})
    declared = {tool.name for item in items for tool in item.prompt.tools}
    rare = sorted(name for name, count in counts.items() if count < FEW)
    if rare:
        yield f"Fewer than {FEW} test calls each, so their own figures say little: {', '.join(rare)}."
    if unseen := sorted(declared - counts.keys()):
        yield f"Not tested at all, no test row calls them: {', '.join(unseen)}."


def _repeated(repeated: int) -> Iterator[str]:
    if repeated:
        yield f"{_count(repeated, 'turn')} of the test set repeat another one word for word, and count again."


def _unanswered(models: Mapping[str, Evaluation]) -> Iterator[str]:
    for role, evaluation in models.items():
        if evaluation.errors:
            yield f"{_count(evaluation.errors, 'turn')} got no answer from the {role} and are not scored."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
