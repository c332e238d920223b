import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from callwright.chat import ChatModel, Reply, Sampling, Usage, replies
from callwright.conversation import (
    AssistantMessage,
    Conversation,
    MalformedCall,
    Tool,
    ToolCall,
    UserMessage,
)
from callwright.errors import RunError
from callwright.teachers.budget import Account, Budget, Budgeted
from callwright.teachers.journal import Journal, Journaled, Totals, asked
from callwright.teachers.openai import OpenAITeacher
from callwright.teachers.replay import ReplayTeacher

WHOLE = Reply(
    message=AssistantMessage(
        content="é\n\u2028",
        reasoning="hm",
        tool_calls=(ToolCall(name="ls", arguments={"a": [1.5, None, {"b": "ü"}]}, id="c1"),),
        malformed=(MalformedCall(raw="{", error="no JSON"),),
    ),
    finish="tool_calls",
    usage=Usage(prompt_tokens=7, completion_tokens=3),
    raw="as written",
)


def question(text: str) -> Conversation:
    return Conversation(messages=(UserMessage(text),))


def ask(model: ChatModel, *texts: str) -> list[Reply]:
    return replies(model, [question(text) for text in texts], Sampling(), concurrency=4)


class Counting:
    """Answers with the last message, and counts."""

    def __init__(self, name: str = "counting", pause: float = 0.0) -> None:
        self.name, self.count, self._pause = name, 0, pause

    async def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
        self.count += 1
        await asyncio.sleep(self._pause)
        text = conversation.messages[-1].content
        return Reply(
            message=AssistantMessage(content=text), usage=Usage(prompt_tokens=2, completion_tokens=1)
        )


# --- what is kept -------------------------------------------------------------------------------------------


def test_what_was_asked_once_is_answered_from_the_journal_to_the_letter(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "replies.jsonl"
    with Journal(path) as journal:
        assert ask(Journaled(ReplayTeacher([WHOLE]), journal), "hi") == [WHOLE]
    with Journal(path) as journal:
        unasked = ReplayTeacher([], name="replay")
        assert ask(Journaled(unasked, journal), "hi", "hi") == [WHOLE, WHOLE]
        assert unasked.asked == []
        assert journal.stored == Totals(replies=1, prompt_tokens=7, completion_tokens=3)
        assert journal.replayed == Totals(replies=2, prompt_tokens=14, completion_tokens=6)
        assert journal.asked == Totals()


def test_the_reply_is_in_the_file_before_it_is_used(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    with Journal(path) as journal:
        for number in range(3):
            ask(Journaled(Counting(), journal), str(number))
            assert path.read_bytes().count(b"\n") == number + 1


def test_an_error_is_not_kept_and_asked_again(tmp_path: Path) -> None:
    failed = Reply(message=AssistantMessage(), finish="error", error="busy")
    with Journal(tmp_path / "replies.jsonl") as journal:
        model = Journaled(ReplayTeacher([failed, "there"]), journal)
        assert ask(model, "hi") == [failed]
        assert ask(model, "hi")[0].message.content == "there"
        assert journal.stored.replies == 1


def test_the_same_question_may_be_asked_in_another_slot(tmp_path: Path) -> None:
    with Journal(tmp_path / "replies.jsonl") as journal:
        model = Counting()
        journaled = Journaled(model, journal)
        for slot in ("a", "b", "a", "b"):
            ask(journaled.at(slot), "hi")
    assert model.count == 2


def test_the_same_question_in_flight_twice_is_asked_once(tmp_path: Path) -> None:
    with Journal(tmp_path / "replies.jsonl") as journal:
        model = Counting(pause=0.01)
        answers = ask(Journaled(model, journal), *["hi"] * 4)
    assert [answer.message.content for answer in answers] == ["hi"] * 4
    assert model.count == 1


def test_every_part_of_a_question_tells_it_from_others() -> None:
    hi, greedy = question("hi"), Sampling()
    tool = Tool(name="ls", parameters={"type": "object"})
    keys = {
        asked("m", hi, greedy),
        asked("n", hi, greedy),
        asked("m", question("ho"), greedy),
        asked("m", Conversation(messages=hi.messages, tools=(tool,)), greedy),
        asked("m", hi, Sampling(seed=1)),
        asked("m", hi, Sampling(response_schema={"type": "object"})),
        asked("m", hi, greedy, "2"),
    }
    assert len(keys) == 7
    assert asked("m", hi, greedy) == asked(
        "m", Conversation(messages=hi.messages, id="x", origin="y"), Sampling()
    )


def test_models_of_one_name_at_two_hosts_are_two_also_behind_a_budget(tmp_path: Path) -> None:
    with Journal(tmp_path / "replies.jsonl") as journal:
        account = Account(Budget())
        hosts = [OpenAITeacher("m", base_url=f"https://{host}/v1") for host in "ab"]
        found = {Journaled(Budgeted(host, account), journal).identity for host in hosts}
    assert found == {host.identity for host in hosts}


# --- what can happen to the file ----------------------------------------------------------------------------


def test_a_cut_off_last_line_is_dropped_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    with Journal(path) as journal:
        ask(Journaled(Counting(), journal), "one", "two")
    whole = path.read_bytes()
    for cut in (1, 20, len(whole.splitlines()[1])):
        path.write_bytes(whole[:-cut])
        model = Counting()
        with Journal(path) as journal:
            assert (journal.cut, journal.faults, journal.stored.replies) == (1, [], 1)
            ask(Journaled(model, journal), "one", "two")
        assert model.count == 1
        assert sorted(path.read_bytes().splitlines()) == sorted(whole.splitlines())


def test_lines_that_were_changed_are_told_and_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    with Journal(path) as journal:
        ask(Journaled(Counting(), journal), "one", "two", "six")
    first, second, third = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(
        b"\0" * 30 + b"\n" + first + second.replace(b'"finish":"stop"', b'"finish":"length"') + third
    )
    model = Counting()
    with Journal(path) as journal:
        assert [(fault.line, fault.severity) for fault in journal.faults] == [(1, "warning"), (3, "warning")]
        assert "a reply that was changed" in journal.faults[1].found
        ask(Journaled(model, journal), "one", "two", "six")
    assert model.count == 1


def test_two_at_one_journal_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    with Journal(path), pytest.raises(RunError, match=str(os.getpid())):
        Journal(path)
    Journal(path).close()


def test_a_full_disk_is_told_and_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "replies.jsonl"
    write = os.write

    def full(file: int, text: bytes) -> int:
        write(file, text[:10])
        raise OSError(28, "No space left on device")

    with Journal(path) as journal:
        ask(Journaled(Counting(), journal), "one")
        before = path.read_bytes()
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            with pytest.raises(RunError, match="No space left"):
                ask(Journaled(Counting(), journal), "two")
        assert path.read_bytes() == before
        ask(Journaled(Counting(), journal), "two")
        assert journal.stored.replies == 2


def test_what_came_before_the_event_loop_was_stopped_is_written_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"

    async def stopped(model: ChatModel) -> None:
        tasks = [asyncio.ensure_future(model.reply(question(str(n)), Sampling())) for n in range(50)]
        while journal.asked.replies < 50:
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()

    with Journal(path) as journal:
        asyncio.run(stopped(Journaled(Counting(), journal)))
    with Journal(path) as journal:
        assert journal.stored.replies == 50


def test_many_replies_share_the_syncs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []
    fsync = os.fsync

    def slow(file: int) -> None:
        synced.append(file)
        time.sleep(0.01)
        fsync(file)

    monkeypatch.setattr(os, "fsync", slow)
    with Journal(tmp_path / "replies.jsonl") as journal:
        model = Journaled(Counting(), journal)
        replies(model, [question(str(n)) for n in range(300)], Sampling(), concurrency=100)
    assert len(synced) <= 10


CHILD = """
import asyncio, sys
from pathlib import Path
from callwright.chat import Reply, Sampling
from callwright.conversation import AssistantMessage, Conversation, UserMessage
from callwright.teachers.journal import Journal, Journaled

class Model:
    name = "counting"
    async def reply(self, conversation, sampling):
        await asyncio.sleep(0)
        return Reply(message=AssistantMessage(content=conversation.messages[-1].content))

async def work(model):
    async def line(first):
        for number in range(first, 10**6, 8):
            reply = await model.reply(Conversation(messages=(UserMessage(str(number)),)), Sampling())
            print(reply.message.content, flush=True)
    await asyncio.gather(*map(line, range(8)))

with Journal(Path(sys.argv[1])) as journal:
    asyncio.run(work(Journaled(Model(), journal)))
"""


def test_after_kill_9_no_reply_that_was_used_is_asked_for_again(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    used: list[str] = []
    for _ in range(2):
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            used += [child.stdout.readline().strip() for _ in range(len(used) + 60)]
            child.send_signal(signal.SIGKILL)
            used += [line.strip() for line in child.stdout if line.endswith("\n")]
    model = Counting()
    with Journal(path) as journal:
        assert journal.faults == []
        answers = ask(Journaled(model, journal), *sorted(set(used)))
        assert journal.stored.replies == path.read_bytes().count(b"\n")
    assert [answer.message.content for answer in answers] == sorted(set(used))
    assert model.count == 0
    assert len(set(used)) > 100
