"""A student as a `ChatModel`: batches, prefix cache, decoder. Used to evaluate, to serve, and by hand with
`load`.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import msgspec
from llguidance import LLMatcher

from callwright.chat import Finish, Reply, Sampling
from callwright.checks.tools import tool_faults
from callwright.conversation import AssistantMessage, Conversation, Json, MalformedCall, ToolCall, UserMessage
from callwright.decoding import SHAPES, Grammar, Grounding, Mode, grammar, shape_of
from callwright.decoding.vocabulary import Vocabulary
from callwright.errors import CallwrightError, FormatError, ModelError
from callwright.formats import FORMATS
from callwright.inference.rows import Row
from callwright.inference.writing import Prefixes, Writing
from callwright.registry import near
from callwright.schema import call_faults
from callwright.students import Student, load_student

__all__ = ["Model", "Refused", "Row", "StudentModel", "Writing", "load"]

MODES: tuple[Mode, ...] = ("free", "constrained", "grounded")

log = logging.getLogger(__name__)


class Refused(CallwrightError):
    """What this student cannot be asked; `code` as the OpenAI API names it, where it does."""

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.code = code


class StudentModel:
    """A student that answers, many conversations at a time.

    `decoding`: `free`, `constrained` (names and schemas), `grounded` (and string arguments from the
    conversation, for the parameters that `grounding` calls `context`; None: the map of the student's
    card). A request that asks for a certain call, for none, or for one at most is held to it by the
    grammar in every mode.
    """

    def __init__(
        self,
        student: Student,
        *,
        decoding: Mode = "constrained",
        batch_size: int = 16,
        grounding: Grounding | None = None,
        name: str = "",
    ) -> None:
        if decoding not in MODES:
            raise CallwrightError(f"there is no decoding `{decoding}`", hint=near(decoding, list(MODES)))
        self.student, self.decoding, self.batch_size = student, decoding, batch_size
        self.name = name or student.card.base or student.card.family
        self.grounding: Grounding = grounding or student.card.grounding
        self.shape = shape_of(student.renderer)
        if self.shape is None and decoding != "free":
            raise CallwrightError(
                f"a `{student.renderer.name}` student cannot decode `{decoding}`: its calls have no grammar",
                hint="decode `free`, or choose a student of " + ", ".join(f"`{name}`" for name in SHAPES),
            )
        student.model.eval()
        self._stop_ids = frozenset(student.card.stop_ids)
        width = student.model.get_output_embeddings().weight.shape[0]
        self.vocabulary = Vocabulary(student.encoder, width, student.card.stop_ids)
        # Keys of a sliding window are dropped as it moves: a prompt cannot be taken up from the middle.
        self._prefixes = None if getattr(student.model.config, "sliding_window", None) else Prefixes()

    # --- as a ChatModel -----------------------------------------------------------------------------------

    async def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
        return (await asyncio.to_thread(self.replies, [conversation], sampling))[0]

    def replies(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[Reply]:
        """One reply a conversation, in their order; as one is done the next takes its place."""
        answers: list[Reply | None] = [None] * len(conversations)
        writing, waiting = self.writing(), deque(enumerate(conversations))
        places: dict[int, int] = {}
        while waiting or writing.rows:
            done: list[Row] = []
            while waiting and len(writing.rows) < self.batch_size:
                index, conversation = waiting.popleft()
                try:
                    row = self.row(conversation, sampling)
                except CallwrightError as error:
                    answers[index] = _failed(str(error))
                    continue
                places[id(row)] = index
                if not writing.admit(row):
                    done.append(row)
            if writing.rows:
                done += writing.step()
            for row in done:
                index = places.pop(id(row))
                answers[index] = self.finished(row, conversations[index])
        return [answer for answer in answers if answer is not None]

    async def stream(self, conversation: Conversation, sampling: Sampling) -> AsyncIterator[str | Reply]:
        pieces = self._pieces(conversation, sampling)
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            yield piece

    def _pieces(self, conversation: Conversation, sampling: Sampling) -> Iterator[str | Reply]:
        try:
            row = self.row(conversation, sampling)
        except CallwrightError as error:
            yield _failed(str(error))
            return
        writing = self.writing()
        writing.admit(row)
        while True:
            if piece := row.heard():
                yield piece
            if row.finish is not None:
                break
            writing.step()
        yield self.finished(row, conversation)

    # --- as an engine -------------------------------------------------------------------------------------

    def writing(self) -> Writing:
        """An empty desk; rows of `row` are admitted to it."""
        return Writing(self.student.model, self.vocabulary, self._prefixes)

    def row(self, conversation: Conversation, sampling: Sampling) -> Row:
        """The next turn of `conversation`, ready to be written. Raises `CallwrightError` where it cannot be
        asked.
        """
        student = self.student
        text = student.renderer.prompt(conversation)
        prompt = student.encoder.encode(text, add_special_tokens=False).ids
        room = (student.card.max_length or 1 << 30) - len(prompt)
        if room <= 0:
            raise Refused(
                f"the prompt has {len(prompt)} tokens; with its reply it may have {student.card.max_length}",
                hint="send fewer or shorter messages",
                code="context_length_exceeded",
            )
        matcher = self._matcher(conversation, sampling)
        return Row(
            prompt,
            sampling,
            decode=self._decode,
            stop_ids=self._stop_ids,
            limit=min(sampling.max_tokens, room),
            matcher=matcher,
            call_start=self.shape.start if self.shape else "",
        )

    def _matcher(self, conversation: Conversation, sampling: Sampling) -> LLMatcher | None:
        held = self.grammar(conversation, sampling)
        if held is None:
            return None
        try:
            return self.vocabulary.matcher(held.lark)
        except CallwrightError as error:
            plain = self.grammar(conversation, sampling, ground=False)
            if plain is None or plain == held:
                raise
            log.warning(
                "this turn is held to the schemas alone, not to the words of its conversation: %s", error
            )
            return self.vocabulary.matcher(plain.lark)

    def grammar(
        self, conversation: Conversation, sampling: Sampling, *, ground: bool = True
    ) -> Grammar | None:
        """What the next turn is held to; None: nothing. `ground`: whether to its conversation, where it can be."""
        wanted = sampling.tool_choice != "auto" or not sampling.parallel_tool_calls
        if self.shape is None:
            if wanted:
                raise Refused(
                    f"a `{self.student.renderer.name}` student cannot be held to a certain call or to none",
                    hint="let tool_choice be `auto`",
                )
            return None
        if self.decoding == "free" and not wanted:
            return None
        return grammar(
            conversation.tools,
            self.shape,
            choice=sampling.tool_choice,
            parallel=sampling.parallel_tool_calls,
            context=conversation if ground and self.decoding == "grounded" else None,
            grounding=self.grounding,
            special=self.vocabulary.special,
        )

    def finished(self, row: Row, conversation: Conversation) -> Reply:
        """The reply of a row that is done; a call that does not hold is `malformed`, and a cut turn has
        none.
        """
        raw = row.raw
        if row.finish == "error":
            return Reply(
                message=AssistantMessage(), finish="error", usage=row.usage, raw=raw, error=row.error
            )
        finish: Finish = row.finish or "length"
        renderer = self.student.renderer
        # Half a tag at the place where a turn was cut is no text that anybody meant.
        text = renderer.settled(raw) if finish == "length" else raw
        message = _numbered(renderer.parse(text, conversation.tools), conversation)
        if finish == "length":
            message = _without_calls(message, "cut off by the limit of tokens")
        elif self.decoding != "free":
            message = _validated(message, conversation)
        if finish == "stop" and message.tool_calls:
            finish = "tool_calls"
        return Reply(message=message, finish=finish, usage=row.usage, raw=raw)

    def _decode(self, ids: list[int]) -> str:
        text: str = self.student.encoder.decode(ids, skip_special_tokens=False)
        return text


def _failed(error: str) -> Reply:
    return Reply(message=AssistantMessage(), finish="error", error=error)


def _numbered(message: AssistantMessage, conversation: Conversation) -> AssistantMessage:
    """With ids for its calls, counted on from those of the conversation."""
    before = sum(1 for _ in conversation.calls())
    calls = (
        msgspec.structs.replace(call, id=call.id or f"call_{before + number}")
        for number, call in enumerate(message.tool_calls, start=1)
    )
    return msgspec.structs.replace(message, tool_calls=tuple(calls))


def _as_written(call: ToolCall) -> str:
    return json.dumps({"name": call.name, "arguments": call.arguments}, ensure_ascii=False)


def _without_calls(message: AssistantMessage, why: str) -> AssistantMessage:
    lost = tuple(MalformedCall(raw=_as_written(call), error=why) for call in message.tool_calls)
    return msgspec.structs.replace(message, tool_calls=(), malformed=lost + message.malformed)


def _validated(message: AssistantMessage, conversation: Conversation) -> AssistantMessage:
    """What the grammar could not hold (a keyword the engine refuses) is found here."""
    calls, malformed = [], list(message.malformed)
    for call in message.tool_calls:
        if faults := call_faults(call, conversation.tools):
            why = "; ".join(f"{path}: {fault}" for path, fault in faults)
            malformed.append(MalformedCall(raw=_as_written(call), error=why))
        else:
            calls.append(call)
    return msgspec.structs.replace(message, tool_calls=tuple(calls), malformed=tuple(malformed))


class Model:
    """A loaded student for use by hand; a conversation's missing system text and tools are its card's."""

    def __init__(self, chat: StudentModel) -> None:
        self.chat = chat

    def generate(self, question: str, *, max_tokens: int = 512) -> str:
        """The student's answer to `question`: plain text, or a conversation as a JSON array of messages.

        A call comes as `{"name": …, "parameters": {…}}`. A plain reply is `{"name": null, "content": …}`,
        so that code which looks at `name` alone finds no tool of that name. At most one call is made.
        """
        answer = self._answer(
            _asked(question), Sampling(parallel_tool_calls=self.chat.shape is None, max_tokens=max_tokens)
        )
        said: dict[str, Json] = {"name": None, "content": answer.content}
        if answer.tool_calls:
            said = {"name": answer.tool_calls[0].name, "parameters": answer.tool_calls[0].arguments}
        elif answer.malformed:
            said["malformed"] = msgspec.to_builtins(answer.malformed)
        return json.dumps(said, ensure_ascii=False)

    def reply(
        self,
        messages: Conversation | Sequence[dict[str, Json]],
        tools: Sequence[dict[str, Json]] | None = None,
        *,
        sampling: Sampling | None = None,
    ) -> AssistantMessage:
        """The next message, typed; `messages` and `tools` as in the OpenAI API, or a `Conversation`."""
        if not isinstance(messages, Conversation):
            messages = _read(messages, tools)
        return self._answer(messages, sampling or Sampling())

    def _answer(self, conversation: Conversation, sampling: Sampling) -> AssistantMessage:
        card = self.chat.student.card
        whole = conversation.completed(system=card.task_description, tools=card.tools)
        answer = self.chat.replies([whole], sampling)[0]
        if answer.finish == "error":
            raise ModelError(answer.error)
        return answer.message


def _asked(question: str) -> Conversation:
    try:
        messages = json.loads(question)
    except ValueError:
        messages = None
    if isinstance(messages, list) and messages and all(isinstance(message, dict) for message in messages):
        return _read(messages, None)
    return Conversation(messages=(UserMessage(question),))


def _read(messages: Sequence[dict[str, Json]], tools: Sequence[dict[str, Json]] | None) -> Conversation:
    row: dict[str, Json] = {"messages": list(messages)}
    if tools:
        row["tools"] = list(tools)
    conversation = FORMATS["openai"].read(row, "")
    if faults := tool_faults(conversation.tools):
        raise FormatError("a model cannot be asked with these tools:", faults)
    return conversation


def load(folder: str | Path, *, decoding: Mode | None = None) -> Model:
    """A student's folder, ready to answer.

    `decoding`: None takes the strictest that the student's family has: `grounded`, else `free`.
    """
    student = load_student(folder)
    best: Mode = "grounded" if shape_of(student.renderer) else "free"
    return Model(StudentModel(student, decoding=decoding or best))
