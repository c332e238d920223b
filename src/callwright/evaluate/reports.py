"""Reports: everything that is known of the models of a run, for people and for programs."""

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from callwright import __version__
from callwright.checks.duplicates import digest
from callwright.conversation import Conversation
from callwright.evaluate.baselines import constant, most_frequent_call
from callwright.evaluate.comparison import Comparison, compare
from callwright.evaluate.expansion import Item
from callwright.evaluate.failures import Failure, failures
from callwright.evaluate.notes import notes
from callwright.evaluate.rows import answer
from callwright.evaluate.scores import Evaluation, score
from callwright.evaluate.verdicts import Verdict, gate, release
from callwright.metrics.statistics import told

ROLES = {
    "base": "base student",
    "tuned": "tuned student",
    "teacher": "teacher",
    "baseline": "always the most frequent call",
}
"""Role -> its name in a report, in the order of the table; other roles come after, under their own names."""


class Funnel(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the data, from the examples to the training."""

    examples: int = 0
    """Training conversations given by the user."""
    planned: int = 0
    """Conversations to generate."""
    accepted: int = 0
    rejected: dict[str, int] = {}
    """Generated conversations kept out, by the code of their first finding."""
    prepared: int = 0
    """Conversations that were trained on."""
    left_out: dict[str, int] = {}
    """Accepted conversations not trained on, by reason."""


class TestSet(msgspec.Struct, frozen=True, kw_only=True):
    __test__ = False  # not a test, whatever pytest makes of the name
    conversations: int
    calls: int
    """Turns that should call."""
    replies: int
    """Turns that should reply in text."""
    repeated: int
    """Turns that another turn of the set repeats, history and all."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    """Of the job."""
    test: TestSet
    evaluations: dict[str, Evaluation]
    """By role, in the order of the table, without the results of single items."""
    comparisons: tuple[Comparison, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    notes: tuple[str, ...] = ()
    """What the figures do not show; to be read first."""
    failures: tuple[Failure, ...] = ()
    failed: dict[str, int] = {}
    """All failures of a role, those left out of `failures` included."""
    funnel: Funnel | None = None
    loss_curve: str = ""
    """Path of an image, absolute or from the report's folder."""
    task_description: str = ""
    made_by: str = f"callwright {__version__}"


def report(
    name: str,
    items: Sequence[Item],
    evaluations: Mapping[str, Evaluation],
    *,
    train: Sequence[Conversation] = (),
    funnel: Funnel | None = None,
    loss_curve: Path | str = "",
    task_description: str = "",
    remarks: Sequence[str] = (),
    shown: int = 200,
) -> Report:
    """The report of models evaluated on the same `items`, by role (see `ROLES`).

    `train`: the examples, from which the baseline of the most frequent call is made. `remarks` are put before
    the notes that every report has. Of each role's failures the first `shown` are in it, the rest is counted.
    """
    models = dict(evaluations)
    usual = most_frequent_call(train)
    if usual is not None and "baseline" not in models:
        models["baseline"] = score(items, constant(items, usual), model=answer(usual))
    models = {role: models[role] for role in [*ROLES, *models] if role in models}
    asked = {role: e for role, e in models.items() if role != "baseline"}
    failed = {role: list(failures(role, items, e.results)) for role, e in asked.items()}
    comparisons = _comparisons(models)
    test = _test_set(items)
    return Report(
        name=name,
        test=test,
        evaluations={role: msgspec.structs.replace(e, results=()) for role, e in models.items()},
        comparisons=tuple(comparisons.values()),
        verdicts=tuple(_verdicts(models, comparisons)),
        notes=(*remarks, *notes(items, models, test.repeated)),
        failures=tuple(failure for found in failed.values() for failure in islice(found, shown)),
        failed={role: len(found) for role, found in failed.items()},
        funnel=funnel,
        loss_curve=str(loss_curve),
        task_description=task_description,
    )


class SummaryRow(msgspec.Struct, frozen=True):
    """A line of the table at the end of a run."""

    who: str
    calls: str
    conversations: str


def summary(report: Report) -> list[SummaryRow]:
    """One row a model: calls right and whole conversations right, with counts and 95 % intervals."""
    return [
        SummaryRow(ROLES.get(role, role), told(e.calls), told(e.conversations))
        for role, e in report.evaluations.items()
    ]


def _test_set(items: Sequence[Item]) -> TestSet:
    keys = {
        digest(Conversation(messages=(*item.prompt.messages, item.expected), tools=item.prompt.tools))
        for item in items
    }
    calls = sum(bool(item.expected.tool_calls) for item in items)
    return TestSet(
        conversations=len({item.conversation for item in items}),
        calls=calls,
        replies=len(items) - calls,
        repeated=len(items) - len(keys),
    )


def _comparisons(models: Mapping[str, Evaluation]) -> dict[str, Comparison]:
    """The tuned student beside each of the others, under the names of their roles."""
    tuned = models.get("tuned")
    if tuned is None:
        return {}
    return {
        role: msgspec.structs.replace(
            compare(tuned, other), first=ROLES["tuned"], second=ROLES.get(role, role)
        )
        for role, other in models.items()
        if role != "tuned"
    }


def _verdicts(models: Mapping[str, Evaluation], comparisons: Mapping[str, Comparison]) -> list[Verdict]:
    found = []
    if "tuned" in models:
        found.append(release(models["tuned"].calls, comparisons.get("teacher"), comparisons.get("base")))
    found += [
        gate(ROLES.get(role, role), evaluation.calls)
        for role, evaluation in models.items()
        if role not in ("tuned", "base", "baseline")
    ]
    return found
