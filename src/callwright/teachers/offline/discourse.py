"""How a turn leans on what was said before it: pronouns, `and …?`, `no, I meant …`, `the other one`."""

import re

OPENING = re.compile(
    r"^(?:and|or|but|no|nope|not|wait|sorry|oops|oh|hmm+|actually|wrong|nothing|rather|instead|same|ditto|also|"
    r"plus|"
    r"what about|how about|likewise|make (?:it|that)|i meant?)\b",
    re.IGNORECASE,
)
BACKWARD = re.compile(
    r"\b(?:same|again|instead|others?|another|too|as well|them|those|both|either|rather|ditto|likewise|else|"
    r"previous|former|latter|that one|this one|(?:a new|new|the|first|second|third|last|next) ones?|"
    r"one (?:called|named)|"
    r"(?:and|then) one|the first|the second|the last|original|change (?:that|it)|make (?:that|it))\b",
    re.IGNORECASE,
)
DEICTIC = re.compile(r"\b(?:it|its|that|this|there|here|him|her|his|they|their)\b", re.IGNORECASE)
EXISTENTIAL = re.compile(
    r"\b(?:is|are|was|were) there\b|\bthere(?:'s| is| are)\b(?! it)|\b(?:name|call|title|label) it\b",
    re.IGNORECASE,
)
FOLLOWING = re.compile(
    r"^(?:ok(?:ay)?|now|then|next|great|good|thanks?|thank you|right|alright|all right|perfect|nice|cool|"
    r"fine|finally|"
    r"lastly|after that|there|well|so|yes|yeah|yep|sure|once|done|got it|in (?:there|it))\b",
    re.IGNORECASE,
)
LONG = re.compile(
    r"\b(?:first|second|third|last|other|another|original|both|all of|them|earlier|before|previous)\b",
    re.IGNORECASE,
)
PLAIN_PRONOUN = re.compile(r"\b(?:it|that one|this one)\b", re.IGNORECASE)
DEFINITE = re.compile(r"\b(?:the|that|this|those|these) (?!one\b|same\b)[^\W\d_]{2,}", re.IGNORECASE)
REPEATING = frozenset(
    [
        "and",
        "same",
        "for",
        "with",
        "do",
        "the",
        "please",
        "pls",
        "no",
        "not",
        "i",
        "meant",
        "mean",
        "sorry",
        "actually",
        "that",
        "this",
        "one",
        "too",
        "as",
        "well",
        "also",
        "now",
        "then",
        "ok",
        "okay",
        "again",
        "instead",
        "wait",
        "oops",
        "but",
        "what",
        "about",
        "how",
        "of",
        "to",
        "it",
        "thanks",
        "you",
        "can",
        "could",
        "would",
        "rather",
        "hmm",
        "nope",
        "wrong",
        "yes",
        "just",
    ]
)
"""A follow-up made of these words alone repeats the call before it, whatever that was."""


def leans(text: str) -> bool:
    """Whether the turn cannot be understood without the one before it."""
    bare = EXISTENTIAL.sub(" ", text.strip())
    return bool(OPENING.search(bare) or BACKWARD.search(bare))


def follows(text: str) -> bool:
    """Whether the turn is understood alone, but would be odd as the first."""
    bare = EXISTENTIAL.sub(" ", text.strip())
    return bool(FOLLOWING.search(bare) or DEICTIC.search(bare) or OPENING.search(bare))


def looks_far(text: str) -> bool:
    """Whether the turn speaks of more than the one before it: the second, the other, back."""
    return bool(LONG.search(text))


def plain_pronoun(text: str) -> bool:
    """Whether what is carried over is said by `it` alone, so that it may be of any kind."""
    return (
        bool(PLAIN_PRONOUN.search(EXISTENTIAL.sub(" ", text)))
        and not DEFINITE.search(text)
        and not leans(text)
    )


def repeats(text: str) -> bool:
    """Whether the words around the values say no more than `the same again with this`."""
    letters = "".join(c if c.isalpha() or c == " " else " " for c in text.lower())
    return all(word in REPEATING for word in letters.split())
