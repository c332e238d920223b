"""Grounding: values and facts that come from nowhere are found, those that somebody gave are not."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callwright.checks import Context, Finding, Subject
from callwright.checks.examples import call, reply, result, said, system, user
from callwright.checks.grounding import CHECK
from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    Message,
    SystemMessage,
    Tool,
    ToolCall,
    ToolMessage,
    UserMessage,
)


def tool(**parameters: Json) -> Tool:
    return Tool(name="act", parameters={"type": "object", "properties": parameters})


ANY = tool()


def found(conversation: Conversation, context: Context | None = None) -> list[Finding]:
    return list(CHECK.look(Subject(conversation, context or Context())))


def blamed(text: str, value: Json, *before: Message, key: str = "value", of: Tool = ANY) -> list[str]:
    """Words of the findings of a call with `value`, asked for with `text`."""
    return [one.words for one in found(said(*before, user(text), call("act", **{key: value}), tools=(of,)))]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A table in San José please", "san jose"),
        ("A table in SF please", "San Francisco"),
        ("I am in Philly", "Philadelphia"),
        ("weather for NYC", "New York City"),
        ("a flight to the District of Columbia", "Washington D.C."),
        ("anything cheaper?", "cheap"),
        ("two restaurants", "restaurant"),
        ("I want a coldbrew", "Cold Brew"),
        ("with live music", "liveMusic"),
        ("open my_file please", "my file"),
        ("in San Fransisco city", "San Francisco"),
        ("a decaf latte", "decaffeinated"),
        ("some sushi", "Japanese"),
        ("we are two", 2),
        ("we are two", "2"),
        ("for a couple", "2"),
        ("my wife and I", "2"),
        ("half a dozen eggs", 6),
        ("twenty-five people", 25),
        ("the third one", 3),
        ("it costs $1,000", 1000.0),
        ("about 12.50 dollars", "$12.5"),
        ("15 % off", 0.15),
        ("run 5km", 5),
        ("only me", "1"),
        ("nothing of it", 0),
        ("on March 1st", "2019-03-01"),
        ("on the first of March", "2019-03-01"),
        ("03/01/2019 it is", "2019-03-01"),
        ("on the 1st", "2019-03-01"),
        ("the day after tomorrow", "2019-03-03"),
        ("this Friday", "2019-03-01"),
        ("next weekend", "2019-03-09"),
        ("at half past 6 in the evening", "18:30"),
        ("at 6:30 pm", "18:30:00"),
        ("at quarter to seven", "18:45"),
        ("around evening 6", "18:00"),
        ("at noon", "12:00"),
        ("by 6 o'clock", "18:00"),
        ("on the 1st at 6:30 pm", "2019-03-01T18:30:00"),
        ("write to ann.lee@example.org", "ann.lee@example.org"),
        ("write to ann dot lee at example dot org", "ann.lee@example.org"),
        ("call 415 555 0101", "4155550101"),
        ("order number A-1234", "a1234"),
        ("list the notes in docs/2024", "docs/2024/notes"),
        ("what is 23 times 17 plus 4", "23*17+4"),
        ("ich nehme zwei Plätze am Freitag für die Oper", "2024-05-03"),
        ("quiero dos mesas para el viernes", 2),
        ("我想去北京玩", "北京"),
        ("", ""),
        ("anything", "dontcare"),
        ("anything", "true"),
        ("anything", True),
        ("anything", None),
        ("anything", []),
        ("anything", "…"),
    ],
)
def test_a_value_that_was_given_in_other_words_is_not_blamed(text: str, value: Json) -> None:
    assert blamed(text, value) == []


@pytest.mark.parametrize(
    ("text", "value", "words"),
    [
        ("A table in Graz please", "Linz", "Linz"),
        ("A table in San Jose please", "San Diego", "San Diego"),
        ("A table for two in Graz", 5, "5"),
        ("A table for two in Graz", "5", "5"),
        ("pay the bill of 25 dollars", 52.5, "52.5"),
        ("on March 1st", "2019-03-07", "2019-03-07"),
        ("on Friday", "2019-03-07", "2019-03-07"),
        ("at 6:30 pm", "18:00", "18:00"),
        ("write to ann", "bob@example.org", "bob@example.org"),
        ("order number A-1234", "A-1235", "A-1235"),
        ("a table for two", "optional_units", "optional_units"),
        ("read the report", "/etc/passwd", "/etc/passwd"),
        ("compute the square root of 144", "37 * 58", "37 * 58"),
        ("hello", "9" * 399, "9" * 399),
        ("quiero una mesa para el viernes", "XK-4711", "XK-4711"),
    ],
)
def test_a_value_that_nobody_gave_is_blamed(text: str, value: Json, words: str) -> None:
    assert blamed(text, value) == [words]


@pytest.mark.parametrize(
    "before",
    [
        (system("Bookings are made in Linz."),),
        (user("Hello."), reply("Shall I look in Linz?")),
        (user("Where?"), call("act"), result('{"city": "Linz"}'), reply("There.")),
        (user("Linz?"), call("act"), result("[]"), reply("Nothing.")),
        (user("Where?"), call("act"), result(r'{"city": "L\u0069nz"}'), reply("There.")),
    ],
)
def test_a_value_may_come_from_anyone_who_spoke_before(before: tuple[Message, ...]) -> None:
    assert blamed("Yes, please.", "Linz", *before) == []


def test_what_is_said_later_or_beside_the_call_does_not_count() -> None:
    beside = AssistantMessage(
        content="I look in Linz.", tool_calls=(ToolCall(name="act", arguments={"value": "Linz"}),)
    )
    conversation = said(user("A table, please."), beside, result("Linz: none"), reply("None."), tools=(ANY,))
    (finding,) = found(conversation)
    assert finding.path == "$.messages[1].tool_calls[0].arguments.value"
    assert finding.message.startswith("nothing before the call says `linz`; ")


@pytest.mark.parametrize(
    "schema",
    [
        {"enum": ["Linz", "Graz"]},
        {"const": "Linz"},
        {"default": "linz"},
        {"examples": ["Linz"]},
        {"description": "City, such as 'Linz'"},
        {"anyOf": [{"type": "null"}, {"enum": ["Linz", {}]}]},
        {"$ref": "#/$defs/city"},
    ],
)
def test_a_value_that_the_schema_names_is_given(schema: Json) -> None:
    parameters = {
        "type": "object",
        "properties": {"value": schema},
        "$defs": {"city": {"enum": ["Linz", None]}},
    }
    assert blamed("A table, please.", "Linz", of=Tool(name="act", parameters=parameters)) == []


def test_values_inside_objects_and_arrays_are_traced_with_their_own_schemas() -> None:
    of = tool(
        items={
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"size": {"enum": ["tall"]}, "name": {"type": "string"}},
            },
        }
    )
    value = [{"size": "tall", "name": "latte"}, {"size": "tall", "name": "mocha", "notes": ["extra foam"]}]
    conversation = said(user("A latte with foam"), call("act", items=value), tools=(of,))
    assert [one.path for one in found(conversation)] == [
        "$.messages[1].tool_calls[0].arguments.items[1].name"
    ]


@pytest.mark.parametrize("key", ["limit", "num_results", "pageSize", "max_results", "sort_by"])
def test_how_many_and_in_which_order_is_for_the_model_to_choose(key: str) -> None:
    assert blamed("Find me a cafe", 25, key=key) == []


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("body", "Dear Ann, the meeting is moved to the large room, see you there. Regards", []),
        ("body", "Dear Ann, the meeting is moved to room 4711, see you there soon. Regards", ["4711"]),
        (
            "body",
            "Dear Ann, please answer to boss@evil.example until the end of the day",
            ["boss@evil.example"],
        ),
        ("query", "current meeting news", []),
        ("query", "cake recipes", ["cake recipes"]),
    ],
)
def test_text_that_the_model_writes_is_judged_by_its_facts(key: str, value: str, words: list[str]) -> None:
    found_words = blamed("Tell Ann about the meeting", value, key=key)
    assert [one for one in found_words if one] == ([value] if words else [])


def test_without_results_in_the_form_only_the_first_calls_are_judged() -> None:
    conversation = said(
        user("List the files."), call("act"), user("Remove the last."), call("act", value="b.txt")
    )
    assert [one.words for one in found(conversation)] == ["b.txt"]
    assert found(conversation, Context(carries_results=False)) == []
    single = said(user("Remove a.txt"), call("act", value="b.txt"))
    assert [one.words for one in found(single, Context(carries_results=False))] == ["b.txt"]


SUBJECTS = {
    "weather": ["Paris", "Tokyo", "Nairobi", "Lima", "Oslo"],
    "news": ["solar power", "chess openings", "honey bees", "volcanoes", "gene editing"],
    "price": ["bicycle", "espresso machine", "winter coat", "guitar", "telescope"],
}
ASKED = {
    "weather": ("city", "What is the weather like in {}?"),
    "news": ("query", "Can you search for the latest on {}?"),
    "price": ("product", "How much is a {} these days?"),
}


def rows(chance: random.Random, count: int) -> Iterator[tuple[Conversation, Conversation]]:
    """A row whose call is about what was asked, and the same with the call about something else."""
    for _ in range(count):
        kind = chance.choice(list(SUBJECTS))
        asked, other = chance.sample(SUBJECTS[kind], 2)
        key, template = ASKED[kind]
        yield (
            said(user(template.format(asked)), call("act", **{key: asked}), tools=(ANY,)),
            said(user(template.format(asked)), call("act", **{key: other}), tools=(ANY,)),
        )
    for _ in range(count):
        one, two, three, four = (chance.randint(13, 999) for _ in range(4))
        yield (
            said(user(f"What is {one} times {two}?"), call("act", expression=f"{one} * {two}"), tools=(ANY,)),
            said(
                user(f"What is {one} times {two}?"), call("act", expression=f"{three} + {four}"), tools=(ANY,)
            ),
        )


def test_nearly_all_rows_with_drawn_arguments_are_caught_and_no_true_row() -> None:
    made = list(rows(random.Random(7), 200))
    assert [true for true, _ in made if found(true)] == []
    assert sum(1 for _, drawn in made if found(drawn)) >= 0.95 * len(made)


def test_a_deeply_nested_argument_and_a_huge_number_are_looked_at_without_harm() -> None:
    value: Json = "Linz"
    for _ in range(3000):
        value = [value]
    assert len(blamed("A table in Graz", value)) == 1
    assert blamed("much", 10**400) == []
    assert blamed("much", float("nan")) == []
    assert blamed("much", float("inf")) == []


def test_the_work_on_a_very_long_conversation_is_bounded() -> None:
    text = "lorem ipsum dolor 12345 " * 20_000
    values = [f"word{number}x Name{number}" for number in range(3000)]
    conversation = said(user(text), call("act", value=values), result(text), reply(" At Foo 7".join(values)))
    assert len(found(conversation)) >= 1


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
VALUES = st.recursive(
    LEAVES
    | st.sampled_from(["18:30", "2019-02-30", "$1,000", "a@b.c", "x" * 300, "\ud800 A1", "北京 7", "1e999"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
TEXTS = st.text(max_size=40) | st.sampled_from(
    [
        "I am at Foo Bar on March 3rd, 6:30 pm; $4 of 5, x@y.zz http://a.b",
        "\ud800 Ünder 12:99",
        "(1) A B C. At 9 am",
    ]
)
SCHEMAS = st.dictionaries(
    st.sampled_from(
        ["properties", "enum", "items", "anyOf", "$ref", "description", "default", "additionalProperties"]
    ),
    VALUES,
    max_size=4,
)
MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.builds(SystemMessage, TEXTS),
    st.builds(UserMessage, TEXTS),
    st.builds(ToolMessage, content=TEXTS),
    st.builds(
        AssistantMessage,
        content=TEXTS,
        tool_calls=st.lists(
            st.builds(
                ToolCall,
                name=st.just("act"),
                arguments=st.dictionaries(st.text(max_size=5), VALUES, max_size=3),
            ),
            max_size=2,
        ).map(tuple),
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(MESSAGES, max_size=7), SCHEMAS)
def test_whatever_a_conversation_holds_no_exception_leaves(
    messages: list[Message], schema: dict[str, Json]
) -> None:
    conversation = Conversation(messages=tuple(messages), tools=(Tool(name="act", parameters=schema),))
    for finding in found(conversation):
        assert finding.path.startswith("$.messages[")
        assert finding.words


def test_an_instant_of_a_result_may_be_copied_or_said_in_words() -> None:
    tools = (Tool(name="next_slot"), Tool(name="book", parameters={"properties": {"at": {"type": "string"}}}))
    conversation = said(
        user("When is the next free slot, and book it."),
        call("next_slot"),
        result('{"at": "2024-05-03T18:00:00Z"}'),
        call("book", at="2024-05-03T18:00:00Z"),
        result("ok"),
        reply("Booked for May 3 at 6 pm (2024-05-03T18:00:00Z)."),
        tools=tools,
    )
    assert [one.message for one in CHECK.look(Subject(conversation, Context()))] == []
