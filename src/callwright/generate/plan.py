"""The plan: which conversations are to be written, each a pure function of the plan, a seed and a number."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from random import Random

import msgspec

from callwright.conversation import Conversation, Tool
from callwright.generate.exchanges import exchanges
from callwright.generate.flows import State, flows_of
from callwright.generate.layouts import layout, rival
from callwright.generate.mutations import MUTATORS
from callwright.generate.quotas import sequence, spread, whole, with_floor
from callwright.generate.situations import SITUATIONS, shares
from callwright.generate.traits import Traits


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation to be written."""

    number: int
    attempt: int = 0
    """How often it was tried before; another attempt draws everything anew but the situation and its tool."""
    situation: str
    tool: str = ""
    """The tool at the heart of the situation; empty where it has none."""
    turns: tuple[State, ...]
    """Tools to be called after each message of the user, in order."""
    heart: int
    """Index of the turn that shows the situation."""
    rival: str = ""
    """For a near miss: the tool that the wording sounds like."""
    mutations: tuple[str, ...] = ()
    """Directions, a sentence each."""
    topics: tuple[str, ...] = ()
    exemplars: tuple[int, ...] = ()
    """Which examples to show, by their place in the training rows."""
    contexts: tuple[int, ...] = ()
    """Which texts of `unstructured` to show."""
    letters: str = ""
    """First letters for invented names, so that they differ from scenario to scenario."""
    digits: int = 0
    """A number to lean on where one is invented."""

    @property
    def tools(self) -> tuple[str, ...]:
        """Every tool to be called, in order."""
        return tuple(name for state in self.turns for name in state)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a configuration says of the plan."""

    situations: Mapping[str, float] = {}
    tool_floor: float = 0.5
    """Least share of a tool, as part of an even split."""
    mutators: tuple[str, ...] = ("complexity",)
    topics: tuple[tuple[str, ...], ...] = ()
    exemplars: int = 2
    contexts: int = 2


class Plan:
    """Scenarios by number. The first `target` meet the quotas exactly; so does each `target` that follows."""

    def __init__(
        self,
        examples: Iterable[Conversation],
        tools: Sequence[Tool],
        *,
        traits: Traits,
        target: int,
        seed: int = 0,
        texts: int = 0,
        settings: Settings | None = None,
    ) -> None:
        """`traits`: what the job allows; `texts`: how many texts of `unstructured` there are to draw from."""
        rows = list(examples)
        self.tools, self.target, self.seed = tuple(tools), target, seed
        self.settings = settings or Settings()
        self.traits, self.flows = traits, flows_of(rows, tools)
        self.shares = shares(self.traits, self.settings.situations)
        seen: Counter[str] = Counter({tool.name: 0 for tool in tools})
        self._showing: dict[str, list[int]] = {}
        for place, row in enumerate(rows):
            names = {call.name for call in row.calls()}
            seen.update(name for part in exchanges(row) for name in part.tools if name in seen)
            for name in names:
                self._showing.setdefault(name, []).append(place)
        self.tool_shares = with_floor(seen, self.settings.tool_floor)
        self._rows, self._texts = len(rows), texts
        self._words = {tool.name: _words(tool) for tool in tools}
        self._misfits = {
            name: frozenset(tool.name for tool in tools if not takes(tool, one.takes))
            for name, one in SITUATIONS.items()
        }
        self._giving = [tool.name for tool in tools if traits.results or takes(tool, "said")]
        self._block = lru_cache(maxsize=4)(self._made_block)

    def scenario(self, number: int, attempt: int = 0) -> Scenario:
        """The scenario of that number; the same every time."""
        situation, tool = self._block(number // self.target)[number % self.target]
        rng = Random(f"{self.seed} scenario {number} {attempt}")
        placed = layout(situation, tool, self.flows, self.traits, rng, giving=self._giving)
        settings = self.settings
        return Scenario(
            number=number,
            attempt=attempt,
            situation=situation,
            tool=tool,
            turns=placed.turns,
            heart=placed.heart,
            rival=rival(tool, self._words) if situation == "near-miss" else "",
            mutations=tuple(rng.choice(MUTATORS[name]) for name in settings.mutators),
            topics=tuple(rng.choice(topics) for topics in settings.topics if topics),
            exemplars=self._exemplars(tool, rng),
            contexts=tuple(rng.sample(range(self._texts), min(settings.contexts, self._texts))),
            letters="".join(rng.sample("ABCDEFGHIJKLMNOPRSTUVWZ", 3)),
            digits=rng.randrange(2, 10_000),
        )

    def quotas(self) -> dict[str, dict[str, int]]:
        """`situations` and `tools` -> name -> how many of the first `target` have it at their heart."""
        block = self._block(0)
        tools = Counter(tool for _, tool in block if tool)
        return {
            "situations": dict(Counter(situation for situation, _ in block)),
            "tools": {tool.name: tools[tool.name] for tool in self.tools},
        }

    def _made_block(self, block: int) -> list[tuple[str, str]]:
        """Situation and tool of `target` scenarios in a row."""
        rng = Random(f"{self.seed} block {block}")
        names = sequence(whole(self.shares, self.target), rng)
        calling = [name for name in names if SITUATIONS[name].calls]
        hearts = spread(calling, sequence(whole(self.tool_shares, len(calling)), rng), self._misfits)
        following = iter(zip(calling, hearts, strict=True))
        pairs = []
        for name in names:
            tool = next(following)[1] if SITUATIONS[name].calls else ""
            # Where no tool has what the situation needs, it cannot be; then it is an ordinary one.
            misfit = tool in self._misfits.get(name, frozenset())
            pairs.append(("ordinary" if misfit else name, tool))
        return pairs

    def _exemplars(self, tool: str, rng: Random) -> tuple[int, ...]:
        """Examples with the tool first, then any."""
        count = min(self.settings.exemplars, self._rows)
        own = self._showing.get(tool, [])
        chosen = rng.sample(own, min(max(1, count // 2), count, len(own)))
        rest = [place for place in rng.sample(range(self._rows), count) if place not in chosen]
        return tuple((chosen + rest)[:count])


def takes(tool: Tool, what: str) -> bool:
    """Whether a tool has such a parameter as a situation needs; `what` as in `Situation.takes`."""
    properties = tool.parameters.get("properties", {})
    said = [
        name
        for name, schema in properties.items()
        if isinstance(schema, dict) and schema.get("type") not in ("boolean", "null")
    ]
    if what == "required":
        required = tool.parameters.get("required", ())
        return any(name in required and "default" not in properties[name] for name in said)
    return bool(said) or not what


def _words(tool: Tool) -> frozenset[str]:
    names = " ".join([tool.name, tool.description, *tool.parameters.get("properties", {})])
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", names)
    return frozenset(word for word in re.findall(r"[a-z]{3,}", spaced.lower()))
