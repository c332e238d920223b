import asyncio
from pathlib import Path

import pytest

from callwright.chat import Reply, Sampling, replies
from callwright.conversation import AssistantMessage, Conversation, ToolCall, UserMessage
from callwright.errors import FormatError
from callwright.teachers.replay import ReplayTeacher

ASKED = Conversation(messages=(UserMessage("Hello"),))


def test_replies_come_in_order_and_what_was_asked_is_kept() -> None:
    teacher = ReplayTeacher(["Hi", AssistantMessage(tool_calls=(ToolCall(name="ls"),))])
    found = replies(teacher, [ASKED, ASKED], Sampling())
    assert [reply.finish for reply in found] == ["stop", "tool_calls"]
    assert found[0].message.content == "Hi"
    assert teacher.asked == [ASKED, ASKED]


def test_used_up_replies_are_an_error_reply_and_no_exception() -> None:
    reply = asyncio.run(ReplayTeacher([]).reply(ASKED, Sampling()))
    assert reply.finish == "error"
    assert reply.error == "all 0 replies are used up"


def test_a_file_may_hold_texts_messages_and_whole_replies(tmp_path: Path) -> None:
    path = tmp_path / "said.jsonl"
    path.write_text(
        '"Hi"\n'
        '{"role": "assistant", "content": null, "tool_calls": [{"id": "a", "type": "function", '
        '"function": {"name": "cd", "arguments": "{\\"folder\\": \\"x\\"}"}}]}\n'
        '{"message": {"content": "cut"}, "finish": "length"}\n'
    )
    teacher = ReplayTeacher.from_file(path)
    found = teacher.replies([ASKED] * 3, Sampling())
    assert found[0].message.content == "Hi"
    assert found[1].message.tool_calls == (ToolCall(id="a", name="cd", arguments={"folder": "x"}),)
    assert found[2] == Reply(message=AssistantMessage(content="cut"), finish="length")
    assert teacher.name == "replay:said.jsonl"


def test_every_broken_line_of_a_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "said.jsonl"
    path.write_text('{"content": \n"fine"\n[1]\n{"tool_calls": [{"name": "a", "arguments": "{"}]}\n')
    with pytest.raises(FormatError) as caught:
        ReplayTeacher.from_file(path)
    assert [fault.line for fault in caught.value.faults] == [1, 3, 4]
