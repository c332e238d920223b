"""The teacher as it is evaluated and as it composes."""

import asyncio
from pathlib import Path

import pytest

from callwright.chat import Reply, Sampling
from callwright.conversation import AssistantMessage, Conversation, SystemMessage, UserMessage
from callwright.errors import ModelError
from callwright.job import read_job
from callwright.pipeline.teaching import FewShot, composer, teacher_of
from callwright.teachers.replay import ReplayTeacher

EXAMPLE = Path(__file__).parents[2] / "examples" / "filesystem"


def test_examples_stand_between_the_system_message_and_the_first_turn() -> None:
    teacher = ReplayTeacher([Reply(message=AssistantMessage(content="fine"))])
    example = Conversation(
        messages=(SystemMessage("Be kind."), UserMessage("hi"), AssistantMessage(content="hello"))
    )
    asked = Conversation(messages=(SystemMessage("Be brief."), UserMessage("how are you?")))
    reply = asyncio.run(FewShot(teacher, [example]).reply(asked, Sampling()))
    assert reply.message.content == "fine"
    assert teacher.asked[0].messages == (
        SystemMessage("Be brief."),
        UserMessage("hi"),
        AssistantMessage(content="hello"),
        UserMessage("how are you?"),
    )


def test_a_teacher_without_an_endpoint_is_refused_with_the_way_to_reach_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CALLWRIGHT_TEACHER_URL", raising=False)
    job = read_job(EXAMPLE, ["base.teacher_model_name=openai.gpt-oss-120b"])
    with pytest.raises(ModelError) as caught:
        teacher_of(job)
    assert "CALLWRIGHT_TEACHER_URL" in caught.value.hint


def test_a_teacher_behind_an_endpoint_answers_and_does_not_compose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLWRIGHT_TEACHER_URL", "http://127.0.0.1:9/v1")
    job = read_job(EXAMPLE, ["base.teacher_model_name=openai.gpt-oss-120b"])
    with pytest.raises(ModelError, match="does not compose"):
        composer(job)
