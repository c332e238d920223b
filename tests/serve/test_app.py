import asyncio
import json
import threading
from collections.abc import Iterator

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionChunk

from callwright.inference import StudentModel
from callwright.serve import create_app
from callwright.serve.worker import Worker

KEY = "sk-test"
ASK = [{"role": "user", "content": "please show the report"}]
ONE = {"model": "tiny", "messages": ASK, "max_tokens": 30}
HOT = {**ONE, "temperature": 2.0}
PING = {
    "type": "function",
    "function": {
        "name": "ping",
        "parameters": {"type": "object", "properties": {"host": {"enum": ["a", "b"]}}, "required": ["host"]},
    },
}


@pytest.fixture
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=url, api_key=KEY, max_retries=0) as client:
        yield client


@pytest.fixture
def plain(url: str) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {KEY}"}
    with httpx.Client(base_url=url, headers=headers) as client:
        yield client


def summed(chunks: list[ChatCompletionChunk]) -> dict[str, object]:
    """What a client makes of the chunks of one choice."""
    content, calls = "", []
    for chunk in chunks:
        delta = chunk.choices[0].delta
        content += delta.content or ""
        for part in delta.tool_calls or ():
            if part.index == len(calls):
                assert part.id is not None
                assert part.type == "function"
                calls.append([part.function.name, ""])
            else:
                assert part.id is None
            calls[part.index][1] += part.function.arguments or ""
    return {"content": content or None, "calls": calls, "finish": chunks[-1].choices[0].finish_reason}


def test_the_model_is_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["tiny"]
    assert client.models.retrieve("tiny").owned_by == "callwright"


def test_health_needs_no_key(url: str) -> None:
    assert httpx.get(url.removesuffix("/v1") + "/health").json() == {"status": "ok", "model": "tiny"}


def test_a_named_call_comes_back_as_one(client: openai.OpenAI) -> None:
    choice = {"type": "function", "function": {"name": "ping"}}
    answer = client.chat.completions.create(
        **HOT, tools=[PING], tool_choice=choice, parallel_tool_calls=False, seed=1
    )
    (chosen,) = answer.choices
    assert chosen.finish_reason == "tool_calls"
    assert chosen.message.content is None
    (call,) = chosen.message.tool_calls
    assert call.id.startswith("call_")
    assert call.function.name == "ping"
    assert json.loads(call.function.arguments)["host"] in ("a", "b")
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.usage.prompt_tokens > 20


def test_what_is_streamed_adds_up_to_what_is_not(client: openai.OpenAI) -> None:
    kinds = set()
    for seed in range(4):
        for choice in ("auto", "required", "none"):
            asked = {**HOT, "seed": seed, "tool_choice": choice}
            whole = client.chat.completions.create(**asked).choices[0]
            chunks = list(client.chat.completions.create(**asked, stream=True))
            assert chunks[0].choices[0].delta.role == "assistant"
            assert {chunk.id for chunk in chunks} == {chunks[0].id}
            calls = [[c.function.name, c.function.arguments] for c in whole.message.tool_calls or ()]
            assert summed(chunks) == {
                "content": whole.message.content,
                "calls": calls,
                "finish": whole.finish_reason,
            }
            assert "tool_call>" not in (whole.message.content or "")
            if choice == "none":
                assert calls == []
            if whole.finish_reason == "tool_calls":
                assert all(isinstance(json.loads(arguments), dict) for _, arguments in calls)
            kinds.add(whole.finish_reason)
    assert {"length", "tool_calls"} <= kinds


def test_arguments_come_piece_by_piece(client: openai.OpenAI) -> None:
    choice = {"type": "function", "function": {"name": "cat"}}
    asked = {**HOT, "seed": 2, "tool_choice": choice, "parallel_tool_calls": False}
    chunks = list(client.chat.completions.create(**asked, stream=True))
    parts = [part for chunk in chunks for part in chunk.choices[0].delta.tool_calls or ()]
    assert parts[0].function.name == "cat"
    assert parts[0].function.arguments == ""
    assert len(parts) > 3


def test_usage_comes_last_where_it_is_asked_for(client: openai.OpenAI) -> None:
    asked = {**ONE, "stream": True, "stream_options": {"include_usage": True}}
    chunks = list(client.chat.completions.create(**asked))
    assert chunks[-1].choices == []
    assert chunks[-1].usage == client.chat.completions.create(**ONE).usage
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_several_choices_have_seeds_of_their_own(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(**HOT, n=3, seed=7)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    alone = client.chat.completions.create(**HOT, seed=8)
    assert answer.choices[1].message.content == alone.choices[0].message.content
    streamed = list(client.chat.completions.create(**HOT, n=3, seed=7, stream=True))
    for choice in answer.choices:
        mine = [chunk for chunk in streamed if chunk.choices[0].index == choice.index]
        assert summed(mine)["content"] == choice.message.content


def test_history_is_understood_in_every_spelling(client: openai.OpenAI) -> None:
    spellings: list[list[dict[str, object]]] = [
        [
            {"role": "user", "content": "where?"},
            {
                "role": "assistant",
                "content": content,
                "tool_calls": [
                    {**identity, "type": "function", "function": {"name": "pwd", "arguments": arguments}}
                ],
            },
            {"role": "tool", "content": result, **({"tool_call_id": "c1"} if identity else {})},
            {"role": "user", "content": [{"type": "text", "text": "and "}, {"type": "text", "text": "now?"}]},
        ]
        for content, identity, arguments, result in (
            ("", {"id": "c1"}, "{}", "/home"),
            (None, {}, {}, [{"type": "text", "text": "/home"}]),
        )
    ]
    answers = [client.chat.completions.create(**{**ONE, "messages": messages}) for messages in spellings]
    first, second = (answer.choices[0].message for answer in answers)
    assert first.content == second.content
    assert [call.function for call in first.tool_calls or []] == [
        call.function for call in second.tool_calls or []
    ]
    assert answers[0].usage == answers[1].usage


def test_an_answer_can_be_sent_back_as_it_came(client: openai.OpenAI) -> None:
    choice = {"type": "function", "function": {"name": "pwd"}}
    asked = {**ONE, "tool_choice": choice, "parallel_tool_calls": False}
    message = client.chat.completions.create(**asked).choices[0].message
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "/home"}
    again = client.chat.completions.create(**{**ONE, "messages": [*ASK, message, result]})
    assert again.choices[0].finish_reason in ("stop", "length", "tool_calls")


def test_the_students_own_tools_are_there_where_a_request_brings_none(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(**HOT, tool_choice="required", seed=3, parallel_tool_calls=False)
    assert {call.function.name for call in answer.choices[0].message.tool_calls} <= {"cat", "pwd"}


def test_the_asynchronous_client_works_many_at_once(url: str) -> None:
    async def ask() -> list[str | None]:
        async with openai.AsyncOpenAI(base_url=url, api_key=KEY, max_retries=0) as client:

            async def one(number: int) -> str | None:
                asked = {**ONE, "messages": [{"role": "user", "content": f"show {number}"}]}
                if number % 2:
                    stream = await client.chat.completions.create(**asked, stream=True)
                    return "".join([chunk.choices[0].delta.content or "" async for chunk in stream]) or None
                return (await client.chat.completions.create(**asked)).choices[0].message.content

            return list(await asyncio.gather(*(one(number // 2 * 2 + number % 2) for number in range(8))))

    together = asyncio.run(ask())
    assert together == asyncio.run(ask())


REFUSED = [
    ({"logprobs": True}, "logprobs"),
    ({"response_format": {"type": "json_object"}}, "response_format"),
    ({"logit_bias": {"5": 1}}, "logit_bias"),
    ({"tool_chioce": "auto"}, "tool_chioce"),
    ({"temperature": 3}, "temperature"),
    ({"top_p": 0}, "top_p"),
    ({"n": 9}, "n"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"stop": ["a"] * 5}, "stop"),
    ({"stop": ""}, "stop"),
    ({"stream": "yes"}, "stream"),
    ({"stream_options": {"include_usage": True}}, "stream_options"),
    ({"tool_choice": "always"}, "tool_choice"),
    ({"tool_choice": {"type": "function", "function": {"name": "rm"}}}, "tool_choice"),
    ({"tool_choice": {"type": "allowed_tools"}}, "tool_choice"),
    ({"tool_choice": "required", "tools": []}, "tool_choice"),
    ({"tools": [{"type": "web_search"}]}, "tools[0]"),
    (
        {"tools": [{"type": "function", "function": {"name": "t", "parameters": {"type": "dict"}}}]},
        "tools[0].function.parameters.type",
    ),
    ({"tools": [{"type": "function", "function": {"name": "t"}}] * 2}, "tools[1]"),
    ({"messages": []}, "messages"),
    ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content[0]"),
    ({"messages": [{"role": "user", "content": "long " * 600}]}, "messages"),
    ({"messages": [{"role": "user", "content": "<|im_start|>system"}]}, "messages"),
]


@pytest.mark.parametrize(("change", "param"), REFUSED)
def test_what_is_not_honoured_is_refused_by_name(plain: httpx.Client, change, param) -> None:
    response = plain.post("/chat/completions", json={**ONE, **change})
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param
    assert error["message"]


HARMLESS = {
    "logprobs": False,
    "frequency_penalty": 0,
    "response_format": {"type": "text"},
    "user": "me",
    "stop": None,
}


def test_what_changes_nothing_is_taken(plain: httpx.Client) -> None:
    one, other = (plain.post("/chat/completions", json=asked).json() for asked in (ONE, {**ONE, **HARMLESS}))
    assert one["choices"] == other["choices"]


def test_a_strict_tool_that_cannot_be_enforced_is_refused(plain: httpx.Client) -> None:
    parameters = {"type": "object", "properties": {"x": {"type": "array", "uniqueItems": True}}}
    tool = {"type": "function", "function": {"name": "t", "parameters": parameters, "strict": True}}
    response = plain.post("/chat/completions", json={**ONE, "tools": [tool]})
    assert response.status_code == 400
    assert "$.properties.x: uniqueItems" in response.json()["error"]["message"]
    tool["function"]["strict"] = False
    assert plain.post("/chat/completions", json={**ONE, "tools": [tool]}).status_code == 200


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 5000, b'{"a":' * 90 + b"1" + b"}" * 90]
)
def test_a_body_that_is_no_request_is_refused(plain: httpx.Client, body: bytes) -> None:
    response = plain.post("/chat/completions", content=body)
    assert response.status_code == 400
    assert response.json()["error"]["message"]


def test_a_body_too_large_is_refused(plain: httpx.Client) -> None:
    response = plain.post("/chat/completions", content=b" " * (5 << 20))
    assert response.status_code == 413


def test_an_unknown_model_or_path_is_an_error_of_the_same_shape(plain: httpx.Client) -> None:
    response = plain.post("/chat/completions", json={**ONE, "model": "gpt-9"})
    assert (response.status_code, response.json()["error"]["code"]) == (404, "model_not_found")
    assert plain.get("/nothing").json()["error"]["type"] == "invalid_request_error"
    assert plain.get("/chat/completions").status_code == 405


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": KEY}])
def test_without_the_key_nothing_is_answered(url: str, header) -> None:
    response = httpx.post(f"{url}/chat/completions", json=ONE, headers=header)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "invalid_api_key"
    assert httpx.get(f"{url}/models", headers=header).status_code == 401


def test_a_full_house_says_when_to_come_again(model: StudentModel, running) -> None:
    with running(create_app(model, name="tiny", most_waiting=0)) as server:
        response = httpx.post(f"{server.url}/chat/completions", json=ONE)
    assert response.status_code == 429
    assert response.headers["retry-after"] == "1"
    assert response.json()["error"]["type"] == "rate_limit_error"


def test_who_stops_listening_frees_the_place(model: StudentModel, running) -> None:
    with running(create_app(model, name="tiny", most_waiting=1)) as server:
        with (
            httpx.Client() as client,
            client.stream(
                "POST", f"{server.url}/chat/completions", json={**HOT, "max_tokens": 400, "stream": True}
            ) as response,
        ):
            assert next(response.iter_lines()).startswith("data: ")
        for _ in range(200):
            if httpx.post(f"{server.url}/chat/completions", json=ONE, timeout=30).status_code == 200:
                break
        else:
            pytest.fail("the place was never free again")


def test_a_request_in_flight_is_finished_when_the_server_stops(model: StudentModel, running) -> None:
    with running(create_app(model, name="tiny")) as server, httpx.Client(timeout=30) as client:
        body = {**ONE, "stream": True, "max_tokens": 40}
        with client.stream("POST", f"{server.url}/chat/completions", json=body) as response:
            lines = response.iter_lines()
            next(lines)
            server.server.should_exit = True
            assert [line for line in lines if line][-1] == "data: [DONE]"


def test_a_model_that_fails_is_a_server_error_and_the_next_request_is_answered(
    model: StudentModel, running, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = threading.Event()
    writing = model.writing

    def broken():
        made = writing()
        admit = made.admit

        def failing_admit(row):
            if failing.is_set():
                failing.clear()
                raise RuntimeError("/secret/path is out of memory")
            return admit(row)

        made.admit = failing_admit
        return made

    monkeypatch.setattr(model, "writing", broken)
    with running(create_app(model, name="tiny")) as server:
        failing.set()
        response = httpx.post(f"{server.url}/chat/completions", json=ONE)
        assert response.status_code == 500
        assert "secret" not in response.text
        assert httpx.post(f"{server.url}/chat/completions", json=ONE).status_code == 200


def test_a_worker_that_was_never_started_stops(model: StudentModel) -> None:
    Worker(model).stop()
