"""Drafting: a teacher is asked for blueprints, several in a call; what does not hold is asked for once more."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from callwright.chat import ChatModel, Sampling
from callwright.conversation import AssistantMessage, Conversation, UserMessage
from callwright.generate.asking import Failed, asked
from callwright.generate.blueprint import Blueprint, read_blueprints, schema, together
from callwright.generate.plan import Plan, Scenario
from callwright.generate.prompting import asking, prompt, shown_messages, shown_tools
from callwright.generate.proving import Proof
from callwright.generate.situations import SITUATIONS

TOKENS_A_TURN = 400
"""What the answer may take for one turn of one blueprint, at first."""
MOST_FAULTS = 8
"""Faults of a blueprint that are listed for its repair."""


class Drafted(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a scenario's blueprint."""

    blueprint: Blueprint | None = None
    reason: str = ""
    """Why there is none, in a word; empty where there is one."""
    details: tuple[str, ...] = ()
    raw: str = ""
    """What the teacher wrote, where it does not hold."""


class Draftsman:
    """Writes blueprints for the scenarios of a plan."""

    def __init__(
        self,
        plan: Plan,
        proof: Proof,
        *,
        task: str,
        examples: Sequence[Conversation],
        texts: Sequence[str] = (),
        sampling: Sampling,
    ) -> None:
        self._plan, self._proof, self._sampling = plan, proof, sampling
        self._examples, self._texts = examples, texts
        self._schema = schema(plan.traits, plan.tools)
        traits = plan.traits
        self._system = prompt(
            "blueprint-system",
            task=task,
            tools=shown_tools(plan.tools),
            results=traits.results,
            replies=traits.replies,
        )

    async def draft(self, scenarios: Sequence[Scenario], teacher: ChatModel) -> list[Drafted]:
        """A blueprint for each scenario, or why there is none; one call, and one more for those that do not hold."""
        first = await self._asked(self._question(scenarios), scenarios, teacher)
        if isinstance(first, Failed):
            return [Drafted(reason=first.reason, details=(first.why,), raw=first.raw)] * len(scenarios)
        drafted = first
        wrong = [place for place, one in enumerate(drafted) if not one.blueprint]
        if not wrong:
            return drafted
        again = [scenarios[place] for place in wrong]
        faulty = [drafted[place] for place in wrong]
        question = self._again(again[0], faulty[0]) if len(scenarios) == 1 else self._anew(again, faulty)
        second = await self._asked(question, again, teacher)
        if not isinstance(second, Failed):
            for place, one in zip(wrong, second, strict=True):
                drafted[place] = one
        return drafted

    async def _asked(
        self, question: Conversation, scenarios: Sequence[Scenario], teacher: ChatModel
    ) -> list[Drafted] | Failed:
        turns = sum(len(scenario.turns) for scenario in scenarios)
        sampling = replace(
            self._sampling,
            max_tokens=max(self._sampling.max_tokens, TOKENS_A_TURN * (turns + 1)),
            response_schema=self._schema,
        )
        reply = await asked(teacher, question, sampling)
        if isinstance(reply, Failed):
            return reply
        text = reply.message.content
        found = read_blueprints(text, len(scenarios))
        return [self._proved(scenario, one, text) for scenario, one in zip(scenarios, found, strict=True)]

    def _proved(self, scenario: Scenario, found: Blueprint | str, text: str) -> Drafted:
        if isinstance(found, str):
            return Drafted(reason="blueprint-unreadable", details=(found,), raw=text)
        faults = self._proof.faults(scenario, found)
        if faults:
            return Drafted(
                reason=f"blueprint-{faults[0][0]}", details=tuple(why for _, why in faults), raw=text
            )
        return Drafted(blueprint=found)

    def _question(self, scenarios: Sequence[Scenario]) -> Conversation:
        settings = self._plan.settings
        shown = _in_turn([scenario.exemplars for scenario in scenarios], settings.exemplars)
        texts = _in_turn([scenario.contexts for scenario in scenarios], settings.contexts)
        asked_for = prompt(
            "blueprint",
            examples=[shown_messages(self._examples[place].messages) for place in shown],
            texts=[self._texts[place] for place in texts],
            scenarios=[self._shown(scenario) for scenario in scenarios],
        )
        return asking(self._system, asked_for)

    def _again(self, scenario: Scenario, wrong: Drafted) -> Conversation:
        """The question, what was written, and what is wrong with it."""
        question = self._question([scenario])
        request = UserMessage(prompt("repair", faults=wrong.details[:MOST_FAULTS]))
        written = AssistantMessage(content=wrong.raw)
        return replace(question, messages=(*question.messages, written, request))

    def _anew(self, scenarios: Sequence[Scenario], wrong: Sequence[Drafted]) -> Conversation:
        """The question for some of several, with what was wrong; the answer held others too and is not shown again."""
        question = self._question(scenarios)
        faults = [
            f"- number {number}: {detail}"
            for number, one in enumerate(wrong, start=1)
            for detail in one.details[:MOST_FAULTS]
        ]
        told = "\n".join(["An earlier try had these faults:", *faults])
        request = UserMessage(f"{question.messages[-1].content}\n\n{told}")
        return replace(question, messages=(*question.messages[:-1], request))

    def _shown(self, scenario: Scenario) -> dict[str, object]:
        return {
            "situation": scenario.situation,
            "sentence": SITUATIONS[scenario.situation].sentence,
            "turns": [self._turn(scenario, index) for index in range(len(scenario.turns))],
            "directions": directions(scenario),
        }

    def _turn(self, scenario: Scenario, index: int) -> str:
        tools = [f"`{name}`" for name in scenario.turns[index]]
        here = scenario.situation in _AT_HEART and index == scenario.heart
        if together(scenario, index, self._plan.traits):
            line = "calls " + " and ".join(tools) + " at once"
        else:
            line = "calls " + ", then ".join(tools) if tools else "no call; the assistant replies"
        if scenario.situation == "missing-argument" and index == scenario.heart - 1:
            return f"{line} with a question: the user leaves out something that the call of turn {index + 2} requires"
        return f"{line}; {_AT_HEART[scenario.situation]}" if here else line


_AT_HEART = {
    "missing-argument": "the user gives what they were asked for",
    "carried-over": "a value of the call comes from an earlier turn and is not told again",
    "pronoun": "the user points back to something said or returned earlier, and does not name it",
    "correction": "the user corrects a value of the call before, and the call is made again with it",
    "change-of-mind": "the user drops what they asked for before and wants this instead",
    "two-requests": "the user asks for both in one message",
    "parallel-calls": "the user asks for all of it in one message",
    "tool-error": "the call fails",
    "empty-result": "nothing is found",
    "already-known": "an earlier result answers what the user asks",
    "out-of-scope": "the user wants what no tool can do",
    "near-miss": "the wording could be taken for another tool",
    "small-talk": "the user only greets, thanks or chats",
}


def directions(scenario: Scenario) -> list[str]:
    """What makes this conversation unlike others, a line each."""
    lines = [f"Manner: {line}" for line in scenario.mutations]
    lines += [f"Topic: {topic}" for topic in scenario.topics]
    if scenario.rival:
        lines.append(f"The wording sounds like `{scenario.rival}`, yet `{scenario.tool}` is what is needed.")
    letters = ", ".join(scenario.letters)
    lines.append(f"Invented names begin with one of {letters}; invented numbers lean on {scenario.digits}.")
    return lines


def _in_turn(lists: Sequence[Sequence[int]], count: int) -> list[int]:
    """`count` places, the first of each list before the second of any, each once."""
    ranked = (places[rank] for rank in range(count) for places in lists if rank < len(places))
    return list(dict.fromkeys(ranked))[:count]
