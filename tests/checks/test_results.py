"""Results that are meant to be JSON, and replies to those that are errors."""

import json
import time

import pytest

from callwright.checks import Context, Examiner, Finding
from callwright.conversation import (
    AssistantMessage,
    Conversation,
    Message,
    ToolCall,
    ToolMessage,
    UserMessage,
)


def conversation(*contents: str, tool: str = "find_table", reply: str = "Here you are.") -> Conversation:
    messages: list[Message] = [UserMessage("Go on.")]
    for number, content in enumerate(contents):
        messages.append(AssistantMessage(tool_calls=(ToolCall(name=tool, id=f"c{number}"),)))
        messages.append(ToolMessage(content=content, call_id=f"c{number}"))
    return Conversation(messages=(*messages, AssistantMessage(content=reply)))


def found(
    *contents: str,
    tool: str = "find_table",
    reply: str = "Nothing was found, sorry.",
    promised: tuple[str, ...] = (),
) -> list[Finding]:
    examiner = Examiner(Context(select=("results",), json_results=promised))
    return examiner.examine(conversation(*contents, tool=tool, reply=reply)).findings


@pytest.mark.parametrize(
    "content",
    [
        '{"a": 1}',
        "  [1, 2]\n",
        "",
        "ok",
        "[no results]",
        "[]",
        "{name} not found",
        "[12:30, 13:00]",
        "[2019-03-01 10:00:00] INFO started",
        "[1] See the page.",
        "[link](https://example.com) and more",
        "[[Rome]] is a city",
        "{% if x %}yes{% endif %}",
        "{{name}}",
        "{color: red}",
        "[INST]",
        "{} items",
        '{"a": 1}\n{"b": 2}',
        '{"a": 1} is what I have',
        '["Hello"] is the title of the song',
        "3.5",
        "null",
        "Error: {'code': 4}",
        '{"a": 1e999, "b": 123456789012345678901234567890}',
        "[" * 5000 + "]" * 5000,
    ],
)
def test_what_is_json_or_plain_text_is_not_blamed(content: str) -> None:
    assert found(content) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"a": 1', "it ends too early"),
        ('[{"name": "Da Enzo", "gue', "it ends too early"),
        ('{"na', "it ends too early"),
        ("[", ""),
        ('{"a": 1, }', "at character 10"),
        ('{"a": 1}}', "extra data at character 9"),
        ('{"a": NaN}', "`NaN` is no JSON"),
        ('{"a": "two\nlines"}', "invalid control character"),
        ('["a", "b"', "it ends too early"),
        ("{'a': datetime.date(2020, 1, 1)}", "at character 2"),
        ('{"a" 1: 2}', ""),
    ],
)
def test_what_begins_like_json_and_breaks_is_told_where(content: str, words: str) -> None:
    said = found(content)
    if words:
        (finding,) = said
        assert (finding.code, finding.path) == ("results-json", "$.messages[2].content")
        assert words in finding.message
        assert finding.words in content
    else:
        assert said == []


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("{'a': True, 'b': None}", {"a": True, "b": None}),
        ("[{'name': \"Da Enzo's\", 'n': 1.5}]", [{"name": "Da Enzo's", "n": 1.5}]),
        ("['a', 'b']", ["a", "b"]),
        ("{'größe': (1, 2)}", {"größe": [1, 2]}),
    ],
)
def test_what_python_has_written_is_written_as_json(content: str, value: object) -> None:
    before = conversation(content)
    (finding,) = Examiner(Context(select=("results",))).examine(before).findings
    assert (finding.code, finding.severity) == ("results-python-literal", "error")
    assert finding.words in content
    assert finding.fix
    after = finding.fix(before)
    assert json.loads(after.messages[2].content) == value
    assert finding.fix(after) == after
    assert Examiner(Context(select=("results",))).examine(after).findings == []


def test_a_tool_that_answers_in_words_elsewhere_may_write_brackets() -> None:
    assert found('{"a": 1', "no table") == []
    assert len(found('{"a": 1', '{"a": 2}')) == 1
    assert len(found('{"a": 1', "Error: busy")) == 1
    assert found('{"a": 1', tool="run_shell") == []
    assert found("{'a': 1}", tool="readFile") == []


def test_json_among_words_is_blamed_where_the_tools_other_results_are_json() -> None:
    assert found('Result: {"a": 1}') == []
    (finding,) = found('{"a": 1}', 'Result: {"a": 1}')
    assert (finding.code, finding.path) == ("results-json", "$.messages[4].content")
    assert found('{"a": 1}', "none left") == []


def test_a_promise_of_json_is_kept_by_every_result() -> None:
    promised = ("find_table",)
    assert found('{"a": 1}', '"none"', "3", "true", promised=promised) == []
    assert found("none", promised=("other",)) == []
    for content, words in [
        ("none", "at character 1"),
        ("", "it is empty"),
        ("Error: busy", "at character 1"),
        ('{"a": 1} and more', "extra data"),
    ]:
        (finding,) = found(content, promised=promised)
        assert finding.code == "results-json"
        assert words in finding.message


FAILED = '{"error": "the lamp does not respond"}'


@pytest.mark.parametrize("content", [FAILED, '{"success": false}', '{"status": "failed"}', "Error: no lamp"])
@pytest.mark.parametrize(
    "reply",
    ["Done, the light is on.", "I've switched it on. Anything else?", "No problem, it has been done!"],
)
def test_a_reply_that_claims_success_after_an_error_is_warned_of(content: str, reply: str) -> None:
    (finding,) = found(content, reply=reply)
    assert (finding.code, finding.severity) == ("results-error-ignored", "warning")
    assert finding.path == "$.messages[3].content"
    assert finding.words in reply
    assert "$.messages[2]" in finding.message


@pytest.mark.parametrize(
    "reply",
    [
        "I couldn't switch it on.",
        "Sorry, the lamp is not there.",
        "The booking has been rejected.",
        "Unfortunately that failed; here is what I found instead.",
        "Which lamp do you mean?",
        "Das hat leider nicht geklappt.",
        "I've tried twice. Shall I try again?",
        "",
    ],
)
def test_a_reply_that_heeds_the_error_or_claims_nothing_is_not(reply: str) -> None:
    assert found(FAILED, reply=reply) == []


def test_another_call_heeds_an_error_and_a_result_that_is_none_needs_no_heed() -> None:
    assert found(FAILED, '{"ok": true}', reply="Done.") == []
    assert found('{"error": null, "items": []}', reply="Done.") == []
    assert len(found('{"ok": true}', FAILED, reply="Done.")) == 1


def test_the_work_grows_with_the_length_alone() -> None:
    began = time.process_time()
    assert len(found(*['{"a": 1'] * 2_000)) == 2_000
    found(*['a "b": c'] * 5_000)
    found(*["Error: busy"] * 5_000)
    for text in ("[ " * 100_000, '{"' + "\\\\" * 100_000, "[" + " " * 100_000 + "x", "{'" + "a" * 100_000):
        found(text)
    assert time.process_time() - began < 5
