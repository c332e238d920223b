"""`OfflineTeacher`: mines once, then composes any number of conversations and answers any."""

from collections.abc import Iterator, Sequence
from random import Random

from msgspec.structs import replace

from callwright.chat import Reply, Sampling
from callwright.conversation import Conversation, Json, SystemMessage, Tool, UserMessage
from callwright.errors import ModelError
from callwright.teachers.offline.alignment import turns
from callwright.teachers.offline.answering import Answerer
from callwright.teachers.offline.commands import CommandComposer
from callwright.teachers.offline.describing import described
from callwright.teachers.offline.dialogues import DialogueComposer
from callwright.teachers.offline.forms import DATE
from callwright.teachers.offline.mining import Mined
from callwright.teachers.offline.skeletons import Skeleton, skeleton
from callwright.teachers.offline.stock import ending, spoken, stock
from callwright.teachers.offline.values import Kinds
from callwright.teachers.offline.widening import widened
from callwright.teachers.offline.worded import Worded
from callwright.teachers.offline.wording import Wording

PATIENCE = 8
"""Conversations in known words that are thrown away before one of them is taken."""


class OfflineTeacher:
    """A `ChatModel` without a model, and a composer of conversations."""

    name = "offline"

    def __init__(self, examples: Sequence[Conversation], tools: Sequence[Tool], *, seed: int = 0) -> None:
        self.tools, self.seed = tuple(tools), seed
        self.system = _system(examples)
        day = DATE.search(self.system)
        self.today = day[0] if day else ""
        commands = [c for c in examples if turns(c)]
        self.mined = Mined(commands, self.tools, self.today)
        self.skeletons = [
            found
            for n, c in enumerate(examples)
            if not turns(c) and (found := skeleton(c, self.tools, self.today, f"example {n + 1}"))
        ]
        observed = {key: list(values) for key, values in self.mined.observed.items()}
        _observe(self.skeletons, observed)
        self.kinds = Kinds(self.tools, observed, self.today)
        lines = [(e.text, e.tools) for e in self.mined.exchanges]
        lines += [(step.line.text, ()) for s in self.skeletons for step in s.steps if step.role == "user"]
        self.wording = Wording(lines, {tool.name: f"{tool.name} {tool.description}" for tool in self.tools})
        exchanges = widened(self.mined.exchanges, self.mined.flows)
        if not self.skeletons:
            exchanges += described(self.tools, exchanges, len(exchanges))
            made = stock(self.tools, exchanges, self.mined.flows)
            # What the stock can say better than a description does is not said with the description.
            told = {exchange.signature for exchange in made if not exchange.needs}
            exchanges = [e for e in exchanges if e.made != "description" or e.signature not in told] + made
        self.commands = (
            CommandComposer(
                exchanges,
                self.mined.chains,
                self.kinds,
                self.mined.flows,
                self.wording,
                system=self.system,
                tools=self.tools,
                ending=ending(self.tools, exchanges),
            )
            if exchanges
            else None
        )

        self.dialogues = (
            DialogueComposer(self.skeletons, self.kinds, self.wording, system=self.system, tools=self.tools)
            if self.skeletons
            else None
        )
        self.share = len(self.skeletons) / max(1, len(self.skeletons) + len(commands))
        self.known = {_said(c) for c in examples}
        self.answerer = Answerer(spoken(exchanges), self.skeletons, self.kinds, self.tools)

    async def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
        """The call or reply that the examples suggest; the same every time, whatever the temperature."""
        return self.replies([conversation], sampling)[0]

    def replies(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[Reply]:
        """One reply a conversation, in their order."""
        must = sampling.tool_choice == "required"
        found = []
        for conversation in conversations:
            message = self.answerer.answer(conversation, must_call=must)
            found.append(
                Reply(
                    message=message,
                    finish="tool_calls" if message.tool_calls else "stop",
                    raw=message.content,
                )
            )
        return found

    def compose(self, count: int | None = None, *, seed: int | None = None) -> Iterator[Conversation]:
        """`count` new conversations, without end if None; the same for the same seed."""
        base = self.seed if seed is None else seed
        worded = Worded()
        number = 0
        while count is None or number < count:
            number += 1
            yield replace(self._one(base, number, worded), id=f"gen-{number:06}")

    def _one(self, seed: int, number: int, worded: Worded) -> Conversation:
        """The conversation of that number; in words that none before it has, unless none are to be found."""
        rng = Random(f"{seed}/{number}")
        found = None
        for attempt in range(50):
            composer = self.dialogues if rng.random() < self.share else self.commands
            made = composer.compose(rng) if composer else None
            if made is not None and _said(made) not in self.known:
                found = made
                if worded.new(made) or attempt >= PATIENCE:
                    return made
        if found is not None:
            return found
        raise ModelError(
            "the offline teacher cannot compose a conversation from these examples",
            hint="give more examples, or examples whose arguments are said in the conversation",
        )


def _system(examples: Sequence[Conversation]) -> str:
    for conversation in examples:
        for message in conversation.messages:
            if isinstance(message, SystemMessage):
                return message.content
    return ""


def _said(conversation: Conversation) -> tuple[str, ...]:
    """What the user says, case and spaces aside: an example is not composed again."""
    return tuple(
        " ".join(m.content.casefold().split()) for m in conversation.messages if isinstance(m, UserMessage)
    )


def _observe(skeletons: Sequence[Skeleton], observed: dict[str, list[Json]]) -> None:
    """The values of the skeletons by parameter, those of results too."""
    for found in skeletons:
        for entity in found.entities:
            observed.setdefault(entity.key, []).append(entity.value)
