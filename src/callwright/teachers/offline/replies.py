"""What is said without values between calls, in any trade: agreeing, thanking, taking leave, giving what was asked."""

AGREEING = (
    "[yes|yeah|yep|yup|sure|ok|okay|correct|right|perfect|great|alright|absolutely|exactly"
    "|of course|definitely]"
    "[|, please|, thanks|, thank you|!|.|, [that|this|it] [is|sounds|looks] [right|correct|good"
    "|great|fine|perfect]"
    "|, that's [right|correct|good|great|fine|perfect|it|what I want]|, that works[| for me| fine]"
    "|, go ahead"
    "|, please [do|do that|go ahead]|, [sounds|looks] [good|great|right|fine|perfect][| to me]]"
    "[|||.|!]"
)
"""The user agrees to what was proposed."""
PROPOSED = (
    "[[that|this|it] [sounds|looks] [good|great|fine|perfect|right|about right][| to me]"
    "|[that's|that is|this is] [right|correct|perfect|fine|great|good][| with me| for me]"
    "|please [do|go ahead|proceed]|go ahead[|, please]|[sounds|looks] [good|great|right|perfect]["
    "| to me]|[works|fine] for me"
    "|[that|this] [works|will work|will do|would be great|would be perfect|would be fine|is what I want]]"
    "[||.|!|, thanks|, thank you]"
)
AGREED = f"[{AGREEING}|{AGREEING}|{PROPOSED}]"
LEAVING = (
    "[no|nope|nah][,|, that's [all|it|everything][| for now| for today| I need| I needed],"
    "|, I'm [good|fine|all set],"
    "|, nothing [else|more],|, not right now,|, that will be all,|, that would be all,"
    "|, I don't need anything else,]"
    " [thanks|thank you|thank you very much|thanks a lot|thanks so much|many thanks][|.|!"
    "| for your help| for the help]"
)
"""The user says no to `anything else?`."""
THANKING = (
    "[|great, |perfect, |wonderful, |okay, |awesome, |good, |alright, |excellent, ][thanks"
    "|thank you|thank you very much"
    "|thanks a lot|thanks so much|many thanks|thank you so much][| for your help| for the help"
    "| for everything|, that's all"
    "|, that's everything|, that will be all|, that's all I need[|ed]|, I'm all set|, bye|, goodbye][|.|!]"
)
"""The user thanks and goes."""
FAREWELL = (
    "[|You're welcome[.|!] |No problem[.|!] |My pleasure[.|!] |Sure[.|!] |Anytime[.|!] |Glad to help[.|!] ]"
    "[Have a [great|good|nice|wonderful|lovely|pleasant] [day|one|time|rest of your day]|Goodbye"
    "|Bye|Take care|Enjoy your day"
    "|Enjoy|Until next time|All the best][.|!]"
)
"""The assistant takes leave."""
GIVING = (
    "[|||[it's|make it|make that|let's say|I'd like|I would like|I want|I prefer|I'd prefer"
    "|how about|let's go with"
    "|let's do|I was thinking|go with|probably|maybe|that would be|it should be|it would be"
    "|it will be|please make it] ]"
    "{p}{x}[||.|, please|, thanks|, please.|, thank you| would be [good|great|perfect|fine|nice]"
    "| [works|will do|is fine]]"
)
"""The user gives the one value that was asked for; `{p}` is a word that examples put before such values."""
