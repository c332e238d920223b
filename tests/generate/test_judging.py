"""Judging: a verdict counts with evidence that is in the conversation."""

import asyncio
import json

from generate_jobs import SERVICE, SERVICE_ROWS

from callwright.chat import Reply
from callwright.conversation import AssistantMessage, SystemMessage
from callwright.generate.asking import Failed
from callwright.generate.judging import Judge, Verdict
from callwright.teachers.replay import ReplayTeacher

JUDGE = Judge(task="Help with tables.", tools=SERVICE, instructions="Be strict about times.")


def verdict(says: str, *evidence: str) -> str:
    return json.dumps({"evidence": evidence, "reason": "so it is", "verdict": says})


def judged(*replies: Reply | str) -> tuple[Verdict | Failed, ReplayTeacher]:
    model = ReplayTeacher(replies)
    return asyncio.run(JUDGE.judge(SERVICE_ROWS[0], model)), model


def test_good_and_bad_count_with_words_of_the_conversation() -> None:
    for says in ("good", "bad"):
        found, model = judged(verdict(says, "A table  in Graz", '"It is booked."'))
        assert isinstance(found, Verdict)
        assert (found.verdict, found.reason) == (says, "so it is")
        assert len(model.asked) == 1


def test_evidence_that_is_not_there_is_asked_for_once_more() -> None:
    found, model = judged(verdict("bad", "A table in Rome"), verdict("good", "A table in Graz"))
    assert isinstance(found, Verdict)
    assert found.verdict == "good"
    assert "is not in the conversation" in model.asked[1].messages[-1].content


def test_a_judge_without_evidence_twice_is_unclear() -> None:
    for reply in (
        verdict("good"),
        verdict("good", "x"),
        "It is good.",
        '{"verdict": "perhaps", "evidence": ["a"]}',
    ):
        found, _ = judged(reply, reply)
        assert isinstance(found, Verdict)
        assert found.verdict == "unclear"


def test_a_judge_that_does_not_answer_is_a_failure() -> None:
    found, _ = judged(Reply(message=AssistantMessage(), finish="error", error="status 500"))
    assert isinstance(found, Failed)


def test_the_instructions_of_the_job_are_told() -> None:
    _, model = judged(verdict("good", "A table in Graz"))
    system = model.asked[0].messages[0]
    assert isinstance(system, SystemMessage)
    assert "Be strict about times." in system.content
