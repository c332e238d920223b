import random

import pytest
from renderer_cases import CASES

from callwright import schema
from callwright.conversation import (
    AssistantMessage,
    Conversation,
    SystemMessage,
    Tool,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from callwright.renderers import RENDERERS, samples, text_of
from callwright.renderers.tiny import FRAME_TOKENS, SPECIAL_TOKENS, TEMPLATE, TinyRenderer
from callwright.testing import random_conversations

TINY = TinyRenderer()
FIND = Tool(
    name="find",
    parameters={
        "type": "object",
        "properties": {
            "path": {"type": "string", "default": "."},
            "name": {"type": "string"},
            "kind": {"enum": ["file", "folder"]},
            "size": {"type": ["integer", "null"]},
        },
        "required": ["name"],
    },
)


def test_a_conversation_is_written_like_this() -> None:
    told = Conversation(
        messages=(
            SystemMessage("Find files."),
            UserMessage("where is a.txt?"),
            AssistantMessage(
                content="Looking.", tool_calls=(ToolCall(id="1", name="find", arguments={"name": "a.txt"}),)
            ),
            ToolMessage(content="[]", call_id="1"),
        ),
        tools=(FIND,),
    )
    assert text_of(TINY.render(told, cue=True)) == (
        "<|im_start|>system\nFind files.\n\n# Tools\n"
        'find(path: string = ".", name: string, kind?: "file"|"folder", size?: integer|null)<|im_end|>\n'
        "<|im_start|>user\nwhere is a.txt?<|im_end|>\n"
        '<|im_start|>assistant\nLooking.\n<tool_call>\n{"name": "find", "arguments": {"name": "a.txt"}}\n'
        "</tool_call><|im_end|>\n"
        "<|im_start|>tool\n[]<|im_end|>\n"
        "<|im_start|>assistant\n"
    )


def test_a_flat_signature_is_that_of_the_schema_module() -> None:
    assert schema.signature(FIND) in TINY.prompt(Conversation(messages=(), tools=(FIND,)))


def test_nested_parameters_are_shown() -> None:
    deep = {
        "type": "object",
        "properties": {
            "options": {
                "type": "object",
                "properties": {"a": {"type": "string"}, "items": {}},
                "required": ["a"],
            },
            "rows": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
            "either": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "always": {"const": 1},
            "free": True,
            "some": {"type": "object"},
        },
    }
    text = TINY.prompt(Conversation(messages=(), tools=(Tool(name="f", parameters=deep), Tool(name="g"))))
    assert (
        "f(options?: {a: string, items?: any}, rows?: number[][], either?: string|null, always?: 1, "
        "free?: any, some?: object)\ng()<|im_end|>" in text
    )


def test_its_own_writing_is_its_templates_text() -> None:
    for told in random_conversations(200, seed=31, reasoning=True):
        messages, tools = TINY.dicts(told.messages), TINY.tool_dicts(told.tools)
        for cue in (False, True):
            assert text_of(TINY.render(told, cue=cue)) == TINY.text(messages, tools, cue=cue)


def test_without_system_and_tools_there_is_no_system_block() -> None:
    assert TINY.prompt(Conversation(messages=(UserMessage("hi"),))) == (
        "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
    )


def test_a_conversation_is_one_render_however_many_turns() -> None:
    for told in random_conversations(50, seed=32):
        assert len(list(samples(told, TINY))) == 1


def test_frame_and_special_tokens_are_distinct_and_a_call_is_short() -> None:
    assert len({*FRAME_TOKENS, *SPECIAL_TOKENS}) == len(FRAME_TOKENS) + len(SPECIAL_TOKENS)
    tokenizer = CASES[0].tokenizer
    told = '<tool_call>\n{"name": "find", "arguments": {"path": "city", "count": 7}}\n</tool_call><|im_end|>'
    encoded = tokenizer.encode(told, add_special_tokens=False)
    assert tokenizer.decode(encoded.ids, skip_special_tokens=False) == told
    assert len(encoded.ids) <= 12


def test_quotes_inside_values_survive_the_frame_tokens() -> None:
    tokenizer = CASES[0].tokenizer
    pieces = [*FRAME_TOKENS, '"', "\\", "}", "x", "é", "\n"]
    rng = random.Random(5)
    for _ in range(300):
        value = "".join(rng.choices(pieces, k=4))
        told = Conversation(
            messages=(
                UserMessage("hi"),
                AssistantMessage(tool_calls=(ToolCall(id="1", name="f", arguments={"a": value}),)),
            )
        )
        ((spans),) = samples(told, TINY)
        ids = tokenizer.encode(next(s.text for s in spans if s.sampled), add_special_tokens=False).ids
        read = TINY.parse(tokenizer.decode(ids, skip_special_tokens=False))
        assert read.tool_calls[0].arguments == {"a": value}


@pytest.mark.parametrize("name", ["tiny"])
def test_it_is_made_by_name_with_the_template_of_a_student_folder(name: str) -> None:
    assert RENDERERS[name](TEMPLATE).stops[0] == "<|im_end|>"
