"""The rules of `results`: what is said of the results of calls, and of the replies to them."""

from callwright.checks.examples import call, reply, result, said, user
from callwright.checks.rules import Rule
from callwright.checks.subject import Context

_ROME = (user("A table for two in Rome."), call("find_table", city="Rome", guests=2))
_FOUND = reply("Da Enzo has one for two.")
_ASK = (user("Hall on."), call("set_light", room="hall", on=True))

JSON = Rule(
    code="results-json",
    title="a result is meant to be JSON and is none",
    why="A result that was cut at some length cannot be parsed by whoever reads the row later, and a model learns from"
    " it that broken objects are fine. What begins like JSON is meant to be JSON, and so is all that comes from a tool"
    " that promises it (`checks.json_results`). Text in brackets (`[no results]`) is text, and so is what a shell"
    " prints, or a tool that answers with plain text elsewhere in the conversation. Errors may be told in words, unless"
    " JSON is promised.",
    context=Context(json_results=("find_table",)),
    bad=(
        said(*_ROME, result('[{"name": "Da Enzo", "gues'), _FOUND),
        said(*_ROME, result("Da Enzo, two at eight"), reply("Da Enzo has one at eight.")),
    ),
    good=(
        said(*_ROME, result('[{"name": "Da Enzo"}]'), _FOUND),
        said(*_ASK, result("[on already]"), reply("The hall is lit already.")),
    ),
)
PYTHON_LITERAL = Rule(
    code="results-python-literal",
    title="a result is written as Python, not as JSON",
    why="`{'open': True}` is what `str()` of Python makes of an object: single quotes, `True`, `None`. No parser of"
    " JSON takes it, and a model that reads such results learns to write its own arguments so. The tool, or what"
    " recorded it, is to use `json.dumps`. What a shell prints is left alone. The fix writes the same value as JSON.",
    bad=(said(*_ROME, result("[{'name': 'Da Enzo', 'open': True}]"), reply("Da Enzo has one.")),),
    good=(said(*_ROME, result('[{"name": "Da Enzo", "open": true}]'), reply("Da Enzo has one.")),),
)
ERROR_IGNORED = Rule(
    code="results-error-ignored",
    title="a reply claims success after a call that failed",
    why="The result says that nothing was done and the reply says that it is done: nothing harms the users of an agent"
    " more, and a model learns it from few rows. A result is an error where it is JSON with `error`, `success: false`"
    ' or `status: "failed"`, or text that begins so. The reply heeds it if it says that something failed, says no or'
    " sorry, asks, or calls again; only plain claims of success are told. Write what the user should know.",
    severity="warning",
    bad=(
        said(*_ASK, result('{"error": "the hall lamp does not respond"}'), reply("Done, the light is on.")),
    ),
    good=(
        said(
            *_ASK,
            result('{"error": "the hall lamp does not respond"}'),
            reply("The hall lamp does not respond, so I could not switch it on."),
        ),
    ),
)
RULES = (JSON, PYTHON_LITERAL, ERROR_IGNORED)
