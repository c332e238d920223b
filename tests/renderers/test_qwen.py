import pytest
from renderer_cases import official

from callwright.conversation import AssistantMessage, Conversation, Tool, ToolCall, UserMessage
from callwright.errors import RenderError
from callwright.renderers import samples
from callwright.renderers.qwen import QwenRenderer

QWEN = QwenRenderer(official("qwen3_instruct_2507"))
THINKER = QwenRenderer(official("qwen3_5_think"))
PAY = Tool(
    name="pay",
    parameters={
        "type": "object",
        "properties": {
            "to": {"type": "string"},
            "cents": {"type": "integer"},
            "now": {"type": "boolean"},
            "note": {"type": ["string", "null"]},
            "split": {"type": "array"},
        },
    },
)


def test_a_reply_is_content_with_or_without_its_stop() -> None:
    assert QWEN.parse("Hello\n there<|im_end|>\n") == AssistantMessage(content="Hello\n there")
    assert QWEN.parse("Hello\n there") == AssistantMessage(content="Hello\n there")
    assert QWEN.parse("") == AssistantMessage()


def test_text_around_calls_is_kept() -> None:
    text = 'Before.\n<tool_call>\n{"name": "ls", "arguments": {}}\n</tool_call>\nAfter.<|im_end|>'
    assert QWEN.parse(text) == AssistantMessage(content="Before.\nAfter.", tool_calls=(ToolCall(name="ls"),))


def test_several_calls_keep_their_order() -> None:
    one, two = (
        f'<tool_call>\n{{"name": "{name}", "arguments": {{"n": {number}}}}}\n</tool_call>'
        for name, number in (("a", 1), ("b", 1.0))
    )
    calls = QWEN.parse(f"{one}\n{two}").tool_calls
    assert [(c.name, repr(c.arguments)) for c in calls] == [("a", "{'n': 1}"), ("b", "{'n': 1.0}")]


def test_an_end_tag_inside_a_string_does_not_end_the_call() -> None:
    arguments = '{"text": "</tool_call> \\"x\\" <tool_call>"}'
    text = f'<tool_call>\n{{"name": "say", "arguments": {arguments}}}\n</tool_call>'
    assert QWEN.parse(text).tool_calls == (
        ToolCall(name="say", arguments={"text": '</tool_call> "x" <tool_call>'}),
    )


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (
            '{"name": "f", "arguments": {"on": True}}',
            "Python's `True` at character 34, where JSON has `true`",
        ),
        ('{"name": "f", "arguments": {"on": None}}', "Python's `None`"),
        ("{'name': 'f', 'arguments': {}}", "single quote"),
        ('{"name": "f", "arguments": {"a": 1,}}', "broken JSON"),
        ('{"name": "f", "arguments": "{}"}', "a string of JSON, expected the object itself"),
        ('{"name": "f", "parameters": {}}', 'expected an object as "arguments"'),
        ('{"arguments": {}}', "expected the tool's name"),
        ('{"name": "f", "arguments": {}, "id": 1}', 'unexpected key "id"'),
        ('{"name": "f", "arguments": {"a": 1, "a": 2}}', "the key `a` is given twice"),
        ('{"name": "f", "arguments": {"a": NaN}}', "`NaN` is no JSON number"),
        ('{"name": "f", "arguments": {"a": "\\ud83d"}}', "half of a character"),
        ('{"name": "f", "arguments": {}} trailing', "expected </tool_call> after the call, found `trailing"),
        ('["f"]', "expected a JSON object"),
    ],
)
def test_a_broken_call_is_malformed_with_a_reason_and_what_follows_is_still_read(
    body: str, error: str
) -> None:
    good = '<tool_call>\n{"name": "ls", "arguments": {}}\n</tool_call>'
    read = QWEN.parse(f"So: <tool_call>\n{body}\n</tool_call>\n{good}")
    assert error in read.malformed[0].error
    assert read.malformed[0].raw == body
    assert read.tool_calls == (ToolCall(name="ls"),)
    assert read.content == "So: "


def test_a_call_cut_off_is_malformed_never_a_call() -> None:
    whole = '<tool_call>\n{"name": "f", "arguments": {"a": "b"}}\n</tool_call>'
    for length in range(len("<tool_call>"), len(whole)):
        read = QWEN.parse(whole[:length])
        assert read.tool_calls == ()
        assert read.malformed[0].error.startswith("the call is not finished")


def test_reasoning_is_split_out() -> None:
    assert QWEN.parse("<think>\nhm\n</think>\n\nYes.") == AssistantMessage(content="Yes.", reasoning="hm")
    assert QWEN.parse("<think>\n\n</think>\n\nYes.") == AssistantMessage(content="Yes.")
    assert QWEN.parse("<think>\nhm") == AssistantMessage(reasoning="hm")
    assert QWEN.parse("I <think> so") == AssistantMessage(content="I <think> so")


def test_reasoning_that_the_prompt_opened_is_split_out_too() -> None:
    assert THINKER.opens_reasoning
    assert THINKER.parse("hm\n</think>\n\nYes.<|im_end|>") == AssistantMessage(content="Yes.", reasoning="hm")
    assert THINKER.parse("hm") == AssistantMessage(reasoning="hm")
    assert not QWEN.opens_reasoning


def test_reasoning_is_refused_where_the_template_has_no_place_for_it() -> None:
    told = Conversation(messages=(UserMessage("hi"), AssistantMessage(content="Yes.", reasoning="hm")))
    with pytest.raises(RenderError, match="its reasoning `hm` reads back as ``"):
        list(samples(told, QWEN))


def tagged(**values: str) -> str:
    lines = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in values.items())
    return f"</think>\n\n<tool_call>\n<function=pay>\n{lines}</function>\n</tool_call>"


def test_values_in_tags_get_the_types_of_their_schema() -> None:
    text = tagged(to="12", cents="12", now="True", note="null", split='[1, "1"]')
    (call,) = THINKER.parse(text, (PAY,)).tool_calls
    assert repr(call.arguments) == "{'to': '12', 'cents': 12, 'now': True, 'note': None, 'split': [1, '1']}"


def test_values_in_tags_without_a_schema_are_json_where_they_can_be() -> None:
    (call,) = THINKER.parse(tagged(a="12", b="x\ny", c="true", d="")).tool_calls
    assert call.arguments == {"a": 12, "b": "x\ny", "c": True, "d": ""}


def test_a_string_that_cannot_be_told_from_null_fails_its_conversation() -> None:
    call = ToolCall(id="1", name="pay", arguments={"note": "null"})
    told = Conversation(messages=(UserMessage("hi"), AssistantMessage(tool_calls=(call,))), tools=(PAY,))
    with pytest.raises(RenderError, match="read back as"):
        list(samples(told, THINKER))


def test_broken_tags_are_malformed() -> None:
    read = THINKER.parse("</think>\n\n<tool_call>\n<function=pay>\nwhat\n</function>\n</tool_call>", (PAY,))
    assert read.malformed[0].error == "expected <parameter=…>, found `what`"
    assert read.tool_calls == ()


def test_a_reply_that_spells_a_call_fails_its_conversation() -> None:
    told = Conversation(messages=(UserMessage("hi"), AssistantMessage(content="Write <tool_call> first.")))
    with pytest.raises(RenderError, match=r"messages\[1\].*reads back broken"):
        list(samples(told, QWEN))


def test_history_that_the_template_rewrites_is_trained_in_renders_of_its_own() -> None:
    turns = [AssistantMessage(content=f"answer {n}", reasoning=f"thought {n}") for n in range(3)]
    told = Conversation(messages=tuple(m for turn in turns for m in (UserMessage("go on"), turn)))
    renders = list(samples(told, QwenRenderer(official("qwen3"))))
    assert [[span.message for span in spans if span.sampled] for spans in renders] == [[5], [3], [1]]
    assert len(list(samples(told, QwenRenderer(official("qwen3_8"))))) == 1
