"""Broken conversations as they are met in files: each is caught, where it is read or by an error of a check."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from callwright.checks import Context, Examiner, Ledger
from callwright.conversation import Json
from callwright.formats import rows

Spoil = Callable[[dict[str, Any]], object]


def declared(name: str, required: list[str], **properties: Json) -> dict[str, Json]:
    schema = {"type": "object", "properties": properties, "required": required}
    described = {"name": name, "description": f"Use {name} where it is asked for.", "parameters": schema}
    return {"type": "function", "function": described}


def described(text: str, **spec: Json) -> dict[str, Json]:
    return {**spec, "description": text}


PORT = {
    "type": "object",
    "description": "Where to listen.",
    "properties": {"number": {"type": "integer"}, "secure": {"type": "boolean"}},
    "additionalProperties": False,
}
TOOLS = [
    declared(
        "start_server",
        ["host"],
        host=described("Its name.", type="string"),
        size=described("How large.", enum=["small", "large"]),
        count=described("How many.", type="integer"),
        port=PORT,
        labels=described("What it is for.", type="array", items={"type": "string"}),
        backup=described("Whether it is kept safe.", type="boolean"),
    ),
    declared("list_servers", []),
]


def called(identity: str, name: str, arguments: Json) -> dict[str, Json]:
    spelled = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": spelled}}


def sound() -> dict[str, Any]:
    """A row in which all is right."""
    arguments = {"host": "web-7", "size": "small", "count": 2, "port": {"number": 443, "secure": True}}
    return {
        "messages": [
            {"role": "user", "content": "Start 2 small servers called web-7, secure, on port 443."},
            {"role": "assistant", "content": "", "tool_calls": [called("a1", "start_server", arguments)]},
            {"role": "tool", "tool_call_id": "a1", "content": '{"started": 2}'},
            {"role": "assistant", "content": "Both servers are up."},
        ],
        "tools": copy.deepcopy(TOOLS),
    }


def caught(row: Json, tmp_path: Path, **choices: Any) -> set[str]:
    """What is said against a row: codes of errors, and the paths of what reading it finds wrong."""
    path = tmp_path / "rows.jsonl"
    path.write_text((row if isinstance(row, str) else json.dumps(row)) + "\n", encoding="utf-8")
    context = Context(**choices)
    examiner, ledger = Examiner(context), Ledger(context)
    said: set[str] = set()
    for one in rows(path):
        said |= {f"reading {fault.path}" for fault in one.faults if fault.severity == "error"}
        if one.conversation:
            found, keys = examiner.examine(one.conversation)
            found = found + examiner.judged(ledger.add(keys, "row"), one.conversation)
            said |= {finding.code for finding in found if finding.severity == "error"}
    return said


def arguments(**given: Json) -> Spoil:
    """The call's arguments, some of them otherwise; None takes one away."""

    def spoil(row: dict[str, Any]) -> None:
        function = row["messages"][1]["tool_calls"][0]["function"]
        merged = {**json.loads(function["arguments"]), **given}
        function["arguments"] = json.dumps({k: v for k, v in merged.items() if v is not None})

    return spoil


def written(text: Json) -> Spoil:
    """The call's arguments as they stand in the file."""
    return lambda row: row["messages"][1]["tool_calls"][0]["function"].update(arguments=text)


def named(name: str) -> Spoil:
    return lambda row: row["messages"][1]["tool_calls"][0]["function"].update(name=name)


def message(index: int, **keys: Json) -> Spoil:
    return lambda row: row["messages"][index].update(keys)


def without(*indices: int) -> Spoil:
    """Messages left out."""

    def spoil(row: dict[str, Any]) -> None:
        row["messages"] = [one for index, one in enumerate(row["messages"]) if index not in indices]

    return spoil


def ordered(*indices: int) -> Spoil:
    """The messages in another order; one may stand twice."""
    return lambda row: row.update(messages=[row["messages"][index] for index in indices])


def schema(**keys: Json) -> Spoil:
    return lambda row: row["tools"][0]["function"]["parameters"].update(keys)


RIVALS: dict[str, tuple[Spoil, str]] = {
    "the result names another call": (message(2, tool_call_id="b2"), "structure-result-dangling"),
    "the tool is not declared": (named("stop_server"), "arguments-undeclared"),
    "a required argument is missing": (arguments(host=None), "arguments-schema"),
    "an argument has another type": (arguments(host=7), "arguments-schema"),
    "there is an argument too many": (arguments(colour="red"), "arguments-schema"),
    "the arguments are no JSON": (written('{"host": web-7}'), "reading"),
    "the arguments are a list": (written('["web-7"]'), "reading"),
    "the call has no result": (without(2), "structure-result-missing"),
    "the result stands before its call": (ordered(0, 2, 1, 3), "structure-result-dangling"),
    "the last reply is missing": (without(3), "structure-last"),
    "there is no key for the tools": (lambda row: row.pop("tools"), "arguments-undeclared"),
    "the list of tools is empty": (lambda row: row.update(tools=[]), "arguments-undeclared"),
    "the tools are a word": (lambda row: row.update(tools="start_server"), "reading"),
    "the list of messages is empty": (lambda row: row.update(messages=[]), "structure-empty"),
    "a role is unknown": (message(0, role="customer"), "reading"),
    "a message is an empty object": (lambda row: row["messages"].insert(1, {}), "reading"),
    "a call has two results": (ordered(0, 1, 2, 2, 3), "structure-result-twice"),
    "a call has no function": (lambda row: row["messages"][1]["tool_calls"][0].pop("function"), "reading"),
    "the user says null": (message(0, content=None), "reading"),
}
"""The nineteen that a well-known pipeline lets pass, in words of ours."""

MORE: dict[str, tuple[Spoil, str]] = {
    "a value is none of the enum": (arguments(size="medium"), "arguments-schema"),
    "a value within an object has another type": (
        arguments(port={"number": "https", "secure": True}),
        "arguments-schema",
    ),
    "there is a key too many within a closed object": (
        arguments(port={"number": 443, "secure": True, "path": "/"}),
        "arguments-schema",
    ),
    "an item of a list has another type": (arguments(labels=["web", 7]), "arguments-schema"),
    "a number is written as text": (arguments(count="2"), "arguments-double-encoded"),
    "a list is written as text": (arguments(labels='["web"]'), "arguments-double-encoded"),
    "an object is written as text": (
        arguments(port='{"number": 443, "secure": true}'),
        "arguments-double-encoded",
    ),
    "a boolean is written as Python": (arguments(backup="True"), "arguments-python-literal"),
    "a list is written as Python": (arguments(labels="['web', 'test']"), "arguments-python-literal"),
    "a boolean is a number": (arguments(backup=1), "arguments-schema"),
    "all arguments are encoded twice": (written(json.dumps('{"host": "web-7"}')), "reading"),
    "the arguments are null": (written(None), "reading"),
    "a key stands twice in the arguments": (written('{"host": "a", "host": "b"}'), "reading"),
    "the name is nearly right": (named("start_servers"), "arguments-undeclared"),
    "the name has another case": (named("Start_Server"), "arguments-undeclared"),
    "the name is empty": (named(""), "reading"),
    "the user makes the call": (message(1, role="user"), "reading"),
    "the result has no id and no call is open": (
        lambda row: row["messages"].insert(3, {"role": "tool", "content": "ok"}),
        "reading",
    ),
    "a second call has the id of the first": (
        lambda row: row["messages"][1]["tool_calls"].append(called("a1", "list_servers", {})),
        "structure-call-id-twice",
    ),
    "one of two calls has no result": (
        lambda row: row["messages"][1]["tool_calls"].append(called("a2", "list_servers", {})),
        "structure-result-missing",
    ),
    "the result comes after the reply": (ordered(0, 1, 3, 2, 3), "structure-result-late"),
    "the assistant speaks twice": (ordered(0, 1, 2, 3, 3), "structure-order"),
    "the system speaks in the middle": (
        lambda row: row["messages"].insert(3, {"role": "system", "content": "Be kind."}),
        "structure-order",
    ),
    "a reply is blank": (message(3, content="  \n"), "structure-empty-turn"),
    "the user says nothing": (message(0, content=""), "structure-empty-turn"),
    "the result is cut off": (message(2, content='{"started": 2, "hos'), "results-json"),
    "the result is written by Python": (message(2, content="{'started': 2}"), "results-python-literal"),
    "the call is text in the reply": (
        message(3, content='<tool_call>{"name": "list_servers", "arguments": {}}</tool_call>'),
        "markup-tool-syntax",
    ),
    "a control token ends the reply": (message(3, content="Both are up.<|im_end|>"), "markup-control-token"),
    "a tool is declared twice": (lambda row: row["tools"].append(row["tools"][0]), "tools-duplicate"),
    "the parameters are of a type that JSON Schema lacks": (schema(type="dict"), "tools-schema"),
    "the parameters are a list": (
        lambda row: row["tools"][1]["function"].update(parameters=["host"]),
        "reading",
    ),
    "the parameters are no object": (schema(type="string"), "tools-schema"),
    "a parameter that is required is not declared": (schema(required=["name"]), "tools-required"),
    "a tool has no name": (lambda row: row["tools"][0]["function"].pop("name"), "reading"),
    "a tool is a word": (lambda row: row["tools"].append("list_servers"), "reading"),
    "the messages are an object": (lambda row: row.update(messages={"role": "user"}), "reading"),
    "a content is a number": (message(0, content=7), "reading"),
    "a content holds a picture": (message(0, content=[{"type": "image_url", "image_url": {}}]), "reading"),
    "the calls are an object": (
        lambda row: row["messages"][1].update(tool_calls=row["messages"][1]["tool_calls"][0]),
        "reading",
    ),
}


def said_of(spoil: Spoil, tmp_path: Path) -> set[str]:
    row = sound()
    spoil(row)
    return caught(row, tmp_path)


def test_the_sound_row_is_not_blamed(tmp_path: Path) -> None:
    assert caught(sound(), tmp_path) == set()


@pytest.mark.parametrize("name", RIVALS)
def test_what_a_well_known_pipeline_lets_pass_is_caught(name: str, tmp_path: Path) -> None:
    spoil, expected = RIVALS[name]
    assert any(code.startswith(expected) for code in said_of(spoil, tmp_path))


@pytest.mark.parametrize("name", MORE)
def test_other_broken_conversations_are_caught(name: str, tmp_path: Path) -> None:
    spoil, expected = MORE[name]
    assert any(code.startswith(expected) for code in said_of(spoil, tmp_path))


@pytest.mark.parametrize("row", ['{"messages": [', "[1, 2]", '"text"', "{}", '{"mesages": []}', "NaN"])
def test_a_line_that_is_no_row_is_caught(row: str, tmp_path: Path) -> None:
    assert any(code.startswith("reading") for code in caught(row, tmp_path))


def test_what_the_job_promises_is_held_against_its_rows(tmp_path: Path) -> None:
    both = sound()
    both["messages"][1]["tool_calls"].append(called("a2", "list_servers", {}))
    both["messages"].insert(3, {"role": "tool", "tool_call_id": "a2", "content": "[]"})
    assert caught(both, tmp_path) == set()
    assert caught(both, tmp_path, single_call=True) == {"structure-several-calls"}
    assert caught(sound(), tmp_path, prompts=True) == {"structure-answered"}
    assert caught(sound(), tmp_path, max_characters=50) == {"length-characters"}
    assert caught(sound(), tmp_path, json_results=("start_server",)) == set()
