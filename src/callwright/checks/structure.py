"""Structure: roles and their order, calls and their results, empty turns, who has the last word."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple, cast

from callwright.checks import Context, Finding
from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Message,
    SystemMessage,
    ToolMessage,
    UserMessage,
)


def check(conversation: Conversation, context: Context) -> Iterator[Finding]:
    """Codes: `structure-empty`, `-order`, `-last`, `-empty-turn`, `-several-calls`, `-call-id`,
    `-call-id-twice`, `-result-missing`, `-result-late`, `-result-twice`, `-result-dangling`; the warnings
    `-opening`, `-user-twice`.

    A conversation whose last turn calls needs no result for it: that turn is what is asked for.
    """
    messages = conversation.messages
    if not messages:
        yield Finding(code="structure-empty", path="$.messages", message="a conversation has messages")
        return
    yield from _order(messages)
    yield from _turns(messages, context)
    # A row of the question/answer form has no results, whatever the rest of its file has.
    carries = context.carries_results and conversation.metadata.get("form") != "distil"
    yield from _results(messages, carries)
    if not isinstance(messages[-1], AssistantMessage):
        yield Finding(
            code="structure-last",
            path=_at(len(messages) - 1),
            message=f"the last word is the assistant's; here it is from {_role(messages[-1])}",
        )


def _order(messages: tuple[Message, ...]) -> Iterator[Finding]:
    opened = False
    for index, message in enumerate(messages):
        if isinstance(message, SystemMessage):
            if index:
                yield _order_fault(index, "a system message stands first, and there is one at most")
            continue
        if not opened and not isinstance(message, UserMessage):
            yield Finding(
                code="structure-opening",
                path=_at(index),
                message=f"a conversation opens with the user; this one opens with {_role(message)}",
                severity="warning",
            )
        before = messages[index - 1] if opened else None
        opened = True
        if isinstance(message, UserMessage) and isinstance(before, UserMessage):
            yield Finding(
                code="structure-user-twice",
                path=_at(index),
                message="two user messages in a row; some templates refuse them",
                severity="warning",
            )
        # Without results in the form, sequential work is call after call.
        if (
            isinstance(message, AssistantMessage)
            and isinstance(before, AssistantMessage)
            and not before.tool_calls
        ):
            yield _order_fault(index, "two assistant turns in a row, and the first calls nothing")


def _order_fault(index: int, message: str) -> Finding:
    return Finding(code="structure-order", path=_at(index), message=message)


def _turns(messages: tuple[Message, ...], context: Context) -> Iterator[Finding]:
    for index, message in enumerate(messages):
        if isinstance(message, AssistantMessage):
            said = bool(message.content.strip() or message.tool_calls or message.malformed)
            if context.single_call and len(message.tool_calls) > 1:
                yield Finding(
                    code="structure-several-calls",
                    path=f"{_at(index)}.tool_calls",
                    message=f"one call a turn is allowed; here are {len(message.tool_calls)}",
                )
        else:
            # A tool may answer with nothing (`mkdir` does), everyone else says something.
            said = isinstance(message, ToolMessage) or bool(message.content.strip())
        if not said:
            yield Finding(
                code="structure-empty-turn",
                path=_at(index),
                message=f"{_role(message)} says nothing and calls nothing",
            )


def _results(messages: tuple[Message, ...], carries: bool) -> Iterator[Finding]:
    """Calls paired with their results; of a form without results, only what is there is looked at."""
    made: dict[str, _Made] = {}
    results: Counter[str] = Counter()
    last = len(messages) - 1
    for index, message in enumerate(messages):
        if isinstance(message, AssistantMessage):
            for place, call in enumerate(message.tool_calls):
                here = _Made(index, place, call.name)
                if call.id in made:
                    yield Finding(
                        code="structure-call-id-twice",
                        path=f"{here.path}.id",
                        message=f"id `{call.id}` is already that of {made[call.id].path}",
                    )
                elif call.id:
                    made[call.id] = here
                elif carries and index != last:
                    yield Finding(
                        code="structure-call-id",
                        path=f"{here.path}.id",
                        message=f"the call of `{call.name}` has no id, so no result can name it",
                    )
        elif isinstance(message, ToolMessage):
            results[message.call_id] += 1
            yield from _result(messages, index, made.get(message.call_id), results[message.call_id])
    if carries:
        yield from _unanswered(made, results, last)


class _Made(NamedTuple):
    """A call that has been made."""

    turn: int
    place: int
    name: str

    @property
    def path(self) -> str:
        return f"{_at(self.turn)}.tool_calls[{self.place}]"


def _result(messages: tuple[Message, ...], index: int, made: _Made | None, count: int) -> Iterator[Finding]:
    path = f"{_at(index)}.tool_call_id"
    if made is None:
        identity = cast(ToolMessage, messages[index]).call_id
        yield Finding(
            code="structure-result-dangling",
            path=path,
            message=f"a result for id `{identity}`, which no call before it has",
        )
    elif count > 1:
        yield Finding(
            code="structure-result-twice",
            path=path,
            message=f"the call of `{made.name}` at {made.path} already has its result",
        )
    else:
        between = next(
            (i for i in range(made.turn + 1, index) if not isinstance(messages[i], ToolMessage)), None
        )
        if between is not None:
            yield Finding(
                code="structure-result-late",
                path=path,
                message=f"the result of `{made.name}` comes late: {_at(between)} is in between",
            )


def _unanswered(made: dict[str, _Made], results: Counter[str], last: int) -> Iterator[Finding]:
    for identity, call in made.items():
        if call.turn != last and not results[identity]:
            yield Finding(
                code="structure-result-missing",
                path=call.path,
                message=f"the call of `{call.name}` has no result",
            )


def _at(index: int) -> str:
    return f"$.messages[{index}]"


_ROLES: dict[type[Message], str] = {
    SystemMessage: "the system message",
    UserMessage: "the user",
    AssistantMessage: "the assistant",
    ToolMessage: "a tool",
}


def _role(message: Message) -> str:
    return _ROLES[type(message)]
