"""Length: a conversation that is longer than the job allows, in characters or in the student's tokens."""

import json
from collections.abc import Iterator

from callwright.checks.examples import call, reply, result, said, user
from callwright.checks.rules import Check, Finding, Rule
from callwright.checks.subject import Context, Subject
from callwright.conversation import AssistantMessage, Conversation, Message, SystemMessage

_SHORT = said(user("Hall on."), call("set_light", room="hall", on=True), result("ok"), reply("It is on."))
_LONG = said(
    user("It is rather dark in here, and I would be glad if you could switch the light in the hall on."),
    *_SHORT.messages[1:],
)

CHARACTERS = Rule(
    code="length-characters",
    title="a conversation is longer than the job allows, in characters",
    why="The limit is `synthgen.validation_max_total_length` of the job, or `checks.max_characters`. All that is said"
    " and called counts, the system message, which the job brings, does not. A student with a short context would lose"
    " the end, which is what it is to learn. Split the conversation, shorten its results, or raise the limit.",
    context=Context(max_characters=100),
    bad=(_LONG,),
    good=(_SHORT,),
)
TOKENS = Rule(
    code="length-tokens",
    title="a conversation is longer than the student can read, in tokens",
    why="The tokens are the student's own, with its template, system message and tools: what it will really be given."
    " Known only where a student is named (`--student`). What is longer is cut or left out when packs are made.",
    context=Context(max_tokens=20, count_tokens=lambda conversation: characters(conversation) // 4),
    bad=(_LONG,),
    good=(_SHORT,),
)


def look(subject: Subject) -> Iterator[Finding]:
    """The whole conversation against both limits."""
    context = subject.context
    if context.max_characters > 0:
        total = characters(subject.conversation)
        if total > context.max_characters:
            said = f"{total:,} characters; at most {context.max_characters:,} are allowed"
            yield CHARACTERS.at("$.messages", said)
    if context.count_tokens and context.max_tokens > 0:
        total = context.count_tokens(subject.conversation)
        if total > context.max_tokens:
            yield TOKENS.at("$.messages", f"{total:,} tokens; at most {context.max_tokens:,} are allowed")


CHECK = Check(rules=(CHARACTERS, TOKENS), look=look)


def characters(conversation: Conversation) -> int:
    """Characters of all that is said and called; the system message, which the job brings, is not counted."""
    return sum(map(_characters, conversation.messages))


def _characters(message: Message) -> int:
    if isinstance(message, SystemMessage):
        return 0
    total = len(message.content)
    if isinstance(message, AssistantMessage):
        total += len(message.reasoning) + sum(len(malformed.raw) for malformed in message.malformed)
        for call in message.tool_calls:
            total += len(call.name) + len(json.dumps(call.arguments, ensure_ascii=False))
    return total
