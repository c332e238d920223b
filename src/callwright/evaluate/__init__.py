"""Evaluate: what a model does on test conversations, as figures one can act on.

`evaluate` does it all for one model: the conversations become items (`expansion`), the model predicts each
(`predictions`, resumable), the predictions are scored (`scores`). `compare` puts two models side by side,
`report` and `write_report` say it to people.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from callwright.chat import ChatModel, Sampling
from callwright.conversation import Conversation
from callwright.evaluate.baselines import constant, most_frequent_call
from callwright.evaluate.comparison import Comparison, compare
from callwright.evaluate.expansion import Item, items
from callwright.evaluate.pages import read_report, write_report
from callwright.evaluate.predictions import Prediction, predict, read_predictions
from callwright.evaluate.reports import Funnel, Report, report, summary
from callwright.evaluate.scores import Evaluation, Result, Slice, score
from callwright.evaluate.verdicts import Verdict, gate, release

__all__ = [
    "Comparison",
    "Evaluation",
    "Funnel",
    "Item",
    "Prediction",
    "Report",
    "Result",
    "Slice",
    "Verdict",
    "compare",
    "constant",
    "evaluate",
    "gate",
    "items",
    "most_frequent_call",
    "predict",
    "read_predictions",
    "read_report",
    "release",
    "report",
    "score",
    "summary",
    "write_report",
]


def evaluate(
    model: ChatModel,
    conversations: Iterable[Conversation],
    path: Path,
    *,
    expand: bool = True,
    sampling: Sampling | None = None,
    train: Iterable[Conversation] = (),
    batch_size: int = 16,
    identity: str = "",
    progress: Callable[[int, int | None, str], None] | None = None,
) -> Evaluation:
    """Predict and score every item of `conversations`; the predictions are kept at `path`, and resumed.

    `train`: what the model was trained on, to tell apart what it may know by heart. `batch_size`,
    `identity`: as in `predict`.
    """
    questions = items(conversations, expand=expand)
    answers = predict(
        model,
        questions,
        path,
        sampling or Sampling(),
        batch_size=batch_size,
        identity=identity,
        progress=progress,
    )
    return score(questions, answers, model=model.name, train=train)
