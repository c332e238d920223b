from collections.abc import Iterator
from itertools import count as counting

import pytest

from callwright.checks import Context, Finding
from callwright.conversation import AssistantMessage, Conversation, Tool, ToolCall, UserMessage
from callwright.errors import ModelError
from callwright.generate import generate, preview

LS = Tool(name="ls", description="List.", parameters={"type": "object", "properties": {}})
QUESTIONS = Context(carries_results=False)


def row(text: str, name: str = "ls") -> Conversation:
    call = ToolCall(id="call_1", name=name)
    return Conversation(messages=(UserMessage(text), AssistantMessage(tool_calls=(call,))), tools=(LS,))


class Composer:
    """Rows with the texts given by `texts`, and how many were taken."""

    def __init__(self, *texts: str, name: str = "ls") -> None:
        self.texts, self.taken, self.name = texts, 0, name

    def __call__(self, count: int | None = None, *, seed: int | None = None) -> Iterator[Conversation]:
        for number in counting() if count is None else range(count):
            if self.texts and number >= len(self.texts):
                return
            self.taken += 1
            yield row(self.texts[number] if self.texts else f"list {seed} {number}", self.name)


def test_exactly_as_many_as_asked_for_are_given_and_no_more_composed() -> None:
    composer = Composer()
    found = list(generate(composer, target=70, context=QUESTIONS, seed=4))
    assert [c.id for c in found] == [f"gen-{n:06}" for n in range(1, 71)]
    assert found[1].messages[0].content == "list 4 1"  # type: ignore[union-attr]
    assert composer.taken == 70


def test_a_row_is_given_before_the_next_one_is_composed() -> None:
    composer = Composer()
    next(generate(composer, target=1000, context=QUESTIONS))
    assert composer.taken == 1


def test_a_repeated_row_is_rejected_with_its_reason_and_replaced() -> None:
    told: list[tuple[Conversation, list[Finding]]] = []
    found = list(
        generate(
            Composer("a", "a", "b"),
            target=2,
            context=QUESTIONS,
            rejected=lambda c, findings: told.append((c, findings)),
        )
    )
    assert [c.messages[0].content for c in found] == ["a", "b"]  # type: ignore[union-attr]
    assert [[finding.code for finding in findings] for _, findings in told] == [["duplicates-exact"]]


def test_a_row_that_says_what_a_test_row_says_is_refused() -> None:
    found = list(generate(Composer("Secret", "b"), target=1, context=QUESTIONS, test=[row("secret")]))
    assert found[0].messages[0].content == "b"  # type: ignore[union-attr]


def test_a_dry_well_says_how_far_it_came_and_why() -> None:
    with pytest.raises(ModelError, match="2 of 5 conversations were accepted") as caught:
        list(generate(Composer("a", "b", "a"), target=5, context=QUESTIONS))
    assert "duplicates-exact 1" in str(caught.value)
    assert "generation_target" in caught.value.hint


def test_endless_rejections_end_with_their_counts() -> None:
    with pytest.raises(ModelError, match="the last 2,000 in a row were rejected"):
        list(generate(Composer(name="rm"), target=5, context=QUESTIONS))


def test_progress_is_told_up_to_the_last() -> None:
    told: list[tuple[int, int | None, str]] = []
    list(generate(Composer(), target=130, context=QUESTIONS, progress=lambda *step: told.append(step)))
    assert told == [(64, 130, ""), (128, 130, ""), (130, 130, "")]


def test_nothing_asked_for_composes_nothing() -> None:
    composer = Composer()
    assert list(generate(composer, target=0, context=QUESTIONS)) == []
    assert composer.taken == 0


def test_a_preview_is_a_handful() -> None:
    assert len(preview(Composer(), count=3)) == 3
