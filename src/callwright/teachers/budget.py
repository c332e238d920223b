"""What a job may cost: calls, tokens, dollars, minutes; asked before each call, and told at any time."""

import time
from collections.abc import Callable

import msgspec

from callwright.chat import ChatModel, Reply, Sampling, Usage
from callwright.conversation import AssistantMessage, Conversation


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """Dollars for a million tokens."""

    input: float = 0.0
    output: float = 0.0

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        return (prompt_tokens * self.input + completion_tokens * self.output) / 1e6


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """The most that may be spent; None: as much as it takes."""

    calls: int | None = None
    tokens: int | None = None
    """Of prompts and answers together."""
    dollars: float | None = None
    minutes: float | None = None


class Account:
    """What is spent of a budget, by all models that share it.

    Calls in flight count with what calls have cost so far on average, so that many at once do not overdraw it.
    """

    def __init__(self, budget: Budget, *, now: Callable[[], float] = time.monotonic) -> None:
        self.budget = budget
        self.calls = self.prompt_tokens = self.completion_tokens = self.in_flight = 0
        self.dollars = 0.0
        self._now, self._began = now, now()

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    @property
    def minutes(self) -> float:
        return (self._now() - self._began) / 60

    def begin(self) -> str:
        """Enter one more call; or, where the budget is spent, say so and enter none."""
        if why := self.spent():
            return why
        self.calls += 1
        self.in_flight += 1
        return ""

    def end(self, usage: Usage, price: Price) -> None:
        """Enter what a call has cost."""
        self.in_flight -= 1
        self.count(usage.prompt_tokens, usage.completion_tokens, price)

    def count(self, prompt_tokens: int, completion_tokens: int, price: Price, *, calls: int = 0) -> None:
        """Enter what was spent elsewhere, such as by the run that this one goes on with."""
        self.calls += calls
        self.prompt_tokens += prompt_tokens
        self.completion_tokens += completion_tokens
        self.dollars += price.of(prompt_tokens, completion_tokens)

    def spent(self) -> str:
        """Which budget is spent, in words; empty where there is some of all left."""
        done = self.calls - self.in_flight
        expected = self.calls / done if done else 1.0
        used = {
            "calls": float(self.calls),
            "tokens": self.tokens * expected,
            "dollars": self.dollars * expected,
            "minutes": self.minutes,
        }
        for unit, amount in used.items():
            most: float | None = getattr(self.budget, unit)
            if most is not None and amount >= most:
                return f"the budget of {most:,} {unit} is spent: {self}"
        return ""

    def __str__(self) -> str:
        calls = f"{self.calls:,} calls, {self.prompt_tokens:,} tokens in, {self.completion_tokens:,} out"
        return calls + (f", ${self.dollars:,.2f}" if self.dollars else "")


class Budgeted:
    """`model`, asked only while there is something left on the account."""

    def __init__(self, model: ChatModel, account: Account, *, price: Price | None = None) -> None:
        self.name = model.name
        self.identity: str = getattr(model, "identity", model.name)
        self._model, self._account, self._price = model, account, price or Price()

    async def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
        """The model's reply, or an error that says which budget is spent."""
        if why := self._account.begin():
            return Reply(message=AssistantMessage(), finish="error", error=why)
        usage = Usage()
        try:
            reply = await self._model.reply(conversation, sampling)
            usage = reply.usage
            return reply
        finally:
            self._account.end(usage, self._price)
