import pytest
from renderer_cases import official

from callwright.conversation import AssistantMessage, Conversation, SystemMessage, Tool, ToolCall, UserMessage
from callwright.errors import RenderError
from callwright.renderers import samples
from callwright.renderers.llama import LlamaRenderer

LLAMA = LlamaRenderer(official("llama3_2"), special_tokens={"bos_token": "<|begin_of_text|>"})
LS = '{"name": "ls", "parameters": {"path": "é"}}'


@pytest.mark.parametrize("text", [LS, f"{LS}<|eot_id|>", f"<|python_tag|>{LS}<|eom_id|>", f"\n {LS} "])
def test_a_call_is_read_with_or_without_stop_and_python_tag(text: str) -> None:
    assert LLAMA.parse(text) == AssistantMessage(tool_calls=(ToolCall(name="ls", arguments={"path": "é"}),))


def test_a_reply_is_content_even_if_it_is_json() -> None:
    assert LLAMA.parse("Done.<|eot_id|>") == AssistantMessage(content="Done.")
    assert LLAMA.parse('{"total": 3}') == AssistantMessage(content='{"total": 3}')


def test_calls_that_follow_each_other_are_all_read() -> None:
    assert [call.name for call in LLAMA.parse(f"{LS}; {LS}\n{LS}").tool_calls] == ["ls"] * 3


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"name": "ls", "parameters": {"a": False}}', "Python's `False`"),
        ('{"name": "ls", "parameters": "{}"}', "a string of JSON"),
        ('{"name": "ls", "arguments": {}}', 'expected an object as "parameters"'),
        ('{"name": "ls", "par', "not finished"),
        ("<|python_tag|>ls.call()", "broken JSON"),
        (f"{LS} and more", "broken JSON"),
    ],
)
def test_a_broken_call_is_malformed(text: str, error: str) -> None:
    (malformed,) = LLAMA.parse(text).malformed
    assert error in malformed.error


def test_tools_without_a_users_message_are_refused_with_the_templates_reason() -> None:
    with pytest.raises(RenderError, match="no first user message"):
        LLAMA.prompt(Conversation(messages=(SystemMessage("Hm."),), tools=(Tool(name="ls"),)))


def test_a_call_beside_text_is_refused() -> None:
    turn = AssistantMessage(content="Sure.", tool_calls=(ToolCall(id="1", name="ls"),))
    with pytest.raises(RenderError, match=r"its content `Sure\.` reads back as ``"):
        list(samples(Conversation(messages=(UserMessage("hi"), turn)), LLAMA))
