"""Turns for tools that no example calls, said with the tool's own description."""

import re
from collections.abc import Sequence

from callwright.conversation import Json, Tool
from callwright.teachers.offline.alignment import leaves
from callwright.teachers.offline.shapes import kind_of, shape
from callwright.teachers.offline.templates import MARK, CallPlan, Exchange, Hole, Mention, Slot
from callwright.teachers.offline.values import parameters

FRAMES = (
    "{d}",
    "please {d}",
    "can you {d}?",
    "I need you to {d}",
    "{d}, please",
    "{n}",
    "could you {d} for me",
    "I'd like to {d}",
)
SAMPLES: tuple[tuple[str, Json], ...] = (
    (r"date-time", "2024-05-01T09:00:00"),
    (r"\bdate\b|\bday\b|birthday", "2024-05-01"),
    (r"\btime\b", "18:30"),
    (r"e ?mail", "anna.berg@example.com"),
    (r"phone", "555-010-4477"),
    (r"\burl\b|link|website", "https://example.com/page"),
    (r"\bcity\b|town|location", "Lisbon"),
    (
        r"person|recipient|contact|guest|customer|first name|last name|full name|user name|sender|attendee",
        "Anna Berg",
    ),
    (r"file|document|attachment", "report_v2.txt"),
    (r"folder|directory|\bpath\b", "projects"),
    (r"\bid\b|number|code|reference|order|account|tracking", "AB-40213"),
    (r"message|text|body|note|description|comment|content|reason", "see you at the station"),
)


def described(tools: Sequence[Tool], exchanges: Sequence[Exchange], start: int) -> list[Exchange]:
    """Exchanges for each tool without one, numbered from `start`."""
    known = {call.tool for exchange in exchanges for call in exchange.calls}
    made: list[Exchange] = []
    for tool in tools:
        if tool.name not in known:
            made += _of(tool, start + len(made))
    return made


def unseen(tools: Sequence[Tool], exchanges: Sequence[Exchange]) -> list[Exchange]:
    """Calls with parameters that no example gives, of tools that examples call; one exchange each."""
    known = {exchange.signature for exchange in exchanges}
    called = {call.tool for exchange in exchanges for call in exchange.calls}
    made: dict[Json, Exchange] = {}
    for tool in tools:
        for exchange in _of(tool, 0) if tool.name in called else ():
            if exchange.signature not in known:
                made.setdefault(exchange.signature, exchange)
    return list(made.values())


def _of(tool: Tool, start: int) -> list[Exchange]:
    specs = list(parameters(tool.parameters))
    required = set(tool.parameters.get("required", ()))
    if any("[]" in path or "." in path for path, _ in specs):
        specs = [(path, spec) for path, spec in specs if "[]" not in path and "." not in path]
        if not required <= {path for path, _ in specs}:
            return []
    needed = [(path, spec) for path, spec in specs if path in required]
    others = [(path, spec) for path, spec in specs if path not in required and spec.get("type") != "boolean"]
    if any(spec.get("type") == "boolean" for _, spec in needed):
        return []
    choices = [needed] + [[*needed, other] for other in others]
    made: list[Exchange] = []
    for chosen in choices:
        for frame in FRAMES:
            exchange = _exchange(tool, chosen, frame, start + len(made))
            if exchange:
                made.append(exchange)
    return made


def _exchange(
    tool: Tool, chosen: list[tuple[str, dict[str, Json]]], frame: str, number: int
) -> Exchange | None:
    slots: list[Slot] = []
    mentions: list[Mention] = []
    clauses: list[str] = []
    arguments: dict[str, Json] = {}
    for path, spec in chosen:
        sample = _sample(path, spec)
        if sample is None:
            return None
        form = "exact"
        clauses.append(f"{_plain(path)} {chr(MARK + len(slots))}")
        arguments[path] = Hole(len(slots), number=not isinstance(sample, str))
        mentions.append(Mention(len(slots), form))
        slots.append(
            Slot(key=f"{tool.name}.{path}", sample=sample, shape=kind_of(shape(sample)), forms=("exact",))
        )
    head = _order(tool)
    for at, (path, _) in enumerate(chosen):
        # `for some minutes` in the description is where the number is said.
        words = re.escape(_plain(path))
        article = "(?:an? |the |its |some |given |specified |certain )*"
        spoken = rf"\b(for|by|in|to|at|with|of|on|from) {article}{words}\b"
        if frame != "{n}" and (found := re.search(spoken, head, re.IGNORECASE)):
            value = chr(MARK + at)
            said = (
                f"{value} {_plain(path)}"
                if slots[at].shape == "number" and path.endswith("s")
                else f"{_plain(path)} {value}"
            )
            head = head[: found.start()] + f"{found[1]} {said}" + head[found.end() :]
            clauses[at] = ""
    clauses = [clause for clause in clauses if clause]
    text = frame.format(d=head, n=_plain(tool.name))
    if clauses:
        mark = "?" if text.endswith("?") else ""
        joint = ": " if frame == "{n}" else " with "
        tail = ", please" if text.endswith(", please") else ""
        text = text.removesuffix(mark).removesuffix(tail) + joint + _listed(clauses) + tail + mark
    signature = (
        (
            tool.name,
            tuple(sorted((".".join(map(str, p)), f":{slots[v.slot].shape}") for p, v in leaves(arguments))),
        ),
    )
    return Exchange(
        number=number,
        source="description",
        text=text,
        mentions=tuple(mentions),
        slots=tuple(slots),
        calls=(CallPlan(tool.name, arguments),),
        signature=signature,
        made="description",
    )


def _sample(path: str, spec: dict[str, Json]) -> Json:
    """A value to start from; None where the schema says too little."""
    if spec.get("enum"):
        return spec["enum"][0]
    kind = spec.get("type", "string")
    if kind == "integer":
        return int(max(spec.get("minimum", 3), 3)) if spec.get("maximum", 9) >= 3 else int(spec["maximum"])
    if kind == "number":
        return float(spec.get("minimum", 12.5))
    if kind != "string" or "pattern" in spec:
        return None
    hint = re.sub(r"[^a-z0-9-]+", " ", f"{_plain(path)} {spec.get('format', '')}".lower())
    described = hint + " " + str(spec.get("description", "")).lower()
    for text in (hint, described):
        for pattern, sample in SAMPLES:
            if re.search(pattern, text):
                return sample
    return "amber lantern"


def _order(tool: Tool) -> str:
    """The first sentence of the description as an order; the name where there is none."""
    sentence = (
        re.split(r"(?<=[a-z)])[.;:](?:\s|$)|\n", tool.description.strip(), maxsplit=1)[0].strip().rstrip(".")
    )
    if not sentence or len(sentence.split()) > 14:
        return _plain(tool.name)
    first, _, rest = sentence.partition(" ")
    # `Creates a folder` is said as an order.
    if re.fullmatch(r"[A-Z]?[a-z]+[^s]s", first) and rest:
        first = (
            first[:-3] + "y"
            if first.endswith("ies")
            else first[:-2]
            if first.endswith(("shes", "ches", "xes"))
            else first[:-1]
        )
    return f"{first[:1].lower()}{first[1:]} {rest}".strip()


def _plain(name: str) -> str:
    return re.sub(r"[_\-.]+", " ", re.sub(r"([a-z])([A-Z])", r"\1 \2", name)).lower().strip()


def _listed(clauses: list[str]) -> str:
    return clauses[0] if len(clauses) == 1 else ", ".join(clauses[:-1]) + " and " + clauses[-1]
