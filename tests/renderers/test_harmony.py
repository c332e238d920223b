import pytest
from renderer_cases import official

from callwright.conversation import AssistantMessage, Conversation, ToolCall, ToolMessage, UserMessage
from callwright.errors import RenderError
from callwright.renderers import samples, text_of
from callwright.renderers.harmony import HarmonyRenderer

HARMONY = HarmonyRenderer(official("gptoss"))
CALL = ' to=functions.ls<|channel|>commentary json<|message|>{"path": "é"}<|call|>'
LS = ToolCall(id="1", name="ls", arguments={"path": "é"})


def test_channels_become_the_parts_of_a_turn() -> None:
    text = f"<|channel|>analysis<|message|>hm<|end|><|start|>assistant{CALL}"
    assert said(HARMONY.parse(text)) == ("", "hm", ["ls"])
    text = (
        "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Yes.<|return|>"
    )
    assert HARMONY.parse(text) == AssistantMessage(content="Yes.", reasoning="hm")


def said(turn: AssistantMessage) -> tuple[str, str, list[str]]:
    return turn.content, turn.reasoning, [call.name for call in turn.tool_calls]


@pytest.mark.parametrize(
    "text",
    [
        CALL,
        CALL.removesuffix("<|call|>"),
        '<|channel|>commentary to=functions.ls <|constrain|>json<|message|>{"path": "é"}<|call|>',
        f"<|channel|>commentary<|message|>I look.<|end|><|start|>assistant{CALL}",
    ],
)
def test_a_call_is_read_in_each_spelling_that_models_use(text: str) -> None:
    assert HARMONY.parse(text).tool_calls == (ToolCall(name="ls", arguments={"path": "é"}),)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("{'a': 1}", "single quote"),
        ('{"a": 1', "not finished"),
        ("[1]", "expected an object"),
        ("{} x", "end of the call"),
    ],
)
def test_a_broken_call_is_malformed(body: str, error: str) -> None:
    (malformed,) = HARMONY.parse(
        f" to=functions.ls<|channel|>commentary json<|message|>{body}<|call|>"
    ).malformed
    assert error in malformed.error


def test_text_without_a_channel_is_kept_as_content() -> None:
    assert HARMONY.parse("plain words").content == "plain words"


def test_a_reply_after_calls_with_reasoning_is_trained_after_the_prompt_that_a_server_sends() -> None:
    told = Conversation(
        messages=(
            UserMessage("look"),
            AssistantMessage(reasoning="I must look", tool_calls=(LS,)),
            ToolMessage(content="[]", call_id="1"),
            AssistantMessage(content="Nothing there."),
        )
    )
    (spans,) = samples(told, HARMONY)
    assert (
        text_of(spans) == HARMONY.prompt(told.upto(3)) + "<|channel|>final<|message|>Nothing there.<|return|>"
    )
    assert "I must look" in text_of(spans)
    assert "I must look" not in HARMONY.text(HARMONY.dicts(told.messages), None, cue=False)
    assert [span.message for span in spans if span.sampled] == [1, 3]


@pytest.mark.parametrize(
    "turn", [AssistantMessage(content="Sure.", tool_calls=(LS,)), AssistantMessage(tool_calls=(LS, LS))]
)
def test_what_the_template_would_lose_is_refused(turn: AssistantMessage) -> None:
    with pytest.raises(RenderError, match="one call a turn, and no text beside it"):
        list(samples(Conversation(messages=(UserMessage("hi"), turn)), HARMONY))
