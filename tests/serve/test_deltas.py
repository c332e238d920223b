import json
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwright.conversation import Tool
from callwright.decoding import TAGGED
from callwright.renderers.tiny import TinyRenderer
from callwright.serve.deltas import Delta, Deltas, message_of

RENDERER = TinyRenderer()
TOOLS = (
    Tool(
        name="put",
        parameters={"type": "object", "properties": {"text": {"type": "string"}, "n": {"type": "number"}}},
    ),
    Tool(name="ls"),
)


def call(name: str, arguments: object) -> str:
    written = json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)
    return f"<tool_call>\n{written}\n</tool_call>"


TURNS = [
    "Hello.\n\nHow are you? a < b\n",
    call("ls", {}),
    "I look.\n" + call("put", {"text": 'a "</tool_call>" é {\\', "n": 1.50}) + "\n" + call("ls", {}),
    "<think>\nhm <tool_call>\n</think>\n\nWell.\n" + call("put", {"text": "<tool_call>\n"}),
]


def heard(pieces: list[str], *, exact: bool = True, cut: bool = False) -> tuple[list[Delta], Deltas]:
    ids = (f"call_{number}" for number in count())
    shape, sure = (TAGGED, {"put", "ls"}) if exact else (None, set())
    deltas = Deltas(RENDERER, TOOLS, lambda: next(ids), shape=shape, sure=sure)
    found = [delta for piece in pieces for delta in deltas.feed(piece)]
    return [*found, *deltas.close(cut=cut)], deltas


@pytest.mark.parametrize("exact", [True, False])
@given(data=st.data())
def test_the_message_is_the_same_however_the_text_is_cut(exact: bool, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(TURNS))
    places = sorted(data.draw(st.sets(st.integers(0, len(text)))))
    pieces = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
    message = message_of(heard(pieces, exact=exact)[0])
    assert message == message_of(heard([text], exact=exact)[0])
    parsed = RENDERER.parse(text, TOOLS)
    assert message["content"] == (parsed.content or None)
    assert message.get("reasoning_content", "") == parsed.reasoning
    calls = [
        (one["function"]["name"], json.loads(one["function"]["arguments"]))
        for one in message.get("tool_calls", [])
    ]
    assert calls == [(one.name, one.arguments) for one in parsed.tool_calls]


def test_arguments_are_the_very_text_that_was_written() -> None:
    text = '<tool_call>\n{"name": "put", "arguments": {"n": 1.50}}\n</tool_call>'
    assert message_of(heard(list(text))[0])["tool_calls"][0]["function"]["arguments"] == '{"n": 1.50}'


def test_a_call_that_does_not_hold_is_reported_and_not_passed_on() -> None:
    found, deltas = heard([call("put", {"n": "many"}) + "\n" + call("ls", {})], exact=False)
    assert [one["function"]["name"] for one in message_of(found)["tool_calls"]] == ["ls"]
    (lost,) = deltas.malformed
    assert "$.arguments.n" in lost.error


def test_a_call_that_is_broken_is_reported_and_is_no_content() -> None:
    found, deltas = heard(['<tool_call>\n{"name": "put", "argu\n</tool_call>'], exact=False)
    assert message_of(found) == {"role": "assistant", "content": None, "refusal": None}
    assert len(deltas.malformed) == 1


def test_half_a_tag_at_the_cut_is_no_content() -> None:
    assert message_of(heard(["Well <tool_c"], cut=True)[0])["content"] == "Well"
    assert message_of(heard(["Well <tool_c"], cut=False)[0])["content"] == "Well <tool_c"


def test_a_call_that_is_cut_is_passed_on_as_far_as_it_goes() -> None:
    found, deltas = heard([call("put", {"text": "abcdef"})[:-30]], cut=True)
    arguments = message_of(found)["tool_calls"][0]["function"]["arguments"]
    assert '{"text": "abcdef"}'.startswith(arguments)
    assert deltas.malformed == []
