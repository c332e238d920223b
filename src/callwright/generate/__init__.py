"""Generate: exactly as many new conversations as asked for, each checked, none twice, none a test row.

A teacher that composes by itself is taken by `generating`. One that is prompted goes the longer way:

    plan        scenarios by number: situation, tools of each turn (situations, layouts, flows, quotas)
    drafting    blueprints of scenarios, asked for and proved (blueprint, proving)
    playing     a blueprint becomes a conversation: user, assistant, tools
    sifting     what is kept, by every check; judging: the last look
    writing     all of it, many at once, in one order
"""

from callwright.generate.generating import Composer, generate, preview

__all__ = ["Composer", "generate", "preview"]
