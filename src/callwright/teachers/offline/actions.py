"""What people ask for in any trade, by action; see `action` for how it is written."""

from callwright.teachers.offline.action import Action, lines
from callwright.teachers.offline.dealings import DEALINGS

ASKING = (
    "[||[can|could|would|will] you [|please |quickly |just ]|[please|pls] |I [want|need] to |I'd like [you |]to "
    "|let's |[just|now|go ahead and] ]"
)
"""What may stand before a verb, `{A}`."""
ONE = lines(
    """
{A}{V} {x}
{A}{V} the {n} {x}
{A}{V} the {n} [called|named|that's called] {x}
{A}{V} {x} for me
[next up|next one|next step|one thing|one more thing|quick one|task]: {V} {x}
{x}: {V} [it|that one]
[there's|I have|we have|you'll see] [a|this] {n} [called|named] {x}, {V} it
[about|regarding] {x}, {V} it [|please|now]
would you mind [if we|if I] {V} {x}
the {n} {x}, {V} it
you [should|can|may] {V} {x} [now|]
I think we should {V} {x}
"""
)
"""Requests that name a thing, for any action."""

ACTIONS: dict[str, Action] = {
    "create": Action(
        triggers=frozenset(["create", "make", "mkdir", "touch", "new", "build", "generate", "register"]),
        verbs="",
        one=lines(
            """
{A}[create|make|add|set up|start|give me|open up] [a|a new|another|one more|an extra] {n} [called|named\
|with the name|by the name of|titled] {x}
{A}[create|make|add] [a|a new|the] {n} {x}
{A}[create|make|add] {x} as [a|a new] {n}
[a new|new|another|one more|next] {n}[:|, name it|, call it|, named|, called| called| named] {x}
I [need|want|could use|would like|am missing] [a|a new|another] {n} [called|named|with the name] {x}
I [need|want|could use|would like] [a|a new|another] {n} [here|], [call|name|title|label] it {x}
[we need|let's have|let me have|get me|can I get|could I have|can we have|I'll need] [a|a new\
|another] {n} [called|named] {x}
[there should be|I'd like there to be|put|place] a {n} [called|named] {x} [here|in here|]
{x} [should be|is to be|will be] the [name of the new {n}|new {n}'s name]
[create|make] me [a|one more] {n} and [name|call] it {x}
[go ahead and|please] [name|call] the new {n} {x}
[also|and|plus|then] a {n} [called|named|for] {x}
"""
        ),
    ),
    "delete": Action(
        triggers=frozenset(
            ["delete", "remove", "rm", "rmdir", "erase", "del", "unlink", "discard", "trash", "purge"]
        ),
        verbs=(
            "[delete|remove|delete|remove|erase|get rid of|trash|discard|wipe|scrap|ditch|dispose of|destroy]"
        ),
        one=lines(
            """
{x} [can|could|should|has to|needs to|must|may] [go|go away|be deleted|be removed|be thrown away|disappear]
[I don't|we don't|I no longer|we no longer] need {x} [any more|anymore|any longer|now|]
{x} is [no longer needed|not needed any more|useless now|obsolete|in the way|just clutter|garbage]
I [don't want|am done with|am finished with|have no use for] {x} [|any more|, delete it|, get rid of it\
|, remove it]
[please |]have {x} [deleted|removed|wiped]
[out|away|off|gone] with {x}
make {x} [go away|disappear]
{A}throw {x} [out|away|in the bin|in the trash]
{A}[clear|toss|take] {x} [out|away]
"""
        ),
        ends=True,
    ),
    "read": Action(
        triggers=frozenset(
            ["cat", "read", "print", "display", "view", "show", "open", "less", "head", "type"]
        ),
        verbs="[show|read|display|print|view|open|take a look at|look at|look into|output]",
        one=lines(
            """
[what's|what is|what's written|whats|what do we have] [in|inside|inside of] {x}
what does [|the {n} ]{x} [say|contain|look like|have in it|hold|read]
[show|tell|give|read] me [the contents of|the content of|what's in|what's inside|what is in|the text of\
|everything in] {x}
[I want|I need|I'd like|I have|I would like] to [see|read|look at|look into|check|have a look at\
|know] [what's in|the contents of|the text of|inside|] {x}
[let me|can I|could I|may I] [see|read|look at|look into|have a look at|take a look at|check|view\
|peek at|peek into] {x}
[contents|content|text] of {x}
[|please |can you |could you |would you ][show|read] me {x}
[|please |can you |could you ]show me the {n} {x}
[pull|bring] {x} up[| for me| please]
print {x} out[| for me| please]
[a|one] [look|peek|glance] [at|into|inside] {x}
[display|print|output|dump] [the contents|the text|everything] [of|in] {x}
have a [quick|] [look|peek] [at|into|inside] {x}
how does {x} [read|look]
"""
        ),
    ),
    "list": Action(
        triggers=frozenset(["ls", "list", "dir", "show", "enumerate", "browse"]),
        verbs="[list|show|show me]",
        bare=lines(
            """
[what's|what is|whats|what do we have|what do I have|what have we got|what lies|what's there\
|what is there] [in here|here|around here|in this {m}|in the current {m}|in the {m}]
[what|which] {ns} [are|do we have|are there|do I have|have we got|can you see] [here|in here\
|in this {m}|in the current {m}|]
[list|show|display|show me|give me|print|let me see|tell me|enumerate|name|output] [all|all the|the\
|every one of the] {ns} [here|in here|in this {m}|there|of this {m}|in the current {m}|that are here|]
[list|show me|show|display|let me see|give me] [everything|what's|what is|all there is|what there is\
|the contents|the content|what we have] [here|in here|in this {m}|in the current {m}]
[give me|I need|I want|I'd like|can I have|can I get] [a list|an overview|a listing] of [the |all \
|]{ns} [here|in here|in this {m}|]
[anything|is there anything|are there any {ns}] [here|in here|in this {m}]
[let me|can I|I want to|I'd like to|I need to] [see|know|look at|check] [what's|what is\
|which {ns} are] [here|in here|in this {m}|around|there]
[contents|content] of [this|the current|the] {m}
[list|show] {ns}
[have a look|look] around [here|this {m}|] and [tell|show] me what's [there|here]
what [all |else |]is [lying around|sitting|stored|kept] [here|in here|in this {m}]
"""
        ),
    ),
    "go": Action(
        triggers=frozenset(["cd", "chdir", "go", "navigate", "enter", "goto"]),
        verbs=(
            "[go to|go into|move to|switch to|change to|navigate to|enter|step into|jump to|head to"
            "|head over to|get into|cd to|cd into|walk into|take me to|bring me to|get me to"
            "|hop over to]"
        ),
        one=lines(
            """
[take|bring|get|lead|switch] [me|us] [to|into|over to|inside] [|the {n} |{n} ]{x}
[I want|I need|I'd like|we have|I would like] to [be in|work in|go to|get to|get into|be inside\
|continue in] [|the {n} ]{x}
[let's|lets|we should|I'll|now we] [go to|work in|move to|continue in|head to|move over to|switch to\
|go over to] [|the {n} ]{x}
[change|switch] [directory|the {n}|over|{n}] to {x}
[make|set] {x} [the current {n}|my current {n}|the working {n}]
[off|on|over|back] to {x}
[next stop|destination]: {x}
[we're|I'm] [working|continuing] in {x} [now|from now on|next]
set [the|my] [current|working] {n} to {x}
"""
        ),
    ),
    "up": Action(
        triggers=frozenset(),
        verbs="",
        bare=lines(
            """
[go|move|step|cd|head|get|take me|bring me|back|climb|let's go|let us go] [up|one level up|up one level\
|up a level|a level up|one up|one {n} up|up one {n}|back up]
[go|take me|bring me|move|switch|change|let's go|head|return] to the [parent|enclosing|containing] {n}
[leave|exit|get out of|step out of|let's leave] [this|the] [|current ]{n}
[up|back] [one level|a level|one {n}]
[go|step|move] back [up |][one|a] [level|{n}]
get me out of [here|this {n}]
"""
        ),
    ),
    "home": Action(
        triggers=frozenset(),
        verbs="",
        bare=lines(
            """
[go|take me|bring me|get me|let's go|head|back|return] home
[go|take me|bring me|move|switch|change|let's go|head|return|get back|back] to [my|the] home [|{n}]
[I want|I need|I'd like] to [be in|go to|get to|return to] my home {n}
[go|jump] [straight |all the way |]home [again|]
"""
        ),
    ),
    "whereabouts": Action(
        triggers=frozenset(["pwd", "whereami"]),
        verbs="",
        bare=lines(
            """
where [am I|are we|am i] [|now|right now|at the moment|currently|exactly|again|at]
[in |][which|what] {n} [am I|are we|is this] [in|currently in|in right now|working in|now|]
[tell|show|remind] me [where I am|where we are|which {n} I'm in|what {n} this is|which {n} we're in\
|where I'm working]
[what's|what is|whats|tell me|give me|show me|print|display|output] [the|my] [current|present|full\
|working|complete] [{n}|path|location|{n} path]
[what's|what is|tell me|give me|show me|print|I need] the [full |complete |whole |exact |]path [of|to\
|for] [this|the current|my] {n}
[what's|what is] the [full |]path [here|of where I am|we're at|I'm at]
[I forgot|I lost track of|I don't know|not sure|I'm not sure|do you know|can you tell me] [where I am\
|where we are|which {n} I'm in|which {n} this is]
[current|my current|present] [{n}|location|path|position]
how do I know where I am
"""
        ),
    ),
    "copy": Action(
        triggers=frozenset(["copy", "cp", "duplicate", "clone", "backup"]),
        verbs="[copy|duplicate|clone|replicate]",
        place=lines(
            """
{A}[copy|duplicate|clone] [|the {n} ]{x} [to|into|over to|over into] [|the {m} ]{y}
[put|place|store|save|leave|drop] [a|another|one|a second] copy of {x} [in|into|inside] [|the {m} ]{y}
[make|create] [a|another] copy of {x} [in|inside] [|the {m} ]{y}
{y} [needs|should get|gets|should have|also needs] [a|its own] copy of {x}
[I want|I need|I'd like] [a copy of |]{x} [copied to|in] {y} [too|as well]
[I want|I need|I'd like] a copy of {x} in [|the {m} ]{y}
{x} [should be|needs to be|must be|has to be|is to be] copied [to|into] [|the {m} ]{y}
keep {x} here [but|and] [copy it|put a copy] into {y}
"""
        ),
        name=lines(
            """
{A}[copy|duplicate|clone] {x} [to|as|under the name] {y}
{A}[make|create|give me|save|store] a [copy|duplicate|backup|second copy|clone] of {x} [called|named|as\
|with the name|under the name] {y}
[I want|I need|I'd like] a [copy|duplicate|backup] of {x} [called|named|with the name] {y}
[back|save] {x} up as {y}
[take|copy] {x} and [save|store] [it|the copy] as {y}
[save|keep|store] [a copy of |]{x} as {y} too
[copy|duplicate] {x}, [the copy should be|name the copy|call the copy|call it|the new one is] [|called ]{y}
"""
        ),
    ),
    "move": Action(
        triggers=frozenset(["move", "mv"]),
        verbs="[move|shift|relocate]",
        place=lines(
            """
{A}[move|shift|transfer|relocate|put|place|drop|stick|throw|store|file|bring] [|the {n} ]{x} [into|in\
|inside|to] [|the {m} ]{y}
{A}move {x} [over |][to|into] [|the {m} ]{y}
{x} [belongs|goes|should go|has to go|should be|needs to be|must go|needs to go|ought to be] [in|into\
|inside] [|the {m} ]{y}
{x} [should be|needs to be|must be|has to be|is to be] [moved|put|shifted] [to|into] [|the {m} ]{y}
[I want|I need|I'd like] {x} [in|inside|moved to|moved into|to be in|to go into] [|the {m} ]{y}
[get|have] {x} [moved |]into [|the {m} ]{y}
[take|grab|pick up] {x} and [put|move|drop|place] it [in|into|inside] [|the {m} ]{y}
"""
        ),
    ),
    "rename": Action(
        triggers=frozenset(["rename"]),
        verbs="[rename]",
        name=lines(
            """
{A}rename [|the {n} ]{x} [to|as|into] {y}
{A}[change|switch|set] the name of {x} to {y}
[call|name|title] {x} {y} [instead|from now on|]
{x} [should be|needs to be|ought to be|must be|shall be|is to be] [called|named|renamed to] {y} [from now on|]
{x} [should|needs to|must] [become|have the name|get the name] {y}
[give] {x} [the|a new] name[|,] {y}
[change|turn] {x} [to|into] {y}
the new name [of|for] {x} [is|should be] {y}
"""
        ),
    ),
    "find": Action(
        triggers=frozenset(["find", "search", "locate", "lookup", "grep", "seek", "query"]),
        verbs="[find|search for|look for|locate|track down|hunt for|find me|seek|look up]",
        one=lines(
            """
[where's|where is|wheres|where did I put|where did I leave|where did I save|where have I put\
|where can I find|where do I find|where do we keep|any idea where I put] {x}
[is there|do we have|do I have|is there something called|have we got|isn't there|do you see\
|there must be] [|a {n} called |something called |anything like |an ]{x} [somewhere|anywhere|around\
|around here|]
[I can't find|I'm looking for|I am searching for|I lost|I need to find|I misplaced|help me find\
|I'm missing] {x}
[search|look|check] [everything |everywhere |around |]for {x}
[do a|run a|start a] search for {x}
[any|some] [trace|sign] of {x}
[see|check|find out] [if|whether] [there is|there's|we have|you can find] {x} [somewhere|anywhere|]
[look|search] for [anything|everything|something|things|all {ns}] [called|named|matching|that match\
|with the name] {x}
"""
        ),
        place=lines(
            """
{A}[find|search for|look for|locate|track down] {x} [in|inside|under|within|below] [|the {m} ]{y}
{A}[search|look through|check|scan|go through|comb through] [|the {m} ]{y} for {x}
[is there|do we have|do I have] [|a {n} called |something called |an ]{x} [in|inside|under|somewhere in\
|anywhere in] [|the {m} ]{y}
[where's|where is|where in|wheres] {x}[| exactly]? [look in|search in|it should be in|it must be in\
|probably in|try|check] {y}
[I'm looking for|I can't find|I need to find|I lost] {x}, [look in|try|check|search|it should be in\
|start in] [|the {m} ]{y}
in {y}, [find|look for|search for|locate] {x}
[see|check] [if|whether] {x} is [in|somewhere in|inside] {y}
"""
        ),
    ),
}
ACTIONS |= DEALINGS

NOUNS: tuple[tuple[str, ...], ...] = (
    ("folder", "directory", "dir"),
    ("file", "document"),
    ("picture", "photo", "image"),
    ("song", "track"),
    ("movie", "film"),
    ("message", "note"),
    ("email", "mail"),
    ("appointment", "meeting", "event"),
    ("reminder", "alert"),
    ("restaurant", "place"),
    ("flight", "plane"),
    ("person", "contact"),
    ("shop", "store"),
)
"""Words that name the same; the first is the usual one."""
