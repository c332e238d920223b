import asyncio

import pytest

from callwright.chat import Reply, Sampling, Usage, replies
from callwright.conversation import AssistantMessage, Conversation, UserMessage
from callwright.teachers.budget import Account, Budget, Budgeted, Price

HI = Conversation(messages=(UserMessage("hi"),))
PRICE = Price(input=1.0, output=4.0)


class Costly:
    """Every answer takes 600 tokens in and 100 out: a tenth of a cent at `PRICE`."""

    name = "costly"

    def __init__(self) -> None:
        self.count = 0

    async def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
        self.count += 1
        await asyncio.sleep(0)
        usage = Usage(prompt_tokens=600, completion_tokens=100)
        return Reply(message=AssistantMessage(content="there"), usage=usage)


def ask(budget: Budget, count: int, *, concurrency: int = 1) -> tuple[Account, list[str]]:
    """The account after `count` questions, and their errors."""
    account = Account(budget)
    model = Budgeted(Costly(), account, price=PRICE)
    answers = replies(model, [HI] * count, Sampling(), concurrency=concurrency)
    return account, [answer.error for answer in answers]


def test_without_a_limit_all_is_asked_and_counted() -> None:
    account, errors = ask(Budget(), 5)
    assert errors == [""] * 5
    assert (account.calls, account.tokens, account.dollars) == (5, 3500, pytest.approx(0.005))
    assert str(account) == "5 calls, 3,000 tokens in, 500 out, $0.01"


@pytest.mark.parametrize(
    ("budget", "asked", "words"),
    [
        (Budget(calls=3), 3, "3 calls"),
        (Budget(tokens=2000), 3, "2,000 tokens"),
        (Budget(dollars=0.0035), 4, "0.0035 dollars"),
        (Budget(calls=9, tokens=1), 1, "1 tokens"),
        (Budget(calls=0), 0, "0 calls"),
    ],
)
def test_what_is_spent_is_told_before_asking(budget: Budget, asked: int, words: str) -> None:
    account, errors = ask(budget, 10)
    assert errors[:asked] == [""] * asked
    assert account.calls == asked
    told = f"the budget of {words} is spent: {account}"
    assert errors[asked:] == [told] * (10 - asked)


def test_many_at_once_do_not_overdraw_it() -> None:
    account, _ = ask(Budget(calls=10), 100, concurrency=64)
    assert account.calls == 10
    account, _ = ask(Budget(tokens=700 * 500), 1000, concurrency=64)
    assert 480 <= account.calls <= 500
    assert account.in_flight == 0


def test_minutes_are_those_since_the_account_was_opened() -> None:
    clock = iter([100.0, 130.0, 161.0])
    account = Account(Budget(minutes=1), now=lambda: next(clock))
    assert account.begin() == ""
    assert account.begin() == "the budget of 1 minutes is spent: 1 calls, 0 tokens in, 0 out"


def test_models_of_different_prices_share_an_account() -> None:
    account = Account(Budget(dollars=1.0))
    for price in (PRICE, Price()):
        asyncio.run(Budgeted(Costly(), account, price=price).reply(HI, Sampling()))
    assert (account.calls, account.tokens, account.dollars) == (2, 1400, pytest.approx(0.001))


def test_what_an_earlier_run_spent_counts() -> None:
    account = Account(Budget(dollars=0.01))
    account.count(9_000, 1_000, PRICE, calls=12)
    assert account.dollars == pytest.approx(0.013)
    assert account.spent().startswith("the budget of 0.01 dollars is spent: 12 calls")


def test_a_call_that_raises_is_over_too() -> None:
    class Broken(Costly):
        async def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
            raise RuntimeError

    account = Account(Budget())
    with pytest.raises(RuntimeError):
        asyncio.run(Budgeted(Broken(), account).reply(HI, Sampling()))
    assert (account.calls, account.in_flight) == (1, 0)
