"""The rules of `arguments`: what is said of calls against their tools."""

from callwright.checks.examples import call, reply, result, said, user
from callwright.checks.rules import Rule
from callwright.conversation import AssistantMessage, MalformedCall, Tool

_ASK = user("Hall light on, at 40.")
_END = (result("ok"), reply("It is on at 40."))
_GOOD = said(_ASK, call("set_light", room="hall", on=True, level=40), *_END)
_CUT = '{"name": "set_light", "arguments": {"room": "hall", "on"'
_LABEL = Tool(
    name="label",
    description="Put labels on a note.",
    parameters={
        "type": "object",
        "properties": {
            "labels": {"type": "array", "items": {"type": "string"}, "description": "The labels."},
            "pinned": {"type": "boolean", "description": "Whether the note stays on top."},
        },
        "required": ["labels"],
    },
)

UNDECLARED = Rule(
    code="arguments-undeclared",
    title="a call is of a tool that is not declared",
    why="Whoever runs the call has no such function, and a model that learns it calls names that it was never given:"
    " the hallucinated tools that users complain of. Mostly a name that was spelt otherwise, or a row that lost its"
    " tools; a row without any declares none. Write the declared name, or declare the tool.",
    bad=(said(_ASK, call("set_lights", room="hall", on=True, level=40), *_END),),
    good=(_GOOD,),
)
SCHEMA = Rule(
    code="arguments-schema",
    title="the arguments of a call do not hold against the tool's schema",
    why="A required argument is missing, a value has another type or is none of those allowed, or there is an argument"
    " that the tool does not have: a function takes no more than it declares, unless its schema says"
    " `additionalProperties`. The call would fail, and a grammar made of the schema could not write it, so a model can"
    " only learn it by unlearning the schema. Every fault is told with its place.",
    bad=(
        said(_ASK, call("set_light", room="hall", level=40), *_END),
        said(_ASK, call("set_light", room="hall", on=True, level=400), *_END),
    ),
    good=(_GOOD,),
)
DOUBLE_ENCODED = Rule(
    code="arguments-double-encoded",
    title="a value is written as text of JSON",
    why='`"40"` for the number, `"[\\"a\\"]"` for the list, `"true"` for the boolean: the value went through'
    " `json.dumps` once too often, or came out of a table in which all is text. A model trained on it writes quotes"
    ' around everything, and tools refuse that, or take `"false"` for true. Found only where the schema refuses the'
    " text and takes what it says; where text is asked for, text is right. The fix decodes it.",
    bad=(said(_ASK, call("set_light", room="hall", on=True, level="40"), *_END),),
    good=(_GOOD,),
)
PYTHON_LITERAL = Rule(
    code="arguments-python-literal",
    title="a value is written as Python, in text",
    why='`"True"`, `"None"`, `"[\'a\']"`: what `str()` makes of a value in Python. It is no JSON, so whoever decodes'
    " it once more fails as well. Found only where the schema refuses the text and takes the value that Python reads"
    ' in it; a schema whose enum has `"True"` is given `"True"`. The fix writes the value.',
    bad=(
        said(_ASK, call("set_light", room="hall", on="True", level=40), *_END),
        said(
            user("Pin my note, labels home and tax."),
            call("label", labels="['home', 'tax']", pinned=True),
            result("ok"),
            reply("It is pinned."),
            tools=(_LABEL,),
        ),
    ),
    good=(_GOOD,),
)
MALFORMED = Rule(
    code="arguments-malformed",
    title="a turn holds something that should be a call and is none",
    why="Forms with tagged text, and whatever a model wrote, may hold calls that do not parse: JSON that is cut off, a"
    " tag that is not closed, arguments that are a list. They are kept as they are, so that they can be looked at;"
    " nothing is run for them, and nothing may be learnt from them. Write the call, or take the row out.",
    bad=(said(_ASK, AssistantMessage(malformed=(MalformedCall(raw=_CUT, error="it ends too early"),))),),
    good=(_GOOD,),
)
ORDER = Rule(
    code="arguments-order",
    title="arguments stand in another order than the tool declares them",
    why="A student's grammar, and OpenAI's strict mode, write arguments in the order of the schema and in no other:"
    " a model trained on another order (alphabetical keys are common) is asked to write what it may not, and is pushed"
    " off its habit at every argument. The same goes for objects within arguments. Told once a conversation, at its"
    " first such call; the fix puts all of them in order and changes no value.",
    severity="warning",
    bad=(said(_ASK, call("set_light", level=40, on=True, room="hall"), *_END),),
    good=(_GOOD,),
)
RULES = (UNDECLARED, SCHEMA, DOUBLE_ENCODED, PYTHON_LITERAL, MALFORMED, ORDER)
