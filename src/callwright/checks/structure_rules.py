"""The rules of `structure`: what is said of roles, turns, calls and results."""

import msgspec

from callwright.checks.examples import call, calls, reply, result, said, system, user
from callwright.checks.rules import Rule
from callwright.checks.subject import Context
from callwright.conversation import AssistantMessage, Conversation

_ASK = user("Hall on.")
_CALL = call("set_light", room="hall", on=True)
_OK = result("ok")
_DONE = reply("It is on.")
_GOOD = said(_ASK, _CALL, _OK, _DONE)
_HALL_AND_KITCHEN = calls(_CALL, call("set_light", room="kitchen", on=True))
_BOTH = (user("Hall and kitchen on."), _HALL_AND_KITCHEN)


def _named(turn: AssistantMessage, *ids: str) -> AssistantMessage:
    """A turn whose calls have these ids."""
    made = (
        msgspec.structs.replace(one, id=identity) for one, identity in zip(turn.tool_calls, ids, strict=True)
    )
    return msgspec.structs.replace(turn, tool_calls=tuple(made))


def _without_ids(conversation: Conversation) -> Conversation:
    messages = [
        _named(message, *("" for _ in message.tool_calls))
        if isinstance(message, AssistantMessage)
        else message
        for message in conversation.messages
    ]
    return msgspec.structs.replace(conversation, messages=tuple(messages))


EMPTY = Rule(
    code="structure-empty",
    title="a conversation has no messages",
    why="Nothing can be learnt from it and nothing can be asked with it; it is mostly the trace of a generator that"
    " failed, or of a filter that took everything out. Take the row away.",
    bad=(said(),),
    good=(_GOOD,),
)
ORDER = Rule(
    code="structure-order",
    title="messages stand in an order that no conversation has",
    why="A system message stands first, and there is one at most; after a reply that calls nothing it is the user's"
    " turn. Chat templates refuse other orders, or write them so that a model cannot tell whose words they are. Two"
    " assistant messages of which the first calls are fine where the form has no results.",
    bad=(said(_ASK, reply("Which one?"), reply("It is on.")), said(_ASK, system("Be short."), _DONE)),
    good=(said(system("Be short."), _ASK, _CALL, _OK, _DONE),),
)
OPENING = Rule(
    code="structure-opening",
    title="a conversation does not open with the user",
    why="Several chat templates refuse a conversation that opens with the assistant, and a model is never asked to"
    " speak first. Take the greeting out, or put it into the system message.",
    severity="warning",
    bad=(said(reply("Hello, this is the house."), _ASK, _CALL, _OK, _DONE),),
    good=(_GOOD,),
)
USER_TWICE = Rule(
    code="structure-user-twice",
    title="the user speaks twice in a row",
    why="Templates that want user and assistant in turns refuse such a row, and others teach a model that it need not"
    " answer. Mostly a reply was lost between the two. Make them one message, or put the reply back.",
    severity="warning",
    bad=(said(user("It is dark."), _ASK, _CALL, _OK, _DONE),),
    good=(said(user("It is dark. Hall on."), _CALL, _OK, _DONE),),
)
LAST = Rule(
    code="structure-last",
    title="the last message is not the assistant's",
    why="What a model learns of a row is what the assistant says in it; a user's question or a result at the end has"
    " nothing after it to learn, and shows that the row was cut. Add the reply, or take the last message away. A call"
    " may be the last word: it needs no result then.",
    bad=(said(_ASK, _CALL, _OK),),
    good=(_GOOD, said(_ASK, _CALL)),
)
ANSWERED = Rule(
    code="structure-answered",
    title="a prompt already holds its answer",
    why="Where the rows are prompts, the next turn is the assistant's and is yet to be written. A prompt that ends with"
    " that turn gives the answer away, and what is asked for comes after it. Take the last turn off. Looked for only"
    " where the rows are said to be prompts.",
    context=Context(prompts=True),
    bad=(said(_ASK, reply("Which light?")),),
    good=(said(_ASK), said(_ASK, _CALL, _OK)),
)
EMPTY_TURN = Rule(
    code="structure-empty-turn",
    title="a turn says nothing and calls nothing",
    why="A model that is trained on an empty turn learns to stay silent, which looks like a hang to whoever uses it."
    " Mostly a `null` content whose calls were lost, or a reply that a filter took out. White space is nothing. Only a"
    " tool may answer with nothing.",
    bad=(said(_ASK, _CALL, _OK, reply(" ")),),
    good=(said(_ASK, _CALL, result(""), _DONE),),
)
SEVERAL_CALLS = Rule(
    code="structure-several-calls",
    title="a turn makes several calls where the job allows one",
    why="The job's own examples make one call a turn (or `checks.single_call` says so), and the grammar of the student"
    " is made for that. A row with parallel calls teaches what can never be written. Make them one after the other.",
    context=Context(single_call=True),
    bad=(said(*_BOTH, _OK, _OK, reply("Both are on.")),),
    good=(_GOOD,),
)
CALL_ID = Rule(
    code="structure-call-id",
    title="a call has no id",
    why="A result names the call that it answers by its id; without one nobody can tell which. The forms of files that"
    " have no ids (`distil`, tagged text) get theirs when they are read, so this is found in conversations made by a"
    " program. Give each call an id of its own.",
    bad=(_without_ids(said(_ASK, _CALL, user("And the kitchen?"), reply("It is on too."))),),
    good=(_GOOD,),
)
CALL_ID_TWICE = Rule(
    code="structure-call-id-twice",
    title="two calls have the same id",
    why="A result for that id would belong to both. Generators that begin to count anew in every turn make such rows,"
    " and an API refuses them, or pairs the wrong ones. Give each call of a conversation an id of its own.",
    bad=(
        said(
            _ASK,
            _named(_CALL, "a"),
            _OK,
            _DONE,
            user("Off again."),
            _named(call("set_light", room="hall", on=False), "a"),
        ),
    ),
    good=(_GOOD,),
)
RESULT_MISSING = Rule(
    code="structure-result-missing",
    title="a call has no result",
    why="The reply after it speaks of a result that nobody has seen: that is how a model learns to make results up."
    " APIs refuse such a row. Each call has one result before the next turn of the assistant. Not looked for in the"
    " question and answer form, which has no results, nor of calls in the last turn.",
    bad=(said(_ASK, _CALL, _DONE), said(*_BOTH, _OK, reply("Both are on."))),
    good=(_GOOD, said(*_BOTH, _OK, _OK, reply("Both are on."))),
)
RESULT_LATE = Rule(
    code="structure-result-late",
    title="a result does not stand right after its call",
    why="Between a call and its result only other results may stand. What comes before the result was said without"
    " it, and templates write the result into another turn. Put it right after its call.",
    bad=(said(_ASK, _CALL, user("Well?"), _OK, _DONE),),
    good=(_GOOD,),
)
RESULT_TWICE = Rule(
    code="structure-result-twice",
    title="a call has two results",
    why="A call is answered once; a second result with the same id is refused by APIs, and a model cannot know which"
    " of the two holds. Mostly a retry, whose call was lost: give it back its call, or leave one result.",
    bad=(said(_ASK, _CALL, _OK, result("ok", of="call_1"), _DONE),),
    good=(_GOOD,),
)
RESULT_DANGLING = Rule(
    code="structure-result-dangling",
    title="a result answers no call before it",
    why="Its id is that of no call, or of a call that comes later: the call was lost, or the ids were mixed up. APIs"
    " refuse such a row, and a model learns that results come from nowhere. Give the result the id of its call.",
    bad=(
        said(_ASK, _CALL, _OK, result("ok", of="call_9"), _DONE),
        said(_ASK, result("ok", of="call_9"), _DONE),
    ),
    good=(_GOOD,),
)
RULES = (
    EMPTY,
    ORDER,
    OPENING,
    USER_TWICE,
    LAST,
    ANSWERED,
    EMPTY_TURN,
    SEVERAL_CALLS,
    CALL_ID,
    CALL_ID_TWICE,
    RESULT_MISSING,
    RESULT_LATE,
    RESULT_TWICE,
    RESULT_DANGLING,
)
