"""Chat templates, compiled and run exactly as Hugging Face does it, without needing Hugging Face.

The same sandbox, extensions, filters and globals as `transformers.utils.chat_template_utils`; the tests hold
both against each other. Templates come from the hub, so they are untrusted code: they see plain JSON values
only.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NoReturn

from jinja2 import Template, TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

from callwright.conversation import Json
from callwright.errors import RenderError

FAILURES = (
    TemplateError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""What a template raises when it cannot write a conversation: on purpose, or by tripping over its shape."""


class Fixed(dict[str, Json]):
    """A JSON object that is rendered again and again (a tool); its JSON text is written once."""

    def __init__(self, values: Mapping[str, Json]) -> None:
        super().__init__(values)
        self._written: dict[tuple[object, ...], str] = {}

    def written(self, *options: Any) -> str:
        if options not in self._written:
            self._written[options] = _dumps(self, *options)
        return self._written[options]


class _Generation(Extension):
    """`{% generation %}`: some templates mark the student's text with it; it writes nothing itself."""

    tags = {"generation"}  # noqa: RUF012 (Jinja's own convention)

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_inside"), [], [], body).set_lineno(line)

    def _inside(self, caller: Callable[[], str]) -> str:
        return caller()


class _Namespace(Namespace):
    """Jinja's namespace without underscore names, as Hugging Face restricts it."""

    def __init__(*args: Any, **kwargs: Any) -> None:
        self, *rest = args  # so that `namespace(self=…)` works, as in Jinja
        attributes = dict(*rest, **kwargs)
        for name in attributes:
            _refuse_private(name)
        Namespace.__init__(self, attributes)

    def __setitem__(self, name: str, value: Any) -> None:
        _refuse_private(name)
        super().__setitem__(name, value)


class _Dict:
    """`dict(…)` for templates, with nothing else of the class to reach through."""

    def __call__(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return dict(*args, **kwargs)

    def fromkeys(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return dict.fromkeys(*args, **kwargs)


def _refuse_private(name: object) -> None:
    if isinstance(name, str) and name.startswith("_"):
        raise SecurityError(f"a template cannot store the underscore name {name!r} on a namespace")


def _raise_exception(message: str) -> NoReturn:
    raise TemplateError(message)


def _dumps(
    value: Json,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def _tojson(
    value: Json,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Jinja's own `tojson` escapes HTML, which would change what the model reads."""
    options = (ensure_ascii, indent, separators and (separators[0], separators[1]), sort_keys)
    return value.written(*options) if isinstance(value, Fixed) else _dumps(value, *options)


@lru_cache(maxsize=64)
def compiled(template: str, today: date) -> Template:
    """The template, ready to render; `today` is what its `strftime_now` tells. Raises `RenderError`."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols]
    )
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = datetime.combine(today, datetime.min.time()).strftime
    environment.globals["dict"] = _Dict()
    environment.globals["namespace"] = _Namespace
    try:
        return environment.from_string(template)
    except TemplateError as error:
        raise RenderError(f"the chat template is no Jinja template: {error}") from error


def run(
    template: Template,
    messages: Sequence[dict[str, Json]],
    tools: Sequence[dict[str, Json]] | None,
    *,
    cue: bool,
    values: Mapping[str, Json],
) -> str:
    """The rendered text. Raises `RenderError` with the template's own reason where it refuses."""
    try:
        return template.render(
            messages=messages, tools=tools, documents=None, add_generation_prompt=cue, **values
        )
    except FAILURES as error:
        raise RenderError(f"the chat template refuses this conversation: {error}") from error
