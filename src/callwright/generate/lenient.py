"""JSON as models write it: in fences, with prose around it, with trailing commas."""

import json
import re

from callwright.conversation import Json

_FENCE = re.compile(r"```(?:json|JSON)?\s*\n?(.*?)```", re.DOTALL)
_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_TRAILING = re.compile(r",(\s*[}\]])")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


def parsed(text: str) -> Json:
    """The JSON object or array in a model's text. Raises `ValueError` with a sentence where there is none."""
    text = _THOUGHT.sub("", text)
    texts = [*_FENCE.findall(text), text]
    why = "there is no JSON object or array in it"
    for one in texts:
        for start in _starts(one):
            for candidate in (one[start:], _mended(one[start:])):
                try:
                    return json.JSONDecoder(strict=False).raw_decode(candidate)[0]
                except ValueError as error:
                    why = f"its JSON does not hold: {error}"
                except RecursionError:
                    raise ValueError("its JSON is nested too deep") from None
    raise ValueError(why)


def _starts(text: str) -> list[int]:
    """Where a JSON value may begin: the first bracket, then the first brace that stands before a key."""
    first = re.search(r"[{\[]", text)
    keyed = re.search(r'\{\s*"', text)
    return sorted({found.start() for found in (first, keyed) if found})


def _mended(text: str) -> str:
    """Without commas before a closing bracket; what stands in strings is left alone."""
    kept: list[str] = []

    def away(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"\0{len(kept) - 1}\0"

    bare = _TRAILING.sub(r"\1", _STRING.sub(away, text))
    return re.sub(r"\0(\d+)\0", lambda match: kept[int(match[1])], bare)


def without_thoughts(text: str) -> str:
    """A model's text without what it thought aloud first."""
    return _THOUGHT.sub("", text).strip()
