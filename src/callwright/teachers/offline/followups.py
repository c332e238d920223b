"""Follow-ups of the stock: corrections, once more with another value, and pointing back to what was named."""

from collections.abc import Sequence

from msgspec.structs import replace

from callwright.teachers.offline.callforms import HEADS, Form
from callwright.teachers.offline.grammar import joined
from callwright.teachers.offline.orders import exchange_of, fitted, frames_of
from callwright.teachers.offline.sequels import (
    CORRECTING,
    DROPPING,
    ELSEWHERE,
    GOING,
    IT,
    POINTING,
    REPEATING,
    THE,
)
from callwright.teachers.offline.templates import MARK, Carry, Exchange, Pointer, Signature, Slot

THERE = {
    "move": "[move|put|shift|drop|place|stick] {x} [there|in there|into it|in that {m}|into that {m}|into the same {m}]"
    "[| too| as well]",
    "copy": "[copy|duplicate] {x} [there|into it|to that {m}|into that {m}|to the same {m}][| too| as well]",
    "find": "[find|search for|look for] {x} [there|in there|in it|in that {m}]",
}
"""By action: the thing named, the place pointed to."""
NEW = frozenset(("create", "find"))
"""Actions whose thing was not named before."""
TAKING_BACK = frozenset(("delete", "cancel", "stop", "rename"))


def followups(
    forms: Sequence[Form],
    flows: set[tuple[str, str]],
    claimed: dict[str, set[str]],
    start: int,
) -> list[Exchange]:
    """Exchanges that need one before them, numbered from `start`."""
    made: list[Exchange] = []
    for form in forms:
        for lines, at, name in _changes(form):
            grammar = joined([line for line in (_said(one, form, at) for one in lines) if line])
            slots = tuple(
                slot if place == at else _carried(slot, parameter)
                for place, (parameter, slot) in enumerate(form.slots)
            )
            needs = (frozenset([form.signature]),)
            made.append(
                exchange_of(
                    form,
                    grammar,
                    start + len(made),
                    made=name,
                    slots=slots,
                    needs=needs,
                )
            )
    for form in (form for form in forms if form.named):
        made += _pointing(form, forms, flows, claimed, start + len(made))
    return made


def _changes(form: Form) -> list[tuple[tuple[str, ...], int, str]]:
    """What may be said anew after the same call: lines, which slot, what it is called."""
    if len(form.slots) == 1:
        return [(CORRECTING, 0, "correction"), (REPEATING, 0, "carried-over")]
    if len(form.slots) != 2:
        return []
    found = []
    told = form.slots[0][1].shape != form.slots[1][1].shape
    if told:
        found += [(CORRECTING, 0, "correction")]
    if told and "rename" not in form.actions:
        found += [(REPEATING, 0, "carried-over")]
    if form.preposition:
        found += [(CORRECTING, 1, "correction")]
    if form.preposition in ("in", "inside", "under"):
        found += [(ELSEWHERE, 1, "carried-over")]
    return found


def _said(line: str, form: Form, at: int) -> str:
    noun = form.nouns[at]
    value = chr(MARK + at)
    if form.slots[at][1].shape == "word" and noun in HEADS:
        value = f"[{value}|{value}|the {noun} {value}|the {value} {noun}]"
    return line.replace("{p}", f"{form.preposition} " if at and form.preposition else "").replace(
        "{x}", value
    )


def _carried(slot: Slot, parameter: str) -> Slot:
    return Slot(key=slot.key, sample=slot.sample, shape=slot.shape, carry=Carry(1, ("a", 0, parameter)))


def _pointing(
    form: Form,
    forms: Sequence[Form],
    flows: set[tuple[str, str]],
    claimed: dict[str, set[str]],
    start: int,
) -> list[Exchange]:
    made: list[Exchange] = []
    for at, (_, slot) in enumerate(form.slots):
        if at == 0 and NEW & set(form.actions):
            continue
        held = _holders(form, at, forms, flows)
        lines = _lines(form, at, claimed) if held else []
        if not lines:
            continue
        (_, pointer), *others = held
        carried = Slot(
            key=slot.key, sample=slot.sample, shape=slot.shape, carry=Carry(1, pointer, tuple(others))
        )
        slots = tuple(carried if place == at else own for place, (_, own) in enumerate(form.slots))
        needs = (frozenset(signature for signature, _ in held),)
        leads = [(POINTING, "pronoun")]
        if set(form.actions) & TAKING_BACK:
            leads.append((DROPPING, "change-of-mind"))
        for lead, name in leads:
            made.append(
                exchange_of(
                    form,
                    lead + joined(lines),
                    start + len(made),
                    made=name,
                    slots=slots,
                    needs=needs,
                )
            )
    return made


def _holders(
    form: Form, at: int, forms: Sequence[Form], flows: set[tuple[str, str]]
) -> list[tuple[Signature, Pointer]]:
    """Calls whose one value, or whose new name, may be meant."""
    _, slot = form.slots[at]
    found: list[tuple[Signature, Pointer]] = []
    for other in forms:
        renamed = "rename" in other.actions and [s.shape for _, s in other.slots] == ["ended", "ended"]
        if not other.named or other.ends or other.tool == form.tool or not (len(other.slots) == 1 or renamed):
            continue
        place = int(renamed)
        name, held = other.slots[place]
        same = bool(form.nouns[at]) and form.nouns[at] == other.nouns[place]
        if held.shape == slot.shape and (
            (held.key, slot.key) in flows or (same and "find" not in other.actions)
        ):
            found.append((other.signature, ("a", 0, name)))
    return found


def _lines(form: Form, at: int, claimed: dict[str, set[str]]) -> list[str]:
    noun = form.nouns[at]
    pointer = THE.replace("{n}", noun) if noun in HEADS else IT
    if at == 1:
        told = [THERE[name] for name in form.actions if name in THERE]
        return [line for line in (fitted(one, form) for one in told) if line]
    going = [fitted(GOING, form)] * 6 if "go" in form.actions and noun else []
    bare = replace(form, nouns=("",) * len(form.nouns), alone=True)
    mark = chr(MARK)
    lines = [line for line in frames_of(bare, claimed) if line.count(mark) == 1]
    return going + [line.replace(mark, pointer) for line in lines if not line.startswith(mark)]
