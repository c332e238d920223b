"""Writing: exactly so many, in one order whatever the speed, failures replaced and counted."""

import asyncio
import json
from collections.abc import Callable
from random import Random

import pytest
from generate_jobs import COMMAND_ROWS, COMMANDS, SERVICE, SERVICE_ROWS

from callwright.chat import ChatModel, Reply, Sampling
from callwright.checks import Context, check_all
from callwright.config.compatibility import MULTI_TURN
from callwright.conversation import AssistantMessage, Conversation, Json, Tool
from callwright.errors import ModelError
from callwright.generate.drafting import Draftsman
from callwright.generate.judging import Judge
from callwright.generate.plan import Plan
from callwright.generate.playing import Cast, Stage
from callwright.generate.proving import Proof
from callwright.generate.purse import Purse, Stopped, Switch
from callwright.generate.sifting import Sieve
from callwright.generate.traits import traits_of
from callwright.generate.writing import Pacing, Troupe, Writing, Written
from callwright.teachers.budget import Account, Budget
from callwright.teachers.completions import reply_of, request
from callwright.testing.endpoint import Said, Trouble, said
from callwright.testing.pretend import Pretend

Change = Callable[[str, dict[str, Json], Said | Trouble], Said | Trouble]


class Pretending:
    """A `ChatModel` that answers as `Pretend` does, after as many turns of the loop as `slowness` draws."""

    name = "pretending"

    def __init__(self, tools: tuple[Tool, ...], change: Change | None = None, slowness: int = 0) -> None:
        self.asked = 0
        self._pretend, self._rng, self._slowness = Pretend(tools, change=change), Random(slowness), slowness

    async def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
        self.asked += 1
        for _ in range(self._rng.randint(0, self._slowness)):
            await asyncio.sleep(0)
        answer = self._pretend(request(self.name, conversation, sampling))
        if isinstance(answer, Trouble):
            return Reply(message=AssistantMessage(), finish="error", error=f"status {answer.status}")
        return reply_of({"choices": [answer]})


def writing(
    target: int,
    model: ChatModel,
    *,
    rows: list[Conversation] | None = None,
    tools: tuple[Tool, ...] = SERVICE,
    test: tuple[Conversation, ...] = (),
    judge: bool = False,
    switch: Switch | None = None,
    pacing: Pacing | None = None,
) -> Writing:
    rows = SERVICE_ROWS if rows is None else rows
    traits = traits_of(rows, tools, MULTI_TURN)
    plan = Plan(rows, tools, traits=traits, target=target, seed=3)
    context = Context(carries_results=traits.results, single_call=True)
    sieve = Sieve(context, similarity=0.95)
    sieve.hold(test, rows)
    troupe = Troupe(
        teacher=model,
        draftsman=Draftsman(plan, Proof(plan, context, ""), task="Help.", examples=rows, sampling=Sampling()),
        cast=Cast(user=model, assistant=model),
        stage=Stage(task="Help.", tools=tools, traits=traits, context=context),
        sieve=sieve,
        judge=Judge(task="Help.", tools=tools) if judge else None,
        judging=model if judge else None,
        switch=switch or Switch(),
    )
    return Writing(plan, troupe, target=target, pacing=pacing)


def outcomes(one: Writing) -> list[Written]:
    async def all_of_them() -> list[Written]:
        return [written async for written in one.outcomes()]

    return asyncio.run(all_of_them())


def test_exactly_as_many_as_asked_for_are_accepted_with_the_quotas_met() -> None:
    one = writing(30, Pretending(SERVICE))
    found = outcomes(one)
    counts = one.funnel.counts()
    assert (len(found), counts["accepted"], counts["rejected"], counts["warnings"]) == (30, 30, {}, {})
    assert all(planned == delivered for planned, delivered in counts["situations"].values())
    assert all(planned == delivered for planned, delivered in counts["tools"].values())


def test_commands_are_written_too() -> None:
    one = writing(20, Pretending(COMMANDS), rows=COMMAND_ROWS, tools=COMMANDS)
    outcomes(one)
    assert one.funnel.counts()["accepted"] == 20


def spoiled(share: float) -> Change:
    """Blueprints that are no JSON and calls to a tool that is not there, by the words of the question."""

    def change(kind: str, body: dict[str, Json], answer: Said | Trouble) -> Said | Trouble:
        if kind in ("blueprint", "call") and Random(json.dumps(body["messages"])).random() < share:
            return said("I would rather not.") if kind == "blueprint" else said(calls=[("nothing", {})])
        return answer

    return change


@pytest.mark.parametrize("slowness", [0, 5, 40])
def test_what_comes_out_does_not_depend_on_who_answers_first(slowness: int) -> None:
    quick = outcomes(writing(25, Pretending(SERVICE, spoiled(0.5)), pacing=Pacing(in_call=2)))
    pacing = Pacing(in_call=2, window=9, at_once=3) if slowness == 5 else Pacing(in_call=2)
    slow = outcomes(writing(25, Pretending(SERVICE, spoiled(0.5), slowness=slowness), pacing=pacing))
    assert slow == quick
    assert any(one.reason for one in quick)


def test_what_fails_is_counted_by_reason_and_replaced_in_kind() -> None:
    one = writing(20, Pretending(SERVICE, spoiled(0.5)), pacing=Pacing(in_call=1))
    found = outcomes(one)
    counts = one.funnel.counts()
    assert counts["rejected"]["blueprint-unreadable"] > 0
    assert sum(counts["rejected"].values()) == len(found) - 20
    assert sum(delivered for _, delivered in counts["situations"].values()) == 20


def troubled(kind: str, body: dict[str, Json], answer: Said | Trouble) -> Said | Trouble:
    """Everything that goes wrong with models, now and then."""
    rng = Random(json.dumps(body["messages"]) + str(body["max_tokens"]))
    if rng.random() > 0.12 or isinstance(answer, Trouble):
        return answer
    text = str(answer["message"].get("content") or "")
    wrong = {
        "blueprint": [
            said(text[: len(text) // 2]),
            said(text.replace('"facts": ["', '"facts": ["no ')),
            said("[]"),
        ],
        "user": [said("As an AI, I want it."), said("<think>hm"), said(text.lower()[:9])],
        "call": [
            said(calls=[("find_table", {"city": "Nowhere"})]),
            said("Which one?"),
            said(calls=[("x", "{")]),
        ],
        "reply": [said("Call 0316 7741 and ask for Mr Ottokar."), said("**Done**"), said("<tool_call>{}")],
        "judge": [said("fine"), said('{"verdict": "bad", "evidence": ["nothing said"], "reason": ""}')],
    }
    return rng.choice([*wrong[kind], said("", finish="length"), said("", finish="content_filter"), said(" ")])


@pytest.mark.parametrize("seed", range(3))
def test_whatever_goes_wrong_what_is_accepted_passes_every_check(seed: int) -> None:
    one = writing(40, Pretending(SERVICE, troubled, slowness=seed), judge=True)
    found = outcomes(one)
    kept = [written.conversation for written in found if not written.reason and written.conversation]
    counts = one.funnel.counts()
    assert len(kept) == 40
    assert len(counts["rejected"]) > 3
    context = Context(single_call=True)
    told = [finding for _, findings in check_all(kept, context) for finding in findings]
    assert [finding for finding in told if finding.code != "duplicates-structural"] == []
    assert all(written.details for written in found if written.reason)


def repeated(kind: str, body: dict[str, Json], answer: Said | Trouble) -> Said | Trouble:
    """Judges that find everything bad."""
    if kind != "judge":
        return answer
    quote = body["messages"][1]["content"].partition("user: ")[2].partition("\n")[0]
    return said(json.dumps({"evidence": [quote[:30]], "reason": "dull", "verdict": "bad"}))


def test_a_teacher_that_never_does_is_given_up_with_its_reasons() -> None:
    one = writing(10, Pretending(SERVICE, repeated), judge=True)
    with pytest.raises(ModelError) as caught:
        outcomes(one)
    assert "0 of 10 conversations were accepted, then 200 in a row were rejected" in str(caught.value)
    assert "judge-bad 200" in str(caught.value)


def test_a_judge_has_the_last_word_and_is_asked_only_about_what_passed() -> None:
    model = Pretending(SERVICE)
    judged = writing(12, model, judge=True)
    plain = Pretending(SERVICE)
    found = outcomes(judged)
    assert [one.conversation for one in found] == [one.conversation for one in outcomes(writing(12, plain))]
    assert model.asked == plain.asked + 12


def test_a_test_row_is_never_given_away() -> None:
    rows = outcomes(writing(12, Pretending(SERVICE)))
    leaking = rows[0].conversation
    assert leaking is not None
    again = writing(12, Pretending(SERVICE), test=(leaking,))
    outcomes(again)
    assert again.funnel.counts()["leaks"] >= 1
    assert again.funnel.counts()["accepted"] == 12


def test_an_endpoint_that_answers_nobody_is_given_up() -> None:
    def down(kind: str, body: dict[str, Json], answer: Said | Trouble) -> Said | Trouble:
        return Trouble(status=401)

    with pytest.raises(ModelError, match="the endpoint gave no answer 16 times in a row: status 401"):
        outcomes(writing(100, Pretending(SERVICE, down)))


def test_a_spent_budget_stops_the_work_with_what_was_accepted_until_then() -> None:
    switch, account = Switch(), Account(Budget(calls=60))
    model = Purse(Pretending(SERVICE), account, switch)
    one = writing(50, model, switch=switch, pacing=Pacing(at_once=4))
    with pytest.raises(Stopped, match="the budget of 60 calls is spent"):
        outcomes(one)
    assert account.calls == 60
    assert 0 < one.funnel.accepted < 50


def test_a_stop_asks_nothing_more() -> None:
    switch = Switch()
    inner = Pretending(SERVICE)
    model = Purse(inner, Account(Budget()), switch)

    async def some() -> int:
        outcomes = writing(50, model, switch=switch, pacing=Pacing(at_once=4)).outcomes()
        for _ in range(5):
            await anext(outcomes)
        asked = inner.asked
        await outcomes.aclose()  # type: ignore[attr-defined]
        return asked

    asked = asyncio.run(some())
    assert inner.asked == asked
