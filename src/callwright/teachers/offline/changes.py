"""How one value comes from another: `thesis.tex` and `thesis_backup.tex`, `run.log` and `run.log.old`."""

import re
from random import Random


def change_between(base: str, other: str) -> tuple[str, str] | None:
    """(change, extra) that makes `other` of `base`; None where it is another value altogether."""
    if base == other or len(base) < 3:
        return None
    if base.casefold() == other.casefold():
        return "case", other
    stem, dot, ending = _parts(base)
    if dot and other.startswith(stem) and other.endswith(dot + ending) and len(other) > len(base):
        return "insert", other[len(stem) : len(other) - len(dot + ending)]
    if other.startswith(base):
        return "append", other[len(base) :]
    if other.endswith(base):
        return "prepend", other[: -len(base)]
    if re.sub(r"\d", "0", base) == re.sub(r"\d", "0", other):
        return "digits", ""
    return None


def changed(base: str, change: str, extra: str, rng: Random) -> str:
    """`base` with the change done; digits in the extra are drawn anew."""
    extra = (
        re.sub(r"\d", lambda m: rng.choice("123456789") if m[0] != "0" else "0", extra)
        if change != "case"
        else extra
    )
    if change == "insert":
        stem, dot, ending = _parts(base)
        return f"{stem}{extra}{dot}{ending}"
    if change == "append":
        return base + extra
    if change == "prepend":
        return extra + base.rsplit("/", 1)[-1]
    if change == "case":
        cased = base.title() if extra != extra.lower() else base.lower()
        return cased if "." not in base else cased[: base.rindex(".")] + base[base.rindex(".") :]
    digits = [m.start() for m in re.finditer(r"\d", base)]
    if not digits:
        return base
    at = digits[-1 - (rng.random() < 0.3 and len(digits) > 1)]
    new = rng.choice([d for d in "0123456789" if d != base[at] and not (at == digits[0] and d == "0")])
    return base[:at] + new + base[at + 1 :]


def _parts(name: str) -> tuple[str, str, str]:
    """(stem, dot, ending); without an ending the last two are empty."""
    stem, dot, ending = name.rpartition(".")
    if not stem or "/" in ending or " " in ending:
        return name, "", ""
    return stem, dot, ending
