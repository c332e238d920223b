import asyncio
import subprocess
import sys
from typing import Any

import httpx
import openai
import pytest

from callwright.testing.endpoint import Endpoint, Said, Storm, Trouble, said

ASK = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def post(endpoint: Endpoint, **options: object) -> httpx.Response:
    return httpx.post(f"{endpoint.url}/chat/completions", json=ASK, **options)


def test_it_answers_in_order_and_repeats_the_last() -> None:
    with Endpoint([said("one"), said("two")]) as endpoint:
        contents = [post(endpoint).json()["choices"][0]["message"]["content"] for _ in range(3)]
    assert contents == ["one", "two", "two"]
    assert endpoint.requests == [ASK] * 3


def test_the_official_client_understands_it() -> None:
    with (
        Endpoint([said(calls=[("ls", {"all": True})])]) as endpoint,
        openai.OpenAI(base_url=endpoint.url, api_key="k") as client,
    ):
        choice = client.chat.completions.create(**ASK).choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls[0].function.arguments == '{"all": true}'
    assert endpoint.headers[0]["authorization"] == "Bearer k"


def test_it_makes_the_trouble_it_is_asked_for() -> None:
    troubles = [
        Trouble(status=429, retry_after="7"),
        Trouble(status=500),
        Trouble(broken=True),
        Trouble(truncated=True),
        Trouble(delay=5),
    ]
    with Endpoint(troubles) as endpoint:
        limited, failed, broken = (post(endpoint) for _ in range(3))
        assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")
        assert failed.json()["error"]["message"] == "asked for trouble"
        with pytest.raises(ValueError):
            broken.json()
        with pytest.raises(httpx.RemoteProtocolError):
            post(endpoint)
        with pytest.raises(httpx.ReadTimeout):
            post(endpoint, timeout=0.05)


def test_it_is_gone_after_its_block() -> None:
    with Endpoint() as endpoint:
        assert post(endpoint).status_code == 200
    with pytest.raises(httpx.ConnectError):
        post(endpoint)


def asked_at_once(endpoint: Endpoint, count: int) -> list[int]:
    """The statuses of `count` requests that are in flight together."""

    async def all_of_them() -> list[int]:
        async with httpx.AsyncClient() as client:
            url = f"{endpoint.url}/chat/completions"
            answers = await asyncio.gather(*(client.post(url, json=ASK) for _ in range(count)))
        return sorted(answer.status_code for answer in answers)

    return asyncio.run(all_of_them())


def test_a_function_may_play_the_whole_teacher() -> None:
    def answer(body: dict[str, Any]) -> Said | Trouble:
        return said(body["messages"][-1]["content"] + "!")

    with Endpoint(answer=answer) as endpoint:
        assert post(endpoint).json()["choices"][0]["message"]["content"] == "hi!"


def test_more_in_flight_than_it_takes_are_refused_at_once() -> None:
    with Endpoint(latency=0.08, capacity=3, retry_after="2") as endpoint:
        assert asked_at_once(endpoint, 5) == [200, 200, 200, 429, 429]
    assert endpoint.most_in_flight == 3
    assert [one.status for one in endpoint.served] == [429, 429, 200, 200, 200]
    assert all(one.left - one.came >= 0.08 for one in endpoint.served if one.status == 200)


def test_a_latency_may_be_drawn() -> None:
    times = iter([0.0, 0.03])
    with Endpoint(latency=lambda: next(times)) as endpoint:
        post(endpoint)
        post(endpoint)
    assert endpoint.served[1].left - endpoint.served[1].came >= 0.03
    assert list(times) == []


def test_in_a_storm_everything_is_refused() -> None:
    storms = [Storm(begin=0.0, end=60.0, trouble=Trouble(status=500)), Storm(begin=60.0, end=90.0)]
    with Endpoint(storms=storms) as endpoint:
        assert asked_at_once(endpoint, 3) == [500, 500, 500]
    with Endpoint(storms=storms[1:]) as endpoint:
        assert asked_at_once(endpoint, 3) == [200, 200, 200]


def test_fields_that_it_does_not_know_are_refused_by_name() -> None:
    with Endpoint(refuses=("messages",)) as endpoint:
        answer = post(endpoint)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "unsupported parameter: messages")


def test_a_connection_may_be_dropped_and_a_body_replaced() -> None:
    with Endpoint([Trouble(dropped=True), Trouble(body={"a": 1}), said("", finish="length")]) as endpoint:
        with pytest.raises(httpx.RemoteProtocolError):
            post(endpoint)
        assert post(endpoint).json() == {"a": 1}
        assert post(endpoint).json()["choices"][0]["finish_reason"] == "length"


def test_a_connection_is_kept_for_the_next_request() -> None:
    with Endpoint() as endpoint, httpx.Client(base_url=endpoint.url) as client:
        for _ in range(3):
            client.post("/chat/completions", json=ASK)
        assert client.get("/models").json()["data"][0]["id"] == "stub"
    assert endpoint.connections == 1


def test_it_is_imported_without_the_serving_extra() -> None:
    code = "import sys; sys.modules['fastapi'] = sys.modules['uvicorn'] = None; import callwright.testing.endpoint"
    subprocess.run([sys.executable, "-c", code], check=True)
