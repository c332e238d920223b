import asyncio
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from callwright.chat import ChatModel, Reply, Sampling, replies
from callwright.conversation import (
    AssistantMessage,
    Conversation,
    MalformedCall,
    SystemMessage,
    Tool,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from callwright.errors import ModelError
from callwright.teachers import TEACHERS
from callwright.teachers.openai import OpenAITeacher
from callwright.testing.endpoint import Endpoint, Trouble, said

HI = Conversation(messages=(UserMessage("hi"),))
LS = Tool(name="ls", description="List", parameters={"type": "object", "properties": {}})


class Asked:
    """A teacher over `answers` whose pauses are noted instead of waited for."""

    def __init__(self, endpoint: Endpoint, **options: object) -> None:
        self.pauses: list[float] = []

        async def sleep(seconds: float) -> None:
            self.pauses.append(seconds)

        self.teacher = OpenAITeacher("m", base_url=endpoint.url, sleep=sleep, **options)

    def reply(self, conversation: Conversation = HI, sampling: Sampling | None = None) -> Reply:
        return asyncio.run(self.teacher.reply(conversation, sampling or Sampling()))


def test_it_is_in_the_table_and_a_chat_model() -> None:
    teacher = TEACHERS["openai"]("m", base_url="http://127.0.0.1:1/v1")
    assert isinstance(teacher, ChatModel)
    assert teacher.name == "m"


def test_a_conversation_is_sent_as_the_api_has_it() -> None:
    conversation = Conversation(
        messages=(
            SystemMessage("Be brief."),
            UserMessage("list"),
            AssistantMessage(tool_calls=(ToolCall(name="ls", arguments={"é": 1}, id="c1"),), reasoning="hm"),
            ToolMessage(content="a.txt", call_id="c1"),
        ),
        tools=(LS,),
    )
    sampling = Sampling(
        temperature=0.5,
        top_p=0.9,
        max_tokens=9,
        seed=3,
        stop=("x",),
        tool_choice="ls",
        parallel_tool_calls=False,
    )
    with Endpoint() as endpoint:
        Asked(endpoint).reply(conversation, sampling)
    (sent,) = endpoint.requests
    function = {"name": "ls", "description": "List", "parameters": LS.parameters}
    call = {"id": "c1", "type": "function", "function": {"name": "ls", "arguments": '{"é": 1}'}}
    assert sent == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "list"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "a.txt"},
        ],
        "temperature": 0.5,
        "max_tokens": 9,
        "top_p": 0.9,
        "seed": 3,
        "stop": ["x"],
        "tools": [{"type": "function", "function": function}],
        "tool_choice": {"type": "function", "function": {"name": "ls"}},
        "parallel_tool_calls": False,
    }


def test_a_reply_has_its_text_calls_usage_and_finish() -> None:
    with Endpoint([said("Hello"), said("I look.", calls=[("ls", {"a": 1}), ("pwd", {})])]) as endpoint:
        asked = Asked(endpoint)
        assert asked.reply().message == AssistantMessage(content="Hello")
        reply = asked.reply()
    assert reply.finish == "tool_calls"
    assert reply.message.content == "I look."
    assert reply.message.tool_calls == (
        ToolCall(name="ls", arguments={"a": 1}, id="call_1"),
        ToolCall(name="pwd", arguments={}, id="call_2"),
    )
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (10, 5)


@pytest.mark.parametrize(
    ("sent", "arguments"), [("", {}), (None, {}), ('"{\\"a\\": 1}"', {"a": 1}), ({"a": 1}, {"a": 1})]
)
def test_arguments_are_read_generously(sent, arguments) -> None:
    choice = said(calls=[("ls", {})])
    choice["message"]["tool_calls"][0]["function"]["arguments"] = sent
    with Endpoint([choice]) as endpoint:
        (call,) = Asked(endpoint).reply().message.tool_calls
    assert call.arguments == arguments


@pytest.mark.parametrize("sent", ['{"a": ', "[1]", "7", "nothing"])
def test_broken_arguments_are_a_malformed_call(sent: str) -> None:
    with Endpoint([said(calls=[("ls", sent), ("pwd", {})])]) as endpoint:
        message = Asked(endpoint).reply().message
    assert [call.name for call in message.tool_calls] == ["pwd"]
    (malformed,) = message.malformed
    assert isinstance(malformed, MalformedCall)
    assert "arguments" in malformed.error
    assert json.dumps(sent)[1:-1] in malformed.raw


def test_a_cut_answer_has_no_finished_call() -> None:
    with Endpoint([said(calls=[("ls", {})], finish="length")]) as endpoint:
        reply = Asked(endpoint).reply()
    assert (reply.finish, reply.message.tool_calls) == ("length", ())
    assert len(reply.message.malformed) == 1


def test_a_filtered_answer_is_an_error_reply() -> None:
    with Endpoint([said("", finish="content_filter")]) as endpoint:
        reply = Asked(endpoint).reply()
    assert (reply.finish, reply.error) == ("error", "the answer was filtered")


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(status=429),
        Trouble(status=500),
        Trouble(status=503),
        Trouble(broken=True),
        Trouble(truncated=True),
    ],
)
def test_what_passes_is_tried_again_with_growing_pauses(trouble: Trouble) -> None:
    with Endpoint([trouble, trouble, said("there")]) as endpoint:
        asked = Asked(endpoint)
        assert asked.reply().message.content == "there"
    first, second = asked.pauses
    assert 0.5 <= first <= 1.0 <= second <= 2.0


def test_a_slow_answer_is_given_up_and_asked_for_again() -> None:
    with Endpoint([Trouble(delay=1.0), said("there")]) as endpoint:
        assert Asked(endpoint, timeout=0.2).reply().message.content == "there"


def test_retry_after_is_followed_as_seconds_and_as_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    answers = [Trouble(status=429, retry_after="7"), Trouble(status=503, retry_after=date), said("there")]
    with Endpoint(answers) as endpoint:
        asked = Asked(endpoint)
        assert asked.reply().message.content == "there"
    assert asked.pauses[0] == 7.0
    assert 20 < asked.pauses[1] <= 30


def test_a_pause_of_an_hour_is_not_waited_for() -> None:
    with Endpoint([Trouble(status=429, retry_after="3600")]) as endpoint:
        asked = Asked(endpoint)
        reply = asked.reply()
    assert asked.pauses == []
    assert reply.error.endswith("it asks for a pause of 3600 s")


def test_it_gives_up_after_its_attempts_and_says_why() -> None:
    with Endpoint([Trouble(status=500)]) as endpoint:
        asked = Asked(endpoint, attempts=3)
        reply = asked.reply()
    assert len(endpoint.requests) == 3
    assert len(asked.pauses) == 2
    assert reply.finish == "error"
    assert reply.error == "m gave no answer: status 500: asked for trouble"


def test_what_does_not_pass_is_asked_once() -> None:
    with Endpoint([Trouble(status=401)]) as endpoint:
        reply = Asked(endpoint).reply()
    assert len(endpoint.requests) == 1
    assert "status 401" in reply.error


def test_an_answer_without_a_message_is_an_error_reply() -> None:
    with Endpoint([{"index": 0}]) as endpoint:
        reply = Asked(endpoint).reply()
    assert reply.error.startswith("the answer has no message")


def test_the_key_is_sent_and_nowhere_to_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-secret")
    with Endpoint([Trouble(status=403)]) as endpoint:
        asked = Asked(endpoint, api_key_env="MY_KEY")
        reply = asked.reply()
    assert endpoint.headers[0]["authorization"] == "Bearer sk-secret"
    shown = f"{asked.teacher!r} {vars(asked.teacher)} {reply} {endpoint.requests}"
    assert "sk-secret" not in shown


def test_without_a_key_none_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    with Endpoint() as endpoint:
        Asked(endpoint, api_key_env="MY_KEY").reply()
    assert "authorization" not in endpoint.headers[0]


def test_many_are_asked_at_once() -> None:
    with Endpoint([said("Hello")]) as endpoint:
        teacher = OpenAITeacher("m", base_url=endpoint.url)
        answers = replies(teacher, [HI] * 6, Sampling(), concurrency=3)
    assert [answer.message.content for answer in answers] == ["Hello"] * 6


def test_a_teacher_without_an_endpoint_says_how_to_get_one() -> None:
    with pytest.raises(ModelError) as caught:
        OpenAITeacher("openai.gpt-oss-120b", base_url="")
    assert "CALLWRIGHT_TEACHER_URL" in caught.value.hint
    assert "base.teacher_model_name=offline" in caught.value.hint
