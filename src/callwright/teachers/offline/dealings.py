"""What people ask for when they deal with others, in shops or with machines."""

from callwright.teachers.offline.action import Action, lines

DEALINGS: dict[str, Action] = {
    "send": Action(
        triggers=frozenset(["send", "text", "message", "email", "notify", "forward", "share"]),
        verbs="[send|forward|pass on]",
        place=lines(
            """
{A}[send|forward|pass on] {x} to {y}
{A}send {y} {x}
[let|make sure] {y} [gets|receives|has] {x}
{y} [needs|should get|wants|is waiting for] {x}
[get|pass] {x} [over |]to {y}
"""
        ),
    ),
    "play": Action(
        triggers=frozenset(["play", "listen", "stream"]),
        verbs="[play|start|start playing|stream|queue]",
        one=lines(
            """
[I want|I'd like|I feel like|I'm in the mood] to [hear|listen to] {x}
[let me|let's|can we|can I] [hear|listen to] {x}
how about [some |]{x}
[some|a bit of] {x} [please|would be nice]
"""
        ),
    ),
    "add": Action(
        triggers=frozenset(["add", "insert", "append", "put"]),
        verbs="[add|put|note|include]",
        place=lines(
            """
{A}[add|put|note|write] {x} [to|on|onto] [|the {m} |my {m} |the |my ]{y}
[put|include] {x} [on|in] [|the |my ]{y}
{y} [needs|is missing|should have] {x}
{x} [goes|belongs|should go] on [|the |my ]{y}
"""
        ),
    ),
    "book": Action(
        triggers=frozenset(["book", "reserve"]),
        verbs="[book|reserve|get me|secure|arrange]",
    ),
    "cancel": Action(
        triggers=frozenset(["cancel", "abort", "revoke"]),
        verbs="[cancel|drop|stop|forget about|abort]",
        one=lines(
            """
I [no longer need|don't need|don't want|changed my mind about|can't make it to] {x} [any more|]
{x} is [off|not happening|cancelled]
"""
        ),
        ends=True,
    ),
    "start": Action(
        triggers=frozenset(["start", "begin", "launch", "run", "activate", "enable"]),
        verbs="[start|begin|launch|run|get going with]",
    ),
    "stop": Action(
        triggers=frozenset(["stop", "end", "pause", "halt", "disable", "deactivate"]),
        verbs="[stop|end|halt|finish]",
    ),
    "buy": Action(
        triggers=frozenset(["buy", "order", "purchase"]),
        verbs="[buy|order|purchase|get|get me|pick up]",
        one=lines(
            """
I [need|want|would like|could use|will take|'ll take] {x}
"""
        ),
    ),
}  # fmt: skip
