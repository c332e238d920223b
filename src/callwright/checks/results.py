"""Results: those that are meant to be JSON parse, and the reply to one that is an error heeds it."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple, NoReturn

import msgspec

from callwright.checks.python_literal import literal
from callwright.checks.results_rules import ERROR_IGNORED, JSON, PYTHON_LITERAL, RULES
from callwright.checks.rules import Check, Finding
from callwright.checks.situations import is_error
from callwright.checks.subject import Subject
from callwright.conversation import AssistantMessage, Conversation, ToolMessage


def look(subject: Subject) -> Iterator[Finding]:
    """Every result by itself, and the reply to each that is an error."""
    values = subject.values
    promised = subject.context.json_results
    suspects: list[int] = []
    failed: int | None = None
    for index, message in enumerate(subject.messages):
        if type(message) is ToolMessage:
            text = message.content
            if index not in values and (promised or text[:1] in _OPENS or '":' in text):
                suspects.append(index)
            if failed is None and is_error(text):
                failed = index
        elif failed is not None:
            if type(message) is AssistantMessage:
                yield from _ignored(failed, index, message)
            failed = None
    if suspects:
        yield from _json(subject, suspects)


CHECK = Check(rules=RULES, look=look)

_OPENS = ("{", "[", " ", "\n", "\t", "\r")
"""What objects and lists of JSON begin with; not the empty text."""

# ── JSON ───────────────────────────────────────────────────────────────────────────────────────────────────

_TEXT = r'"[^"\\]*+(?:\\.[^"\\]*+)*+'
_OBJECT = re.compile(rf"""\{{\s*(?:{_TEXT}(?:"\s*(?::|\Z)|\\?\Z)|'[^'\n]*'\s*:|\}}|\Z)""", re.DOTALL)
_ITEM = re.compile(
    rf"""(?:{_TEXT}(?:"\s*[,\]]|\\?\Z)|(?:'[^'\n]*'|true|false|null|True|False|None)\s*[,\]])""", re.DOTALL
)
# fmt: off
_PRINTS = frozenset((
    "bash", "shell", "sh", "terminal", "console", "command", "cmd", "exec", "execute", "run", "repl", "python", "code",
    "script", "ssh", "cat", "head", "tail", "read", "open", "print", "grep", "sed", "awk", "curl", "fetch", "file",
    "log", "logs",
))
# fmt: on
"""Words in the names of tools whose result is whatever is printed, or stands in a file."""
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")


def _begun(text: str) -> bool:
    """Whether `text` begins like JSON; `[no results]`, `{name} not found` and `[12:30] started` do not."""
    inner = text.lstrip(" \t\r\n[")
    if inner[:1] == "{":
        return _OBJECT.match(inner) is not None
    return "[" in text[: len(text) - len(inner)] and _ITEM.match(inner) is not None


class _Wrong(NamedTuple):
    """Why a text is no JSON."""

    why: str
    at: int


def _json(subject: Subject, suspects: list[int]) -> Iterator[Finding]:
    kinds = _kinds(subject)
    for index in suspects:
        text, name = subject.messages[index].content, _name(subject, index)
        promised = name in subject.context.json_results
        if promised or _meant(text, name, kinds[name]):
            wrong = _wrong(text)
            if wrong and (promised or _damaged(text, wrong)):
                yield _broken(index, f"the result of `{name}`" if name else "the result", text, wrong)


def _broken(index: int, of: str, text: str, wrong: _Wrong) -> Finding:
    path = f"$.messages[{index}].content"
    words = next((word for word in ("'", "True", "False", "None") if word in text), "")
    if words and _is_python(text):
        said = f"{of} is written as Python, not as JSON; write it with json.dumps"
        return PYTHON_LITERAL.at(path, said, words=words, fix=partial(_rewritten, index=index))
    if rest := text[wrong.at :].strip():
        said = f"{of} is no JSON: {wrong.why} at character {wrong.at + 1:,}; write it as the tool gives it"
        return JSON.at(path, said, words=rest[:30].splitlines()[0])
    said = f"{of} is no JSON: " + ("it ends too early" if text.strip() else "it is empty")
    return JSON.at(path, f"{said}; write it as the tool gives it, to its end", words=text[-30:].strip())


def _name(subject: Subject, index: int) -> str:
    """The tool whose result a message is; empty where no call tells it."""
    message = subject.messages[index]
    made = subject.made.get(message.call_id) if type(message) is ToolMessage and message.call_id else None
    return made.call.name if made else ""


def _kinds(subject: Subject) -> dict[str, Counter[bool]]:
    """Tool -> how many of its results begin like objects or lists, and how many do not; errors aside."""
    kinds: dict[str, Counter[bool]] = defaultdict(Counter)
    for index, message in enumerate(subject.messages):
        if type(message) is ToolMessage and (text := message.content.lstrip()) and not is_error(text):
            kinds[_name(subject, index)][text[0] in "{["] += 1
    return kinds


def _meant(text: str, name: str, kinds: Counter[bool]) -> bool:
    """Whether a result that nobody promised was to be JSON, by its looks and by the tool's other results."""
    if is_error(text) or any(word.lower() in _PRINTS for word in _WORDS.findall(name)):
        return False
    opens = text.lstrip()[:1] in ("{", "[")
    words = kinds[False] - (not opens)
    return words <= 0 and (_begun(text) or ('":' in text and kinds[True] - opens > 0))


def _wrong(text: str) -> _Wrong | None:
    """Where `text` stops being JSON; None: it is."""
    try:
        json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        if error.msg.startswith("Unterminated string"):
            return _Wrong("it ends too early", len(text))
        return _Wrong(error.msg[:1].lower() + error.msg[1:], error.pos)
    except _NoConstant as error:
        return _Wrong(f"`{error}` is no JSON", max(text.find(str(error)), 0))
    except (ValueError, RecursionError):  # a number or a depth that Python refuses, and JSON does not
        return None
    return None


class _NoConstant(ValueError):
    pass


def _no_constant(name: str) -> NoReturn:
    raise _NoConstant(name)


def _damaged(text: str, wrong: _Wrong) -> bool:
    """Whether what begins like JSON was meant to be JSON to its end, and not text after it, or line after line."""
    if wrong.why != "extra data":
        return True
    rest = text[wrong.at :]
    return not any(character.isalnum() for character in rest) and not rest.lstrip().startswith(("{", "["))


def _is_python(text: str) -> bool:
    """Whether `text` is an object or a list as Python writes it."""
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        literal(text)
    except ValueError:
        return False
    return True


def _rewritten(conversation: Conversation, index: int) -> Conversation:
    message = conversation.messages[index]
    if not isinstance(message, ToolMessage) or not _is_python(message.content):
        return conversation  # an earlier fix has changed it
    messages = list(conversation.messages)
    text = json.dumps(literal(message.content), ensure_ascii=False)
    messages[index] = msgspec.structs.replace(message, content=text)
    return msgspec.structs.replace(conversation, messages=tuple(messages))


# ── errors ─────────────────────────────────────────────────────────────────────────────────────────────────

_HEEDED = re.compile(
    r"n['’]t\b|\b(?:not?|cannot|cant|never|none|nothing|neither|nor|nobody|unable|sorry|apologi\w+|afraid|oops"
    r"|unfortunate\w*|fail\w*|err(?:or|ors|ed)|issues?|problems?|trouble|difficult\w*|wrong|invalid|incorrect"
    r"|unsuccess\w*|unavailable|unknown|unexpected\w*|unsupported|unauthori[sz]ed|den(?:y|ied|ies)|reject\w*|refus\w*"
    r"|declin\w*|missing|expired|already|busy|offline|down|limit\w*|exceed\w*|insufficient|lack\w*|only|must|requires?"
    r"|required|instead|however|but|although|though|unless|until|try|tried|trying|retry\w*|again|broken|block\w*"
    r"|timed out|timeout|cancel\w*|abort\w*|crash\w*|conflict\w*|without)\b",
    re.IGNORECASE,
)
"""Words of failure, apology, negation or another way."""
_POLITE = re.compile(
    r"\bno (?:problem|worries)\b|\bnot (?:a problem|at all)\b|\bdo(?:n['’]t| not) worry\b", re.IGNORECASE
)
_CLAIMED = re.compile(
    r"\b(?:done|success\w*|all set|confirmed|completed?|booked|reserved|ordered|sent|created|added|saved|updated"
    r"|deleted|removed|scheduled|set|paid|transferred|submitted|moved|copied|changed|switched|turned|started|stopped"
    r"|enabled|disabled|has been|have been|is now|are now|is on|is off|are on|are off|is ready|are ready"
    r"|I(?:['’]ve| have)|here (?:is|are|you)|here['’]s|enjoy|I found|you['’]re all)\b",
    re.IGNORECASE,
)
"""Words of success."""


def _ignored(failed: int, index: int, turn: AssistantMessage) -> Iterator[Finding]:
    if turn.tool_calls or turn.malformed:
        return
    claim = _CLAIMED.search(turn.content)
    if claim and not _HEEDED.search(_POLITE.sub("", turn.content)):
        said = f"the call failed, as $.messages[{failed}] says, and the reply claims that it did not; tell the user"
        yield ERROR_IGNORED.at(f"$.messages[{index}].content", said, words=claim[0])
