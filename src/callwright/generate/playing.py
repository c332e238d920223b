"""Playing: a blueprint becomes a conversation, turn by turn; user, assistant and tools each know their part alone."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from callwright.agent import RunTool
from callwright.chat import ChatModel, Reply, Sampling
from callwright.checks import Context, Examiner
from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Message,
    SystemMessage,
    Tool,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from callwright.generate.asking import Failed, asked
from callwright.generate.blueprint import Act, Blueprint, Turn, speaks, together
from callwright.generate.plan import Scenario
from callwright.generate.prompting import (
    as_json,
    asking,
    directed,
    heard,
    prompt,
    shown_messages,
    shown_tools,
)
from callwright.generate.proving import INVENTED, alone
from callwright.generate.showing import said
from callwright.generate.traits import Traits
from callwright.generate.wording import spoken
from callwright.schema import in_order, with_defaults


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """Who plays what. Where neither `run_tool` nor `tool` is given, results are those of the blueprint."""

    user: ChatModel
    assistant: ChatModel
    run_tool: RunTool | None = None
    """Gives the result of a call, as text."""
    tool: ChatModel | None = None
    """Plays the tools."""
    user_sampling: Sampling = Sampling(temperature=0.7)
    assistant_sampling: Sampling = Sampling(temperature=0.7)


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """What all conversations of a job have in common."""

    task: str
    """The job's description, the system message of its conversations."""
    tools: tuple[Tool, ...]
    traits: Traits
    context: Context = Context()
    samples: tuple[str, ...] = ()
    """Messages of users, from the examples and `unstructured`; some are shown to who plays the user."""


class Unplayed(Exception):
    """A conversation that could not be played to its end: a reason in a word, a sentence, the reply it failed on."""

    def __init__(self, reason: str, why: str, raw: str = "") -> None:
        super().__init__(why)
        self.reason, self.raw = reason, raw


async def play(scenario: Scenario, blueprint: Blueprint, cast: Cast, stage: Stage) -> Conversation:
    """The conversation of a blueprint. Raises `Unplayed`.

    In the question and answer form, where calls have no results and the assistant does not speak, the user's
    messages alone are written and the calls are those of the blueprint.
    """
    performance = _Performance(scenario, cast, stage)
    for index, turn in enumerate(blueprint.turns):
        await performance.turn(index, turn)
    return performance.conversation


class _Performance:
    """A conversation as it grows."""

    def __init__(self, scenario: Scenario, cast: Cast, stage: Stage) -> None:
        self._scenario, self._cast, self._stage = scenario, cast, stage
        system = (SystemMessage(stage.task),) if stage.task else ()
        self.conversation = Conversation(messages=system, tools=stage.tools)
        self._calls = 0
        self._examiner = Examiner(alone(stage.context))

    async def turn(self, index: int, turn: Turn) -> None:
        self._add(UserMessage(await self._user(index, turn)))
        traits = self._stage.traits
        groups = [turn.calls] if together(self._scenario, index, traits) else [(act,) for act in turn.calls]
        for group in groups:
            message = await self._calling(group)
            self._add(message)
            if traits.results:
                for act, call in zip(group, message.tool_calls, strict=True):
                    self._add(ToolMessage(content=await self._result(act, call), call_id=call.id))
        if speaks(turn, traits):
            self._add(AssistantMessage(content=await self._reply(turn)))

    def _add(self, message: Message) -> None:
        self.conversation = replace(self.conversation, messages=(*self.conversation.messages, message))

    # ── the user ──────────────────────────────────────────────────────────────────────────────────────────

    async def _user(self, index: int, turn: Turn) -> str:
        """What the user says; asked for once more where it lacks a value that it must have, or is no user's."""
        scenario = self._scenario
        samples = _some(self._stage.samples, scenario)
        system = prompt(
            "user-system", task=self._stage.task, manner=list(scenario.mutations), samples=samples
        )
        question = asking(
            system,
            prompt(
                "user",
                heard=heard(self.conversation.messages),
                wants=turn.wants,
                facts=list(turn.facts),
                direction=_HOW.get(scenario.situation, "") if index == scenario.heart else "",
            ),
        )
        needed = _needed(turn)
        text = ""
        for _ in range(2):
            reply = _whole(await asked(self._cast.user, question, self._cast.user_sampling))
            text, wrong = spoken(reply.message.content)
            wrong += [f"it does not say {as_json(value)}" for value in needed if not said(value, text)]
            if not wrong:
                return text
            messages = (*question.messages, AssistantMessage(content=reply.message.content or "…"))
            request = UserMessage(prompt("difference-user", wrong=wrong))
            question = replace(question, messages=(*messages, request))
        raise Unplayed("user-wording", f"the user's message does not do: {'; '.join(wrong)}", text)

    # ── the assistant ─────────────────────────────────────────────────────────────────────────────────────

    async def _calling(self, acts: Sequence[Act]) -> AssistantMessage:
        """The calls of the blueprint: made by the assistant itself, or put in where what was said bears them out."""
        expected = AssistantMessage(tool_calls=tuple(self._call(act) for act in acts))
        if not (self._stage.traits.results or self._stage.traits.replies):
            return expected
        conversation = self.conversation
        sampling = replace(self._cast.assistant_sampling, parallel_tool_calls=len(acts) > 1)
        found: Reply | Failed = Failed("", "")
        for _ in range(2):
            found = await asked(self._cast.assistant, conversation, sampling)
            if isinstance(found, Failed) and found.reason == "endpoint":
                raise Unplayed(found.reason, found.why, found.raw)
            difference = found.why if isinstance(found, Failed) else self._difference(found.message, expected)
            if not difference:
                return expected
            conversation = directed(self.conversation, prompt("difference", difference=difference))
        if lost := self._ungrounded(expected):
            raw = found.raw if isinstance(found, Failed) else _written(found.message)
            raise Unplayed(
                "call-differs", f"{difference}, and the planned call is not borne out: {lost}", raw
            )
        return expected

    def _call(self, act: Act) -> ToolCall:
        self._calls += 1
        tool = next(one for one in self._stage.tools if one.name == act.name)
        return ToolCall(
            name=act.name, arguments=in_order(tool.parameters, act.arguments), id=f"call_{self._calls}"
        )

    def _difference(self, written: AssistantMessage, expected: AssistantMessage) -> str:
        """How the calls written differ from the planned ones, in words; empty where they are the same."""
        made = [self._filled(call) for call in written.tool_calls]
        planned = [self._filled(call) for call in expected.tool_calls]
        if sorted(made) == sorted(planned) and not written.malformed:
            return ""
        if not made:
            return "it makes no call"
        names = [call.name for call in expected.tool_calls]
        if sorted(call.name for call in written.tool_calls) != sorted(names):
            return f"it calls {', '.join(call.name for call in written.tool_calls)}"
        pairs = zip(written.tool_calls, expected.tool_calls, strict=True)
        keys = {
            key
            for mine, theirs in pairs
            for key in {*mine.arguments, *theirs.arguments}
            if mine.arguments.get(key) != theirs.arguments.get(key)
        }
        return f"the value of {', '.join(f'`{key}`' for key in sorted(keys))} is not what the user asked for"

    def _filled(self, call: ToolCall) -> str:
        tool = self.conversation.tool(call.name)
        arguments = with_defaults(tool.parameters, call.arguments) if tool else call.arguments
        return f"{call.name} {as_json(dict(sorted(arguments.items())))}"

    def _ungrounded(self, message: AssistantMessage) -> str:
        """What of the planned calls nobody has said, as the checks see it; empty where all was."""
        made = replace(self.conversation, messages=(*self.conversation.messages, message))
        last = f"$.messages[{len(made.messages) - 1}]"
        found = [
            finding.message
            for finding in self._examiner.examine(made).findings
            if finding.code == INVENTED and finding.path.startswith(last)
        ]
        return "; ".join(found)

    async def _reply(self, turn: Turn) -> str:
        """The assistant's answer at the end of a turn, as the blueprint directs it; asked for twice at most."""
        direction = prompt("direction", direction=turn.reply)
        sampling = replace(self._cast.assistant_sampling, tool_choice="none")
        for _ in range(2):
            question = directed(self.conversation, direction)
            reply = _whole(await asked(self._cast.assistant, question, sampling))
            text, wrong = spoken(reply.message.content)
            if not wrong:
                return text
            direction += f"\nAn earlier try did not do: {'; '.join(wrong)}."
        raw = reply.raw or _written(reply.message)
        raise Unplayed("reply-wording", f"the assistant's reply does not do: {'; '.join(wrong)}", raw)

    # ── the tools ─────────────────────────────────────────────────────────────────────────────────────────

    async def _result(self, act: Act, call: ToolCall) -> str:
        if self._cast.run_tool:
            return self._cast.run_tool(call)
        if self._cast.tool is None:
            return act.content
        question = asking(
            prompt("tool-system", tools=shown_tools(self._stage.tools)),
            shown_messages(self.conversation.messages),
        )
        reply = _whole(await asked(self._cast.tool, question, self._cast.assistant_sampling))
        return reply.message.content.strip()


_HOW = {
    "pronoun": "Point back with a word such as it, that or there; do not name the thing again.",
    "carried-over": "Do not say again what was said before.",
    "correction": "Say that it was not what you meant, and give the right value, such as: no, I meant …",
    "change-of-mind": "Say first that you want to drop what you asked for before, such as: never mind, … instead.",
    "two-requests": "Ask for both things in this one message.",
    "parallel-calls": "Ask for all of it in this one message.",
}


def _needed(turn: Turn) -> list[str]:
    """Values of the turn's calls that stand in its facts, and so must be in the message."""
    facts = "\n".join(turn.facts)
    values = [
        str(v) for act in turn.calls for v in act.arguments.values() if isinstance(v, str | int | float)
    ]
    return [value for value in dict.fromkeys(values) if value not in ("True", "False") and said(value, facts)]


def _some(samples: Sequence[str], scenario: Scenario) -> list[str]:
    """Three messages of users, others for other scenarios."""
    if not samples:
        return []
    first = scenario.number * 7 + scenario.attempt * 3
    return [samples[(first + step) % len(samples)] for step in range(min(3, len(samples)))]


def _whole(reply: Reply | Failed) -> Reply:
    if isinstance(reply, Failed):
        raise Unplayed(reply.reason, reply.why, reply.raw)
    return reply


def _written(message: AssistantMessage) -> str:
    calls = [f"{call.name}({as_json(call.arguments)})" for call in message.tool_calls]
    return "\n".join([*calls, *(broken.raw for broken in message.malformed), message.content]).strip()
