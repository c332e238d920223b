import asyncio
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

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
from callwright.teachers.completions import reply_of, usage_of
from callwright.teachers.openai import OpenAITeacher
from callwright.teachers.pace import Pace
from callwright.testing.endpoint import Endpoint, Said, Trouble, said

HI = Conversation(messages=(UserMessage("hi"),))
LS = Tool(name="ls", description="List", parameters={"type": "object", "properties": {}})


class Asked:
    """A teacher at `endpoint`; pauses are noted instead of waited for, its own and those of its pace."""

    def __init__(self, endpoint: Endpoint, **options: Any) -> None:
        self.pauses: list[float] = []
        self.rests: list[float] = []
        self.time = 0.0

        async def sleep(seconds: float) -> None:
            self.pauses.append(seconds)

        async def rest(seconds: float) -> None:
            self.rests.append(seconds)
            self.time += seconds

        pace = Pace(now=lambda: self.time, sleep=rest, longest=options.get("timeout", 60.0))
        self.teacher = OpenAITeacher("m", base_url=endpoint.url, sleep=sleep, pace=pace, **options)

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


@pytest.mark.parametrize(
    ("finish", "error"),
    [
        ("content_filter", "the answer was filtered"),
        ("error", "the answer ended for the reason `error`"),
        ("insufficient_system_resource", "the answer ended for the reason `insufficient_system_resource`"),
    ],
)
def test_an_answer_that_did_not_end_well_is_an_error_reply(finish: str, error: str) -> None:
    with Endpoint([said("Hel", finish=finish)]) as endpoint:
        reply = Asked(endpoint).reply()
    assert (reply.finish, reply.error, reply.raw) == ("error", error, "Hel")


@pytest.mark.parametrize(
    ("counted", "usage"),
    [
        ({"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}, (7, 2)),
        ({"prompt_tokens": 7, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 5}}, (7, 2)),
        ({"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 39}, (7, 32)),  # 30 of reasoning
        ({"input_tokens": 7, "cache_read_input_tokens": 90, "output_tokens": 2}, (97, 2)),
        ({"prompt_tokens": None}, (0, 0)),
        (None, (0, 0)),
    ],
)
def test_cached_tokens_and_reasoning_are_counted_wherever_they_are_told(counted, usage) -> None:
    found = usage_of(counted)
    assert (found.prompt_tokens, found.completion_tokens) == usage


CLOSED = {"type": "object", "properties": {"a": {}}, "required": ["a"], "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (CLOSED, True),
        ({"type": "object", "properties": {"a": {}}}, False),
        ({**CLOSED, "required": []}, False),
    ],
)
def test_a_schema_is_asked_for_and_strictly_where_it_may_be(schema: dict[str, Any], strict: bool) -> None:
    with Endpoint() as endpoint:
        Asked(endpoint).reply(sampling=Sampling(response_schema=schema))
    wanted = {"name": "reply", "schema": schema, "strict": strict}
    assert endpoint.requests[0]["response_format"] == {"type": "json_schema", "json_schema": wanted}


def test_what_the_endpoint_refuses_is_left_out_from_then_on() -> None:
    sampling = Sampling(response_schema=CLOSED, seed=3)
    with Endpoint(refuses=("response_format", "seed")) as endpoint:
        asked = Asked(endpoint, attempts=1)
        assert asked.reply(sampling=sampling).message.content == "Hello"
        assert asked.reply(sampling=sampling).message.content == "Hello"
    assert asked.teacher.left_out == {"response_format", "seed"}
    sent = [sorted({"response_format", "seed"} & set(body)) for body in endpoint.requests]
    assert sent == [["response_format", "seed"], ["seed"], [], []]


def test_the_limit_of_tokens_is_sent_under_its_new_name_where_the_old_is_refused() -> None:
    def answer(body: dict[str, Any]) -> Said | Trouble:
        told = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
        return Trouble(status=400, message=told) if "max_tokens" in body else said("there")

    with Endpoint(answer=answer) as endpoint:
        assert Asked(endpoint).reply(sampling=Sampling(max_tokens=9)).message.content == "there"
    assert endpoint.requests[-1]["max_completion_tokens"] == 9


def test_extra_body_and_headers_go_with_every_request() -> None:
    extra = {"top_k": 20, "temperature": 1.0}
    with Endpoint() as endpoint:
        asked = Asked(endpoint, extra_body=extra, extra_headers={"X-Team": "blue"})
        asked.reply()
    assert endpoint.requests[0]["top_k"] == 20
    assert endpoint.requests[0]["temperature"] == 1.0
    assert endpoint.headers[0]["x-team"] == "blue"


def test_connections_are_kept_and_used_again() -> None:
    with Endpoint() as endpoint:
        teacher = OpenAITeacher("m", base_url=endpoint.url)
        replies(teacher, [HI] * 12, Sampling(), concurrency=2)
        assert endpoint.connections <= 2
        replies(teacher, [HI] * 12, Sampling(), concurrency=2)
        assert endpoint.connections <= 4


def test_its_identity_tells_models_hosts_and_bodies_apart() -> None:
    def identity(model: str = "m", url: str = "https://a/v1", **body: Any) -> str:
        return OpenAITeacher(model, base_url=url, extra_body=body).identity

    assert identity() == identity(url="https://user:word@a/v1")
    assert len({identity(), identity("n"), identity(url="https://b/v1"), identity(top_k=1)}) == 4


@pytest.mark.parametrize("trouble", [Trouble(status=500), Trouble(broken=True), Trouble(truncated=True)])
def test_what_fails_by_itself_is_tried_again_with_growing_pauses(trouble: Trouble) -> None:
    with Endpoint([trouble, trouble, trouble, said("there")]) as endpoint:
        asked = Asked(endpoint)
        assert asked.reply().message.content == "there"
    first, second, third = asked.pauses
    assert 0 <= first <= 1
    assert 0 <= second <= 2
    assert 0 <= third <= 4


@pytest.mark.parametrize("status", [429, 503, 529])
def test_a_busy_endpoint_is_asked_again_however_often_it_refuses(status: int) -> None:
    with Endpoint([Trouble(status=status)] * 10 + [said("there")]) as endpoint:
        asked = Asked(endpoint, attempts=2)
        assert asked.reply().message.content == "there"
    assert asked.pauses == []
    assert sum(asked.rests) > 0


def test_an_endpoint_that_answers_nobody_is_given_up_after_ten_minutes() -> None:
    with Endpoint([Trouble(status=429)]) as endpoint:
        asked = Asked(endpoint)
        reply = asked.reply()
    assert 600 < asked.time < 700
    assert reply.error.startswith(
        "m gave no answer: status 429: asked for trouble; nobody was answered for 6"
    )


def test_a_slow_answer_is_given_up_and_asked_for_again() -> None:
    with Endpoint([Trouble(delay=1.0), said("there")]) as endpoint:
        assert Asked(endpoint, timeout=0.1).reply().message.content == "there"


def test_an_endpoint_that_is_not_there_is_given_up_after_the_attempts() -> None:
    with Endpoint() as endpoint:
        asked = Asked(endpoint, attempts=3)
    assert asked.reply().error == "m gave no answer: the connection failed (ConnectError)"
    assert len(asked.pauses) == 2


def test_retry_after_is_followed_as_seconds_and_as_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    answers = [Trouble(status=429, retry_after="7"), Trouble(status=503, retry_after=date), said("there")]
    with Endpoint(answers) as endpoint:
        asked = Asked(endpoint)
        assert asked.reply().message.content == "there"
    assert asked.rests[0] == 7.0
    assert 20 < asked.rests[1] <= 30


def test_an_error_sent_as_a_success_is_one() -> None:
    busy = {"error": {"message": "upstream is busy", "code": 429}}
    with Endpoint([Trouble(body=busy), said("there"), Trouble(body={"error": "no such model"})]) as endpoint:
        asked = Asked(endpoint, attempts=1)
        assert asked.reply().message.content == "there"
        assert asked.reply().error == "m gave no answer: status 500: {'error': 'no such model'}"


def test_a_pause_of_an_hour_is_not_waited_for() -> None:
    with Endpoint([Trouble(status=429, retry_after="3600")]) as endpoint:
        asked = Asked(endpoint)
        reply = asked.reply()
    assert asked.pauses == asked.rests == []
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
    with Endpoint([Trouble(status=403, message="the key sk-secret is wrong")]) as endpoint:
        asked = Asked(endpoint, api_key_env="MY_KEY")
        reply = asked.reply()
    assert endpoint.headers[0]["authorization"] == "Bearer sk-secret"
    shown = f"{asked.teacher!r} {vars(asked.teacher)} {reply} {endpoint.requests}"
    assert "sk-secret" not in shown
    assert reply.error.endswith("the key … is wrong")


def test_a_key_that_an_endpoint_repeats_is_out_before_anything_is_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_KEY", "sk-secret-and-long")
    long = Trouble(status=403, message="x" * 285 + " sk-secret-and-long")
    with Endpoint([long]) as endpoint:
        assert "sk-s" not in Asked(endpoint, api_key_env="MY_KEY").reply().error
    with Endpoint([{"detail": "Bearer sk-secret-and-long"}]) as endpoint:
        assert "sk-s" not in Asked(endpoint, api_key_env="MY_KEY").reply().error


def test_half_a_character_and_arguments_too_deep_bring_nothing_down() -> None:
    half = reply_of({"choices": [{"message": {"content": "ok \ud83d"}, "finish_reason": "stop"}]})
    assert half.message.content == "ok ?"
    deep = {"function": {"name": "ls", "arguments": "[" * 3000}}
    found = reply_of({"choices": [{"message": {"tool_calls": [deep]}, "finish_reason": ["stop"]}]})
    assert found.finish == "error"


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
