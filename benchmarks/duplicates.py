"""How long does it take to find near duplicates among many conversations, and are they found, and nothing else?

    python benchmarks/duplicates.py FILE.jsonl[.gz] [--rows 100000] [--similarity 0.85] [--rival-rows 10000]

Conversations are made by drawing turns, each with what answers it, from those of the file, so that they are as long
and as alike as real ones; the same in every run. One in twenty is an earlier one with some words changed; how much they
share is counted exactly, from the sets of their words and pairs of words, and so is that of each pair found.
`datasketch`, where it is installed, is given the words and pairs of the first rows, and asked for the same threshold.
Everything runs on one core in one process, in processor time.
"""

import argparse
import random
import resource
import time
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import islice, pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec

from callwright import formats
from callwright.checks import Context
from callwright.checks.canonical import canonical
from callwright.checks.duplicates import Duplicates
from callwright.checks.normal_forms import fold
from callwright.checks.subject import Subject
from callwright.conversation import AssistantMessage, Conversation, Message, UserMessage

EVERY = 20
"""One row in so many is planted."""
STEPS = ((0.97, 1.01), (0.93, 0.97), (0.9, 0.93), (0.87, 0.9), (0.85, 0.87), (0.8, 0.85), (0.0, 0.8))


class Planted(NamedTuple):
    row: int
    of: int
    similarity: float


def text(conversation: Conversation) -> str:
    """What near duplicates are told by."""
    parts: list[str] = []
    for message in conversation.messages:
        if isinstance(message, UserMessage):
            parts.append(message.content)
        elif isinstance(message, AssistantMessage):
            parts.append(message.content)
            for call in message.tool_calls:
                parts += call.name, canonical(call.arguments).decode()
    return "\n".join(parts)


def features(conversation: Conversation) -> set[bytes]:
    words = fold(text(conversation)).split()
    return {*words, *(b" ".join(pair) for pair in pairwise(words))}


def dice(one: Conversation, other: Conversation) -> float:
    first, second = features(one), features(other)
    return 2 * len(first & second) / (len(first) + len(second))


def parts(conversation: Conversation) -> list[tuple[Message, ...]]:
    """Each user message with all that answers it."""
    found: list[list[Message]] = []
    for message in conversation.messages:
        if isinstance(message, UserMessage):
            found.append([])
        if found:
            found[-1].append(message)
    return [tuple(part) for part in found]


def changed(
    conversation: Conversation, dice_box: random.Random, share: float, words: list[str]
) -> Conversation:
    """The conversation with about that share of the words of its user and assistant exchanged for others."""

    def other(message: Message) -> Message:
        if not isinstance(message, UserMessage | AssistantMessage):
            return message
        said = [
            dice_box.choice(words) if dice_box.random() < share else word for word in message.content.split()
        ]
        return msgspec.structs.replace(message, content=" ".join(said))

    return msgspec.structs.replace(conversation, messages=tuple(map(other, conversation.messages)))


def made(sources: list[Conversation], rows: int) -> tuple[list[Conversation], list[Planted]]:
    dice_box = random.Random(0)
    split = [part for part in map(parts, sources) if part]
    words = sorted({word for source in sources[:500] for word in text(source).split()})
    conversations: list[Conversation] = []
    planted: list[Planted] = []
    for row in range(rows):
        if row % EVERY == EVERY - 1:
            of = dice_box.randrange(row // EVERY + 1) * EVERY + dice_box.randrange(EVERY - 1)
            share = dice_box.choice((0.0, 0.003, 0.01, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1))
            copy = changed(conversations[of], dice_box, share, words)
            # Never the very same, which is another rule's.
            first = UserMessage(f"{copy.messages[0].content} {dice_box.choice(words)} {row}")
            copy = msgspec.structs.replace(copy, messages=(first, *copy.messages[1:]))
            planted.append(Planted(row, of, dice(conversations[of], copy)))
            conversations.append(copy)
            continue
        length = len(dice_box.choice(split))
        drawn = [dice_box.choice(dice_box.choice(split)) for _ in range(length)]
        conversations.append(Conversation(messages=tuple(message for part in drawn for message in part)))
    return conversations, planted


def found_by_callwright(
    conversations: list[Conversation], similarity: float
) -> tuple[dict[int, int], float, float]:
    context = Context(similarity=similarity, select=("duplicates-near",))
    fold = Duplicates(context)
    found: dict[int, int] = {}
    began = time.process_time()
    for conversation in conversations[:1000]:
        Duplicates.key(Subject(conversation, context))
    share_of_keys = time.process_time() - began
    began = time.process_time()
    for row, conversation in enumerate(conversations):
        for finding in fold.add(Duplicates.key(Subject(conversation, context)), str(row)):
            found[row] = int(finding.related[0])
    return found, time.process_time() - began, share_of_keys / min(1000, len(conversations))


def found_by_datasketch(conversations: list[Conversation], similarity: float) -> tuple[dict[int, int], float]:
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=similarity / (2 - similarity), num_perm=128)
    found: dict[int, int] = {}
    began = time.process_time()
    for row, conversation in enumerate(conversations):
        sketch = MinHash(num_perm=128, seed=1)
        sketch.update_batch(list(features(conversation)))
        like = index.query(sketch)
        if like:
            found[row] = min(like)
        else:
            index.insert(row, sketch)
    return found, time.process_time() - began


def shown(
    name: str,
    conversations: list[Conversation],
    planted: list[Planted],
    found: dict[int, int],
    similarity: float,
) -> Iterator[str]:
    """Recall of the planted that are so similar; precision of all found, exact and with 0.03 to spare."""
    planted = [one for one in planted if one.row < len(conversations)]
    yield f"\n{name}: {len(found):,} found among {len(conversations):,} rows, {len(planted):,} of them planted"
    for low, high in STEPS:
        step = [one for one in planted if low <= one.similarity < high]
        if step:
            hit = sum(one.row in found for one in step)
            found_of = f"{hit:,} of {len(step):,} found ({hit / len(step):.1%})"
            yield f"  similar by {low:.2f} to {min(high, 1):.2f}: {found_of}"
    wanted = [one for one in planted if one.similarity >= similarity]
    hit = sum(one.row in found for one in wanted)
    yield f"  recall of those similar by {similarity} at least: {hit / max(1, len(wanted)):.2%}"
    real = [dice(conversations[row], conversations[of]) for row, of in found.items()]
    for spare in (0.0, 0.03):
        right = sum(one >= similarity - spare for one in real) / max(1, len(real))
        yield f"  precision, {similarity - spare:.2f} being enough: {right:.2%}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--similarity", type=float, default=0.85)
    parser.add_argument("--rival-rows", type=int, default=10_000)
    options = parser.parse_args()
    sources = list(islice(formats.read(options.file), 15_000))
    conversations, planted = made(sources, options.rows)
    characters = sum(len(text(conversation)) for conversation in conversations[:1000]) / len(
        conversations[:1000]
    )
    print(f"{len(conversations):,} conversations, {characters:.0f} characters of compared text each")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found, seconds, key = found_by_callwright(conversations, options.similarity)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    rate = len(conversations) / seconds
    print(
        f"callwright: {seconds:.1f} s, {rate:,.0f} a second; {key * 1e6:.0f} µs of each for its key", end=""
    )
    print(f"; {grown * 1024 / len(conversations):,.0f} bytes a row at most")
    print("\n".join(shown("callwright", conversations, planted, found, options.similarity)))
    if find_spec("datasketch"):
        part = conversations[: options.rival_rows]
        found, seconds, _ = found_by_callwright(part, options.similarity)
        print(f"\nthe first {len(part):,}: callwright {len(part) / seconds:,.0f} a second", end="")
        rival, seconds = found_by_datasketch(part, options.similarity)
        print(f", datasketch {len(part) / seconds:,.0f} a second")
        for name, one in (("callwright", found), ("datasketch", rival)):
            print("\n".join(shown(name, part, planted, one, options.similarity)))


if __name__ == "__main__":
    main()
