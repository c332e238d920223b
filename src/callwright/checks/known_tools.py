"""Known tools: what the arguments of a call are held against, compiled once for each list of tools."""

from functools import lru_cache

import jsonschema_rs
import msgspec

from callwright.checks.argument_order import in_order_within, objects_within
from callwright.conversation import Json, Tool
from callwright.schema import closed, validator

_KEPT = 512
"""Lists of tools remembered; a file has one, or one a row."""
_ORDERS = 1024
"""Orders of arguments remembered for each tool; they are few."""


class KnownTool:
    """A tool with a valid schema."""

    __slots__ = ("_nested", "_orders", "closed", "compiled", "parameters", "places")

    def __init__(self, tool: Tool, compiled: jsonschema_rs.Validator) -> None:
        self.compiled = compiled
        self.parameters = tool.parameters
        self.closed = closed(tool.parameters)
        """Whether there are no parameters but those declared."""
        self.places = {name: place for place, name in enumerate(tool.parameters.get("properties") or ())}
        """Parameter -> its place in the schema."""
        self._nested = objects_within(tool.parameters)
        self._orders: dict[tuple[str, ...], tuple[bool, bool]] = {}

    def keys(self, arguments: dict[str, Json]) -> tuple[bool, bool]:
        """Whether all of `arguments` are parameters, and whether they stand in the order of the schema."""
        given = tuple(arguments)
        known = self._orders.get(given)
        if known is None:
            if len(self._orders) >= _ORDERS:
                self._orders.clear()
            places = [self.places[name] for name in given if name in self.places]
            fits = not self.closed or len(places) == len(given)
            known = self._orders[given] = fits, places == sorted(places)
        if self._nested and known[1]:
            return known[0], in_order_within(self.parameters, arguments)
        return known

    def holds(self, arguments: dict[str, Json]) -> bool:
        """Whether `arguments` fit the schema."""
        try:
            return self.compiled.is_valid(arguments)
        except (ValueError, TypeError, RecursionError, OverflowError):
            return False  # a value that JSON cannot say; who looks closer finds the words


Known = dict[str, KnownTool | None]
"""Name -> tool, the first of that name; None where its schema is none."""

_BY_IDENTITY: dict[int, tuple[tuple[Tool, ...], Known]] = {}
"""The lists are kept alive here, so that an id means one list."""


def known_tools(tools: tuple[Tool, ...]) -> Known:
    """What `tools` declare, remembered by identity and by content."""
    found = _BY_IDENTITY.get(id(tools))
    if found is not None:
        return found[1]
    known: Known = {}
    for tool in tools:
        if tool.name not in known:
            known[tool.name] = _known(tool)
    if len(_BY_IDENTITY) >= _KEPT:
        _BY_IDENTITY.clear()
    _BY_IDENTITY[id(tools)] = tools, known
    return known


def _known(tool: Tool) -> KnownTool | None:
    try:
        return _of_content(msgspec.json.encode(tool.parameters))
    except (ValueError, TypeError, RecursionError, OverflowError):
        return _compiled(tool.parameters)


@lru_cache(maxsize=4096)
def _of_content(text: bytes) -> KnownTool | None:
    return _compiled(msgspec.json.decode(text))


def _compiled(parameters: dict[str, Json]) -> KnownTool | None:
    if parameters.get("type", "object") != "object":
        return None
    try:
        return KnownTool(Tool(name="", parameters=parameters), validator(parameters))
    except (ValueError, TypeError, RecursionError, OverflowError):
        return None
