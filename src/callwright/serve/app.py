"""The API: `/v1/chat/completions`, `/v1/models`, `/health`."""

import asyncio
import hmac
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager

import msgspec
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from callwright.chat import Sampling, Usage
from callwright.conversation import Conversation, Json, MalformedCall
from callwright.decoding.schemas import enforced
from callwright.errors import CallwrightError
from callwright.inference import Refused, Row, StudentModel
from callwright.registry import near
from callwright.serve.answers import Answer, choice_of, delta_of, new_call_id
from callwright.serve.deltas import Delta, Deltas
from callwright.serve.requests import ApiError, Asked, asked
from callwright.serve.worker import Busy, Worker


def create_app(
    model: StudentModel,
    *,
    name: str = "",
    api_keys: Sequence[str] = (),
    most_waiting: int = 64,
    most_bytes: int = 4 << 20,
) -> FastAPI:
    """The API over `model`, called `name`.

    `api_keys`: one of them must come with every request under `/v1`; none: anybody may ask. `most_waiting`:
    requests in the house before 429. `most_bytes`: largest body that is read.
    """
    service = Service(model, name or model.name, most_waiting=most_waiting)
    keys = [key.encode() for key in api_keys]

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.worker.start()
        yield
        await asyncio.to_thread(service.worker.stop)

    app = FastAPI(title="callwright", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(HTTPException, _http_error)

    def admitted(request: Request) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        given = key.strip().encode() if scheme.lower() == "bearer" else b""
        # Every key is compared, so that the time taken tells nothing.
        if keys and not sum(hmac.compare_digest(given, known) for known in keys):
            raise ApiError("the API key is missing or wrong", status=401, code="invalid_api_key")

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok", "model": service.name}

    @app.get("/v1/models")
    async def models(request: Request) -> dict[str, Json]:
        admitted(request)
        return {"object": "list", "data": [service.card]}

    @app.get("/v1/models/{identity:path}")
    async def one_model(identity: str, request: Request) -> dict[str, Json]:
        admitted(request)
        service.named(identity)
        return service.card

    @app.post("/v1/chat/completions")
    async def completions(request: Request) -> Response:
        admitted(request)
        return await service.answer(request, asked(await _body(request, most_bytes)))

    return app


async def _body(request: Request, most: int) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise ApiError(f"the body is larger than {most} bytes", status=413, code="request_too_large")
        parts.append(part)
    return b"".join(parts)


async def _api_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return JSONResponse(error.body, status_code=error.status, headers=error.headers)


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    plain = ApiError(str(error.detail), status=error.status_code)
    return JSONResponse(plain.body, status_code=error.status_code, headers=error.headers)


class Service:
    """What stands behind the routes: a model, its name, and the thread that runs it."""

    def __init__(self, model: StudentModel, name: str, *, most_waiting: int) -> None:
        self.name = name
        self.card: dict[str, Json] = {
            "id": name,
            "object": "model",
            "created": int(time.time()),
            "owned_by": "callwright",
        }
        self.worker = Worker(model, most=most_waiting)
        self._model = model

    def named(self, name: str) -> None:
        if name != self.name:
            hint = near(name[:200], [self.name])
            raise ApiError(
                f"there is no model `{name[:200]}`; {hint}", status=404, param="model", code="model_not_found"
            )

    async def answer(self, request: Request, asked: Asked) -> Response:
        self.named(asked.model)
        if not asked.stream:
            return JSONResponse(await self._whole(request, asked))
        events = self._events(asked)
        # The first event is awaited here, so that a refusal is an error answer and not a broken stream.
        return StreamingResponse(_following(await anext(events), events), media_type="text/event-stream")

    async def _whole(self, request: Request, asked: Asked) -> dict[str, Json]:
        deltas: list[list[Delta]] = [[] for _ in range(asked.n)]
        ended: dict[int, Ended] = {}
        async with aclosing(self._written(asked)) as written:
            async for index, added, end in written:
                deltas[index] += added
                if end is not None:
                    if end.error:
                        raise ApiError(end.error, status=500, kind="server_error")
                    ended[index] = end
                if await request.is_disconnected():
                    raise ApiError("nobody listens any more", status=499)
        choices = [
            choice_of(index, deltas[index], ended[index].finish, ended[index].malformed)
            for index in range(asked.n)
        ]
        usages = [ended[index].usage for index in range(asked.n)]
        return Answer(self.name).whole(choices, usages)

    async def _events(self, asked: Asked) -> AsyncGenerator[str]:
        answer, usages, started = Answer(self.name), [], set[int]()
        async with aclosing(self._written(asked)) as written:
            async for index, added, end in written:
                if index not in started:
                    started.add(index)
                    yield _event(answer.chunk(index, {"role": "assistant", "content": ""}))
                for delta in added:
                    yield _event(answer.chunk(index, delta_of(delta)))
                if end is None:
                    continue
                if end.error:
                    yield _event(ApiError(end.error, status=500, kind="server_error").body)
                    return
                usages.append(end.usage)
                yield _event(answer.chunk(index, {}, end.finish, end.malformed))
        if asked.include_usage:
            yield _event(answer.usage_chunk(usages))
        yield "data: [DONE]\n\n"

    async def _written(self, asked: Asked) -> AsyncGenerator[tuple[int, list[Delta], "Ended | None"]]:
        """For each piece that comes: which choice it belongs to, what it adds, and how the choice ended if
        it did.
        """
        try:
            with self.worker.place():
                rows, heard = await asyncio.to_thread(self._prepared, asked)
                async with aclosing(self.worker.write(rows)) as pieces:
                    async for piece in pieces:
                        index = next(i for i, row in enumerate(rows) if row is piece.row)
                        added = heard[index].feed(piece.text) if piece.text else []
                        if piece.done:
                            added += heard[index].close(cut=piece.row.finish == "length")
                        yield index, added, Ended.of(piece.row, heard[index]) if piece.done else None
        except Busy:
            raise ApiError(
                "too many requests are waiting",
                status=429,
                kind="rate_limit_error",
                code="rate_limit_exceeded",
                headers={"Retry-After": "1"},
            ) from None

    def _prepared(self, asked: Asked) -> tuple[list[Row], list[Deltas]]:
        """A row to write and its hearer for each choice; a given seed counts up over them."""
        model, card, sampling = self._model, self._model.student.card, asked.sampling
        whole = asked.conversation.completed(system=card.task_description, tools=card.tools)
        _callable(sampling, whole)
        rows = []
        try:
            for number in range(asked.n):
                seed = None if sampling.seed is None else sampling.seed + number
                rows.append(model.row(whole, msgspec.structs.replace(sampling, seed=seed)))
        except Refused as error:
            raise ApiError(f"{error}; {error.hint}", param="messages", code=error.code) from error
        except CallwrightError as error:
            raise ApiError(str(error), param="messages") from error
        exact = rows[0].held and model.shape is not None
        sure = {tool.name for tool in whole.tools if exact and not enforced(tool).left_out}
        heard = [
            Deltas(
                model.student.renderer,
                whole.tools,
                new_call_id,
                shape=model.shape if exact else None,
                sure=sure,
            )
            for _ in rows
        ]
        return rows, heard


class Ended(msgspec.Struct, frozen=True):
    """How a choice came to its end."""

    finish: str
    usage: Usage
    malformed: tuple[MalformedCall, ...]
    error: str

    @classmethod
    def of(cls, row: Row, heard: Deltas) -> "Ended":
        finish = "tool_calls" if row.finish == "stop" and heard.calls else row.finish or "length"
        return cls(finish, row.usage, tuple(heard.malformed), row.error if row.finish == "error" else "")


def _callable(sampling: Sampling, conversation: Conversation) -> None:
    choice, names = sampling.tool_choice, [tool.name for tool in conversation.tools]
    if choice == "required" and not names:
        raise ApiError("a call is required and there are no tools", param="tool_choice")
    if choice not in ("auto", "none", "required", *names):
        hint = near(choice[:64], names) if names else "no tools are given"
        raise ApiError(f"tool_choice names `{choice[:64]}`, which is no tool; {hint}", param="tool_choice")


async def _following(first: str, events: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async for event in events:
        yield event


def _event(body: dict[str, Json]) -> str:
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n"
