"""How many invented values do the grounding checks find, and how often do they blame what is right?

    python benchmarks/grounding.py FILE... [--rows N] [--seed N]

False alarms: the share of calls, and of replies, of each file that are blamed as they stand (an upper bound: what
is blamed may be wrong indeed). Recall: in each conversation one value is replaced. An argument takes the value that
the same parameter has in another conversation; a number, a time, a date or a name in a reply that follows a result
takes another one. Nothing is put in that was said before its place. Values of an enum are left alone: the schema
names them all. Cost: the whole family beside `orjson.loads` over the same lines, in the same process.
"""

import argparse
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import orjson

from callwright.checks.facts import RUN
from callwright.checks.grounding import ARGUMENT, CHECK, REPLY
from callwright.checks.moments import MONTHS, days_of, times_of
from callwright.checks.normal_forms import number_of
from callwright.checks.subject import Context, Subject
from callwright.conversation import AssistantMessage, Conversation, ToolCall, ToolMessage
from callwright.formats import read

CLOCK = re.compile(r"\b\d{1,2}:\d{2}\b")
DAY = re.compile(rf"\b(?:{'|'.join(month.title() for month in MONTHS)}) \d{{1,2}}(?:st|nd|rd|th)?\b")
_END = r"(?![\d:/-]|\.\d|,\d|st|nd|rd|th| ?[ap]\.?m)"
AMOUNT = re.compile(r"(?<![\d:.,/-])(?:\d+\.\d+|\d{3,})" + _END)
COUNT = re.compile(r"(?<![\d:.,/$-])\d{1,2}" + _END)
Table = dict[str, list[int]]


def found(conversation: Conversation) -> set[tuple[str, str, str]]:
    """Code, path and words of every finding."""
    return {(one.code, one.path, one.message) for one in CHECK.look(Subject(conversation, Context()))}


def alarms(rows: list[Conversation]) -> str:
    """Shares of calls and replies that are blamed as they stand."""
    calls = replies = blamed_calls = blamed_replies = 0
    for row in rows:
        subject = Subject(row, Context())
        calls += len(subject.calls)
        replies += sum(1 for _, turn in row.turns() if turn.content)
        paths = [(code, path) for code, path, _ in found(row)]
        blamed_calls += len({path.split(".arguments")[0] for code, path in paths if code == ARGUMENT.code})
        blamed_replies += sum(1 for code, _ in paths if code == REPLY.code)
    shares = f"{100 * blamed_calls / max(calls, 1):.2f} % | {replies} | {100 * blamed_replies / max(replies, 1):.2f} %"
    return f"{len(rows)} | {calls} | {shares}"


def kind_of(value: str) -> str:
    """What a value of an argument is."""
    if number_of(value):
        return "number"
    if days_of(value):
        return "date"
    if times_of(value):
        return "time"
    if re.fullmatch(r"(?=.*\d)[\w.-]+", value):
        return "identifier"
    return "text"


def swappable(row: Conversation) -> Iterator[tuple[int, int, ToolCall, str]]:
    """Every string argument that no enum limits: turn, place, call, key."""
    for turn, message in row.turns():
        for place, call in enumerate(message.tool_calls):
            tool = row.tool(call.name)
            properties = tool.parameters.get("properties", {}) if tool else {}
            for key, value in call.arguments.items():
                if type(value) is str and value and "enum" not in properties.get(key, {}):
                    yield turn, place, call, key


def spoken(row: Conversation, end: int) -> str:
    """All that stands before message `end`, in lower case."""
    texts = []
    for message in row.messages[:end]:
        texts.append(message.content)
        if isinstance(message, AssistantMessage):
            texts += [orjson.dumps(call.arguments).decode() for call in message.tool_calls]
    return "\n".join(texts).lower()


def swap_arguments(rows: list[Conversation], chance: random.Random, table: Table) -> None:
    """One argument of each conversation takes its value from another conversation."""
    pool: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        for _, _, call, key in swappable(row):
            pool[call.name, key].add(call.arguments[key])
    choices = {slot: sorted(values) for slot, values in pool.items()}
    for row in rows:
        places = list(swappable(row))
        if not places:
            continue
        turn, place, call, key = chance.choice(places)
        foreign = chance.choice(choices[call.name, key])
        if foreign.lower() in spoken(row, turn) or foreign == call.arguments[key]:
            continue
        changed = msgspec.structs.replace(call, arguments={**call.arguments, key: foreign})
        message = row.messages[turn]
        assert isinstance(message, AssistantMessage)
        calls = (*message.tool_calls[:place], changed, *message.tool_calls[place + 1 :])
        mutant = with_message(row, turn, msgspec.structs.replace(message, tool_calls=calls))
        path = f"$.messages[{turn}].tool_calls[{place}].arguments.{key}"
        tally(table, f"argument: {kind_of(foreign)}", any(at == path for _, at, _ in found(mutant)))


def with_message(row: Conversation, index: int, message: AssistantMessage) -> Conversation:
    messages = (*row.messages[:index], message, *row.messages[index + 1 :])
    return msgspec.structs.replace(row, messages=messages)


def tally(table: Table, kind: str, caught: bool) -> None:
    counts = table.setdefault(kind, [0, 0])
    counts[0] += 1
    counts[1] += caught


def another_clock(text: str, chance: random.Random) -> str:
    return f"{chance.randint(1, 12)}:{chance.randint(0, 59):02}"


def another_day(text: str, chance: random.Random) -> str:
    return f"{chance.choice(MONTHS).title()} {chance.randint(4, 20)}th"


def another_number(text: str, chance: random.Random) -> str:
    return re.sub(r"\d", lambda _: str(chance.randint(1, 9)), text)


def swap_facts(rows: list[Conversation], chance: random.Random, table: Table) -> None:
    """One fact of the last reply after a result takes another value."""
    names = sorted({name for row in rows for _, text in answers(row) for name in inner_names(text)})
    kinds: list[tuple[str, Callable[[str], list[str]], Callable[[str, random.Random], str]]] = [
        ("time", CLOCK.findall, another_clock),
        ("date", DAY.findall, another_day),
        ("number, of three digits or with a point", AMOUNT.findall, another_number),
        ("number of one or two digits", COUNT.findall, another_number),
        ("name", inner_names, lambda _, chance: chance.choice(names)),
    ]
    for row in rows:
        before: set[tuple[str, str, str]] | None = None
        for kind, facts, another in kinds:
            places = [(turn, text, fact) for turn, text in answers(row) for fact in facts(text)]
            if not places:
                continue
            turn, text, fact = chance.choice(places)
            put = another(fact, chance)
            if put.lower() in spoken(row, turn) or put == fact:
                continue
            message = row.messages[turn]
            assert isinstance(message, AssistantMessage)
            changed = re.sub(rf"(?<!\w){re.escape(fact)}(?!\w)", put.replace("\\", ""), text, count=1)
            before = found(row) if before is None else before
            after = found(with_message(row, turn, msgspec.structs.replace(message, content=changed)))
            path = f"$.messages[{turn}].content"
            tally(table, f"reply: {kind}", any(at == path for _, at, _ in after - before))


def answers(row: Conversation) -> list[tuple[int, str]]:
    """The replies that follow a result."""
    return [
        (turn, message.content)
        for turn, message in row.turns()
        if message.content and turn and type(row.messages[turn - 1]) is ToolMessage
    ]


def inner_names(text: str) -> list[str]:
    """Runs of capitalised words inside a sentence, of two words or more."""
    return [
        run[0]
        for run in RUN.finditer(text)
        if " " in run[0] and not re.search(r"\d", run[0]) and re.search(r"[a-z,] $", text[: run.start()])
    ]


def cost(path: Path, rows: list[Conversation]) -> str:
    """Microseconds a conversation, of the family and of the parser, the best of three."""
    lines = path.read_bytes().splitlines()[: len(rows)]
    family = min(timed(found, rows) for _ in range(3))
    parser = min(timed(orjson.loads, lines) for _ in range(3))
    return f"{family / len(rows) * 1e6:.0f} | {parser / len(rows) * 1e6:.0f} | {family / parser:.1f}"


def timed(work: Callable[[Any], object], on: Iterable[object]) -> float:
    """Processor seconds of `work` on each; what it gives is dropped at once."""
    start = time.process_time()
    for one in on:
        work(one)
    return time.process_time() - start


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "files", nargs="+", type=Path, help="conversations, in any form that callwright reads"
    )
    parser.add_argument("--rows", type=int, default=2000, help="rows of each file; 0: all")
    parser.add_argument("--form", default=None, help="the form of the files, where it is not to be guessed")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    table: Table = {}
    print("| file | rows | calls | blamed | replies | blamed |\n| --- | --- | --- | --- | --- | --- |")
    costs = []
    for path in chosen.files:
        rows = list(islice(read(path, chosen.form), chosen.rows or None))
        print(f"| {path.name} | {alarms(rows)} |")
        costs.append(f"| {path.name} | {cost(path, rows)} |")
        chance = random.Random(chosen.seed)
        swap_arguments(rows, chance, table)
        swap_facts(rows, chance, table)
    print("\n| put in | tried | found | share |\n| --- | --- | --- | --- |")
    for kind, (tried, caught) in sorted(table.items()):
        print(f"| {kind} | {tried} | {caught} | {100 * caught / tried:.1f} % |")
    print("\n| file | grounding, µs a row | orjson.loads, µs a row | ratio |\n| --- | --- | --- | --- |")
    print("\n".join(costs))


if __name__ == "__main__":
    main()
