"""Calls and control tokens that stand as text, markdown where plain text is promised, odd characters."""

import string
from itertools import chain

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callwright.checks import Context, Finding, markup, repetition
from callwright.checks import user as user_family
from callwright.checks.duplicates import Duplicates
from callwright.checks.examples import TOOLS, call, reply, result, said, system, user
from callwright.checks.leakage import Leakage
from callwright.checks.subject import Subject
from callwright.checks.user import Openings
from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Json,
    MalformedCall,
    Message,
    SystemMessage,
    ToolCall,
    ToolMessage,
    UserMessage,
)

PLAIN = Context(plain_text=True)


def found(*messages: Message, context: Context | None = None) -> list[Finding]:
    return list(markup.look(Subject(said(*messages), context or Context())))


def codes(*messages: Message, context: Context | None = None) -> list[str]:
    return [f"{f.code} {f.path} {f.words}" for f in found(*messages, context=context)]


def replied(text: str, context: Context | None = None) -> list[str]:
    prefix = "$.messages[1].content "
    return [line.replace(prefix, "") for line in codes(user("Hi"), reply(text), context=context)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>', "<tool_call>"),
        (
            'Sure. {"name": "find_table", "arguments": {"city": "Rome"}}',
            '{"name": "find_table", "arguments":',
        ),
        (
            '{"arguments": {"city": "Rome"}, "name": "find_table"}',
            '{"arguments": {"city": "Rome"}, "name": "find_table"}',
        ),
        ("{'name': 'find_table', 'parameters': {}}", "{'name': 'find_table', 'parameters':"),
        ('```json\n{"name": "f", "arguments": {}}\n```', '{"name": "f", "arguments": {}}'),
        ('[{"name": "f", "arguments": "{}"}]', '[{"name": "f", "arguments": "{}"}]'),
        ('{"tool_calls": []}', '{"tool_calls": []}'),
        (
            '{"type": "function", "function": {"name": "f"}}',
            '{"type": "function", "function": {"name": "f"}}',
        ),
        ('<function=find_table>{"city": "Rome"}</function>', "<function=find_table>"),
        ('functions.find_table({"city": "Rome"})', "functions.find_table("),
        ('[TOOL_CALLS] [{"name": "f"}]', "[TOOL_CALLS]"),
        ("<|python_tag|>find()", "<|python_tag|>"),
        ('Action: find\nAction Input: {"city": "Rome"}', "Action Input:"),
        ('find_table(city="Rome")', "find_table("),
        ('[find_table(city="Rome"), set_light(on=True)]', "find_table("),
    ],
)
def test_a_call_as_text_is_found_with_its_words(text: str, words: str) -> None:
    assert replied(text) == [f"markup-tool-syntax {words}"]


@pytest.mark.parametrize(
    "text",
    [
        'The file holds {"name": "Ann", "age": 3}.',
        '{"name": "Ann"}',
        "[1, 2]",
        "I found a table (in Rome) for you.",
        "A < B, and B > C (of course).",
        "I can find tables and set lights (in all rooms).",
        "{",
        "[]",
    ],
)
def test_other_brackets_are_not(text: str) -> None:
    assert replied(text) == []


@pytest.mark.parametrize(
    "token",
    [
        "<|im_start|>",
        "<|eot_id|>",
        "<|end_of_text|>",
        "</s>",
        "[/INST]",
        "<end_of_turn>",
        "</think>",
        "<｜end▁of▁sentence｜>",
    ],
)
def test_control_tokens_are_found_in_every_text_but_the_users(token: str) -> None:
    assert replied(f"Fine.{token}") == [f"markup-control-token {token}"]
    assert codes(user("Hi"), call("f", a={"b": ["", f"x{token}"]}), result("ok"), reply("Fine.")) == [
        f"markup-control-token $.messages[1].tool_calls[0].arguments.a.b[1] {token}"
    ]
    assert codes(user("Hi"), call("f"), result(f"{token} ok"), reply("Fine.")) == [
        f"markup-control-token $.messages[2].content {token}"
    ]
    assert codes(user("Hi"), reply("Fine.", reasoning=f"so{token}")) == [
        f"markup-control-token $.messages[1].reasoning {token}"
    ]
    assert codes(user(token), reply("Fine.")) == []


def test_a_system_message_may_explain_tags_and_not_hold_tokens() -> None:
    assert codes(system("Call within <tool_call></tool_call>."), user("Hi"), reply("Fine.")) == []
    assert codes(system("Hold on.<|im_end|>"), user("Hi"), reply("Fine.")) == [
        "markup-control-token $.messages[0].content <|im_end|>"
    ]


def test_struck_words_and_other_angles_are_no_tokens() -> None:
    for text in (
        "<s>5</s> 4 euros",
        "<b>bold</b>",
        "a <- b |> c",
        "List<String>",
        "x < 3 | y > 4",
        "<a|b|c>",
    ):
        assert replied(text) == [], text
    assert replied("<s>Fine.</s>") == ["markup-control-token <s>"]


def test_the_students_own_tokens_count_the_longest_first() -> None:
    context = Context(control_tokens=("@@", "@@end@@", "word"))
    assert replied("A word.", context) == []
    assert replied("Fine.@@end@@", context) == ["markup-control-token @@end@@"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("## Tables\nTwo.", ["## Tables"]),
        ("There are **two**.", ["**two**"]),
        ("It is *very* good.", ["*very*"]),
        ("- Da Enzo\n- Roscioli", ["- Da Enzo"]),
        ("1. Da Enzo\n2. Roscioli", ["1. Da Enzo"]),
        ("See [the page](https://example.org).", ["[the page](https://example.org)"]),
        ("Call `find`.", ["`find`"]),
        ("```\nx\n```", ["```"]),
        ("| a | b |\n|---|---|\n| 1 | 2 |", ["|---|---|"]),
        ("~~old~~ new", ["~~old~~"]),
        ("**Two**:\n- a\n- b", ["**Two**", "- a"]),
    ],
)
def test_markdown_is_found_where_plain_text_is_promised(text: str, words: list[str]) -> None:
    assert replied(text, PLAIN) == [f"markup-markdown {one}" for one in words]
    assert replied(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "2 * 3 * 4 = 24",
        "#1 is Da Enzo",
        "- said she",
        "1. is the first",
        "a|b --- c",
        "snake_case_name and __init__",
        "[1] (see)",
    ],
)
def test_plain_text_that_uses_the_same_signs_is_not(text: str) -> None:
    assert replied(text, PLAIN) == []


def test_fences_are_found_around_data_alone() -> None:
    fenced = '```json\n{"a": 1}\n```'
    assert replied(fenced) == ["markup-fence ```"]
    assert replied(f"Here it is: {fenced}") == []
    assert replied("```python\nprint()\n```") == []
    assert replied(fenced, PLAIN) == ["markup-markdown ```"]
    assert codes(user("Hi"), call("f", code="```python\nprint()\n```"), result(fenced), reply("Fine.")) == [
        "markup-fence $.messages[2].content ```",
        "markup-fence $.messages[1].tool_calls[0].arguments.code ```",
    ]


def fixed(*messages: Message) -> Conversation:
    conversation = said(*messages)
    for finding in markup.look(Subject(conversation, Context())):
        if finding.fix:
            conversation = finding.fix(conversation)
    return conversation


def test_separators_become_line_ends_where_that_is_safe() -> None:
    messages = (user("a\u2028b"), call("f", a="c\u2029d"), result('{"a": "b\u2028"}'), reply("e\x85f\u2028"))
    assert codes(*messages) == [
        "markup-separator $.messages[0].content \u2028",
        "markup-separator $.messages[2].content \u2028",
        "markup-separator $.messages[3].content \x85",
        "markup-separator $.messages[1].tool_calls[0].arguments.a \u2029",
    ]
    right = fixed(*messages)
    assert [m.content for m in right.messages] == ["a\nb", "", '{"a": "b\u2028"}', "e\nf\n"]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("a\x00b", "ab"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\u200bb\ufeff", "ab"),
        ("\u202egnp.exe", "gnp.exe"),
        ("a\x0cb", "a\nb"),
        ("\ud83d\ude00", "\U0001f600"),
        ("lost \ufffd", None),
        ("half \ud83d", None),
    ],
)
def test_odd_characters_are_found_and_taken_out_where_nothing_is_lost(text: str, right: str | None) -> None:
    (finding,) = found(user("Hi"), reply(text))
    assert (finding.code, finding.severity) == ("markup-control-character", "warning")
    assert finding.words in text
    assert fixed(user("Hi"), reply(text)).messages[1].content == (text if right is None else right)


def test_odd_characters_are_called_by_name_and_counted() -> None:
    (finding,) = found(user("Hi\u200b\u200b"), reply("Fine."))
    assert (
        finding.message == "U+200B ZERO WIDTH SPACE in the text, the first of 2 such characters; take it out"
    )


@pytest.mark.parametrize(
    "text", ["tab\t and\r\n line", "naïve – “quoted” 你好", "👩\u200d👩\u200d👧", "می\u200cخواهم", "5\xa0€"]
)
def test_letters_of_all_languages_are_fine(text: str) -> None:
    assert codes(user(text), call("f", a=text), result(text), reply(text, reasoning=text)) == []


HARD = st.sampled_from(
    [
        "<tool_call>",
        "{",
        "}",
        '"name":',
        "<|",
        "|>",
        "[INST]",
        "```",
        "\n- ",
        "**",
        "\u2028",
        "\x00",
        "\ud800",
        "<s>",
        "Observation:",
    ]
)
TEXT = st.lists(st.one_of(HARD, st.text(max_size=8), st.text(string.printable, max_size=8)), max_size=6).map(
    "".join
)
VALUE: st.SearchStrategy[Json] = st.recursive(
    st.one_of(TEXT, st.none(), st.booleans(), st.floats(), st.integers(), st.none().map(lambda _: 10**5000)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=6,
)
CALL = st.builds(
    ToolCall,
    name=st.sampled_from(["find_table", "f", "", "set_light"]),
    arguments=st.dictionaries(TEXT, VALUE, max_size=3),
    id=st.sampled_from(["", "a", "b"]),
)
MESSAGE: st.SearchStrategy[Message] = st.one_of(
    st.builds(SystemMessage, TEXT),
    st.builds(UserMessage, TEXT),
    st.builds(ToolMessage, content=TEXT, call_id=st.sampled_from(["", "a", "b"])),
    st.builds(
        AssistantMessage,
        content=TEXT,
        reasoning=TEXT,
        tool_calls=st.lists(CALL, max_size=3).map(tuple),
        malformed=st.just((MalformedCall(raw="{", error="?"),)),
    ),
)
CONVERSATION = st.builds(
    Conversation, messages=st.lists(MESSAGE, max_size=8).map(tuple), tools=st.sampled_from([(), TOOLS])
)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(CONVERSATION, min_size=1, max_size=3))
def test_whatever_a_conversation_holds_the_families_answer_and_their_fixes_work(
    rows: list[Conversation],
) -> None:
    context = Context(plain_text=True, control_tokens=("<x>", "@@"), similarity=0.7)
    folds = [Duplicates(context), Leakage(context), Openings(context)]
    for row in rows:
        subject = Subject(row, context)
        for finding in chain(markup.look(subject), user_family.look(subject), repetition.look(subject)):
            assert finding.path.startswith("$.messages[")
            if finding.fix:
                again = markup.look(Subject(finding.fix(row), context))
                assert (finding.code, finding.path) not in {(f.code, f.path) for f in again}
        for fold in folds:
            key = fold.key(subject)
            fold.hold(key, "test.jsonl:1")
            fold.add(key, "train.jsonl:1")
    for fold in folds:
        list(fold.close())


@pytest.mark.parametrize(
    "sign", ["<", "[", "*", "`", "{", "<|", "- ", "#", "~~", "|---", "```", "<s>", '{"name":"']
)
def test_long_runs_of_signs_take_time_in_proportion(sign: str) -> None:
    text = sign * (200_000 // len(sign))
    conversation = said(user(text), call("f", a=text), result(text), reply(text, reasoning=text))
    for context in (PLAIN, Context(control_tokens=("@@",))):
        subject = Subject(conversation, context)
        assert isinstance(list(chain(markup.look(subject), user_family.look(subject))), list)
