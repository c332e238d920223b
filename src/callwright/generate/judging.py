"""Judging: the last look, by a model that must quote what it judges by; quotes that are not there do not count."""

import re
from typing import Literal

import msgspec

from callwright.chat import ChatModel, Sampling
from callwright.conversation import AssistantMessage, Conversation, Json, Tool, UserMessage
from callwright.generate.asking import Failed, asked
from callwright.generate.lenient import parsed
from callwright.generate.prompting import asking, prompt, shown_messages, shown_tools

SHORTEST = 3
"""Characters of a quote that says anything."""
_SCHEMA: dict[str, Json] = {
    "type": "object",
    "properties": {
        "evidence": {"type": "array", "items": {"type": "string"}},
        "reason": {"type": "string"},
        "verdict": {"type": "string", "enum": ["good", "bad"]},
    },
    "required": ["evidence", "reason", "verdict"],
    "additionalProperties": False,
}


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the judge says; `unclear`: it gave no valid evidence, twice."""

    verdict: Literal["good", "bad", "unclear"]
    evidence: tuple[str, ...] = ()
    reason: str = ""
    raw: str = ""


class _Said(msgspec.Struct, frozen=True):
    verdict: Literal["good", "bad"]
    evidence: tuple[str, ...] = ()
    reason: str = ""


class Judge:
    """Judges conversations of one job."""

    def __init__(
        self, *, task: str, tools: tuple[Tool, ...], instructions: str = "", sampling: Sampling | None = None
    ) -> None:
        self._system = prompt("judge-system", task=task, tools=shown_tools(tools), instructions=instructions)
        self._sampling = msgspec.structs.replace(sampling or Sampling(), response_schema=_SCHEMA)

    async def judge(self, conversation: Conversation, model: ChatModel) -> Verdict | Failed:
        """Good or bad with evidence that is in the conversation; asked once more where there is none."""
        shown = shown_messages(conversation.messages)
        question = asking(self._system, prompt("judge", conversation=shown))
        raw = why = ""
        for _ in range(2):
            reply = await asked(model, question, self._sampling)
            if isinstance(reply, Failed):
                return reply
            raw = reply.message.content
            found, why = _read(raw, shown)
            if found:
                return Verdict(verdict=found.verdict, evidence=found.evidence, reason=found.reason, raw=raw)
            again = UserMessage(
                f"That does not hold: {why}. Write the JSON object again, quotes letter by letter."
            )
            messages = (*question.messages, AssistantMessage(content=raw), again)
            question = msgspec.structs.replace(question, messages=messages)
        return Verdict(verdict="unclear", reason=why, raw=raw)


def _read(text: str, shown: str) -> tuple[_Said | None, str]:
    try:
        found = msgspec.convert(parsed(text), _Said)
    except ValueError as error:
        return None, str(error)
    if not found.evidence:
        return None, "it quotes nothing"
    missing = [quote for quote in found.evidence if not _quoted(quote, shown)]
    if missing:
        return None, f"{missing[0]!r} is not in the conversation"
    return found, ""


def _quoted(quote: str, shown: str) -> bool:
    bare = _plain(quote).strip("\"'“”")
    return len(bare) >= SHORTEST and bare in _plain(shown)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
