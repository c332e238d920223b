"""Canonical: a JSON value as bytes, the same for the same value, whatever the order of keys; of any size and depth."""

import orjson

from callwright.conversation import Json


def canonical(value: Json) -> bytes:
    """Bytes in which the order of keys makes no difference and types do: `1`, `1.0`, `true` and `"1"` are four."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (
        TypeError,
        ValueError,
        RecursionError,
    ):  # what JSON or UTF-8 cannot say, huge integers, deep values
        return "\n".join(_parts(value)).encode("utf-8", "surrogatepass")


def _parts(value: Json) -> list[str]:
    parts: list[str] = []
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            parts.append(f"{len(value)} keys")
            for key, inner in sorted(value.items(), key=lambda item: str(item[0])):
                waiting += inner, key
        elif isinstance(value, list | tuple):
            parts.append(f"{len(value)} values")
            waiting += value
        else:
            # The decimals of an integer of any size are not to be had.
            parts.append(f"{type(value).__name__} {value:x}" if isinstance(value, int) else repr(value))
    return parts
