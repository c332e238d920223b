"""Structure: roles and their order, calls and their results, empty turns, who has the last word."""

from collections.abc import Iterator

from callwright.checks.rules import Check, Finding
from callwright.checks.structure_rules import (
    ANSWERED,
    CALL_ID,
    CALL_ID_TWICE,
    EMPTY,
    EMPTY_TURN,
    LAST,
    OPENING,
    ORDER,
    RESULT_DANGLING,
    RESULT_LATE,
    RESULT_MISSING,
    RESULT_TWICE,
    RULES,
    SEVERAL_CALLS,
    USER_TWICE,
)
from callwright.checks.subject import Made, Subject
from callwright.conversation import (
    AssistantMessage,
    Message,
    SystemMessage,
    ToolMessage,
    UserMessage,
)


def look(subject: Subject) -> Iterator[Finding]:
    """Who speaks when, and every call with its one result.

    A conversation whose last turn calls needs no result for it: that turn is what is asked for.
    """
    return iter(()) if sound(subject) else closely(subject)


CHECK = Check(rules=RULES, look=look)


def closely(subject: Subject) -> Iterator[Finding]:
    """What `look` says where a quick pass does not settle it."""
    if not subject.messages:
        yield EMPTY.at(
            "$.messages", "there are no messages; a conversation has at least a user's and a reply"
        )
        return
    yield from _order(subject.messages)
    yield from _turns(subject)
    yield from _calls(subject)
    yield from _results(subject)
    yield from _end(subject)


def sound(subject: Subject) -> bool:
    """Whether nothing is to be said, told in one pass; False: look closer."""
    context = subject.context
    if context.single_call or context.prompts or not subject.carries_results:
        return False
    before: type[Message] | None = None
    waiting: set[str] = set()
    made: set[str] = set()
    for message in subject.messages:
        if type(message) is ToolMessage:
            if message.call_id not in waiting:
                return False
            waiting.remove(message.call_id)
        elif waiting:
            return False
        elif type(message) is AssistantMessage:
            if before is None or before is SystemMessage or before is AssistantMessage:
                return False
            if calls := message.tool_calls:
                waiting = {call.id for call in calls}
                if len(waiting) != len(calls) or "" in waiting or not made.isdisjoint(waiting):
                    return False
                made |= waiting
            elif not message.content or message.content.isspace():
                return False
        else:
            misplaced = before is not None and (before is type(message) or type(message) is SystemMessage)
            if misplaced or not message.content or message.content.isspace():
                return False
        before = type(message)
    return before is AssistantMessage


def _order(messages: tuple[Message, ...]) -> Iterator[Finding]:
    before: Message | None = None
    for index, message in enumerate(messages):
        if type(message) is SystemMessage:
            if index:
                said = "a system message stands here; it is the first, and there is one at most"
                yield ORDER.at(_at(index), said)
            continue
        if before is None:
            if type(message) is not UserMessage:
                said = f"the conversation opens with {_role(message)}; the user speaks first"
                yield OPENING.at(_at(index), said)
        elif type(message) is type(before) is UserMessage:
            yield USER_TWICE.at(
                _at(index), "two user messages in a row; make them one, or put the reply between"
            )
        elif type(message) is type(before) is AssistantMessage and not (
            before.tool_calls or before.malformed
        ):
            said = "two assistant turns in a row, and the first calls nothing; make them one"
            yield ORDER.at(_at(index), said)
        before = message


def _turns(subject: Subject) -> Iterator[Finding]:
    for index, message in enumerate(subject.messages):
        said = bool(message.content.strip())
        if type(message) is AssistantMessage:
            calls = message.tool_calls
            said = said or bool(calls or message.malformed)
            if subject.context.single_call and len(calls) > 1:
                path = f"{_at(index)}.tool_calls"
                yield SEVERAL_CALLS.at(path, f"{len(calls)} calls in one turn; this job allows one")
        # A tool may answer with nothing (`mkdir` does), everyone else says something.
        if not said and type(message) is not ToolMessage:
            silent = "says and calls nothing" if type(message) is AssistantMessage else "says nothing"
            yield EMPTY_TURN.at(_at(index), f"{_role(message)} {silent}; take the turn out, or write it")


def _calls(subject: Subject) -> Iterator[Finding]:
    last = len(subject.messages) - 1
    for made in subject.calls:
        name, identity = made.call.name, made.call.id
        if not identity:
            if subject.carries_results and made.turn != last:
                said = f"the call of `{name}` has no id, so no result can name it; give it one"
                yield CALL_ID.at(made.path, said, words=name)
            continue
        first = subject.made[identity]
        if first is not made:
            said = f"id `{identity}` is already that of {first.path}; give each call its own"
            yield CALL_ID_TWICE.at(f"{made.path}.id", said, words=identity)
        elif subject.carries_results and made.turn != last and identity not in subject.results:
            said = f"the call of `{name}` has no result; add it, or take the call out"
            yield RESULT_MISSING.at(made.path, said, words=name)


def _results(subject: Subject) -> Iterator[Finding]:
    turn = 0  # of the last message that is no result
    for index, message in enumerate(subject.messages):
        if type(message) is not ToolMessage:
            turn = index
            continue
        identity = message.call_id
        path = f"{_at(index)}.tool_call_id"
        made = subject.made.get(identity) if identity else None
        if made is None or made.turn > index:
            yield RESULT_DANGLING.at(path, _dangling(identity, made), words=identity)
        elif (first := subject.results[identity]) != index:
            said = f"the call of `{made.call.name}` at {made.path} already has its result at {_at(first)}"
            yield RESULT_TWICE.at(path, f"{said}; leave one", words=identity)
        elif made.turn != turn:
            said = f"the result of `{made.call.name}` comes late: {_at(turn)} is in between"
            yield RESULT_LATE.at(path, f"{said}; results stand right after their call", words=identity)


def _dangling(identity: str, made: Made | None) -> str:
    if not identity:
        return "a result that names no call; give it the id of the call that it answers"
    said = f"a result for id `{identity}`, which no call before it has"
    if made is not None:
        return f"{said}; the call comes later, at {made.path}"
    return f"{said}; give it the id of its call, or take it out"


def _end(subject: Subject) -> Iterator[Finding]:
    index = len(subject.messages) - 1
    message = subject.messages[index]
    if subject.context.prompts:
        if type(message) is AssistantMessage:
            said = "a prompt ends before the assistant's turn, and this one has it already; take it out"
            yield ANSWERED.at(_at(index), said)
    elif type(message) is not AssistantMessage:
        yield LAST.at(_at(index), f"the last word is {_of(message)}; it is the assistant's")


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


def _of(message: Message) -> str:
    role = _role(message)
    return role if type(message) is SystemMessage else f"{role}'s"
