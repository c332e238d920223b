from collections.abc import Callable
from pathlib import Path

import pytest

from callwright import agent
from callwright.agent import Chat, talk
from callwright.chat import Reply, Sampling
from callwright.conversation import (
    AssistantMessage,
    Conversation,
    SystemMessage,
    Tool,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from callwright.errors import ModelError
from callwright.teachers.replay import ReplayTeacher

LS = Tool(name="ls", description="List files.")
CALL = AssistantMessage(tool_calls=(ToolCall(name="ls", arguments={"all": True}, id="call_1"),))
FAILED = Reply(message=AssistantMessage(), finish="error", error="out of order")


def test_a_call_is_run_and_its_result_answered() -> None:
    model = ReplayTeacher([CALL, "One file."])
    run: list[ToolCall] = []

    def run_tool(call: ToolCall) -> str:
        run.append(call)
        return "a.txt"

    chat = Chat(model, run_tool, system="Be brief.", tools=(LS,))
    shown: list[Reply] = []
    reply = chat.say("list", show=shown.append)
    assert reply.message.content == "One file."
    assert [one.message for one in shown] == [CALL, reply.message]
    assert run == list(CALL.tool_calls)
    assert chat.conversation == Conversation(
        messages=(
            SystemMessage("Be brief."),
            UserMessage("list"),
            CALL,
            ToolMessage(content="a.txt", call_id="call_1"),
            AssistantMessage(content="One file."),
        ),
        tools=(LS,),
    )


def test_a_model_that_calls_for_ever_is_stopped() -> None:
    model = ReplayTeacher([CALL] * 5)
    reply = Chat(model, lambda _: "", rounds=3).say("list")
    assert reply.message == CALL
    assert len(model.asked) == 3


def test_a_turn_that_fails_leaves_the_history_as_it_was() -> None:
    chat = Chat(ReplayTeacher(["Hello", CALL, FAILED]), lambda _: "")
    chat.say("hi")
    before = chat.conversation
    with pytest.raises(ModelError, match="out of order"):
        chat.say("list")
    assert chat.conversation == before


def test_undo_takes_back_a_whole_turn() -> None:
    chat = Chat(ReplayTeacher(["Hello", CALL, "Done"]), lambda _: "", system="Be brief.")
    chat.say("hi")
    before = chat.conversation
    chat.say("list")
    assert chat.undo()
    assert chat.conversation == before
    assert chat.undo()
    assert chat.conversation.messages == (SystemMessage("Be brief."),)
    assert not chat.undo()


class Loaded:
    """What `inference.load` gives, over a list of replies."""

    def __init__(self, replies: list[Reply | AssistantMessage | str]) -> None:
        self.chat = ReplayTeacher(replies)
        card = type("Card", (), {"task_description": "Be brief.", "tools": (LS,)})
        self.chat.student = type("Student", (), {"card": card})


@pytest.fixture
def talked(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    def talked(replies: list[Reply | AssistantMessage | str], typed: list[str]) -> list[str]:
        """What the terminal shows when `typed` is typed; the prompts are shown too."""
        shown: list[str] = []
        lines = iter(typed)

        def ask(prompt: str) -> str:
            shown.append(prompt)
            try:
                return next(lines)
            except StopIteration:
                raise EOFError from None

        from callwright import inference

        monkeypatch.setattr(inference, "load", lambda _: Loaded(replies))
        talk("runs/x/student", ask=ask, tell=shown.append)
        return shown

    return talked


def test_the_user_plays_the_tools(talked) -> None:
    assert talked([CALL, "One file."], ["list", "a.txt", "/quit"]) == [
        agent.HELP,
        "you> ",
        'student> ls({"all": true})',
        "  result of ls> ",
        "student> One file.",
        "you> ",
    ]


def test_commands_and_failures_do_not_end_the_talk(talked, tmp_path: Path) -> None:
    file = tmp_path / "talk.jsonl"
    cut = Reply(message=AssistantMessage(content="and so"), finish="length")
    typed = ["/undo", "/tools", "hi", "", "more", "/undo", f"/save {file}", "/what", "again"]
    shown = [line for line in talked([cut, FAILED], typed) if line != "you> "]
    assert shown == [
        agent.HELP,
        "there is nothing to take back",
        "  ls()  List files.",
        "student> and so",
        "  (cut off by the limit of tokens)",
        "! out of order",
        "taken back",
        f"saved to {file}",
        agent.HELP,
        "! all 2 replies are used up",
        "",
    ]
    assert file.read_text().count("\n") == 1


def test_greedy_is_the_default() -> None:
    assert Chat(ReplayTeacher([]), lambda _: "")._sampling == Sampling()
