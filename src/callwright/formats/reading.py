"""Reading a row: its faults as they are found, each with its path, so that one look shows all of them."""

import json

from callwright.conversation import Json
from callwright.errors import Fault
from callwright.formats.strict_json import JsonFault, parse
from callwright.registry import near


class Reading:
    """Collects what is wrong with one row while it is read."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def error(self, path: str, expected: str, found: str = "", hint: str = "") -> None:
        """The row cannot be used."""
        self.faults.append(Fault(path=path, expected=expected, found=found, hint=hint))

    def warning(self, path: str, expected: str, found: str = "", hint: str = "") -> None:
        """The row is used, and this should be known."""
        self.faults.append(Fault(path=path, expected=expected, found=found, hint=hint, severity="warning"))

    @property
    def failed(self) -> bool:
        return any(fault.severity == "error" for fault in self.faults)

    def text(self, value: Json, path: str, expected: str = "text") -> str:
        """`value` if it is text; else a fault, and `""`."""
        if isinstance(value, str):
            return value
        self.error(path, expected, shown(value))
        return ""

    def parsed(self, text: str, path: str, expected: str, hint: str = "") -> Json:
        """The JSON value of `text`; where it has none a fault, and None."""
        try:
            return parse(text)
        except JsonFault as fault:
            fenced = text.lstrip().startswith("```")
            hint = "take the ``` fence away; the value is JSON only" if fenced else hint
            self.error(path, expected, f"{fault} in {shown(text)}" if text.strip() else str(fault), hint)
            return None

    def keys(self, value: dict[str, Json], known: tuple[str, ...], path: str) -> None:
        """A warning for each key that is not read; null and empty ones say nothing and lose nothing."""
        for key, inner in value.items():
            if key not in known and inner not in (None, "", [], {}):
                hint = near(key, list(known))
                self.warning(f"{path}.{key}", "a key that is read here", f"`{key}`, which is not kept", hint)


def shown(value: Json, limit: int = 60) -> str:
    """A value as a person recognises it: its kind, and its start."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    short = f"`{text[: limit - 1] + '…' if len(text) > limit else text}`"
    kinds: dict[type, str] = {dict: "an object", list: "an array", str: "the text", int: "the number"}
    return " ".join(part for part in (kinds.get(type(value), ""), short) if part)
