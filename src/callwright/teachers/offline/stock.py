"""The stock at work: requests and follow-ups that no example has, for the tools of a job."""

from collections.abc import Sequence
from random import Random

from msgspec.structs import replace

from callwright.conversation import Tool
from callwright.teachers.offline.actions import ACTIONS
from callwright.teachers.offline.callforms import actions_of, forms_of
from callwright.teachers.offline.describing import unseen
from callwright.teachers.offline.followups import followups
from callwright.teachers.offline.grammar import expand
from callwright.teachers.offline.orders import claims_of, orders
from callwright.teachers.offline.templates import MARK, Exchange

SPOKEN = 12
"""Sentences of a grammar by which a turn is recognised."""


def stock(
    tools: Sequence[Tool], exchanges: Sequence[Exchange], flows: set[tuple[str, str]]
) -> list[Exchange]:
    """Exchanges of the stock, numbered after `exchanges`."""
    start = len(exchanges)
    forms = forms_of(tools, [*exchanges, *unseen(tools, exchanges)])
    made = orders(tools, forms, exchanges, start)
    # What cannot be asked for by itself cannot be gone on from.
    asked = {exchange.signature for exchange in [*exchanges, *made] if not exchange.needs}
    followed = [form for form in forms if form.signature in asked]
    made += followups(followed, flows, claims_of(tools, exchanges), start + len(made))
    return made


def ending(tools: Sequence[Tool], exchanges: Sequence[Exchange]) -> frozenset[str]:
    """The tools that leave nothing of what they are called with: it is not spoken of again."""
    return frozenset(
        tool.name for tool in tools if any(ACTIONS[name].ends for name in actions_of(tool, exchanges))
    )


def spoken(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """The exchanges, those with a grammar as some of its sentences."""
    found: list[Exchange] = []
    for exchange in exchanges:
        if not exchange.grammar:
            found.append(exchange)
            continue
        rng = Random(exchange.number)
        texts = dict.fromkeys(expand(exchange.grammar, rng) for _ in range(SPOKEN))
        found += [_in_order(replace(exchange, text=text)) for text in texts]
    return found


def _in_order(exchange: Exchange) -> Exchange:
    """The exchange with its marks numbered as they stand in its text."""
    marks = list(dict.fromkeys(letter for letter in exchange.text if MARK <= ord(letter) < MARK + 256))
    numbers = {ord(mark): chr(MARK + at) for at, mark in enumerate(marks)}
    mentions = tuple(exchange.mentions[ord(mark) - MARK] for mark in marks)
    return replace(exchange, text=exchange.text.translate(numbers), mentions=mentions)
