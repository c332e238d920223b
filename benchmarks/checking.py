"""How long do all checks take over a file, beside merely parsing it, and beside `jsonschema` checking arguments?

    python benchmarks/checking.py FILE.jsonl[.gz] [--rows N]

Everything runs on one core in one process (but for the last table), each measure the best of three, in processor
time; the figures to look at are the ratios. `orjson` parses every line and lets it go. `jsonschema` is given the parsed
rows and compiled validators, and is asked only whether each call's arguments hold.
"""

import argparse
import gc
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import orjson

from callwright import files
from callwright.checks import CHECKS, FOLDS, Context, Examiner, Ledger
from callwright.checks.subject import Subject
from callwright.conversation import Conversation
from callwright.formats.quick import quick

IGNORED = ("duplicates-near", "leakage-near")
ROUNDS = 3


def best(work: Callable[[], Any]) -> float:
    """Seconds of processor time, the least of some rounds."""
    times = []
    for _ in range(ROUNDS):
        gc.collect()
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


@contextmanager
def frozen() -> Iterator[None]:
    """What is in memory already is no work for the garbage collector."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def parse(lines: list[bytes]) -> None:
    for line in lines:
        orjson.loads(line)


def read(lines: list[bytes]) -> None:
    for line in lines:
        quick(line)


def check(lines: list[bytes], context: Context) -> int:
    examiner, ledger = Examiner(context), Ledger(context)
    count = 0
    for number, line in enumerate(lines):
        conversation = quick(line)
        assert conversation is not None, f"line {number + 1} is not read quickly"
        found, keys = examiner.examine(conversation)
        count += len(found) + len(ledger.add(keys, str(number)))
    return count + len(ledger.close())


def arguments_by_jsonschema(rows: list[dict[str, Any]]) -> int:
    validators: dict[str, Any] = {}
    wrong = 0
    for row in rows:
        schemas = {tool["function"]["name"]: tool["function"]["parameters"] for tool in row["tools"]}
        for message in row["messages"]:
            for call in message.get("tool_calls") or ():
                schema = schemas.get(call["function"]["name"])
                if schema is None:
                    wrong += 1
                    continue
                key = call["function"]["name"] + json.dumps(schema)
                if key not in validators:
                    validators[key] = jsonschema.Draft202012Validator(schema)
                wrong += not validators[key].is_valid(json.loads(call["function"]["arguments"]))
    return wrong


def family(name: str, conversations: list[Conversation], context: Context) -> Callable[[], None]:
    """One family by itself: it pays for all it asks of the conversation, shared or not."""
    if name in CHECKS:
        look = CHECKS[name].look

        def work() -> None:
            for conversation in conversations:
                for _ in look(Subject(conversation, context)):
                    pass
    else:
        kind = FOLDS[name]

        def work() -> None:
            fold = kind(context)
            for number, conversation in enumerate(conversations):
                key = kind.key(Subject(conversation, context))
                if key is not None:
                    list(fold.add(key, str(number)))

    return work


def measured(lines: list[bytes], context: Context) -> dict[str, float]:
    """Seconds for each piece of work over `lines`."""
    with frozen():
        times = {
            "orjson, rows parsed and let go": best(lambda: parse(lines)),
            "orjson, rows parsed and kept": best(lambda: [orjson.loads(line) for line in lines]),
            "callwright, read": best(lambda: read(lines)),
            "callwright, read and check, all but near duplicates": best(lambda: check(lines, context)),
            "callwright, the first half of that": best(lambda: check(lines[: len(lines) // 2], context)),
        }
    rows = [json.loads(line) for line in lines]
    with frozen():
        name = "jsonschema, arguments alone, rows parsed before"
        times[name] = best(lambda: arguments_by_jsonschema(rows))
    rows.clear()
    conversations = [conversation for conversation in map(quick, lines) if conversation]
    with frozen():
        name = "callwright, arguments alone, rows read before"
        times[name] = best(family("arguments", conversations, context))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--rows", type=int, default=0, help="the first N only")
    options = parser.parse_args()
    lines = [line for _, line in files.lines(options.file)][: options.rows or None]
    context = Context(ignore=IGNORED, tested=False)
    times = measured(lines, context)
    dropped, kept = list(times.values())[:2]
    print(f"{len(lines):,} rows, {sum(map(len, lines)):,} bytes\n")
    print("| work | seconds | times parsing | times parsing and keeping |\n| --- | ---: | ---: | ---: |")
    for name, seconds in times.items():
        print(f"| {name} | {seconds:.2f} | {seconds / dropped:.1f} | {seconds / kept:.1f} |")
    few = lines[:3000]
    conversations = [conversation for conversation in map(quick, few) if conversation]
    with frozen():
        part = best(lambda: parse(few))
        print("\n| family, alone | times parsing |\n| --- | ---: |")
        for name in dict.fromkeys([*CHECKS, *FOLDS]):
            print(f"| {name} | {best(family(name, conversations, context)) / part:.2f} |")


if __name__ == "__main__":
    main()
