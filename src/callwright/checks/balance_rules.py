"""The rules of balance, each with the sets that show it."""

from callwright.checks.examples import LIGHT, call, reply, result, said, user
from callwright.checks.rules import Rule
from callwright.checks.subject import Context
from callwright.conversation import AssistantMessage, Conversation, Message, Tool

_ON = (
    ("Hall on, please.", "hall", None),
    ("It is too dark to cook in the kitchen.", "kitchen", None),
    ("Could I have some light in the cellar before I break my neck?", "cellar", None),
    ("Attic. Now.", "attic", None),
    ("Guests are coming, so let there be light in the porch!", "porch", None),
    ("I want to read in the bedroom.", "bedroom", None),
    ("Somebody is in the garage, put the light on there.", "garage", None),
    ("We are going to eat in the veranda and see nothing.", "veranda", None),
    ("Switch on whatever there is in the study", "study", None),
    ("my kid is scared in the nursery, light!", "nursery", None),
    ("Make the pantry bright", "pantry", None),
    ("Only 20 percent in the bathroom, I have a headache.", "bathroom", 20),
    ("Give me the workshop at 100.", "workshop", 100),
    ("For the film I would like 5 percent of light in the lounge.", "lounge", 5),
)
_OFF = (
    ("Nobody is in the library any more, save the energy.", "library"),
    ("Sleep time: all dark in the dormitory.", "dormitory"),
    ("The lamp in the shed still burns, please see to it.", "shed"),
    ("Lights out in the gym!", "gym"),
)
_TABLES = (
    ("A table in Rome, anything will do.", "Rome"),
    ("Where could I eat in Oslo?", "Oslo"),
    ("I am hungry and stuck in Kyoto.", "Kyoto"),
    ("find me something nice for dinner, Lisbon", "Lisbon"),
    ("My parents visit Vienna and want to dine out.", "Vienna"),
    ("Is there any restaurant left in Quito that has a seat?", "Quito"),
    ("Lunch. Hanoi. Quickly.", "Hanoi"),
    ("We land in Dakar tonight and will not cook.", "Dakar"),
    ("Show me places to eat around Tallinn", "Tallinn"),
    ("What about supper in Cusco?", "Cusco"),
)


def _done(asked: str, made: AssistantMessage, then: str) -> tuple[Message, ...]:
    return user(asked), made, result("ok"), reply(then)


def _on(asked: str, room: str, level: int | None) -> tuple[Message, ...]:
    how = {} if level is None else {"level": level}
    return _done(asked, call("set_light", room=room, on=True, **how), "It is on.")


def _off(asked: str, room: str) -> tuple[Message, ...]:
    return _done(asked, call("set_light", room=room, on=False), "It is off.")


def _table(asked: str, city: str) -> tuple[Message, ...]:
    return user(asked), call("find_table", city=city), result('["Sole"]'), reply("Sole has a free table.")


def _each(*talks: tuple[Message, ...], tools: tuple[Tool, ...] = (LIGHT,)) -> tuple[Conversation, ...]:
    return tuple(said(*talk, tools=tools) for talk in talks)


_SEEK = Tool(
    name="find_table",
    description="Find restaurants with a free table.",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string", "description": "City to look in."}},
        "required": ["city"],
    },
)
_BOTH = (LIGHT, _SEEK)
_LIGHTS = [_on(*one) for one in _ON]
_DARK = [_off(*one) for one in _OFF]
_DINNERS = [_table(*one) for one in _TABLES]
_TWICE = [(*first, *second) for first, second in zip(_LIGHTS[4:], _DINNERS, strict=True)]
_MISSING = (user("Some light, please."), reply("In which room?"), *_on("The loft.", "loft", None))
_THANKS = (*_off("I am leaving the office.", "office"), user("Thank you!"), reply("You are welcome."))
_BEYOND = (user("Open the window."), reply("I cannot open windows, only switch lights."))
_FAILED = (
    user("Light in the barn!"),
    call("set_light", room="barn", on=True),
    result('{"error": "no such room"}'),
    reply("There is no room called barn."),
)

TOOL = Rule(
    code="balance-tool",
    title="a tool is declared and never called",
    why="What no conversation calls, a student learns not to call. Said of a set in which ten conversations or more"
    " declare the tool. Show it in a few conversations, take it out of the tools, or leave it as a deliberate decoy.",
    severity="warning",
    bad=_each(*_LIGHTS[:10], tools=_BOTH),
    good=_each(*_LIGHTS[:8], *_DINNERS[:4], tools=_BOTH),
)
PARAMETER = Rule(
    code="balance-parameter",
    title="a parameter is never given",
    why="A parameter that no call gives is one that the student will not give, whatever the user says. Said where"
    " its tool is called ten times or more. Show calls with it, or take it out of the schema.",
    severity="warning",
    bad=_each(*_LIGHTS[:10]),
    good=_each(*_LIGHTS[:8], *_LIGHTS[-3:], *_DARK[:1]),
)
ENUM = Rule(
    code="balance-enum",
    title="an allowed value is never shown",
    why="Of an enum or a boolean, each value is a choice of its own: one that is never shown is rarely made. Said"
    " where the parameter is given twelve times or more, and four times for each value it allows. The default needs"
    " no showing, nor the `false` of a flag that is left out instead.",
    severity="warning",
    bad=_each(*_LIGHTS),
    good=_each(*_LIGHTS, *_DARK),
)
SITUATION = Rule(
    code="balance-situation",
    title="a situation that every assistant meets never occurs",
    why="A student does what it has seen. If no conversation calls, it never calls; if every request is followed by a"
    " call, it calls upon `thank you`; if nothing is ever asked for, it invents what the user left out. Said of ten"
    " conversations or more; the last two of conversations with several turns and results, since rows of one request"
    " and its call are about that alone.",
    severity="warning",
    bad=_each(*_TWICE, tools=_BOTH),
    good=_each(*_TWICE[1:], _MISSING, _THANKS, tools=_BOTH),
)
TURNS = Rule(
    code="balance-turns",
    title="all conversations have the same course",
    why="If every conversation has the same number of turns, calls and replies in the same places, a student learns"
    " when to call from the number of the turn and not from what is said. Said of ten conversations or more with"
    " several turns, or of twenty where only the number is the same. Show short ones and long ones.",
    severity="warning",
    bad=_each(*_TWICE, tools=_BOTH),
    good=_each(*_TWICE[4:], *_DARK, _MISSING, _THANKS, tools=_BOTH),
)
TEST = Rule(
    code="balance-test",
    title="the test set is made up differently",
    why="A score on conversations of another kind says little about what was trained. The conversations that call each"
    " tool and that have each situation are compared, by Fisher's exact test, and the turns, by Kolmogorov and"
    " Smirnov's, so that two halves of one set are hardly ever called different. Draw both sets from the same"
    " conversations, or keep the difference on purpose and say so.",
    severity="warning",
    bad=_each(*_DINNERS, tools=_BOTH),
    good=_each(*_DARK, tools=_BOTH),
    test=_each(*_LIGHTS, tools=_BOTH),
)
REFUSAL = Rule(
    code="balance-refusal",
    title="nothing is ever declined",
    why="Users ask for what no tool can do. A student that has never seen this answered calls the tool that comes"
    " nearest. Looked for only where it is selected, since many sets leave it out on purpose; a reply counts if it"
    " says in English that the assistant cannot.",
    severity="warning",
    selected=False,
    context=Context(select=("balance-refusal",)),
    bad=_each(*_LIGHTS),
    good=_each(*_LIGHTS, _BEYOND),
)
ERROR = Rule(
    code="balance-error",
    title="no result is ever an error",
    why="Calls fail. A student that has seen only results that are fine tells the user that all is well, or calls the"
    " same again. Looked for only where it is selected; a result counts if it is an object with `error`, one that says"
    " that it did not succeed, or a text that begins with an error.",
    severity="warning",
    selected=False,
    context=Context(select=("balance-error",)),
    bad=_each(*_LIGHTS),
    good=_each(*_LIGHTS, _FAILED),
)
