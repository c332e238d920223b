import httpx
import openai
import pytest

from callwright.testing.endpoint import Endpoint, Trouble, said

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
