"""The rules of `tools`: what is said of the tools that a conversation declares."""

from msgspec.structs import replace

from callwright.checks.examples import SEARCH, call, reply, result, said, user
from callwright.checks.rules import Rule
from callwright.conversation import Conversation, Json

_TABLE = (
    user("A table for two in Rome."),
    call("find_table", city="Rome", guests=2),
    result('[{"name": "Da Enzo"}]'),
    reply("Da Enzo has one for two."),
)
_CITY = {"type": "string", "description": "City to look in."}
_GUESTS = {"type": "integer", "description": "How many will come."}
_FORM = said(*_TABLE, tools=(SEARCH,))


def _with(*, name: str = "find_table", guests: Json = _GUESTS, **others: Json) -> Conversation:
    """The conversation with the tool so declared."""
    parameters = {"type": "object", "properties": {"city": _CITY, "guests": guests}, **others}
    messages = (_TABLE[0], call(name, city="Rome", guests=2), *_TABLE[2:])
    return said(*messages, tools=(replace(SEARCH, name=name, parameters=parameters),))


SCHEMA = Rule(
    code="tools-schema",
    title="the parameters of a tool are no JSON Schema of an object",
    why="A schema that does not hold can neither check a call nor become the grammar that a model writes under, and"
    " APIs refuse it. Mostly a type in the words of a programming language (`dict`, `float`, `list`), `required: true`"
    " beside a parameter, or a `$ref` to nowhere. Arguments have names, so the whole is an object. While the schema"
    " does not hold, calls of that tool are not judged.",
    bad=(_with(type="dict"), _with(name="find_seat", guests={**_GUESTS, "type": "int"})),
    good=(_FORM,),
)
DUPLICATE = Rule(
    code="tools-duplicate",
    title="two tools have the same name",
    why="A call says which tool it means by the name alone. Where two have it, templates show both and whoever runs the"
    " call takes one of them. Mostly two lists of tools were joined. Take one away, or rename it.",
    bad=(said(*_TABLE, tools=(SEARCH, replace(SEARCH, description="Find tables of last year."))),),
    good=(_FORM,),
)
NAME = Rule(
    code="tools-name",
    title="the OpenAI API refuses the name of a tool",
    why="It takes letters, digits, `_` and `-`, 64 at most. Dots, slashes and spaces are common where tools come from a"
    " module or a server (`math.sqrt`, `github/search`); clients that follow the API refuse them, and some templates"
    " and parsers cut a name at such a place. Write another, in the tool and in its calls.",
    severity="warning",
    bad=(_with(name="restaurants.find"),),
    good=(_with(name="restaurants_find"),),
)
REQUIRED = Rule(
    code="tools-required",
    title="a tool requires a parameter that it does not declare",
    why="A call without it lacks what is required, and a call with it has an argument that the tool does not know: no"
    " call can be right. Mostly a parameter was renamed in one place only. Looked for in objects within parameters too,"
    " where `additionalProperties` is false.",
    bad=(said(*_TABLE[:1], reply("For which day?"), tools=_with(required=["town"]).tools),),
    good=(_with(required=["city"]),),
)
DEFAULT = Rule(
    code="tools-default",
    title="a parameter's default does not hold against its own schema",
    why="The default tells a model, and whoever runs the call, what is meant where the argument is left out. One that"
    ' no call may give is a mistake in one of the two: `"2"` for a number, a word that the enum lacks. Mend the default'
    " or the schema.",
    severity="warning",
    bad=(_with(guests={**_GUESTS, "default": "two"}),),
    good=(_with(guests={**_GUESTS, "default": 2}),),
)
EXAMPLE = Rule(
    code="tools-example",
    title="an example in a tool's schema does not fit the schema",
    why="Models copy examples before they read types. Looked at are `examples` and `example`, of a parameter, and of"
    " the parameters as a whole, where each is the arguments of a call. Mend the example.",
    severity="warning",
    bad=(
        _with(guests={**_GUESTS, "examples": ["two"]}),
        _with(name="find_seat", examples=[{"town": "Rome", "guests": 2}]),
    ),
    good=(_with(guests={**_GUESTS, "examples": [2]}, examples=[{"city": "Rome"}]),),
)
UNDESCRIBED = Rule(
    code="tools-undescribed",
    title="a tool, or a parameter of it, has no description",
    why="The descriptions are all that a model is told of what a tool does and what goes where; a student trained"
    " without them can only learn names, and fails where another file calls them otherwise. A sentence for the tool and"
    " one for each parameter do. Told once for each tool, however many rows bring it.",
    severity="warning",
    bad=(_with(guests={"type": "integer"}),),
    good=(_FORM,),
)
RULES = (SCHEMA, DUPLICATE, NAME, REQUIRED, DEFAULT, EXAMPLE, UNDESCRIBED)
