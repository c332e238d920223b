"""Answering where there are results and replies: the moment of an example that is most like this one."""

import json
from collections import Counter
from collections.abc import Sequence

from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    Tool,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from callwright.schema import with_defaults
from callwright.teachers.offline.alignment import leaves, located
from callwright.teachers.offline.forms import text_of
from callwright.teachers.offline.lexicon import TYPED, Lexicon, last_said, words_of
from callwright.teachers.offline.recalling import filled
from callwright.teachers.offline.shapes import shape
from callwright.teachers.offline.skeletons import Line, Skeleton, Step
from callwright.teachers.offline.templates import MARK
from callwright.teachers.offline.values import Kinds


class Moments:
    """Every assistant turn of the skeletons with what went before it."""

    def __init__(
        self, skeletons: Sequence[Skeleton], kinds: Kinds, lexicon: Lexicon, tools: Sequence[Tool]
    ) -> None:
        self.kinds, self.lexicon = kinds, lexicon
        self.tools = {tool.name: tool for tool in tools}
        self.moments = moments_of(skeletons)
        self.contexts = [context_of(s.steps[:at]) for s, at in self.moments]

    def answer(self, conversation: Conversation, *, must_call: bool) -> AssistantMessage:
        """The turn of the most similar moment, with the values of this conversation."""
        steps = _steps(conversation)
        user, reply = context_of(steps)
        done = Counter(call for step in steps for call, _ in step.calls)
        best, chosen = -9.0, None
        for number, (found, at) in enumerate(self.moments):
            step = found.steps[at]
            if found.steps[at - 1].role != steps[-1].role or (must_call and not step.calls):
                continue
            said, before = self.contexts[number]
            then = Counter(call for earlier in found.steps[:at] for call, _ in earlier.calls)
            score = (
                self.lexicon.likeness(user, said)
                + 0.8 * self.lexicon.likeness(reply, before)
                - 0.12 * min(4, _apart(done, then))
            )
            score -= 0.1 * abs((found.steps[at - 1].result == []) - (steps[-1].result == []))
            if score > best:
                best, chosen = score, (found, at)
        if chosen is None:
            return AssistantMessage()
        found, at = chosen
        values = [self._entity(found, number, conversation) for number in range(len(found.entities))]
        step = found.steps[at]
        calls = tuple(
            ToolCall(
                id=f"call_{n + 1}",
                name=name,
                arguments=self._kept(name, filled(arguments, values), conversation),
            )
            for n, (name, arguments) in enumerate(step.calls)
        )
        text = "".join(
            text_of(values[step.line.mentions[ord(c) - MARK].slot])
            if 0 <= ord(c) - MARK < len(step.line.mentions)
            else c
            for c in step.line.text
        )
        return AssistantMessage(content=text, tool_calls=calls)

    def _entity(self, found: Skeleton, number: int, conversation: Conversation) -> Json:
        """What this conversation has in place of a skeleton's value: the last said, called with or given."""
        entity = found.entities[number]
        kind = self.kinds[entity.key]
        listed = kind.schema.get("enum") or _pool(kind.seen, entity.value)
        for message in reversed(conversation.messages):
            if not isinstance(message, UserMessage | AssistantMessage) or not message.content:
                continue
            value = last_said(entity.value, listed, message.content, self.kinds.today)
            if value is None and isinstance(entity.value, str):
                value = _given(conversation, entity.key, message.content)
            if value is None and isinstance(message, UserMessage):
                value = self._named(entity.key, entity.value, message.content)
            if value is not None:
                return value
        return _last_called(conversation, entity.key.rsplit(".")[-1], entity.value)

    def _named(self, key: str, sample: Json, text: str) -> Json:
        """A name nobody knows, behind a word that such names stand behind."""
        if not isinstance(sample, str) or self.kinds[key].closed or shape(sample) in TYPED:
            return None
        beside = self.lexicon.beside.get(key, set())
        found = [name.text for name in self.lexicon.names(text) if name.strong and name.left in beside]
        return found[-1] if found else None

    def _kept(self, name: str, arguments: dict[str, Json], conversation: Conversation) -> dict[str, Json]:
        """The arguments, less those that may be left out and that nobody spoke of."""
        tool = conversation.tool(name) or self.tools.get(name)
        required = tool.parameters.get("required", ()) if tool else ()
        said = "\n".join(m.content for m in conversation.messages if isinstance(m, UserMessage))
        earlier = [value for call in conversation.calls() for value in call.arguments.values()]
        defaults = with_defaults(tool.parameters, {}) if tool else {}
        return {
            key: value
            for key, value in arguments.items()
            if key in required
            or value in earlier
            or defaults.get(key) == value
            or isinstance(value, bool)
            or located(said, [value], self.kinds.today)
        }


def moments_of(skeletons: Sequence[Skeleton]) -> list[tuple[Skeleton, int]]:
    """The assistant's turns, as skeleton and step."""
    return [(s, at) for s in skeletons for at, step in enumerate(s.steps) if step.role == "assistant" and at]


def _pool(seen: Sequence[Json], sample: Json) -> list[Json] | None:
    if not isinstance(sample, str) or shape(sample) in ("time", "date", "number"):
        return None
    return [v for v in dict.fromkeys(seen) if isinstance(v, str) and len(v) > 2]


def context_of(steps: Sequence[Step]) -> tuple[set[str], set[str]]:
    """The words of the last user turn and of the last reply before it."""
    user: set[str] = set()
    for at in range(len(steps) - 1, -1, -1):
        if steps[at].role == "user" and not user:
            user = words_of(steps[at].line.text)
        elif steps[at].role == "assistant" and steps[at].line.text:
            return user, words_of(steps[at].line.text)
    return user, set()


def _steps(conversation: Conversation) -> list[Step]:
    found: list[Step] = []
    for message in conversation.messages:
        if isinstance(message, UserMessage):
            found.append(Step(role="user", line=Line(message.content)))
        elif isinstance(message, AssistantMessage):
            found.append(
                Step(
                    role="assistant",
                    line=Line(message.content),
                    calls=tuple((c.name, c.arguments) for c in message.tool_calls),
                )
            )
        elif isinstance(message, ToolMessage):
            found.append(
                Step(
                    role="tool",
                    line=Line(message.content),
                    result=[] if message.content.strip() == "[]" else None,
                )
            )
    return found


def _apart(one: Counter[str], other: Counter[str]) -> int:
    return sum(((one - other) + (other - one)).values())


def _last_called(conversation: Conversation, name: str, otherwise: Json) -> Json:
    for call in reversed(list(conversation.calls())):
        if name in call.arguments:
            return call.arguments[name]
    return otherwise


def _given(conversation: Conversation, key: str, text: str) -> Json:
    """A value that a result has under the parameter's name and this text speaks of."""
    name = key.replace(">", ".").rsplit(".")[-1]
    found: list[Json] = []
    for message in conversation.messages:
        if isinstance(message, ToolMessage) and message.content.lstrip().startswith(("[", "{")):
            try:
                tree = json.loads(message.content)
            except ValueError:
                continue
            found += [
                leaf for path, leaf in leaves(tree) if path and path[-1] == name and isinstance(leaf, str)
            ]
    spans = located(text, list(dict.fromkeys(found)), "")
    return spans[-1][2] if spans else None
