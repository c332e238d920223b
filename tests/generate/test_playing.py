"""Playing: each knows their part alone; calls are the blueprint's; what does not do is asked for once more."""

import asyncio

import pytest
from generate_jobs import COMMAND_ROWS, COMMANDS, SERVICE, SERVICE_ROWS, called, says

from callwright.chat import Reply
from callwright.checks import Context
from callwright.config.compatibility import MULTI_TURN
from callwright.conversation import AssistantMessage, Conversation, SystemMessage, ToolMessage, UserMessage
from callwright.generate.blueprint import Act, Blueprint, Turn
from callwright.generate.plan import Scenario
from callwright.generate.playing import Cast, Stage, Unplayed, play
from callwright.generate.traits import Traits, traits_of
from callwright.teachers.replay import ReplayTeacher

SERVICE_STAGE = Stage(
    task="Help with tables.", tools=SERVICE, traits=traits_of(SERVICE_ROWS, SERVICE, MULTI_TURN)
)
COMMAND_STAGE = Stage(
    task="Files.",
    tools=COMMANDS,
    traits=traits_of(COMMAND_ROWS, COMMANDS, MULTI_TURN),
    context=Context(carries_results=False),
)
ONE = Scenario(number=0, situation="ordinary", turns=(("find_table",),), heart=0)
FOUND = [{"restaurant": "Adler"}]
BLUEPRINT = Blueprint(
    (Turn("a table", ("in Graz",), (Act("find_table", {"city": "Graz"}, FOUND),), "name the restaurant"),)
)
CALL = called("find_table", city="Graz")


def played(
    user: list[str],
    assistant: list[Reply | AssistantMessage | str],
    *,
    blueprint: Blueprint = BLUEPRINT,
    stage: Stage = SERVICE_STAGE,
    scenario: Scenario = ONE,
    **more: object,
) -> tuple[Conversation, ReplayTeacher, ReplayTeacher]:
    models = ReplayTeacher(user), ReplayTeacher(assistant)
    cast = Cast(user=models[0], assistant=models[1], **more)  # type: ignore[arg-type]
    return asyncio.run(play(scenario, blueprint, cast, stage)), *models


def test_user_assistant_and_tool_take_turns() -> None:
    made, _, assistant = played(["A table in Graz please."], [CALL, "Adler has one."])
    assert made.messages == (
        SystemMessage("Help with tables."),
        UserMessage("A table in Graz please."),
        CALL,
        ToolMessage(content='[{"restaurant": "Adler"}]', call_id="call_1"),
        says("Adler has one."),
    )
    assert assistant.asked[0].messages == made.messages[:2]


def test_the_user_knows_their_own_part_alone() -> None:
    _, user, _ = played(["A table in Graz please."], [CALL, "Adler has one."])
    told = "\n".join(getattr(message, "content", "") for message in user.asked[0].messages)
    assert "in Graz" in told
    assert "find_table" not in told
    assert "Adler" not in told
    assert user.asked[0].tools == ()


def test_the_reply_is_directed_by_the_blueprint_and_the_direction_stays_out_of_the_row() -> None:
    made, _, assistant = played(["A table in Graz please."], [CALL, "Adler has one."])
    system = assistant.asked[1].messages[0]
    assert isinstance(system, SystemMessage)
    assert "name the restaurant" in system.content
    assert made.messages[0] == SystemMessage("Help with tables.")


def test_a_default_that_is_spelled_out_is_the_same_call() -> None:
    made, _, assistant = played(["A table in Graz."], [called("find_table", city="Graz", guests=2), "Adler."])
    assert next(made.calls()).arguments == {"city": "Graz"}
    assert len(assistant.asked) == 2


def test_another_call_is_asked_for_once_more_with_the_difference() -> None:
    wrong = called("find_table", city="Linz")
    _, _, assistant = played(["A table in Graz."], [wrong, CALL, "Adler."])
    system = assistant.asked[1].messages[0]
    assert isinstance(system, SystemMessage)
    assert "the value of `city` is not what the user asked for" in system.content


def test_the_planned_call_is_put_in_where_the_user_has_said_all_of_it() -> None:
    made, _, _ = played(["A table in Graz."], ["Which city?", "Which city?", "Adler."])
    assert next(made.calls()).arguments == {"city": "Graz"}


def test_a_planned_call_that_nobody_bears_out_is_no_row() -> None:
    blueprint = Blueprint((Turn("a table", (), (Act("find_table", {"city": "Graz"}, FOUND),), "name it"),))
    with pytest.raises(Unplayed) as caught:
        played(["A table please."], ["Which city?", "Which city?"], blueprint=blueprint)
    assert caught.value.reason == "call-differs"
    assert "nothing before the call says `graz`" in str(caught.value)
    assert caught.value.raw == "Which city?"


def test_a_user_who_leaves_out_a_fact_says_it_the_second_time() -> None:
    made, user, _ = played(["A table please.", 'You: "A table in Graz."'], [CALL, "Adler."])
    assert made.messages[1] == UserMessage("A table in Graz.")
    last = user.asked[1].messages[-1]
    assert isinstance(last, UserMessage)
    assert 'it does not say "Graz"' in last.content


def test_a_user_who_never_says_it_is_no_user() -> None:
    with pytest.raises(Unplayed) as caught:
        played(["A table.", "As an AI I cannot."], [])
    assert caught.value.reason == "user-wording"


def test_in_the_question_and_answer_form_the_user_alone_is_asked() -> None:
    blueprint = Blueprint(
        (Turn("go", ("docs",), (Act("cd", {"folder": "docs"}),)), Turn("see", (), (Act("ls"),)))
    )
    planned = Scenario(number=0, situation="ordinary", turns=(("cd",), ("ls",)), heart=0)
    made, _, assistant = played(
        ["go to docs", "what is there"], [], blueprint=blueprint, stage=COMMAND_STAGE, scenario=planned
    )
    assert [type(message).__name__ for message in made.messages[1:]] == [
        "UserMessage",
        "AssistantMessage",
    ] * 2
    assert [call.name for call in made.calls()] == ["cd", "ls"]
    assert assistant.asked == []


def test_calls_at_once_are_one_message_and_calls_in_a_row_are_two() -> None:
    acts = (Act("find_table", {"city": "Graz"}, FOUND), Act("find_table", {"city": "Linz"}, []))
    blueprint = Blueprint((Turn("tables", ("in Graz and in Linz",), acts, "name them"),))
    both = AssistantMessage(tool_calls=(*CALL.tool_calls, *called("find_table", 2, city="Linz").tool_calls))
    planned = Scenario(number=0, situation="parallel-calls", turns=(("find_table", "find_table"),), heart=0)
    traits = Traits(replies=True, results=True, several_calls=True)
    stage = Stage(task="", tools=SERVICE, traits=traits)
    made, _, _ = played(
        ["In Graz and Linz."], [both, "Adler."], blueprint=blueprint, stage=stage, scenario=planned
    )
    assert [len(turn.tool_calls) for _, turn in made.turns()] == [2, 0]
    two = Scenario(number=0, situation="two-requests", turns=planned.turns, heart=0)
    made, _, _ = played(
        ["In Graz and Linz."],
        [CALL, called("find_table", city="Linz"), "Adler."],
        blueprint=blueprint,
        stage=stage,
        scenario=two,
    )
    assert [len(turn.tool_calls) for _, turn in made.turns()] == [1, 1, 0]


def test_a_tool_may_be_python_or_a_model() -> None:
    made, _, _ = played(["In Graz."], [CALL, "Fine."], run_tool=lambda call: f"{call.name} ran")
    assert isinstance(made.messages[3], ToolMessage)
    assert made.messages[3].content == "find_table ran"
    made, _, _ = played(["In Graz."], [CALL, "Fine."], tool=ReplayTeacher(['[{"restaurant": "Krone"}]']))
    assert isinstance(made.messages[3], ToolMessage)
    assert "Krone" in made.messages[3].content


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (
            Reply(message=AssistantMessage(), finish="error", error="the answer was filtered"),
            "reply-filtered",
        ),
        (Reply(message=AssistantMessage(), finish="error", error="status 500: no"), "endpoint"),
        (Reply(message=AssistantMessage(content="Adl"), finish="length"), "reply-cut"),
        (Reply(message=AssistantMessage(content=" ")), "reply-empty"),
        (Reply(message=AssistantMessage(content="<tool_call>{}")), "reply-wording"),
    ],
)
def test_how_a_reply_ends_is_looked_at(reply: Reply, reason: str) -> None:
    with pytest.raises(Unplayed) as caught:
        played(["A table in Graz."], [CALL, reply, reply])
    assert caught.value.reason == reason


def test_a_reply_that_is_whole_with_more_room_is_taken() -> None:
    cut = Reply(message=AssistantMessage(content="Adl"), finish="length")
    made, _, _ = played(["A table in Graz."], [CALL, cut, "Adler has one."])
    assert made.messages[-1] == says("Adler has one.")
