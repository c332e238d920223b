"""Generation by a teacher that is prompted: who takes part, what it may cost, and what of it is on disk."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from callwright import formats
from callwright.chat import ChatModel
from callwright.config import Synthgen
from callwright.conversation import Conversation, UserMessage
from callwright.errors import ModelError
from callwright.generate.drafting import Draftsman
from callwright.generate.judging import Judge
from callwright.generate.mutations import MUTATORS
from callwright.generate.plan import Plan, Settings
from callwright.generate.playing import Cast, Stage
from callwright.generate.proving import Proof
from callwright.generate.purse import Purse, Stopped, Switch
from callwright.generate.sifting import Sieve
from callwright.generate.traits import traits_of
from callwright.generate.writing import Pacing, Troupe, Writing, Written
from callwright.job import Job
from callwright.pipeline.teaching import Endpoints
from callwright.teachers.budget import Account, Budget
from callwright.teachers.journal import Journal, Journaled

FOLDER = "generating"
"""In the run directory: the journal of replies, and what a generation that was stopped has accepted so far."""
EVERY = 0.5
"""Seconds between two looks at how it goes."""
MOST_SAMPLES = 200
"""Messages of users that those who play users are shown some of."""

Progress = Callable[[int, int | None, str], None]


class Prompted:
    """The generation of one job."""

    def __init__(self, job: Job, *, journal: Journal | None = None, target: int = 0) -> None:
        """`journal`: where replies are kept; None: nowhere. `target`: how many instead of the job's own number."""
        self._config = job.config
        self._synthgen = synthgen = job.config.synthgen
        self.target = target or synthgen.generation_target
        self.account = Account(
            Budget(
                calls=synthgen.max_calls,
                tokens=synthgen.max_tokens,
                dollars=synthgen.max_dollars,
                minutes=synthgen.max_minutes,
            )
        )
        self.switch = Switch()
        self._endpoints, self._journal = Endpoints(job.config), journal
        self._paid_before(job)
        self.writing = self._writing(job)

    def _paid_before(self, job: Job) -> None:
        """Enter what the journal holds; whoever said it, it is taken at the price of the teacher."""
        if self._journal is None:
            return
        stored, price = self._journal.stored, self._endpoints.price(job.config.base.teacher_model_name)
        self.account.count(stored.prompt_tokens, stored.completion_tokens, price, calls=stored.replies)

    def _writing(self, job: Job) -> Writing:
        synthgen, context = self._synthgen, job.context()
        rows, test, texts = list(job.train()), list(job.test()), job.unstructured()
        traits = traits_of(rows, job.tools, job.config.base.task)
        traits = replace(traits, several_calls=traits.several_calls and not context.single_call)
        plan = Plan(
            rows,
            job.tools,
            traits=traits,
            target=synthgen.generation_target,
            seed=job.config.base.random_seed,
            texts=len(texts),
            settings=plan_settings(synthgen),
        )
        names = self._names()
        sampling = {role: self._endpoints.sampling(name) for role, name in names.items()}
        models = {name: self._model(name) for name in dict.fromkeys(names.values())}
        sieve = Sieve(context, similarity=synthgen.validation_similarity_threshold)
        sieve.hold(test, rows)
        troupe = Troupe(
            teacher=models[names["teacher"]],
            draftsman=Draftsman(
                plan,
                Proof(plan, context, job.task_description),
                task=job.task_description,
                examples=rows,
                texts=texts,
                sampling=sampling["teacher"],
            ),
            cast=Cast(
                user=models[names["user"]],
                assistant=models[names["teacher"]],
                user_sampling=sampling["user"],
                assistant_sampling=sampling["teacher"],
            ),
            stage=Stage(
                task=job.task_description,
                tools=job.tools,
                traits=traits,
                context=context,
                samples=samples(rows),
            ),
            sieve=sieve,
            judge=self._judge(job) if synthgen.judge else None,
            judging=models[names["judge"]] if synthgen.judge else None,
            switch=self.switch,
        )
        pacing = Pacing(
            in_call=synthgen.generation_in_single_call,
            window=synthgen.generation_iteration_size,
            at_once=self._endpoints.at_once,
        )
        return Writing(plan, troupe, target=self.target, pacing=pacing)

    def _names(self) -> dict[str, str]:
        """Role -> the name of its model; the judge only where there is to be one."""
        teacher = self._config.base.teacher_model_name
        names = {"teacher": teacher, "user": self._synthgen.user_model_name or teacher}
        if self._synthgen.judge:
            judge = self._config.evaluation.llm_as_a_judge_model_name
            names["judge"] = judge if self._config.model(judge) else teacher
        return names

    def _judge(self, job: Job) -> Judge:
        greedy = replace(self._endpoints.sampling(self._names()["judge"]), temperature=0.0)
        return Judge(
            task=job.task_description,
            tools=job.tools,
            instructions=job.judge_instructions,
            sampling=greedy,
        )

    def _model(self, name: str) -> ChatModel:
        purse = Purse(
            self._endpoints.model(name), self.account, self.switch, price=self._endpoints.price(name)
        )
        return Journaled(purse, self._journal) if self._journal else purse

    def note(self) -> str:
        """How it goes, for a line of progress."""
        account, accepted = self.account, self.writing.funnel.accepted
        parts = [self.writing.funnel.said(), f"{account.in_flight} in flight", f"{account.tokens:,} tokens"]
        if account.dollars:
            forecast = account.dollars / accepted * self.target if accepted else 0.0
            parts.append(
                f"${account.dollars:,.2f}" + (f", about ${forecast:,.2f} in all" if forecast else "")
            )
        return ", ".join(part for part in parts if part)

    def counts(self) -> dict[str, Any]:
        """The funnel, and what it has cost."""
        account = self.account
        spent: dict[str, float] = {
            "calls": account.calls,
            "prompt_tokens": account.prompt_tokens,
            "completion_tokens": account.completion_tokens,
        }
        if account.dollars:
            spent["dollars"] = round(account.dollars, 4)
        counts = {**self.writing.funnel.counts(), "spent": spent}
        if self._journal and self._journal.faults:
            counts["unreadable_in_journal"] = len(self._journal.faults)  # and so asked for again
        return counts


def generate(job: Job, folder: Path, progress: Progress) -> dict[str, Any]:
    """Write `generated.jsonl` and `generated-rejected.jsonl` in `folder`; the counts of it.

    What was paid for is in `generating/`, so that the same call goes on where it was stopped. Raises `ModelError`
    where a budget is spent first; what was accepted until then is kept there.
    """
    place = folder / FOLDER
    with Journal(place / "replies.jsonl") as journal:
        prompted = Prompted(job, journal=journal)
        target = prompted.target

        def tick() -> None:
            progress(prompted.writing.funnel.accepted, target, prompted.note())

        with _Partial(place) as partial:
            try:
                for written in stepped(prompted.writing.outcomes(), tick):
                    partial.add(written, prompted.writing.funnel.accepted)
                    tick()
            except Stopped as stopped:
                raise _stopped(str(stopped), partial, target) from None
        partial.move(folder)
    return prompted.counts()


def preview(job: Job, count: int) -> list[Conversation]:
    """A handful of conversations; nothing is written."""
    prompted = Prompted(job, target=count)
    written = stepped(prompted.writing.outcomes(), lambda: None)
    kept = (one.conversation for one in written if one.conversation and not one.reason)
    return [replace(row, id=f"gen-{number:06}") for number, row in enumerate(kept, start=1)]


def stepped(outcomes: AsyncIterator[Written], tick: Callable[[], None]) -> Iterator[Written]:
    """Asynchronous outcomes one by one, `tick` called now and then; Ctrl-C ends them in good order."""

    async def following() -> Written | None:
        return await anext(outcomes, None)

    async def ticking() -> None:
        while True:
            await asyncio.sleep(EVERY)
            tick()

    with asyncio.Runner() as runner:
        clock = runner.get_loop().create_task(ticking())
        try:
            while (written := runner.run(following())) is not None:
                yield written
        finally:
            clock.cancel()
            close = getattr(outcomes, "aclose", None)
            if close:
                runner.run(close())


class _Partial:
    """`accepted.jsonl` and `rejected.jsonl` as they grow."""

    def __init__(self, place: Path) -> None:
        self.accepted, self.rejected = place / "accepted.jsonl", place / "rejected.jsonl"
        self.count = 0
        self._stack = ExitStack()

    def __enter__(self) -> "_Partial":
        self._good = self._stack.enter_context(self.accepted.open("wb"))
        self._bad = self._stack.enter_context(self.rejected.open("wb"))
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self._good, self._bad):
            file.flush()
            os.fsync(file.fileno())
        self._stack.close()

    def add(self, written: Written, number: int) -> None:
        """One try: accepted as conversation `number`, or turned away with all that is known of why."""
        if written.reason:
            self._bad.write(msgspec.json.encode(_told(written)) + b"\n")
        elif written.conversation:
            made = replace(
                written.conversation,
                id=f"gen-{number:06}",
                metadata={"situation": written.scenario.situation},
            )
            self._good.write(msgspec.json.encode(formats.FORMATS["openai"].write(made)) + b"\n")
            self.count = number

    def move(self, folder: Path) -> None:
        self.accepted.replace(folder / "generated.jsonl")
        self.rejected.replace(folder / "generated-rejected.jsonl")


def _told(written: Written) -> dict[str, Any]:
    row = formats.FORMATS["openai"].write(written.conversation) if written.conversation else {}
    return {
        **row,
        "scenario": f"{written.scenario.number}.{written.scenario.attempt}",
        "situation": written.scenario.situation,
        "reason": written.reason,
        "details": list(written.details),
        "raw": written.raw,
    }


def _stopped(why: str, partial: _Partial, target: int) -> ModelError:
    return ModelError(
        f"{why}. {partial.count:,} of {target:,} conversations were accepted; they are in {partial.accepted}",
        hint="the same command with a larger budget goes on from here; nothing that was answered is asked again",
    )


def plan_settings(synthgen: Synthgen) -> Settings:
    """The section `synthgen` as the plan takes it."""
    topics = synthgen.mutation_topics
    lists = (topics,) if topics and isinstance(topics[0], str) else topics
    return Settings(
        situations=dict(synthgen.situations),
        tool_floor=synthgen.tool_floor,
        mutators=tuple(name for name in MUTATORS if name in synthgen.basic_mutators_to_use),
        topics=tuple(tuple(map(str, names)) for names in lists),
        exemplars=synthgen.num_positive_exemplars_per_generation,
        contexts=synthgen.num_unlabelled_exemplars_per_generation,
    )


def samples(rows: list[Conversation]) -> tuple[str, ...]:
    """How users write: their messages in the examples, each once."""
    said = (m.content for row in rows for m in row.messages if isinstance(m, UserMessage))
    return tuple(dict.fromkeys(said))[:MOST_SAMPLES]
