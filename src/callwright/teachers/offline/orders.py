"""Orders: requests for the tools of a job in words that no example has, from the stock of actions."""

import re
from collections.abc import Iterable, Sequence
from random import Random

import msgspec

from callwright.conversation import Tool
from callwright.teachers.offline.action import Action
from callwright.teachers.offline.actions import ACTIONS, ASKING, NOUNS, ONE
from callwright.teachers.offline.callforms import CONTAINED, PREPOSITIONS, Form, actions_of, around, words_in
from callwright.teachers.offline.grammar import expand, joined
from callwright.teachers.offline.sequels import FLAGGED, FLAGGING
from callwright.teachers.offline.templates import MARK, CallPlan, Exchange, Hole, Mention, Signature, Slot
from callwright.teachers.offline.wording import opened

FLAG = re.compile(r"(?:include|show|list|display|return) (?:the |all |any )?([a-z]+) [a-z]+")
"""What a switch adds, in its description."""
DESCRIBED = re.compile(r"['\"`]([^'\"`\s]+)['\"`] (?:for|is|means|stands for) ((?:the |my )?[a-z ]{3,30})")


def orders(
    tools: Sequence[Tool], forms: Sequence[Form], exchanges: Sequence[Exchange], start: int
) -> list[Exchange]:
    """A request of the stock for each form, and for constants that a description explains; numbered from `start`."""
    claimed = claims_of(tools, exchanges)
    by_name = any(
        e.tools and e.text.lower().split()[:1] == [e.tools[0].lower()] for e in exchanges if not e.made
    )
    made: list[Exchange] = []
    for form in forms:
        frames = frames_of(form, claimed) if form.named else []
        if frames and by_name and form.tool.isalpha() and (len(form.slots) < 2 or "find" not in form.actions):
            # As often as a dozen of other frames: it is what people type who know the tools.
            frames += [" ".join([form.tool, *_marks(form)])] * max(1, len(frames) // 12)
        if frames:
            made.append(exchange_of(form, joined(frames), start + len(made), made="stock"))
    for tool in tools:
        made += _constants(tool, exchanges, start + len(made))
        made += _flags(tool, exchanges, start + len(made))
    return made


def frames_of(form: Form, claimed: dict[str, set[str]]) -> list[str]:
    """Grammars of requests for a form, with marks for its values."""
    lines: list[str] = []
    for name in form.actions:
        action = ACTIONS[name]
        for line in _lines_of(action, form):
            if "{V}" in line:
                verbs = _verbs(action.verbs, form.tool, claimed)
                if not verbs:
                    continue
                line = line.replace("{V}", joined(verbs))
            lines.append(line)
    return [filled for line in lines if (filled := fitted(line, form))]


def fitted(line: str, form: Form) -> str:
    """A frame with the form's nouns and marks in it; empty where it wants a noun that is not known."""
    noun = form.nouns[0] if form.nouns else form.around
    if "{n}" in line:
        if not noun:
            line = line.replace("|the {n} |", "|").replace("[{n} |]", "").replace("|{n} ]", "]")
        elif not form.alone and form.slots:
            line = line.replace("[|the {n} |", "[the {n} |")
    elif not form.alone and form.slots:
        return ""
    other = form.nouns[1] if len(form.nouns) > 1 else form.around
    if not other:
        line = line.replace("|the {m} |", "|").replace("|the {m} ]", "]").replace("|my {m} |", "|")
    if ("{n}" in line and not noun) or ("{m}" in line and not other):
        return ""
    things = joined(
        [f"{same}s" for head in CONTAINED.get(noun, (noun,)) for same in _same(head)] + ["things"]
    )
    thing = chr(MARK)
    if noun and form.slots and form.slots[0][1].shape == "word" and "{n}" not in line:
        thing = f"[{thing}|{thing}|{thing}|the {thing} {noun}|the {noun} {thing}]"
    for name, text in (
        ("{A}", ASKING), ("{ns}", things), ("{n}", joined(_same(noun))), ("{m}", joined(_same(other))),
        ("{x}", thing), ("{y}", chr(MARK + 1)),
    ):  # fmt: skip
        line = line.replace(name, text)
    return line


def exchange_of(
    form: Form,
    grammar: str,
    number: int,
    *,
    made: str,
    slots: tuple[Slot, ...] = (),
    needs: tuple[frozenset[Signature], ...] = (),
) -> Exchange:
    """An exchange of the stock; `slots` in place of the form's own."""
    slots = slots or tuple(slot for _, slot in form.slots)
    numbers = {at for at, slot in enumerate(slots) if not isinstance(slot.sample, str)}
    places = {name: at for at, (name, _) in enumerate(form.slots)}
    return Exchange(
        number=number,
        source="stock",
        text=expand(grammar, Random(number)),
        grammar=grammar,
        mentions=tuple(Mention(at, "exact") for at in range(len(slots))),
        slots=slots,
        calls=(
            CallPlan(
                form.tool, {name: Hole(places[name], number=places[name] in numbers) for name in form.order}
            ),
        ),
        signature=form.signature,
        made=made,
        needs=needs,
        first=not needs,
    )


def _marks(form: Form) -> list[str]:
    """The marks of a form's values; the thing it is about before the place, as in a command line."""
    return [chr(MARK + at) for at in range(len(form.slots))]


def _lines_of(action: Action, form: Form) -> tuple[str, ...]:
    if not form.slots:
        return action.bare
    if len(form.slots) == 1:
        return action.one + (ONE if action.verbs else ())
    (_, thing), (_, other) = form.slots
    if thing.shape == other.shape == "word":
        return action.place + action.name
    return action.place if other.shape == "word" else action.name


def claims_of(tools: Sequence[Tool], exchanges: Iterable[Exchange]) -> dict[str, set[str]]:
    """Tool -> the words that requests for it begin with."""
    claimed: dict[str, set[str]] = {tool.name: {*words_in(tool.name)} for tool in tools}
    for exchange in exchanges:
        words = opened(exchange.text)[0].lower().split()
        for name in exchange.tools:
            if words and not exchange.needs:
                claimed.setdefault(name, set()).add(words[0].strip(".,:!?"))
    return claimed


def _verbs(grammar: str, tool: str, claimed: dict[str, set[str]]) -> list[str]:
    """Verbs that no other tool is asked for with, unless this one is too."""
    others = set().union(*(words for name, words in claimed.items() if name != tool)) - claimed[tool]
    found = []
    for verb in grammar.strip("[]").split("|"):
        words = verb.split()
        if words and not (words[0] in others and (len(words) == 1 or words[-1] in PREPOSITIONS)):
            found.append(verb)
    return found


def _constants(tool: Tool, exchanges: Sequence[Exchange], start: int) -> list[Exchange]:
    """`'..' for the parent folder`: requests for values that a description explains."""
    if "go" not in actions_of(tool, exchanges):
        return []
    made: list[Exchange] = []
    for name, spec in tool.parameters.get("properties", {}).items():
        for value, meaning in DESCRIBED.findall(str(spec.get("description", "")).lower()):
            action = "up" if "parent" in meaning else "home" if "home" in meaning else ""
            if not action or set(tool.parameters.get("required", ())) - {name}:
                continue
            signature = ((tool.name, ((name, ("=", repr(value))),)),)
            form = Form(
                tool=tool.name,
                slots=(),
                signature=signature,
                actions=(action,),
                nouns=(),
                around=around(tool),
            )
            lines = [filled for line in ACTIONS[action].bare if (filled := fitted(line, form))]
            plan = CallPlan(tool.name, {name: value})
            exchange = exchange_of(form, joined(lines), start + len(made), made="stock")
            made.append(msgspec.structs.replace(exchange, calls=(plan,)))
    return made


def _flags(tool: Tool, exchanges: Sequence[Exchange], start: int) -> list[Exchange]:
    """`Include hidden entries`: requests for a switch that is on, alone and after the call without it."""
    if "list" not in actions_of(tool, exchanges) or tool.parameters.get("required"):
        return []
    made: list[Exchange] = []
    for name, spec in tool.parameters.get("properties", {}).items():
        added = FLAG.search(str(spec.get("description", "")).lower())
        if spec.get("type") != "boolean" or added is None:
            continue
        form = Form(
            tool=tool.name,
            slots=(),
            signature=((tool.name, ((name, ("=", "True")),)),),
            actions=("list",),
            nouns=(),
            around=around(tool),
        )
        before = ((tool.name, ()),)
        for lines, needs in ((FLAGGED, ()), (FLAGGING, (frozenset([before]),))):
            told = [filled for line in lines if (filled := fitted(line.replace("{f}", added[1]), form))]
            exchange = exchange_of(form, joined(told), start + len(made), made="stock", needs=needs)
            made.append(msgspec.structs.replace(exchange, calls=(CallPlan(tool.name, {name: True}),)))
    return made


def _same(noun: str) -> list[str]:
    return list(next((group for group in NOUNS if noun in group), (noun,)))
