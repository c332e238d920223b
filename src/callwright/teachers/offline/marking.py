"""Marks and holes: a text and its calls with the values taken out."""

from callwright.conversation import Json
from callwright.teachers.offline.alignment import Span, leaves
from callwright.teachers.offline.templates import MARK, CallPlan, Hole, Mention, Signature, Slot


def literal(text: str, spans: list[Span]) -> str:
    parts, at = [], 0
    for start, end, *_ in spans:
        parts.append(text[at:start])
        at = end
    return " ".join([*parts, text[at:]])


def mark(text: str, spans: list[Span], place: dict[str, int]) -> tuple[str, tuple[Mention, ...]]:
    parts: list[str] = []
    found: list[Mention] = []
    at = 0
    for start, end, value, form in spans:
        parts += [text[at:start], chr(MARK + len(found))]
        found.append(Mention(place[value], form))
        at = end
    return "".join([*parts, text[at:]]), tuple(found)


def with_holes(
    value: Json, holes: dict[tuple[str | int, ...], Hole], path: tuple[str | int, ...] = ()
) -> Json:
    if isinstance(value, dict):
        return {key: with_holes(inner, holes, (*path, key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_holes(inner, holes, (*path, n)) for n, inner in enumerate(value)]
    return holes.get(path, value)


def signature_of(plans: list[CallPlan], slots: list[Slot]) -> Signature:
    def leaf(value: Json) -> Json:
        return f":{slots[value.slot].shape}" if isinstance(value, Hole) else ("=", repr(value))

    return tuple(
        (plan.tool, tuple(sorted((path, leaf(value)) for path, value in _hole_leaves(plan.arguments))))
        for plan in plans
    )


def _hole_leaves(arguments: Json) -> list[tuple[str, Json]]:
    return [(".".join(map(str, path)), value) for path, value in leaves(arguments)]
