"""How people go on after a call, in any trade: corrections, once more, pointing back; grammars as in `action`."""

from callwright.teachers.offline.action import lines

CORRECTING = lines(
    """
[no|nope|no no|wait|no wait|sorry|oops|hmm|hold on|ah|oh], [|I meant |I mean |rather |it should be \
|that should be ]{p}{x}
[no|nope|no no|wait|no wait|sorry|oops|hmm|hold on|ah|oh], [make that |make it |it's |I wanted |use |take ]{x}
[no|nope|wait|sorry|oops], not [that one|that|this one], [|I meant |but |I mean ]{p}{x}
[actually|on second thought|hmm, no|hm], [|I meant |I mean |better |rather ]{p}{x} [instead|]
[actually|on second thought|hmm, no|hm], [make that|make it|let's take|let's make it|use] {x} [instead|]
[sorry|oops|my mistake|my bad|wrong one|typo|not right|that was wrong|wrong|I misspoke\
|that's not it], [|I meant |it should be |it should have been ]{p}{x}
{p}{x} [instead|rather], [sorry|please]
I [meant|meant to say] {p}{x}[|, sorry|, not that one]
that should [be|have been] {p}{x}
"""
)
"""After a call: the same with another value; `{p}` is the preposition it goes with."""
REPEATING = lines(
    """
[and|also|then|next|plus|now|and now|and then] {p}{x}[| too| as well| please| also|, please]
[same|the same|do the same|same thing|same again|likewise|ditto|repeat that] [for|with] {x}[| too\
| please|, please]
{x} [too|as well|also], [please|thanks]
{x} [too|as well|likewise]
[what|how] about {p}{x}
[now|next|then] do {x}[| too| as well]
[once more|again|another time] [for|with] {x}
"""
)
"""After a call: once more with another thing."""
ELSEWHERE = lines(
    """
[and|now|also|then|or] {p}{x}[|, please]
[and|what about|how about|now|then try|try] {p}{x}
[same|the same|do the same|same thing|once more|again] {p}{x}[|, please]
[nothing|no luck|not there]? [try|look|maybe] {p}{x}
{p}{x} [as well|too]
"""
)
"""After a call: once more somewhere else."""
POINTING = lines(
    """
[|now |then |ok, |and |great, |good, |next, |alright, |cool, |perfect, |thanks, |and now |after that ]
"""
)[0]
"""Before a request about what was just named."""
DROPPING = (
    "[actually|on second thought|hmm|never mind|wait|no wait|hm, forget that|changed my mind|scratch that], "
)
"""Before a request that takes back what was just done."""
IT = "[it|it|it|that|that one|this one]"
THE = "[it|it|that|that {n}|the {n}|this {n}|that one|the [same|new] {n}]"
FLAGGED = lines(
    """
{A}[list|show|show me|display] [all |][the |]{ns}[, including|, with| including| with|, also| and| plus\
|, and also] [the |]{f} [ones|{ns}|things|stuff]
{A}[list|show|show me|display] [all|all the|the] {f} [ones|{ns}|things|stuff][| too| as well| here| in here]
[list|show me|show|display|let me see|what's] [everything|all of it|all][, even| including|, including\
|, also] [the |]{f} [ones|{ns}|things|stuff]
[what|which|are there any|any|do we have any|do I have any|is there any] {f} [{ns}|ones|stuff\
|things] [here|in here|in this {m}|there|]
[let me|I want to|I'd like to|I need to|can I] [also |]see [the |all |]{f} [{ns}|ones|stuff|things][\
| too| as well| here]
[list|show|show me] [everything|all {ns}|what's here|the contents], {f} [{ns}|ones] [included|too|as well]
"""
)
"""Requests with a switch that is on; `{f}` is what it adds."""
FLAGGING = lines(
    """
[and|also|now|and now|and what about|what about|how about|and any] [the |]{f} [ones|{ns}|things|stuff][\
| too| as well| please]
[|and |also ][include|including|with|add|plus] [the |]{f} [ones|{ns}|things|stuff][| too| as well\
| please| this time]
[again|once more|the same|same], [|but ][with|including] [the |]{f} [ones|{ns}|things|stuff][| too| as well]
[{f}|the {f}] [ones|{ns}|things|stuff] [too|as well|also][| please]
"""
)
"""After the same call without the switch."""
GOING = (
    "[[go|step|get|hop|head|move|cd] [in|inside|into it|there|in there|right in]|[take|bring|get] me [there|inside|in]"
    "|[open|enter] [that|the|this] {n}|[enter|open] it]"
)
"""To what was just named."""
