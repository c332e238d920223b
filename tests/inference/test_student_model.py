import asyncio
import json
from collections.abc import Callable
from itertools import product

import pytest
import torch

from callwright.chat import BatchChatModel, Reply, Sampling, StreamingChatModel
from callwright.conversation import AssistantMessage, Conversation, SystemMessage, ToolCall, UserMessage
from callwright.decoding.grounding import contains, texts
from callwright.errors import CallwrightError, ModelError
from callwright.inference import Model, StudentModel, load
from callwright.schema import call_faults
from callwright.students import Student, save_student
from callwright.testing import random_conversations

ONLY = Sampling(tool_choice="only", parallel_tool_calls=False)
HOT = Sampling(temperature=2.0, seed=1, max_tokens=80)


@pytest.fixture
def asked(student: Student) -> Callable[..., Conversation]:
    def asked(*said: str) -> Conversation:
        messages = (SystemMessage("You run commands."), *map(UserMessage, said))
        return Conversation(messages=messages, tools=student.card.tools)

    return asked


def drawn(model: StudentModel, conversation: Conversation, count: int, **changes: object) -> list[Reply]:
    """`count` replies to the same conversation, each drawn with a seed of its own."""
    replies = []
    for seed in range(count):
        sampling = Sampling(**{"temperature": 2.0, "seed": seed, "max_tokens": 60, **changes})
        replies += model.replies([conversation], sampling)
    return replies


def test_it_is_a_model_for_batches_and_for_listening(student: Student) -> None:
    model = StudentModel(student)
    assert isinstance(model, BatchChatModel)
    assert isinstance(model, StreamingChatModel)


def test_a_finished_call_is_always_right_in_form(student: Student, asked) -> None:
    conversation = asked("please show the report")
    finished = 0
    for decoding in ("constrained", "grounded"):
        for reply in drawn(StudentModel(student, decoding=decoding), conversation, 8, tool_choice="required"):
            assert reply.finish in ("tool_calls", "length")
            if reply.finish == "length":
                assert reply.message.tool_calls == ()
                continue
            finished += 1
            assert reply.message.malformed == ()
            assert all(call_faults(call, conversation.tools) == [] for call in reply.message.tool_calls)
    assert finished >= 5


def test_a_grounded_argument_was_said(student: Student, asked) -> None:
    conversation = asked("please show 'report 7' now")
    replies = drawn(StudentModel(student, decoding="grounded"), conversation, 10, tool_choice="cat")
    files = [call.arguments["file"] for reply in replies for call in reply.message.tool_calls]
    assert len(files) >= 5
    assert all(any(contains(text, file) for text in texts(conversation)) for file in files)


@pytest.mark.parametrize("decoding", ["free", "constrained", "grounded"])
def test_none_never_calls_and_a_named_tool_is_always_called(student: Student, asked, decoding) -> None:
    model = StudentModel(student, decoding=decoding)
    for reply in drawn(model, asked("show it"), 3, tool_choice="none"):
        assert reply.message.tool_calls == ()
        assert "<tool_call>" not in reply.raw
    for reply in drawn(model, asked("show it"), 3, tool_choice="pwd", parallel_tool_calls=False):
        assert [call.name for call in reply.message.tool_calls] == ["pwd"]
        assert reply.finish == "tool_calls"


def test_a_reply_cut_by_the_limit_has_no_finished_call(student: Student, asked) -> None:
    model = StudentModel(student, decoding="constrained")
    for limit in range(1, 12):
        sampling = Sampling(temperature=2.0, seed=3, max_tokens=limit, tool_choice="required")
        (reply,) = model.replies([asked("show it")], sampling)
        assert reply.usage.completion_tokens <= limit
        if reply.finish == "length":
            assert reply.message.tool_calls == ()
            assert "<tool_call>".startswith(reply.raw) or reply.message.malformed != ()
            assert reply.message.content == "", "half a tag is no text"


def test_company_does_not_change_a_reply(student: Student, asked) -> None:
    conversations = [asked(*(["please show all documents"] * (n % 5 + 1)), f"file {n}") for n in range(9)]
    greedy = Sampling(max_tokens=24)
    alone = [StudentModel(student, batch_size=1).replies([one], greedy)[0] for one in conversations]
    assert StudentModel(student, batch_size=4).replies(conversations, greedy) == alone
    assert len({reply.raw for reply in alone}) > 1


def test_the_tokens_are_those_of_a_plain_forward_pass(student: Student, asked) -> None:
    conversation = asked("list all", "and find them")
    (reply,) = StudentModel(student, decoding="free").replies([conversation], Sampling(max_tokens=10))
    ids = student.encoder.encode(student.renderer.prompt(conversation), add_special_tokens=False).ids
    assert reply.usage.prompt_tokens == len(ids)
    written: list[int] = []
    with torch.inference_mode():
        for _ in range(10):
            logits = student.model(input_ids=torch.tensor([ids + written])).logits[0, -1]
            written.append(int(logits.argmax()))
    assert reply.raw == student.encoder.decode(written, skip_special_tokens=False)


def test_a_prompt_that_continues_an_earlier_one_is_answered_the_same(student: Student, asked) -> None:
    first, second = asked("list all"), asked("list all", "and find them")
    model = StudentModel(student)
    model.replies([first], Sampling(max_tokens=5))
    continued = model.replies([second], Sampling(max_tokens=20))
    assert continued == StudentModel(student).replies([second], Sampling(max_tokens=20))


def test_the_same_seed_draws_the_same_reply(student: Student, asked) -> None:
    model = StudentModel(student)
    one, again = (model.replies([asked("show it")], HOT)[0] for _ in range(2))
    other = model.replies([asked("show it")], Sampling(temperature=2.0, seed=2, max_tokens=80))[0]
    assert one == again
    assert one.raw != other.raw


def test_a_nucleus_of_nothing_is_greedy(student: Student, asked) -> None:
    model = StudentModel(student)
    narrow = Sampling(temperature=2.0, top_p=1e-9, seed=5, max_tokens=12)
    assert (
        model.replies([asked("hi")], narrow)[0].raw
        == model.replies([asked("hi")], Sampling(max_tokens=12))[0].raw
    )


def test_a_stop_text_ends_the_reply_before_it(student: Student, asked) -> None:
    model = StudentModel(student, decoding="free")
    (whole,) = model.replies([asked("show it")], Sampling(max_tokens=30))
    stop = whole.raw[6:8]
    (cut,) = model.replies([asked("show it")], Sampling(max_tokens=30, stop=(stop,)))
    assert cut.finish == "stop"
    assert cut.raw == whole.raw[: whole.raw.index(stop)]


def heard(model: StudentModel, conversation: Conversation, sampling: Sampling) -> tuple[list[str], Reply]:
    async def listen() -> list[str | Reply]:
        return [piece async for piece in model.stream(conversation, sampling)]

    *pieces, reply = asyncio.run(listen())
    assert isinstance(reply, Reply)
    return [str(piece) for piece in pieces], reply


def test_what_is_heard_is_what_is_replied(student: Student, asked) -> None:
    model = StudentModel(student)
    for seed, choice, stop in product(range(2), ("auto", "required"), ((), ("e ", "xyz"))):
        sampling = Sampling(temperature=2.0, seed=seed, max_tokens=24, tool_choice=choice, stop=stop)
        pieces, reply = heard(model, asked("show it"), sampling)
        assert "".join(pieces) == reply.raw
        assert reply == model.replies([asked("show it")], sampling)[0]


def test_calls_are_numbered_on_from_those_before(student: Student, asked) -> None:
    made = AssistantMessage(tool_calls=(ToolCall(name="pwd", id="call_1"),))
    before = asked("where?")
    conversation = Conversation(
        messages=(*before.messages, made, UserMessage("and now?")), tools=before.tools
    )
    sampling = Sampling(tool_choice="pwd", parallel_tool_calls=False)
    (reply,) = StudentModel(student).replies([conversation], sampling)
    assert [call.id for call in reply.message.tool_calls] == ["call_2"]


def test_a_prompt_too_long_is_an_error_reply_and_the_others_are_answered(student: Student, asked) -> None:
    replies = StudentModel(student).replies([asked("hi"), asked("x y " * 400)], Sampling(max_tokens=4))
    assert [reply.finish for reply in replies] == ["length", "error"]
    assert "tokens; with its reply it may have 512" in replies[1].error


def test_the_reply_fits_in_the_room_that_is_left(student: Student, asked) -> None:
    conversation = asked("x y " * 50)
    (reply,) = StudentModel(student, decoding="free").replies([conversation], Sampling(max_tokens=4096))
    assert reply.usage.prompt_tokens + reply.usage.completion_tokens <= 512


def test_a_text_that_spells_a_control_token_is_an_error_reply(student: Student, asked) -> None:
    (reply,) = StudentModel(student).replies([asked("<|im_end|>")], Sampling())
    assert reply.finish == "error"
    assert "<|im_end|>" in reply.error


def test_a_wrong_decoding_is_refused_with_the_near_one(student: Student) -> None:
    with pytest.raises(CallwrightError) as caught:
        StudentModel(student, decoding="ground")
    assert caught.value.hint == "did you mean `grounded`?"


def test_a_student_without_a_grammar_decodes_freely_only(student: Student) -> None:
    class Other(type(student.renderer)):
        name = "other"

    from dataclasses import replace

    other = replace(student, renderer=Other())
    with pytest.raises(CallwrightError, match="no grammar"):
        StudentModel(other)
    model = StudentModel(other, decoding="free")
    conversation = Conversation(messages=(UserMessage("hi"),))
    assert model.replies([conversation], Sampling(max_tokens=3))[0].finish != "error"
    assert model.replies([conversation], Sampling(tool_choice="none"))[0].finish == "error"


# --- by hand ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model(student: Student, tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("student") / "student"
    save_student(student, folder)
    return load(folder)


def test_a_loaded_student_is_held_as_strictly_as_can_be(model: Model, student: Student) -> None:
    assert model.chat.decoding == "grounded"
    assert model.chat.grounding == {"cat": {"file": "context"}}


def test_generate_gives_a_call_or_a_reply_as_json(model: Model) -> None:
    conversation = [
        {"role": "user", "content": "List files here"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"type": "function", "function": {"name": "pwd", "arguments": {}}}],
        },
        {"role": "user", "content": "Go on"},
    ]
    for question in (json.dumps(conversation), "Where am I?", "[not json", "[1, 2]"):
        answer = json.loads(model.generate(question, max_tokens=40))
        assert answer["name"] is None or answer["name"] in ("cat", "pwd", "find")
        assert set(answer) in ({"name", "parameters"}, {"name", "content"}, {"name", "content", "malformed"})


def test_reply_takes_messages_of_the_api_and_gives_ours(model: Model) -> None:
    tools = [{"type": "function", "function": {"name": "only", "parameters": {"type": "object"}}}]
    message = model.reply([{"role": "user", "content": "go"}], tools, sampling=ONLY)
    assert {call.name for call in message.tool_calls} == {"only"}


def test_a_model_that_cannot_answer_raises(model: Model) -> None:
    with pytest.raises(ModelError, match="tokens"):
        model.generate("word " * 600)


def test_nothing_is_computed_in_half_precision_on_the_cpu(student: Student) -> None:
    assert {weight.dtype for weight in student.model.parameters()} == {torch.float32}


# --- whatever the tools are ---------------------------------------------------------------------------------


def held_whatever_the_tools_are(student: Student, count: int) -> None:
    """Random tools and prompts, half of the calls demanded, every string to be taken from the conversation."""
    model = StudentModel(student.with_card(max_length=4096), decoding="grounded")
    for number, whole in enumerate(random_conversations(count, seed=5)):
        first = next((index for index, _ in whole.turns()), len(whole.messages))
        prompt = whole.upto(first)
        model.grounding = {
            tool.name: dict.fromkeys(tool.parameters.get("properties", {}), "context")
            for tool in prompt.tools
        }
        choice = ("auto", "required", prompt.tools[0].name)[number % 3] if prompt.tools else "auto"
        sampling = Sampling(temperature=2.0, seed=number, max_tokens=60, tool_choice=choice)
        (reply,) = model.replies([prompt], sampling)
        assert reply.finish != "error", reply.error
        if reply.finish == "length":
            assert reply.message.tool_calls == ()
            continue
        assert reply.message.malformed == ()
        assert choice == "auto" or reply.message.tool_calls != ()
        assert all(call_faults(call, prompt.tools) == [] for call in reply.message.tool_calls)


def test_every_finished_call_holds_whatever_the_tools_are(student: Student) -> None:
    held_whatever_the_tools_are(student, 8)


@pytest.mark.slow
def test_every_finished_call_holds_over_many_tools(student: Student) -> None:
    held_whatever_the_tools_are(student, 500)


def test_a_conversation_too_long_to_ground_is_held_to_the_schemas(
    student: Student, asked, caplog: pytest.LogCaptureFixture
) -> None:
    model = StudentModel(student.with_card(max_length=1 << 20), decoding="grounded")
    row = model.row(asked(" ".join(f"{number:x}" for number in range(60_000))), Sampling(tool_choice="cat"))
    assert row.held
    assert "held to the schemas alone" in caplog.text
