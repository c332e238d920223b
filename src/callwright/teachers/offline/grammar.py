"""Small grammars: `[a|b]` is one of them, nested as deep as one likes."""

import re
from functools import lru_cache
from random import Random
from typing import TypeAlias

Part: TypeAlias = "str | tuple[tuple[Part, ...], ...]"
"""Text, or the choices, each a run of parts."""

ARTICLE = re.compile(r"\b([Aa]) (?=[aeio][a-z])")
SPACES = re.compile(r" {2,}")


def expand(grammar: str, rng: Random) -> str:
    """One of the sentences of `grammar`, each choice as likely as the others beside it."""
    said = "".join(_said(parsed(grammar), rng))
    return ARTICLE.sub(r"\1n ", SPACES.sub(" ", said)).strip()


def joined(choices: list[str]) -> str:
    """A grammar of one of these."""
    return choices[0] if len(choices) == 1 else f"[{'|'.join(choices)}]"


def _said(parts: tuple[Part, ...], rng: Random) -> list[str]:
    found: list[str] = []
    for part in parts:
        if isinstance(part, str):
            found.append(part)
        else:
            found += _said(part[int(rng.random() * len(part))], rng)
    return found


@lru_cache(maxsize=4096)
def parsed(grammar: str) -> tuple[Part, ...]:
    """The parts of a grammar. Raises `ValueError` where a bracket has no partner."""
    choices, end = _read(grammar, 0, top=True)
    if end != len(grammar):
        raise ValueError(f"a bracket without its partner in {grammar!r}")
    return choices[0]


def _read(grammar: str, at: int, *, top: bool) -> tuple[tuple[tuple[Part, ...], ...], int]:
    """Choices up to the closing bracket, and where it stands; at the top a bar is plain text."""
    choices: list[tuple[Part, ...]] = []
    run: list[Part] = []
    text = ""
    while at < len(grammar) and grammar[at] != "]":
        letter = grammar[at]
        if letter == "[":
            inner, at = _read(grammar, at + 1, top=False)
            if at == len(grammar):
                raise ValueError(f"a bracket without its partner in {grammar!r}")
            run += [text, inner] if text else [inner]
            text = ""
        elif letter == "|" and not top:
            choices.append((*run, text) if text else tuple(run))
            run, text = [], ""
        else:
            text += letter
        at += 1
    choices.append((*run, text) if text else tuple(run))
    return tuple(choices), at
