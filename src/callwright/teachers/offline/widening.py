"""Widening: what was said after one tool is also said after another, where the words allow it.

`and x?` repeats whatever was called with one name; `copy it to y` holds after any call whose value was copied
so.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from callwright.teachers.offline import discourse
from callwright.teachers.offline.alignment import key_of
from callwright.teachers.offline.templates import (
    MARK,
    CallPlan,
    Exchange,
    Hole,
    Pointer,
    Signature,
    Slot,
)


def widened(exchanges: Sequence[Exchange], flows: set[tuple[str, str]]) -> list[Exchange]:
    """The exchanges, pronouns open to more predecessors, and follow-ups made for more tools."""
    holders = _holders(exchanges)
    made = [_pronoun(exchange, holders, flows) for exchange in exchanges]
    number = len(made)
    for transfer in _transfers(made):
        made.append(replace(transfer, number=number))
        number += 1
    return made


def _holders(exchanges: Sequence[Exchange]) -> dict[Signature, list[tuple[str, Pointer, str]]]:
    """For each kind of exchange the parameters that slots fill: (key, pointer, shape)."""
    found: dict[Signature, list[tuple[str, Pointer, str]]] = {}
    for exchange in exchanges:
        if exchange.signature in found:
            continue
        held: list[tuple[str, Pointer, str]] = []
        for number, plan in enumerate(exchange.calls):
            for name, value in plan.arguments.items():
                if isinstance(value, Hole):
                    held.append(
                        (key_of(plan.tool, (name,)), ("a", number, name), exchange.slots[value.slot].shape)
                    )
        found[exchange.signature] = held
    return found


def _pronoun(
    exchange: Exchange, holders: dict[Signature, list[tuple[str, Pointer, str]]], flows: set[tuple[str, str]]
) -> Exchange:
    carried = [n for n, slot in enumerate(exchange.slots) if slot.carry]
    if (
        len(exchange.needs) != 1
        or len(carried) != 1
        or (exchange.needs[0] and next(iter(exchange.needs[0]))[0] == "=")
    ):
        return exchange
    plain = "".join(" " if MARK <= ord(c) < MARK + 256 else c for c in exchange.text)
    slot = exchange.slots[carried[0]]
    if not discourse.plain_pronoun(plain) or not slot.carry or slot.carry.pointer[0] != "a":
        return exchange
    others: list[tuple[Signature, Pointer]] = []
    for signature, held in holders.items():
        fitting = [(p, s) for key, p, s in held if (key, slot.key) in flows]
        # One value only that can be meant, of the same shape; several would leave the pronoun open.
        if len(held) == 1 and len(fitting) == 1 and fitting[0][1] == slot.shape:
            others.append((signature, fitting[0][0]))
    if not others:
        return exchange
    slots = list(exchange.slots)
    slots[carried[0]] = replace(slot, carry=replace(slot.carry, others=tuple(others)))
    needs = frozenset([*exchange.needs[0], *(signature for signature, _ in others)])
    return replace(exchange, slots=tuple(slots), needs=(needs,))


def _transfers(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """`and x?` for each tool that is called with one text alone."""
    singles: dict[Signature, tuple[str, str, str]] = {}
    for exchange in exchanges:
        single = _single(exchange)
        if single and exchange.made == "":
            singles.setdefault(exchange.signature, single)
    found: list[Exchange] = []
    known = {(_words(e), e.signature) for e in exchanges}
    for exchange in exchanges:
        if not _repeat(exchange):
            continue
        for signature, (tool, name, key) in singles.items():
            slot = exchange.slots[0]
            like = next(
                (s for e in exchanges if e.signature == signature for s in e.slots if not s.carry), None
            )
            if (
                like is None
                or signature == exchange.signature
                or like.shape != slot.shape
                or (_words(exchange), signature) in known
            ):
                continue
            known.add((_words(exchange), signature))
            new = Slot(key=key, sample=like.sample, shape=like.shape, forms=("exact",))
            found.append(
                replace(
                    exchange,
                    slots=(new,),
                    calls=(CallPlan(tool, {name: Hole(0)}),),
                    signature=signature,
                    needs=(frozenset([signature]),),
                    made="transfer",
                )
            )
    return found


def _words(exchange: Exchange) -> str:
    return exchange.text.lower()


def _single(exchange: Exchange) -> tuple[str, str, str] | None:
    """(tool, parameter, key) where the one argument of the one call is a text of the turn's own."""
    if len(exchange.calls) != 1 or len(exchange.calls[0].arguments) != 1:
        return None
    (name, value), plan = next(iter(exchange.calls[0].arguments.items())), exchange.calls[0]
    if not isinstance(value, Hole) or not isinstance(exchange.slots[value.slot].sample, str):
        return None
    return plan.tool, name, key_of(plan.tool, (name,))


def _repeat(exchange: Exchange) -> bool:
    """Whether it repeats the call before it with one other text, in words that say nothing else."""
    plain = "".join(" " if MARK <= ord(c) < MARK + 256 else c for c in exchange.text)
    return (
        len(exchange.needs) == 1
        and exchange.needs[0] == frozenset([exchange.signature])
        and _single(exchange) is not None
        and len(exchange.slots) == 1
        and exchange.slots[0].carry is None
        and not exchange.slots[0].frozen
        and all(mention.form == "exact" for mention in exchange.mentions)
        and discourse.repeats(plain)
    )
