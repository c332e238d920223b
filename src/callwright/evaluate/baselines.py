"""Baselines: what a score is worth beside that of who always makes the most frequent call of the examples."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from callwright.conversation import AssistantMessage, Conversation, ToolCall
from callwright.evaluate.expansion import Item
from callwright.evaluate.predictions import Prediction


def most_frequent_call(train: Iterable[Conversation]) -> AssistantMessage | None:
    """The turn that makes the call which `train` makes most often, the first such; None if it makes none."""
    calls: dict[str, ToolCall] = {}
    counts: Counter[str] = Counter()
    for conversation in train:
        for call in conversation.calls():
            key = json.dumps([call.name, call.arguments], sort_keys=True)
            calls.setdefault(key, call)
            counts[key] += 1
    if not counts:
        return None
    call = calls[counts.most_common(1)[0][0]]
    return AssistantMessage(tool_calls=(ToolCall(name=call.name, arguments=call.arguments),))


def constant(items: Sequence[Item], message: AssistantMessage) -> list[Prediction]:
    """The predictions of who always answers the same."""
    return [Prediction(item=item.id, message=message) for item in items]
