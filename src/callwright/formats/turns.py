"""Turns of a row as its dialect spells them, and how that dialect is found again on the way back."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from callwright.conversation import Json
from callwright.formats.reading import Reading, shown
from callwright.registry import near

WORDS = {
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("human", "user"), "user"),
    **dict.fromkeys(("gpt", "assistant", "model", "chatgpt", "bing"), "assistant"),
    **dict.fromkeys(("function_call", "tool_call"), "call"),
    **dict.fromkeys(("observation", "function_response", "tool_response", "tool", "function"), "result"),
}
"""Word for a speaker -> who it is."""
CONTAINERS = ("conversations", "conversation", "messages")
MARK = "turns"
"""In the metadata: what of a row's dialect is not as the form writes it otherwise."""


class Dialect(msgspec.Struct, frozen=True):
    """How a row spells its turns."""

    at: str
    """Key of the turns."""
    keys: str
    """Keys of a turn, of who speaks and of what is said."""
    system: str
    """Where the system's words stand: `turn`, or in a `key` of the row."""
    tools: str
    """Where the tools stand: in a `key` of the row, or in the `text` of the first system turn."""
    results: str = "joined"
    """Several results after one another: `joined` in one turn, or `each` in its own."""

    def turn(self, role: str, text: str) -> dict[str, Json]:
        """A turn; `role` as the OpenAI API names it, or a word of the form's own."""
        speaker, said = self.keys.split("/")
        word = {"user": "human", "assistant": "gpt"}.get(role, role) if speaker == "from" else role
        return {speaker: word, said: text}

    def row(self, turns: Sequence[dict[str, Json]]) -> dict[str, Json]:
        """The row of `turns`."""
        if self._apart(turns):
            return {"system": turns[0][self._said], self.at: list(turns[1:])}
        return {self.at: list(turns)}

    def turn_place(self, turns: Sequence[dict[str, Json]], index: int) -> str:
        """Path of a turn in the row."""
        if not self._apart(turns):
            return f"$.{self.at}[{index}]"
        return f"$.{self.at}[{index - 1}]" if index else "$.system"

    def text_place(self, turns: Sequence[dict[str, Json]], index: int) -> str:
        """Path of what is said in a turn."""
        place = self.turn_place(turns, index)
        return place if place == "$.system" else f"{place}.{self._said}"

    @property
    def _said(self) -> str:
        return self.keys.split("/")[1]

    def _apart(self, turns: Sequence[dict[str, Json]]) -> bool:
        # An empty key says that there is no system message, so empty words stand in a turn.
        speaker = self.keys.split("/")[0]
        first = turns[0] if self.system == "key" and turns else {}
        return first.get(speaker) == "system" and first[self._said] != ""


_CHOICES = {
    "at": CONTAINERS,
    "keys": ("from/value", "role/content"),
    "system": ("turn", "key"),
    "tools": ("key", "text"),
    "results": ("joined", "each"),
}


def dialect_of(metadata: dict[str, Json], usual: Dialect) -> Dialect:
    """The dialect to write: the form's usual one, but for what is marked."""
    mark = metadata.get(MARK)
    if not isinstance(mark, dict):
        return usual
    known = {key: mark[key] for key, choices in _CHOICES.items() if mark.get(key) in choices}
    return msgspec.structs.replace(usual, **known)


def with_dialect(metadata: dict[str, Json], seen: Dialect, usual: Dialect) -> dict[str, Json]:
    """`metadata` with the mark of the dialect `seen`, if it needs one and has none yet.

    The mark stays in the metadata on writing too, so a row gives the same one however it is spelled.
    """
    if MARK in metadata or seen == usual:
        return metadata
    other = {
        key: getattr(seen, key) for key in seen.__struct_fields__ if getattr(seen, key) != getattr(usual, key)
    }
    return {**metadata, MARK: other}


class Turn(NamedTuple):
    """A turn as it stands in the row."""

    path: str
    """Of what is said in it."""
    role: str
    """One of the values of `WORDS`."""
    value: Json
    row: dict[str, Json]


def read_turns(row: dict[str, Json], usual: Dialect, reading: Reading) -> tuple[list[Turn], Dialect]:
    """The turns that can be told, and the dialect as far as they show it."""
    at = next((key for key in CONTAINERS if key in row), usual.at)
    values = row.get(at)
    if isinstance(values, str):  # as in a CSV file
        values = reading.parsed(values, f"$.{at}", "a JSON array of turns")
    if not isinstance(values, list):
        if not reading.failed:
            reading.error(f"$.{at}", "an array of turns", shown(values) if at in row else "no such key")
        values = []
    keys = [_keys(value) for value in values if isinstance(value, dict)]
    read = (_turn(value, f"$.{at}[{index}]", reading) for index, value in enumerate(values))
    turns = [turn for turn in read if turn]
    system = usual.system
    if row.get("system"):
        turns.insert(0, Turn("$.system", "system", row["system"], {}))
        system = "key"
    elif turns and turns[0].role == "system" and turns[0].value:
        system = "turn"
    return turns, msgspec.structs.replace(usual, at=at, keys=keys[0] if keys else usual.keys, system=system)


def _keys(value: dict[str, Json]) -> str:
    return "from/value" if "from" in value or "role" not in value else "role/content"


def _turn(value: Json, path: str, reading: Reading) -> Turn | None:
    if not isinstance(value, dict):
        reading.error(path, 'a turn, {"from": …, "value": …}', shown(value))
        return None
    speaker, said = _keys(value).split("/")
    word = value.get(speaker)
    role = WORDS.get(word.lower().replace("-", "_")) if isinstance(word, str) else None
    if role is None:
        hint = near(word, list(WORDS)) if isinstance(word, str) else ""
        expected = "who speaks: `human`, `gpt`, `system`, `function_call` or `observation`"
        if speaker == "role":
            expected = "who speaks: `user`, `assistant`, `system` or `tool`"
        found = shown(word) if speaker in value else "no such key"
        reading.error(f"{path}.{speaker}", expected, found, hint)
        return None
    return Turn(f"{path}.{said}", role, value.get(said), value)
