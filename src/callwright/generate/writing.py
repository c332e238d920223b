"""Writing: many scenarios at once, taken in the order of the plan, until exactly so many are accepted.

What comes out depends on the replies alone, never on which of them came first: conversations are compared and
numbered in one order, and one that fails goes to the end of the line with another attempt.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from msgspec.structs import replace

from callwright.chat import ChatModel
from callwright.checks import Finding
from callwright.conversation import Conversation
from callwright.errors import ModelError
from callwright.generate.asking import Failed
from callwright.generate.drafting import Drafted, Draftsman
from callwright.generate.funnel import Funnel
from callwright.generate.gate import DRAFTING, JUDGING, PLAYING, Gate
from callwright.generate.judging import Judge
from callwright.generate.plan import Plan, Scenario
from callwright.generate.playing import Cast, Stage, Unplayed, play
from callwright.generate.purse import Switch
from callwright.generate.sifting import Sieve, fatal
from callwright.teachers.journal import Journaled

ATTEMPTS = 4
"""Tries of a scenario; then another one, with the next number, takes its place."""
PATIENCE = 200
"""Rejections in a row after which the teacher is given up; more where many rows were already accepted."""
TROUBLES = 16
"""Requests in a row without an answer after which the endpoint is given up."""
GRACE = 10.0
"""Seconds that requests in flight are given when the work stops: they are paid for."""


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one try of one scenario."""

    scenario: Scenario
    conversation: Conversation | None = None
    """As far as it was written."""
    reason: str = ""
    """Why it is turned away, in a word; empty: it is accepted."""
    details: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    keys: tuple[Any, ...] = ()
    """What the set must know of it; empty once it does."""
    raw: str = ""
    """The reply that it failed on."""


class Troupe(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody that takes part."""

    teacher: ChatModel
    """Writes the blueprints."""
    draftsman: Draftsman
    cast: Cast
    stage: Stage
    sieve: Sieve
    judge: Judge | None = None
    judging: ChatModel | None = None
    """The model behind the judge."""
    switch: Switch = Switch()


class Pacing(msgspec.Struct, frozen=True, kw_only=True):
    """How much is done at once; changes how fast it goes and nothing else."""

    in_call: int = 4
    """Blueprints asked for in one call."""
    window: int = 128
    """Conversations begun beyond the first that is not done; more where `at_once` needs it."""
    at_once: int = 64
    """Blueprints and conversations being written at a time, a request each."""


class Writing:
    """A generation; `outcomes` is all of it."""

    def __init__(self, plan: Plan, troupe: Troupe, *, target: int, pacing: Pacing | None = None) -> None:
        self.funnel = Funnel(plan.quotas())
        self._plan, self._troupe, self._target = plan, troupe, target
        self._pacing = pacing or Pacing()
        self._gate = Gate(max(1, self._pacing.at_once))
        # Less could not fill all places with blueprints while those before them are played.
        self._window = max(self._pacing.window, self._pacing.at_once * self._pacing.in_call)
        self._line: list[Scenario] = []
        self._next = target  # number of the next scenario that was never tried
        self._begun = self._settled = self._troubles = self._dry = 0
        self._tasks: dict[int, asyncio.Task[Written]] = {}
        self._drafts: set[asyncio.Task[list[Drafted]]] = set()
        self._changed = asyncio.Event()

    async def outcomes(self) -> AsyncIterator[Written]:
        """Every try in order, until `target` were accepted. Raises `Stopped`, or `ModelError` where it is of no use.

        On the way out requests in flight are waited for, so that what is paid for is written down.
        """
        queue: asyncio.Queue[asyncio.Future[Written]] = asyncio.Queue()
        sifting = asyncio.ensure_future(self._sift(queue))
        try:
            while self.funnel.accepted < self._target:
                written = await asyncio.shield(await self._first(queue, sifting))
                self._settle(written)
                yield written
        finally:
            self._troupe.switch.why = self._troupe.switch.why or "stopped"
            sifting.cancel()
            await self._drain([sifting, *self._tasks.values(), *self._drafts])

    async def _first(
        self, queue: "asyncio.Queue[asyncio.Future[Written]]", sifting: asyncio.Future[None]
    ) -> asyncio.Future[Written]:
        """The next in the queue, or what has ended the sifting."""
        if not queue.empty():
            return queue.get_nowait()
        getting = asyncio.ensure_future(queue.get())
        either: set[asyncio.Future[Any]] = {getting, sifting}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if getting.done():
            return getting.result()
        getting.cancel()
        sifting.result()
        raise AssertionError("the sifting never ends by itself")

    async def _drain(self, tasks: "Sequence[asyncio.Future[Any]]") -> None:
        ending = asyncio.gather(*tasks, return_exceptions=True)
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(ending), GRACE)
        for task in tasks:
            task.cancel()
        await ending

    # ── in order ──────────────────────────────────────────────────────────────────────────────────────────

    async def _sift(self, queue: "asyncio.Queue[asyncio.Future[Written]]") -> None:
        """Compare what was written with all before it, in order, and let what passes be judged."""
        position = 0
        while True:
            self._begin()
            if position not in self._tasks:
                self._changed.clear()
                await self._changed.wait()
                continue
            written = await asyncio.shield(self._tasks[position])  # a stop lets it come to its end
            if written.conversation and not written.reason:
                written = self._admitted(written, f"scenario {written.scenario.number}")
            task = asyncio.ensure_future(self._judged(written))
            self._tasks[position] = task
            queue.put_nowait(task)
            position += 1

    def _admitted(self, written: Written, name: str) -> Written:
        assert written.conversation
        found = self._troupe.sieve.admit(written.conversation, written.keys, name)
        return _turned_away(replace(written, findings=(*written.findings, *found), keys=()))

    async def _judged(self, written: Written) -> Written:
        judge, model = self._troupe.judge, self._troupe.judging
        if judge is None or model is None or written.reason or written.conversation is None:
            return written
        async with self._gate.place(JUDGING):
            verdict = await judge.judge(written.conversation, _at(model, _slot(written.scenario)))
        if isinstance(verdict, Failed):
            return replace(written, reason=verdict.reason, details=(verdict.why,), raw=verdict.raw)
        if verdict.verdict == "good":
            return written
        details = (verdict.reason, *verdict.evidence)
        return replace(written, reason=f"judge-{verdict.verdict}", details=details, raw=verdict.raw)

    def _settle(self, written: Written) -> None:
        """Count it; one that failed goes to the end of the line."""
        del self._tasks[self._settled]
        self._settled += 1
        funnel = self.funnel
        funnel.written += written.conversation is not None
        if not written.reason:
            self._dry = 0
            funnel.accept(written.scenario)
            funnel.warnings.update({finding.code for finding in written.findings})
        else:
            self._dry += 1
            funnel.rejected[written.reason] += 1
            self._line.append(self._again(written.scenario))
            self._give_up(written)
        self._changed.set()

    def _again(self, scenario: Scenario) -> Scenario:
        if scenario.attempt + 1 < ATTEMPTS:
            return self._plan.scenario(scenario.number, scenario.attempt + 1)
        self._next += 1
        return self._plan.scenario(self._next - 1)

    def _give_up(self, written: Written) -> None:
        self._troubles = self._troubles + 1 if written.reason == "endpoint" else 0
        accepted = f"{self.funnel.accepted:,} of {self._target:,} conversations were accepted"
        if self._troubles >= TROUBLES:
            raise ModelError(
                f"{accepted}, then the endpoint gave no answer {self._troubles} times in a row: {written.details[0]}",
                hint="the same command goes on from here when it answers again",
            )
        if self._dry >= max(PATIENCE, self.funnel.accepted // 2):
            raise ModelError(
                f"{accepted}, then {self._dry:,} in a row were rejected; {self.funnel.said()}",
                hint="look at the replies in rejected.jsonl; a stronger teacher or more examples may help",
            )

    # ── at once ───────────────────────────────────────────────────────────────────────────────────────────

    def _begin(self) -> None:
        """Begin what the window allows: first every scenario once, in groups of a call; then those that
        failed, each by itself."""
        size = self._pacing.in_call
        while self._begun < self._target and self._begun - self._settled < self._window:
            last = min(self._begun + size, self._target)
            self._begin_group([self._plan.scenario(number) for number in range(self._begun, last)])
        while self._begun >= self._target and self._line:
            self._begin_group([self._line.pop(0)])

    def _begin_group(self, scenarios: Sequence[Scenario]) -> None:
        drafting = asyncio.ensure_future(self._drafted(scenarios))
        self._drafts.add(drafting)
        drafting.add_done_callback(self._drafts.discard)
        for place, scenario in enumerate(scenarios):
            task = asyncio.ensure_future(self._written(scenario, drafting, place))
            self._tasks[self._begun] = task
            self._begun += 1

    async def _drafted(self, scenarios: Sequence[Scenario]) -> list[Drafted]:
        async with self._gate.place(DRAFTING):
            teacher = _at(self._troupe.teacher, ",".join(map(_slot, scenarios)))
            return await self._troupe.draftsman.draft(scenarios, teacher)

    async def _written(
        self, scenario: Scenario, drafting: "asyncio.Task[list[Drafted]]", place: int
    ) -> Written:
        drafted = (await asyncio.shield(drafting))[place]
        if drafted.blueprint is None:
            return Written(scenario=scenario, reason=drafted.reason, details=drafted.details, raw=drafted.raw)
        troupe, slot = self._troupe, _slot(scenario)
        cast = replace(
            troupe.cast,
            user=_at(troupe.cast.user, slot),
            assistant=_at(troupe.cast.assistant, slot),
            tool=_at(troupe.cast.tool, slot) if troupe.cast.tool else None,
        )
        try:
            async with self._gate.place(PLAYING):
                conversation = await play(scenario, drafted.blueprint, cast, troupe.stage)
        except Unplayed as failed:
            return Written(scenario=scenario, reason=failed.reason, details=(str(failed),), raw=failed.raw)
        found, keys = troupe.sieve.look(scenario, conversation)
        return _turned_away(
            Written(scenario=scenario, conversation=conversation, findings=tuple(found), keys=keys)
        )


def _turned_away(written: Written) -> Written:
    """With its reason, where a finding is fatal."""
    wrong = fatal(written.findings)
    if not wrong:
        return written
    return replace(
        written, reason=wrong[0].code, details=tuple(f"{one.path}: {one.message}" for one in wrong)
    )


def _slot(scenario: Scenario) -> str:
    return f"{scenario.number}.{scenario.attempt}"


def _at(model: ChatModel, slot: str) -> ChatModel:
    """A model as it is asked for one scenario: the same words for another one are another question."""
    return model.at(slot) if isinstance(model, Journaled) else model
