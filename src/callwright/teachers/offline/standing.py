"""What a turn of a dialogue is there for: two turns of the same standing may take each other's place."""

import re
from collections.abc import Sequence

from callwright.conversation import Json
from callwright.teachers.offline.skeletons import Skeleton, Step
from callwright.teachers.offline.templates import MARK

NAMING = re.compile(r"\d|\?|(?<=[a-z,] )[A-Z][a-z]")
"""What a reply has that speaks of one thing alone, or asks."""
FAILED = re.compile(
    r"sorry|unfortunately|unable|could ?n[o']t|cannot|can't|not |apolog|fail|wasn't|no ", re.IGNORECASE
)
AGREEING = re.compile(
    r"^(?:yes|yeah|yep|yup|ya|sure|ok|okay|correct|perfect|great|right|fine|good|exactly|absolutely|sounds|that)\b",
    re.IGNORECASE,
)
WAVERING = re.compile(
    r"\b(?:no|not|nope|but|change|instead|actually|make it|rather|another|other|different|don't|and)\b|\?|\d",
    re.IGNORECASE,
)
THANKING = re.compile(
    r"\b(?:thank|thanks|thx|that's all|that is all|that will be all|that'll be all|nothing else|bye)\b",
    re.IGNORECASE,
)
SMALL = frozenset(["at", "in", "on", "for", "to", "from", "with", "by", "the", "around", "near"])


def signature_of(skeleton: Skeleton, at: int) -> tuple[Json, ...] | None:
    """What another turn must have in common to take this one's place; None: nothing may."""
    steps = skeleton.steps
    step = steps[at]
    before = steps[at - 1] if at else None
    after = steps[at + 1] if at + 1 < len(steps) else None
    if step.role == "user":
        return _user_signature(steps, at, step, before, after)
    if step.role == "assistant" and not step.calls and step.line.mentions:
        return _confirming(skeleton, at, after)
    if step.role == "assistant" and not step.calls:
        if (
            before is not None
            and before.role == "tool"
            and before.answers
            and not NAMING.search(step.line.text)
        ):
            failed = bool(FAILED.search(step.line.text))
            return ("done", steps[before.answers[0]].calls[before.answers[1]][0], failed, before.result == [])
        if after is None:
            return ("farewell-reply", THANKING.search(before.line.text) is not None if before else False)
        asked = (
            step.line.text.rstrip(" .").endswith("?")
            and after.role == "user"
            and after.provides
            and after.safe
        )
        if asked and before is not None and before.role == "user" and not re.search(r"\d", step.line.text):
            return ("asking", after.provides, _next_tool(steps, at))
    return None


def _confirming(skeleton: Skeleton, at: int, after: Step | None) -> tuple[Json, ...] | None:
    """A reply that says what is about to be done, agreed to at once."""
    step = skeleton.steps[at]
    call = skeleton.steps[at + 2] if at + 2 < len(skeleton.steps) else None
    slots = [m.slot for m in step.line.mentions]
    keys = sorted(skeleton.entities[slot].key for slot in slots)
    plain = len(keys) >= 2 and len(set(keys)) == len(keys) == len(set(slots))
    if not (plain and after and call and call.calls and after.role == "user" and not after.line.mentions):
        return None
    if not AGREEING.search(after.line.text) or WAVERING.search(after.line.text):
        return None
    bare = re.sub(f"[{chr(MARK)}-{chr(MARK + 255)}]", "", step.line.text)
    if re.search(r"\d|sorry|unfortunately|unable|success|not ", bare, re.IGNORECASE):
        return None
    if not all(skeleton.entities[slot].called for slot in slots):
        return None
    return ("confirming", *keys, call.calls[0][0])


def prepositions(skeletons: Sequence[Skeleton]) -> dict[str, list[str]]:
    """Parameter -> the small words right before its values in turns of the user, as often as they stand there."""
    found: dict[str, list[str]] = {}
    for skeleton in skeletons:
        for step in skeleton.steps:
            for at, mention in enumerate(step.line.mentions if step.role == "user" else ()):
                words = re.findall(r"\w+", step.line.text[: step.line.text.index(chr(MARK + at))].lower())
                last = words[-1] if words and words[-1].isalpha() else ""
                key = skeleton.entities[mention.slot].key
                found.setdefault(key, []).append(last if last in SMALL else "")
    return found


def _user_signature(
    steps: tuple[Step, ...], at: int, step: Step, before: Step | None, after: Step | None
) -> tuple[Json, ...] | None:
    text = step.line.text
    last = not any(later.role == "user" for later in steps[at + 1 :])
    if not step.line.mentions:
        if before is None and after and after.role == "assistant" and not after.calls and step.safe:
            return ("opening", _next_tool(steps, at), "?" in after.line.text)
        if (
            last
            and before
            and before.role == "assistant"
            and THANKING.search(text)
            and "?" not in text
            and len(text) < 60
        ):
            return ("farewell", bool(re.match(r"\W*no", text.lower())))
        if after and after.calls and before and AGREEING.search(text) and not WAVERING.search(text):
            return ("agreeing",)
        return None
    if not step.safe or not step.provides or len(step.provides) != len({m.slot for m in step.line.mentions}):
        return None
    if WAVERING.search(re.sub(f"[{chr(MARK)}-{chr(MARK + 255)}]", "", text)) and before:
        return None
    asks = before is not None and "?" in before.line.text
    kind = "start" if before is None else "asked" if asks else "told"
    return ("provides", step.provides, kind, bool(after and after.calls), _next_tool(steps, at))


def _next_tool(steps: tuple[Step, ...], at: int) -> str:
    return next((step.calls[0][0] for step in steps[at + 1 :] if step.calls), "")
