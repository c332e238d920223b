"""What people put before, behind and instead of words, in any trade."""


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase.split()) for phrase in text.split("|"))


def _groups(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(word.strip() for word in group.split("=")) for group in _phrases(text))


REQUESTS = _phrases(
    """
please|Please|can you|Can you|Could you|could you please|Would you|Can you please|hey,|Hi,|Hello,
please|I'd like you to|i need you to|I want you to|Go ahead and|quickly|just|Kindly|hey can you
"""
)
"""Before an order, at any time."""
SEQUELS = _phrases(
    """
now|Now|ok,|Ok, now|okay|then|Then|next,|After that,|Great, now|alright,|Good. Now|thanks,
now|perfect,|Right,|and now|Next up:|Cool,|Thanks. Please|Ok please
"""
)
"""Before an order that is not the first."""
SUFFIXES = (
    " please",
    ", please",
    " for me",
    " for me please",
    ", thanks",
    " thx",
    ", thank you",
    " now",
    " pls",
)
"""Behind an order."""
VERBS = frozenset(
    _phrases(
        """
add|adjust|archive|arrange|ask|book|bring|build|buy|calculate|call|cancel|cat|cd|change|charge|check|choose|clean|clear|close|compare|compute|convert|copy|count|cp|create|cut|deactivate|decrease|delete|deliver|dial|dim|disable|discard|display|drop|duplicate|email|enable|enter|erase|execute|fetch|file|fill|find|fix|fund|generate|get|give|go|have|help|hide|increase|insert|install|invite|kill|launch|list|load|lock|log|look|lookup|lower|ls|make|mark|message|mkdir|modify|move|mute|mv|name|navigate|notify|open|order|park|pause|pay|pick|place|plan|play|plug|post|print|pull|put|pwd|query|raise|read|record|refund|register|remind|remove|rename|rent|reply|reserve|reset|restart|resume|retrieve|return|rm|run|save|scan|schedule|search|select|send|set|share|shift|show|shut|skip|sort|start|step|stop|store|submit|subscribe|switch|take|tell|text|touch|track|transfer|translate|trash|try|tune|turn|undo|unlock|unmute|update|upgrade|upload|use|verify|view|wake|warm|withdraw|write|zip
"""
    )
)
"""Words that an order begins with."""
BARE = frozenset(["cat", "cd", "cp", "find", "grep", "ls", "mkdir", "mv", "pwd", "rm", "touch"])
"""Commands that nobody is asked for with `can you`."""
ORDERS = _groups(
    """
create = make = set up|delete = remove = get rid of = erase|show me = display = let me see|find = look
for = search for = locate|copy = duplicate|send = transfer|buy = purchase
= order|book = reserve|start = begin|change to = switch to|go to = move to = head to|turn on
= switch on|turn off = switch off = shut off|increase = raise = turn up|decrease = turn down =
reduce|check = look up|cancel = call off|list = show|schedule = arrange = plan|fix = repair|
put = place|add = put|write = compose|stop = halt = end|update = modify
"""
)
"""Orders that often mean the same; only where an order is given."""
WORDS = _groups(
    """
called = named = with the name|want = would like|big = large|directory = folder
"""
)
CONTRACTIONS = _groups(
    """
I am = I'm|I would = I'd|what is = what's|What is = What's|do not = don't|it is = it's|where is =
where's|Where is = Where's|let us = let's|I have = I've|I will = I'll|what's = whats|What's =
Whats|don't = dont|I'm = im|can't = cant|you = u|please = pls|and = &|want to = wanna|going to =
gonna|I'd = id
"""
)
