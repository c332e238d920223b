"""Scores: the predictions of a model as figures, per call, per conversation, per tool and per turn."""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from callwright.chat import Usage
from callwright.checks.leakage import histories
from callwright.conversation import AssistantMessage, Conversation
from callwright.errors import CallwrightError
from callwright.evaluate.expansion import Item
from callwright.evaluate.predictions import Prediction, scores
from callwright.metrics import CALL_METRICS
from callwright.metrics.conversations import right_until, whole
from callwright.metrics.replies import Decisions, calls, decisions
from callwright.metrics.statistics import Figure, figure

RIGHT = "tool_call_equivalence"
"""The metric by which a call is right or wrong, everywhere in a report."""

KNOWN = "the user's words so far open a training conversation"
NEW = "new words"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One item, scored."""

    item: str
    conversation: str
    expects_call: bool
    value: float | None
    """By `RIGHT`; None: no answer. Of a turn that should reply: 1 if it did, 0 if it called, said nothing or did
    not stop."""
    scores: dict[str, float | None]
    produced: AssistantMessage
    error: str = ""


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """Calls that have something in common."""

    name: str
    figure: Figure


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Conversations of `turn` turns or more, and how many of them were right in every turn up to it."""

    turn: int
    right: int
    count: int


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """What one model did on a test set."""

    model: str
    metrics: dict[str, Figure]
    """Each call metric over the turns that should call."""
    conversations: Figure
    """Whole conversations: every call right, and no call where the reference replies."""
    steps: tuple[Step, ...] = ()
    decisions: Decisions = Decisions()
    malformed: int = 0
    """Turns with a call that came out broken."""
    cut: int = 0
    """Turns that hit the limit of tokens."""
    errors: int = 0
    """Turns without an answer."""
    by_tool: tuple[Slice, ...] = ()
    by_turn: tuple[Slice, ...] = ()
    by_history: tuple[Slice, ...] = ()
    """Calls whose users so far said what the users of a training conversation said, and the others."""
    usage: Usage = Usage()
    results: tuple[Result, ...] = ()
    """Every item; left out of reports."""

    @property
    def calls(self) -> Figure:
        """The figure by which models are judged."""
        return self.metrics[RIGHT]


def score(
    items: Sequence[Item],
    predictions: Iterable[Prediction],
    *,
    model: str = "",
    train: Iterable[Conversation] = (),
) -> Evaluation:
    """The figures of `predictions` to `items`; `train`, if given, tells known histories from new ones.

    Raises `CallwrightError` if an item has no prediction.
    """
    by_item = {prediction.item: prediction for prediction in predictions}
    if missing := [item.id for item in items if item.id not in by_item]:
        raise CallwrightError(f"{len(missing)} of {len(items)} items have no prediction: {missing[0]}, …")
    given = [by_item[item.id] for item in items]
    results = tuple(_result(item, prediction) for item, prediction in zip(items, given, strict=True))
    due = [(item, result) for item, result in zip(items, results, strict=True) if result.expects_call]
    talks = _by_conversation(results)
    answered = [(i.expected, p.message) for i, p in zip(items, given, strict=True) if p.finish != "error"]
    return Evaluation(
        model=model,
        metrics={name: _figure([(r.conversation, r.scores[name]) for _, r in due]) for name in CALL_METRICS},
        conversations=figure([whole(values) for values in talks]),
        steps=_steps(talks),
        decisions=decisions(answered),
        malformed=sum(bool(p.message.malformed) for p in given),
        cut=sum(p.finish == "length" for p in given),
        errors=sum(p.finish == "error" for p in given),
        by_tool=tuple(sorted(_slices(due, _tools), key=_worst_first)),
        by_turn=tuple(_slices(sorted(due, key=lambda pair: pair[0].user_turn), _turn)),
        by_history=_by_history(due, train),
        usage=Usage(
            prompt_tokens=sum(p.usage.prompt_tokens for p in given),
            completion_tokens=sum(p.usage.completion_tokens for p in given),
        ),
        results=results,
    )


def _result(item: Item, prediction: Prediction) -> Result:
    values = {name: found.value for name, found in scores(item, prediction).items()}
    expects_call = bool(item.expected.tool_calls)
    value = values[RIGHT]
    if not expects_call and prediction.finish != "error":
        replied = prediction.finish == "stop" and prediction.message.content.strip()
        value = 1.0 if replied and not calls(prediction.message) else 0.0
    return Result(
        item=item.id,
        conversation=item.conversation,
        expects_call=expects_call,
        value=value,
        scores=values,
        produced=prediction.message,
        error=prediction.error,
    )


def _figure(values: Sequence[tuple[str, float | None]]) -> Figure:
    """Of values with the names of their conversations."""
    return figure([value for _, value in values], [name for name, _ in values])


def _by_conversation(results: Iterable[Result]) -> list[list[float | None]]:
    """The values of each conversation's turns; one that never has to call shows nothing and is left out."""
    grouped: dict[str, list[Result]] = {}
    for result in results:
        grouped.setdefault(result.conversation, []).append(result)
    return [[r.value for r in group] for group in grouped.values() if any(r.expects_call for r in group)]


def _steps(talks: Sequence[Sequence[float | None]]) -> tuple[Step, ...]:
    longest = max(map(len, talks), default=0)
    reached = [right_until(values) for values in talks]
    return tuple(
        Step(
            turn=turn,
            right=sum(until >= turn for until in reached),
            count=sum(len(values) >= turn for values in talks),
        )
        for turn in range(1, longest + 1)
    )


_Due = Sequence[tuple[Item, Result]]


def _slices(due: _Due, names: Callable[[Item], Iterable[str]]) -> list[Slice]:
    grouped: dict[str, list[tuple[str, float | None]]] = {}
    for item, result in due:
        for name in names(item):
            grouped.setdefault(name, []).append((result.conversation, result.value))
    return [Slice(name=name, figure=_figure(values)) for name, values in grouped.items()]


def _tools(item: Item) -> Iterable[str]:
    return dict.fromkeys(call.name for call in item.expected.tool_calls)


def _turn(item: Item) -> Iterable[str]:
    return [f"user turn {item.user_turn}"]


def _worst_first(part: Slice) -> tuple[float, int, str]:
    return (part.figure.value if part.figure.value is not None else 2.0, -part.figure.count, part.name)


def _by_history(due: _Due, train: Iterable[Conversation]) -> tuple[Slice, ...]:
    known = {key for conversation in train for _, key in histories(conversation)}
    if not known:
        return ()

    def names(item: Item) -> Iterable[str]:
        keys = [key for _, key in histories(item.prompt)]
        return [KNOWN if keys and keys[-1] in known else NEW]

    return tuple(_slices(due, names))
