"""Situations: what each turn of an assistant is a case of, told by where it stands and by a few plain words."""

import re

import orjson

SITUATIONS = {
    "call": "calls a tool",
    "parallel": "makes several calls in one turn",
    "sequential": "calls again after a result",
    "answer": "answers from a result",
    "error": "goes on after an error",
    "ask": "asks before it calls",
    "refuse": "declines or cannot",
    "chat": "replies without a tool",
}
"""Name -> what the assistant does; each of its turns is one of these."""

CALL, PARALLEL, SEQUENTIAL, ANSWER, ERROR, ASK, REFUSE, CHAT = LETTERS = "cpsaeqrt"
"""A letter each, in the order of `SITUATIONS`: a conversation is a short string of them."""

_UNABLE = re.compile(
    r"\b(?:I|we)\b.{0,30}?(?:can(?:['’]?t|not| not| only)\b|\bunable\b|\bnot able\b"
    r"|\bhave no\b|\bnot sure\b|\bno idea\b|\b(?:do not|don['’]?t|haven['’]?t) "
    r"(?:know|have|heard|answer|support|offer)\b)"
    r"|\b(?:not able to|unable to|beyond what I|outside (?:of )?(?:what I|my)|there is no tool|no tool (?:for|that))\b",
    re.IGNORECASE,
)

_FAILURES = ("rror", "ERROR", "fail", "Fail", "false", "xception", "raceback")
_FAILED = re.compile(r"\W*(?:\w*error|\w*exception|failed|failure|traceback)\b", re.IGNORECASE)


def reply(text: str) -> str:
    """The situation of a reply that no result stands before: `REFUSE`, `ASK` or `CHAT`."""
    hinted = "not" in text or "n't" in text or " no " in text or "unable" in text or " only " in text
    if (hinted or not text.isascii()) and _UNABLE.search(text):
        return REFUSE
    if "?" in text or (not text.isascii() and ("？" in text or "؟" in text)):
        return ASK
    return CHAT


def is_error(text: str) -> bool:
    """Whether a result says that its call failed."""
    head = text[:200]
    if head[:1] == "[" or not any(word in head for word in _FAILURES):
        return False
    if not head.lstrip().startswith("{"):
        return _FAILED.match(head) is not None
    try:
        value = orjson.loads(text)
    except ValueError:
        return False
    if any(value.get(key) for key in ("error", "errors", "exception")):
        return True
    said = [value.get(key) for key in ("success", "ok", "status", "type")]
    return any(word is False or word in ("error", "failed", "failure", "fail") for word in said)
