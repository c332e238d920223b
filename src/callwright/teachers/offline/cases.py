"""Cases that few examples show, made of a finished dialogue: small talk, what no tool can do, nothing found, errors."""

import re
from collections.abc import Callable, Sequence
from random import Random

from callwright.conversation import AssistantMessage, Message, Tool, ToolMessage, UserMessage
from callwright.teachers.offline.alignment import content
from callwright.teachers.offline.grammar import expand
from callwright.teachers.offline.replies import FAREWELL, LEAVING

Case = Callable[[list[Message], Sequence[Tool], Random], "list[Message] | None"]

GREETING = (
    "[hi|hello|hey|good morning|good evening|hello there|hi there][| again][.|!|, how are you?|, are you there?"
    "|, how is it going?|, nice to meet you.|, can you help me?|, I could use some help.]"
)
GREETED = (
    "[Hello|Hi|Hey there|Hi there|Good day][!|.] [How can I help you|What can I do for you|How may I help you"
    "|How can I be of help|What can I do for you today|How can I help you today]?"
)
FAR = (
    "tell me a joke",
    "tell me who won the game last night",
    "write a poem about the sea",
    "help me with my tax return",
    "tell me what the weather will be like",
    "translate a letter into French",
    "recommend a good book",
    "tell me the latest news",
    "fix my printer",
    "teach me to play chess",
    "do my math homework",
    "explain how vaccines work",
    "tell me the price of gold",
    "order me a pizza",
    "call my sister",
)
"""What somebody may want of an assistant; those that a tool of the job may do are left out."""
WANTING = (
    "[can you [also |]{w}|could you {w}|also, can you {w}|one more thing: [can|could] you {w}|oh, and could you {w}"
    "|before I go, can you {w}|would you {w} too]?"
)
DECLINING = (
    "[I'm sorry, |Sorry, |I'm afraid ][I can't do that|that is not something I can do|I can't help with that"
    "|that's beyond what I can do|I'm not able to do that]. [|Is there anything else I can do for you?"
    "|Can I help you with anything else?|Anything else?]"
)
NOTHING = (
    "[I'm sorry, |Sorry, |Unfortunately, ][I found nothing|there is nothing|I couldn't find anything|nothing came up"
    "|I don't see anything] [that fits|like that|for what you asked|that matches]. [Would you like to|Do you want to"
    "|Shall we] try something else?"
)
FAILING = [
    "the service is not available",
    "the request timed out",
    "internal server error",
    "the service is busy",
    "connection refused",
    "the request could not be processed",
]
FAILED = (
    "[I'm sorry, |Sorry, |Unfortunately, ][that did not work|something went wrong|I couldn't do that|it failed]: {w}."
    " [Would you like me to|Do you want me to|Should I] [try again|try it once more|try later]?"
)
SEARCHES = re.compile(r"\b(?:find|search|list|look|browse|get)", re.IGNORECASE)


def small_talk(messages: list[Message], tools: Sequence[Tool], rng: Random) -> list[Message] | None:
    """A greeting before anything is asked."""
    if not messages or not isinstance(messages[0], UserMessage):
        return None
    if re.match(r"\W*(?:hi|hello|hey|good)\b", messages[0].content, re.IGNORECASE):
        return None
    return [
        UserMessage(_case(expand(GREETING, rng), rng)),
        AssistantMessage(content=expand(GREETED, rng)),
        *messages,
    ]


def out_of_scope(messages: list[Message], tools: Sequence[Tool], rng: Random) -> list[Message] | None:
    """Before the leave is taken, something that no tool does."""
    at = _leave(messages)
    known = content(" ".join(f"{tool.name} {tool.description}" for tool in tools).replace("_", " "))
    wishes = [wish for wish in FAR if not (content(wish) - {"what", "who", "tell"}) & known]
    if at is None or not wishes:
        return None
    wanted = _case(expand(WANTING.replace("{w}", rng.choice(wishes)), rng), rng)
    return [
        *messages[:at],
        UserMessage(wanted),
        AssistantMessage(content=expand(DECLINING, rng)),
        *messages[at:],
    ]


def empty_result(messages: list[Message], tools: Sequence[Tool], rng: Random) -> list[Message] | None:
    """The first search finds nothing, and the conversation ends there."""
    return _ended(messages, rng, "[]", lambda _: expand(NOTHING, rng), searches=True)


def tool_error(messages: list[Message], tools: Sequence[Tool], rng: Random) -> list[Message] | None:
    """The first call fails, which is said, and the conversation ends there."""
    reason = rng.choice(FAILING)
    return _ended(
        messages,
        rng,
        f'{{"error": "{reason}"}}',
        lambda _: expand(FAILED.replace("{w}", reason), rng),
        searches=False,
    )


CASES: dict[str, tuple[float, Case]] = {
    "small-talk": (0.04, small_talk),
    "out-of-scope": (0.03, out_of_scope),
    "empty-result": (0.03, empty_result),
    "tool-error": (0.03, tool_error),
}
"""Situation -> (share of dialogues, how it is made)."""


def _ended(
    messages: list[Message], rng: Random, result: str, reply: Callable[[str], str], *, searches: bool
) -> list[Message] | None:
    for at, message in enumerate(messages[:-1]):
        after = messages[at + 1]
        if not isinstance(message, AssistantMessage) or not message.tool_calls:
            continue
        if len(message.tool_calls) != 1 or not isinstance(after, ToolMessage):
            return None
        listed = after.content.lstrip().startswith("[")
        if searches and not (listed and SEARCHES.search(message.tool_calls[0].name.replace("_", " "))):
            return None
        said: list[Message] = [
            ToolMessage(content=result, call_id=after.call_id),
            AssistantMessage(content=reply(result)),
            UserMessage(_case(expand(LEAVING, rng), rng)),
            AssistantMessage(content=expand(FAREWELL, rng)),
        ]
        return [*messages[: at + 1], *said]
    return None


def _leave(messages: list[Message]) -> int | None:
    """Where the user's last word stands, after a reply."""
    at = len(messages) - 2
    good = at > 1 and isinstance(messages[at], UserMessage) and isinstance(messages[at + 1], AssistantMessage)
    before = messages[at - 1] if good else None
    calm = isinstance(before, AssistantMessage) and not before.tool_calls and "?" not in before.content
    last = messages[at + 1] if good else None
    return at if calm and isinstance(last, AssistantMessage) and not last.tool_calls else None


def _case(text: str, rng: Random) -> str:
    return text[:1].upper() + text[1:] if rng.random() < 0.8 else text
