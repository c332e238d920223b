"""Mutations: directions that make one conversation unlike the next; a level of each is drawn."""

MUTATORS: dict[str, tuple[str, ...]] = {
    "complexity": (
        "The request is as simple as can be: one plain need, told straight.",
        "The request is simple, with one detail more than it needs.",
        "The request has two or three details that matter.",
        "The request has several details that hang together, and one of them is said in a roundabout way.",
        "The request is hard to work out: several details, one of them to be worked out from what was said.",
    ),
    "length": (
        "The user writes in a few words, as one types on a phone.",
        "The user writes a sentence or two.",
        "The user writes at length, with some of the story around what they want.",
    ),
    "specificity": (
        "The user stays vague wherever the call allows it.",
        "The user names what is needed in everyday words.",
        "The user is exact about what they want.",
        "The user gives exact names, figures and spellings for everything.",
    ),
}
"""Name, as `synthgen.basic_mutators_to_use` has it -> its levels, from least to most."""
