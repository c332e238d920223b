"""Python literals: what `str()` makes of a value, `{'on': True}`, where JSON was meant."""

import ast
import math
import warnings

from callwright.conversation import Json

_LONGEST = 100_000
"""Characters that are read; the parser of Python needs a hundred times as many bytes."""


def literal(text: str) -> Json:
    """The JSON value that a Python literal stands for. Raises ValueError where it is none, or JSON cannot say it."""
    if len(text) > _LONGEST:
        raise ValueError("too long to be read as Python")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an escape that Python does not know is kept as it stands
            return _json(ast.literal_eval(text.strip()))
    except (SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise ValueError(f"no Python literal: {error}") from error


def _json(value: object) -> Json:
    match value:
        case None | bool() | int() | str():
            return value
        case float() if math.isfinite(value):
            return value
        case list() | tuple():
            return [_json(inner) for inner in value]
        case dict() if all(isinstance(key, str) for key in value):
            return {key: _json(inner) for key, inner in value.items()}
        case _:
            raise ValueError(f"JSON has no {type(value).__name__} of this kind")
