"""Blueprints: read however they are written, and proved before a word of dialogue is."""

import asyncio
import json
from collections.abc import Callable

import pytest
from generate_jobs import COMMAND_ROWS, COMMANDS, SERVICE, SERVICE_ROWS

from callwright.chat import Reply, Sampling
from callwright.checks import Context
from callwright.config.compatibility import MULTI_TURN
from callwright.conversation import AssistantMessage, Json, UserMessage
from callwright.generate.blueprint import Act, Blueprint, Turn, draft, read_blueprints
from callwright.generate.drafting import Draftsman
from callwright.generate.lenient import parsed
from callwright.generate.plan import Plan, Scenario
from callwright.generate.proving import Proof
from callwright.generate.traits import traits_of
from callwright.teachers.replay import ReplayTeacher

SERVICES = Plan(SERVICE_ROWS, SERVICE, traits=traits_of(SERVICE_ROWS, SERVICE, MULTI_TURN), target=10)
COMMANDED = Plan(COMMAND_ROWS, COMMANDS, traits=traits_of(COMMAND_ROWS, COMMANDS, MULTI_TURN), target=10)


def scenario(situation: str, *turns: tuple[str, ...], heart: int = 0) -> Scenario:
    return Scenario(number=0, situation=situation, tool="", turns=turns, heart=heart)


def found(city: str = "Graz", *, facts: tuple[str, ...] = ("in Graz",), **changes: Json) -> Turn:
    """A turn that finds a table."""
    act = Act("find_table", {"city": city}, [{"restaurant": "Adler"}])
    return Turn(**{"wants": "a table", "facts": facts, "calls": (act,), "reply": "name it", **changes})


def reasons(one: Scenario, *turns: Turn, plan: Plan = SERVICES) -> list[str]:
    context = Context(carries_results=plan.traits.results)
    return [reason for reason, _ in Proof(plan, context, "").faults(one, Blueprint(turns))]


ORDINARY = scenario("ordinary", ("find_table",))


def test_a_blueprint_that_holds_has_no_faults() -> None:
    assert reasons(ORDINARY, found()) == []


@pytest.mark.parametrize(
    ("turn", "reason"),
    [
        (found(calls=()), "path"),
        (found(wants=" "), "empty"),
        (found(reply=""), "empty"),
        (found(calls=(Act("find_table", {}, []),)), "arguments"),
        (found(calls=(Act("find_table", {"city": "Graz", "pets": 1}, []),)), "arguments"),
        (found("foo", facts=("in foo",)), "test-value"),
        (found("Linz"), "grounding-argument"),
    ],
)
def test_what_does_not_hold_is_said_with_its_reason(turn: Turn, reason: str) -> None:
    assert reason in reasons(ORDINARY, turn)


def test_turns_that_are_not_as_planned_are_a_fault() -> None:
    assert reasons(ORDINARY, found(), found()) == ["path"]


def test_a_value_of_an_earlier_result_counts_as_given() -> None:
    book = Turn(
        "book it",
        ("at seven",),
        (Act("book_table", {"restaurant": "Adler", "time": "seven"}, "ok"),),
        "say so",
    )
    planned = scenario("carried-over", ("find_table",), ("book_table",), heart=1)
    assert reasons(planned, found(), book) == []


SHOWN: list[tuple[str, Callable[[], list[str]]]] = [
    (
        "correction",
        lambda: reasons(scenario("correction", ("find_table",), ("find_table",), heart=1), found(), found()),
    ),
    ("tool-error", lambda: reasons(scenario("tool-error", ("find_table",)), found())),
    ("empty-result", lambda: reasons(scenario("empty-result", ("find_table",)), found())),
    (
        "missing-argument",
        lambda: reasons(
            scenario("missing-argument", (), ("find_table",), heart=1),
            Turn("a table", ("in Graz",), (), "ask for the city"),
            found(facts=()),
        ),
    ),
]


@pytest.mark.parametrize(("name", "proved"), SHOWN, ids=[name for name, _ in SHOWN])
def test_a_draft_that_does_not_show_its_situation_is_refused(
    name: str, proved: Callable[[], list[str]]
) -> None:
    assert "situation" in proved()


def test_a_draft_speaks_in_facts_and_directions() -> None:
    made = draft(ORDINARY, Blueprint((found(),)), SERVICES.traits, SERVICE)
    assert [getattr(one, "content", "") for one in made.messages] == [
        "in Graz",
        "",
        '[{"restaurant": "Adler"}]',
        "name it",
    ]


TURNS = [{"wants": "see", "facts": [], "calls": [{"name": "ls", "arguments": {}}]}]
WHOLE = json.dumps({"blueprints": [{"number": 1, "turns": TURNS}]})


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        f"```json\n{WHOLE}\n```",
        f"Sure, [here] it is:\n{WHOLE}\nI hope {{that}} helps.",
        f"<think>{{no}}</think>{WHOLE}",
        WHOLE.replace("]}]}", "],}],}"),
        json.dumps([{"turns": TURNS}]),
        json.dumps({"turns": TURNS}),
    ],
)
def test_blueprints_are_read_however_they_are_written(text: str) -> None:
    assert read_blueprints(text, 1) == [Blueprint((Turn("see", (), (Act("ls"),)),))]


def test_what_is_no_blueprint_is_said_in_its_place() -> None:
    assert read_blueprints("I cannot.", 2) == ["there is no JSON object or array in it"] * 2
    two = read_blueprints(json.dumps({"blueprints": [{"number": 2, "turns": TURNS}]}), 2)
    assert isinstance(two[0], str)
    assert isinstance(two[1], Blueprint)
    assert "turns" in str(read_blueprints('{"blueprints": [{"number": 1}]}', 1)[0])


def test_commas_and_braces_inside_texts_are_left_alone() -> None:
    assert parsed('{"a": "x,}", "b": [1,],}') == {"a": "x,}", "b": [1]}


def draftsman(plan: Plan = COMMANDED) -> Draftsman:
    proof = Proof(plan, Context(carries_results=False), "")
    return Draftsman(plan, proof, task="Files.", examples=COMMAND_ROWS, sampling=Sampling())


ONE = scenario("ordinary", ("ls",))


def test_a_blueprint_is_asked_for_once_where_it_holds() -> None:
    teacher = ReplayTeacher([WHOLE])
    [drafted] = asyncio.run(draftsman().draft([ONE], teacher))
    assert drafted.blueprint == Blueprint((Turn("see", (), (Act("ls"),)),))
    assert len(teacher.asked) == 1


def test_one_that_does_not_hold_is_asked_for_once_more_with_its_faults() -> None:
    teacher = ReplayTeacher([WHOLE.replace('"ls"', '"cd"'), WHOLE])
    [drafted] = asyncio.run(draftsman().draft([ONE], teacher))
    assert drafted.blueprint is not None
    last = teacher.asked[1].messages[-1]
    assert isinstance(last, UserMessage)
    assert "turn 1 must call ls and calls cd" in last.content


def test_one_that_still_does_not_hold_has_its_reason_and_its_text() -> None:
    [drafted] = asyncio.run(draftsman().draft([ONE], ReplayTeacher(["no", "never"])))
    assert (drafted.blueprint, drafted.reason, drafted.raw) == (None, "blueprint-unreadable", "never")


def test_of_several_only_those_that_do_not_hold_are_asked_for_again() -> None:
    bad = {"number": 2, "turns": []}
    both = json.dumps({"blueprints": [{"number": 1, "turns": TURNS}, bad]})
    teacher = ReplayTeacher([both, WHOLE])
    drafted = asyncio.run(draftsman().draft([ONE, ONE], teacher))
    assert [one.reason for one in drafted] == ["", ""]
    last = teacher.asked[1].messages[-1]
    assert isinstance(last, UserMessage)
    assert "Plan 1 conversation:" in last.content
    assert "it must have 1 turns and has 0" in last.content


def test_a_reply_that_is_cut_off_is_asked_for_once_more_with_more_room() -> None:
    cut = Reply(message=AssistantMessage(content=WHOLE[:20]), finish="length")
    [whole] = asyncio.run(draftsman().draft([ONE], ReplayTeacher([cut, WHOLE])))
    [twice] = asyncio.run(draftsman().draft([ONE], ReplayTeacher([cut, cut])))
    assert (whole.reason, twice.reason) == ("", "reply-cut")


def test_the_question_shows_tools_examples_and_what_is_planned() -> None:
    teacher = ReplayTeacher([WHOLE])
    one = COMMANDED.scenario(0)
    asyncio.run(draftsman().draft([one], teacher))
    system, user = teacher.asked[0].messages[:2]
    assert '"name": "mv"' in system.content
    assert f"Situation: {one.situation}." in user.content
    assert "Example 1" in user.content
    assert one.mutations[0] in user.content
