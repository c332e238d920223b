import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from callwright.checks import Context
from callwright.conversation import Json, SystemMessage, UserMessage
from callwright.errors import Fault, FormatError, JobError
from callwright.job import Job, read_job

TOOLS: list[Json] = [
    {
        "type": "function",
        "function": {
            "name": "ls",
            "description": "List",
            "parameters": {
                "type": "object",
                "properties": {"a": {"type": "boolean", "description": "Hidden ones too"}},
            },
        },
    },
    {
        "type": "function",
        "function": {
            "name": "cd",
            "description": "Go",
            "parameters": {
                "type": "object",
                "properties": {"folder": {"type": "string", "description": "Where to"}},
                "required": ["folder"],
            },
        },
    },
]


def called(name: str, **arguments: Json) -> dict[str, Json]:
    call = {"type": "function", "function": {"name": name, "arguments": arguments}}
    return {"role": "assistant", "content": "", "tool_calls": [call]}


def user(text: str) -> dict[str, Json]:
    return {"role": "user", "content": text}


def row(number: int = 0, name: str = "cd", **arguments: Json) -> dict[str, Json]:
    history = [user(f"list {number}"), called("ls"), user(f"go to {number}")]
    answer = {"name": name, "parameters": arguments or {"folder": str(number)}}
    return {"question": json.dumps(history), "answer": json.dumps(answer)}


def text_row(number: int = 0) -> dict[str, Json]:
    return {"question": f"go to {number}", "answer": '{"name": "cd", "parameters": {"folder": "x"}}'}


def lines(rows: list[dict[str, Json]]) -> str:
    return "".join(json.dumps(one) + "\n" for one in rows)


Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A job folder that holds, but for the files given: their text, or None for a file that is missing."""

    def made(files: dict[str, str | bytes | None] | None = None, task: str = "multi-turn-") -> Path:
        rows = [row(n) if task else text_row(n) for n in range(20)]
        whole: dict[str, str | bytes | None] = {
            "job_description.json": json.dumps({"task_description": "Help with files.", "tools": TOOLS}),
            "config.yaml": f"base:\n  task: {task}tool-calling-closed-book\n",
            "train.jsonl": lines(rows),
            "test.jsonl": lines(rows),
            **(files or {}),
        }
        folder = tmp_path / "job"
        folder.mkdir()
        for name, content in whole.items():
            if content is not None:
                (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder

    return made


def faults(folder: Path, *overrides: str) -> list[Fault]:
    with pytest.raises(JobError) as caught:
        read_job(folder, overrides)
    return list(caught.value.faults)


def only_fault(folder: Path, *overrides: str) -> Fault:
    (fault,) = faults(folder, *overrides)
    return fault


def test_a_job_folder_is_read(make: Make) -> None:
    job = read_job(make())
    assert job.warnings == ()
    assert (job.task_description, [tool.name for tool in job.tools]) == ("Help with files.", ["ls", "cd"])
    first = next(iter(job.train()))
    assert first.messages[0] == SystemMessage("Help with files.")
    assert (first.id, first.origin) == ("train-1", f"{job.folder}/train.jsonl:1")
    assert first.tools == job.tools
    assert first.metadata == {"form": "distil"}
    assert (len(job.train()), len(job.test())) == (20, 20)


def test_examples_can_be_looped_over_again_and_again(make: Make) -> None:
    train = read_job(make()).train()
    assert list(train) == list(train)
    assert len(list(train)) == 20


def test_single_turn_rows_may_come_as_csv(make: Make) -> None:
    text = 'question,answer\n"go, now","{""name"": ""ls"", ""parameters"": {}}"\n'
    job = read_job(make({"train.jsonl": None, "train.csv": text}, task=""))
    assert [conversation.messages[1] for conversation in job.train()] == [UserMessage("go, now")]


def test_rows_in_messages_form_bring_results_replies_and_tools_of_their_own(make: Make) -> None:
    own = [{"name": "pwd", "parameters": {"type": "object", "properties": {}}}]
    messages = [
        {"role": "system", "content": "Be brief."},
        user("where am I"),
        {"role": "assistant", "content": None, "tool_calls": [{"name": "pwd", "arguments": "{}"}]},
        {"role": "tool", "content": "/home"},
        {"role": "assistant", "content": "In /home."},
    ]
    job = read_job(make({"train.jsonl": lines([{"messages": messages, "tools": own}, row()])}))
    first, second = job.train()
    assert first.messages[0] == SystemMessage("Be brief.")
    assert [tool.name for tool in first.tools] == ["pwd"]
    assert (first.metadata, second.metadata) == ({"form": "openai"}, {"form": "distil"})
    assert job.context().carries_results


def test_the_context_of_the_checks_is_told_by_the_rows(make: Make) -> None:
    job = read_job(make(), ["synthgen.validation_max_total_length=500"])
    assert job.context() == Context(carries_results=False, single_call=True, max_characters=500)


def test_several_calls_in_some_turn_allow_them(make: Make) -> None:
    calls = [{"name": "ls", "arguments": {}}, {"name": "cd", "arguments": {"folder": "x"}}]
    several = {"messages": [user("a"), {"role": "assistant", "tool_calls": calls}]}
    job = read_job(make({"train.jsonl": lines([several, row()])}))
    assert job.context() == Context(carries_results=True, single_call=False, max_characters=10_000)


# ── faults ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_all_faults_of_a_folder_are_shown_at_once(make: Make) -> None:
    folder = make(
        {
            "job_description.json": '{"task_description": " ", "tools": [{"name": "a b "}, 3],}',
            "config.yaml": "base:\n  task: x\n  foo: 1\n",
            "train.jsonl": lines([row(), {"question": "a"}]) + '{"question',
            "test.jsonl": None,
        }
    )
    found = {(Path(fault.file).name, fault.line, fault.path) for fault in faults(folder)}
    assert found == {
        ("job_description.json", 1, ""),
        ("config.yaml", 2, "base.task"),
        ("config.yaml", 3, "base.foo"),
        ("train.jsonl", 2, "$.answer"),
        ("train.jsonl", 3, ""),
        ("test.jsonl", 0, ""),
    }


def test_the_seeds_fault_is_found_a_row_that_calls_undeclared_tools(make: Make) -> None:
    history = [user("where"), called("pwd"), user("find it"), called("fnd", path="."), user("list")]
    bad = {"question": json.dumps(history), "answer": '{"name": "ls", "parameters": {}}'}
    folder = make({"train.jsonl": lines([row(), bad]), "test.jsonl": None})
    missing, first, second = faults(folder)
    assert (missing.file, missing.found) == (f"{folder}/test.jsonl", "no such file")
    assert (first.line, first.path) == (2, "$.question[1].tool_calls[0].function.name")
    assert (first.expected, first.found) == ("a call of a declared tool", "`pwd`")
    assert "`ls`, `cd`" in first.hint
    assert (second.path, second.found) == ("$.question[3].tool_calls[0].function.name", "`fnd`")


@pytest.mark.parametrize(
    ("arguments", "path", "said"),
    [
        ({"folder": 3}, "$.answer.parameters.folder", '3 is not of type "string"'),
        ({"foldr": "x", "folder": "y"}, "$.answer.parameters.foldr", "did you mean `folder`?"),
        ({"x": "y"}, "$.answer.parameters", '"folder" is a required property'),
    ],
)
def test_arguments_are_held_against_their_schema(
    make: Make, arguments: dict[str, Json], path: str, said: str
) -> None:
    found = faults(make({"test.jsonl": lines([row(), row(1, **arguments)])}))
    assert path in [fault.path for fault in found]
    assert said in "\n".join(map(str, found))
    assert {fault.line for fault in found} == {2}


def test_a_question_of_the_other_task_points_to_the_task(make: Make) -> None:
    fault = only_fault(make({"train.jsonl": lines([row(), text_row()])}))
    assert (fault.line, fault.path, fault.found) == (2, "$.question", "plain text")
    assert "base.task=tool-calling-closed-book" in fault.hint


def test_an_array_in_the_single_turn_task_points_to_the_task(make: Make) -> None:
    fault = only_fault(make({"train.jsonl": lines([text_row(), row()])}, task=""))
    assert fault.found == "an array of turns"
    assert "base.task=multi-turn-tool-calling-closed-book" in fault.hint


def test_messages_out_of_order_are_refused(make: Make) -> None:
    bad = {"messages": [user("a"), {"role": "assistant", "content": "b"}, user("c")]}
    fault = only_fault(make({"train.jsonl": lines([bad])}))
    assert (fault.line, fault.path) == (1, "$.messages[2]")


def test_two_files_of_the_same_rows_are_refused(make: Make) -> None:
    fault = only_fault(make({"train.csv": "question,answer\n"}))
    assert fault.found == "`train.jsonl` and `train.csv`"


def test_every_missing_file_is_named_with_what_may_be_meant(make: Make) -> None:
    folder = make(
        {
            "job_description.json": None,
            "config.yaml": None,
            "train.jsonl": None,
            "test.jsonl": None,
            "train.json": "x",
            "config.yml": "x",
        }
    )
    found = {Path(fault.file).name: fault.hint for fault in faults(folder)}
    assert found == {
        "job_description.json": "",
        "config.yaml": "is `config.yml` meant? rename it",
        "train.jsonl": "is `train.json` meant? rename it",
        "test.jsonl": "",
    }


def test_only_the_rows_that_are_needed_must_be_there(make: Make) -> None:
    folder = make({"test.jsonl": None})
    job = read_job(folder, need=("train",))
    assert (len(job.train()), len(job.test()), list(job.test())) == (20, 0, [])


def test_the_task_may_be_an_override_where_there_is_no_configuration(make: Make) -> None:
    folder = make({"config.yaml": None})
    job = read_job(folder, ["base.task=multi-turn-tool-calling-closed-book"])
    assert job.config.base.task == "multi-turn-tool-calling-closed-book"


@pytest.mark.parametrize(("name", "found"), [("nothing", "no such folder"), ("job/train.jsonl", "a file")])
def test_what_is_no_folder_is_told_so(make: Make, tmp_path: Path, name: str, found: str) -> None:
    make()
    assert only_fault(tmp_path / name).found == found


def test_a_folder_is_told_its_near_name(make: Make, tmp_path: Path) -> None:
    make()
    assert only_fault(tmp_path / "jobb").hint == "did you mean `job`?"


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_an_empty_file_is_told_so(make: Make, text: str) -> None:
    assert only_fault(make({"train.jsonl": text})).found == "none: it is empty"


def test_a_csv_file_with_a_header_only_is_told_so(make: Make) -> None:
    fault = only_fault(make({"train.jsonl": None, "train.csv": "question,answer\n"}))
    assert fault.found == "none: it is empty"


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ('{\n  "task_description": "a",\n  "tools": [],\n}', "", "a comma after the last item (column 1)"),
        ("[]", "$", "an array"),
        ('{"tools": []}', "$.task_description", "no such key"),
        ('{"task_desciption": "a", "tools": []}', "$.task_description", "is `task_desciption` meant?"),
        ('{"task_description": "", "tools": []}', "$.task_description", "found nothing"),
        ('{"task_description": 3, "tools": []}', "$.task_description", "the number `3`"),
        ('{"task_description": "a"}', "$.tools", "`null`"),
        ('{"task_description": "a", "tools": []}', "$.tools", "at least one tool"),
        ('{"task_description": "a", "tools": [{"name": "a"}, {"name": "a"}]}', "$.tools[1]", "a second time"),
        (
            '{"task_description": "a", "tools": [{"name": "a", "parameters": {"type": "x"}}]}',
            "$.tools[0].parameters.type",
            "a valid JSON Schema",
        ),
        (b"\xff\xfe", "", "UTF-8"),
    ],
)
def test_a_job_description_that_is_none_is_told_where(
    make: Make, text: str | bytes, path: str, said: str
) -> None:
    found = faults(make({"job_description.json": text}))
    assert found[0].path == path
    assert said in str(found[0])
    assert all(fault.file.endswith("job_description.json") for fault in found)  # the rows are not blamed


def test_tools_that_do_not_hold_are_told_where_they_stand_in_the_description(make: Make) -> None:
    broken = json.loads(json.dumps(TOOLS))
    broken[1]["function"]["parameters"]["properties"]["folder"]["type"] = "str"
    folder = make({"job_description.json": json.dumps({"task_description": "Help.", "tools": broken})})
    for overrides in ((), ("checks.ignore=[tools]",)):
        fault = only_fault(folder, *overrides)
        assert fault.path == "$.tools[1].function.parameters.properties.folder.type"
        assert (fault.expected, fault.hint) == ("a valid JSON Schema of an object", 'use "string"')
        assert fault.found == "`cd`: `str` is no type of JSON Schema"


def test_tools_of_a_row_are_held_to_the_same_in_every_row(make: Make) -> None:
    own = {"name": "pwd", "description": "Where.", "parameters": {"type": "dict"}}
    bare = {"name": "now", "parameters": {}}
    messages = [user("where am I"), called("pwd")]
    rows = [{"messages": messages, "tools": [own]}, {"messages": messages, "tools": [own, bare]}]
    found = faults(make({"train.jsonl": lines([*rows, row()])}))
    assert [(fault.line, fault.path) for fault in found] == [
        (1, "$.tools[0].function.parameters.type"),
        (2, "$.tools[0].function.parameters.type"),
    ]


def test_a_trailing_comma_is_told_with_its_line(make: Make) -> None:
    fault = only_fault(make({"job_description.json": '{\n  "task_description": "a",\n}'}))
    assert fault.line == 3


def test_ids_are_the_rows_own_and_each_once(make: Make) -> None:
    rows = [{**row(n), "id": name} for n, name in enumerate(["a", "b"])]
    folder = make({"train.jsonl": lines([*rows, row()])})
    assert [conversation.id for conversation in read_job(folder).train()] == ["a", "b", "train-3"]
    (folder / "train.jsonl").write_text(lines([*rows, rows[0]]))
    assert (only_fault(folder).line, only_fault(folder).path) == (3, "$.id")


# ── warnings, and rows left out ────────────────────────────────────────────────────────────────────────────


def test_what_should_be_known_is_a_warning_and_said_once_a_file(make: Make) -> None:
    rows = [{**row(n), "answer": {"name": "ls", "parameters": {}}} for n in range(5)]
    job = read_job(make({"train.jsonl": lines(rows), "traces.jsonl": "x"}), ["evaluation.batch_size=1"])
    found = [(Path(fault.file).name, fault.path, fault.found) for fault in job.warnings]
    assert [(name, path) for name, path, _ in found] == [
        ("", "evaluation.batch_size"),
        ("train.jsonl", "$.answer"),
        ("train.jsonl", ""),
        ("traces.jsonl", ""),
    ]
    assert found[1][2] == "an object itself (the first of 5 places)"
    assert found[2][2] == "5"
    assert {fault.severity for fault in job.warnings} == {"warning"}


def test_a_row_too_long_is_warned_of_and_stays(make: Make) -> None:
    long = {"messages": [user("x" * 600), {"role": "assistant", "content": "y"}]}
    folder = make({"train.jsonl": lines([row(n) for n in range(20)] + [long, long])})
    job = read_job(folder, ["synthgen.validation_max_total_length=500"])
    (fault,) = job.warnings
    assert fault.line == 21
    assert fault.found == "601 characters (the first of 2 places)"
    assert fault.hint == "at most 500 are allowed"
    assert len(list(job.train())) == 22


def test_faulty_rows_can_be_left_out_are_counted_and_shown(make: Make) -> None:
    folder = make({"train.jsonl": lines([row(0), row(1, "nope"), row(2)]) + "x\n"})
    with pytest.raises(JobError) as caught:
        read_job(folder)
    assert caught.value.hint == "base.bad_rows=leave-out goes on without the 2 faulty rows"
    job = read_job(folder, ["base.bad_rows=leave-out"])
    assert [conversation.id for conversation in job.train()] == ["train-1", "train-3"]
    assert len(job.train()) == 2
    said = [fault.found for fault in job.warnings]
    assert said[:3] == [
        "`nope`",
        "Expecting value at `x` (column 1)",
        "2 of 4 left out, as base.bad_rows asks",
    ]


def test_a_file_of_faulty_rows_only_is_refused_in_any_case(make: Make) -> None:
    folder = make({"train.jsonl": "x\n"})
    assert len(faults(folder, "base.bad_rows=leave-out")) == 1


def test_a_hundred_faults_are_listed_and_all_counted(make: Make) -> None:
    found = faults(make({"train.jsonl": "x\n" * 300}))
    assert len(found) == 101
    assert found[-1].found == "300 faults in 300 rows, of which the first 100 are listed"


# ── unstructured, hashes ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "text"),
    [("unstructured.jsonl", '{"context": "a"}\n{"context": "b"}\n'), ("unstructured.csv", "context\na\nb\n")],
)
def test_unstructured_texts_are_read(make: Make, name: str, text: str) -> None:
    assert read_job(make({name: text})).unstructured() == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [("unstructured.jsonl", '{"text": "a"}\n', 1), ("unstructured.csv", "text\na\n", 1)],
)
def test_unstructured_texts_that_are_none_are_refused(make: Make, name: str, text: str, line: int) -> None:
    fault = only_fault(make({name: text}))
    assert (fault.line, fault.file.endswith(name)) == (line, True)
    assert "context" in str(fault)


def test_the_fingerprint_is_of_the_content_wherever_it_lies(make: Make, tmp_path: Path) -> None:
    folder = make()
    first = read_job(folder).fingerprint()
    moved = folder.rename(tmp_path / "moved")
    job: Job = read_job(moved)
    assert job.fingerprint() == first
    assert sorted(job.hashes()) == ["config", "job_description", "test", "train"]
    (moved / "train.jsonl").write_text(lines([row(99)]))
    assert read_job(moved).fingerprint() != first


def test_a_file_that_changes_under_the_job_is_noticed(make: Make) -> None:
    folder = make()
    train = read_job(folder).train()
    (folder / "train.jsonl").write_text("x\n")
    with pytest.raises(FormatError, match="has changed since it was read"):
        list(train)


def test_memory_stays_flat_however_long_the_file(make: Make) -> None:
    folder = make()
    text = lines([{**row(n), "note": "x" * 5000} for n in range(50)])

    def peak(times: int) -> int:
        (folder / "train.jsonl").write_text(text * times)
        tracemalloc.start()
        assert sum(1 for _ in read_job(folder).train()) == 50 * times
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(1)
    assert peak(8) < 1.2 * peak(1) + 100_000


def test_the_example_that_comes_with_the_project_has_nothing_to_be_said_against_it() -> None:
    job = read_job(Path(__file__).parents[2] / "examples" / "filesystem")
    assert job.warnings == ()
    assert (len(job.train()), len(job.test())) == (40, 60)


def test_instructions_for_a_judge_are_said_to_have_no_effect(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "examples" / "filesystem"
    for name in ("config.yaml", "train.jsonl", "test.jsonl"):
        (tmp_path / name).write_bytes((example / name).read_bytes())
    description = json.loads((example / "job_description.json").read_text())
    description["llm_as_a_judge_instructions"] = "Be strict."
    (tmp_path / "job_description.json").write_text(json.dumps(description))
    told = [
        warning for warning in read_job(tmp_path).warnings if "llm_as_a_judge_instructions" in warning.found
    ]
    assert len(told) == 1
    assert told[0].file.endswith("job_description.json")
