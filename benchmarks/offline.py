"""How quick, how varied and how much like unseen examples is what the offline teacher composes?

    python benchmarks/offline.py JOB [JOB ...] [--rows N] [--folds N] [--seed N]

Speed: conversations accepted a second on one core, composed and checked as `generate` does it, and the growth of
memory over the second half of the rows. Diversity: the figures of `generate.diversity` at 1,000, 3,000 and 10,000
rows. Held out: the training examples are cut into folds; the teacher is given all but one, and what it composes is
laid beside the user turns of that one. `near` is the share of words and word pairs that a held-out turn has in common
with the nearest generated turn of the same call; `told` the share whose tool a perceptron over words and word pairs
tells after learning from the generated turns (`before`: from the examples alone); `answered` the share of calls that
the teacher itself answers right. Test rows are only held against leaks.
"""

import argparse
import gc
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import islice, pairwise
from pathlib import Path

from callwright.chat import Sampling
from callwright.conversation import AssistantMessage, Conversation, UserMessage
from callwright.errors import ModelError
from callwright.generate import generate
from callwright.generate.diversity import Diversity, wordings
from callwright.job import Job, read_job
from callwright.teachers.offline import OfflineTeacher

Turn = tuple[tuple[str, ...], str, str]
"""Words of the user without values, the tools called next, the tools called before."""


def resident() -> float:
    """MiB that this process holds."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024


def speed(job: Job, rows: int, seed: int) -> str:
    teacher = OfflineTeacher(list(job.train()), job.tools, seed=seed)
    rejected: Counter[str] = Counter()
    made = generate(
        teacher.compose,
        target=rows,
        context=job.context(),
        test=list(job.test()),
        seed=seed,
        rejected=lambda _, findings: rejected.update({f.code for f in findings}),
    )
    began = time.process_time()
    done = 0
    try:
        done = sum(1 for _ in islice(made, rows // 2))
        gc.collect()
        half = resident()
        done += sum(1 for _ in made)
    except ModelError as error:
        return f"ends after {done:,}: {error}"
    spent = time.process_time() - began
    gc.collect()
    slope = (resident() - half) * 1024 * 1024 / (rows - rows // 2)
    said = ", ".join(f"{code} {count:,}" for code, count in rejected.most_common())
    return f"{done / spent:,.0f} a second | {slope:,.0f} bytes a row | rejected: {said or 'none'}"


def diversity(job: Job, seed: int) -> list[str]:
    teacher = OfflineTeacher(list(job.train()), job.tools, seed=seed)
    counted = Diversity(job.train())
    shown = []
    for row in teacher.compose(10_000, seed=seed):
        counted.add(row)
        if counted.rows in (1_000, 3_000, 10_000):
            shown.append(" | ".join(f"{v:,}" for v in counted.figures().values()))
    return shown


def turns_of(rows: Iterable[Conversation]) -> list[Turn]:
    found: list[Turn] = []
    for row in rows:
        said = iter(wordings(row))
        words: tuple[str, ...] = ()
        before = "none"
        for message in row.messages:
            if isinstance(message, UserMessage):
                words = next(said)
            elif isinstance(message, AssistantMessage):
                tools = "+".join(call.name for call in message.tool_calls) or "reply"
                found.append((words, tools, before))
                before = tools
    return found


def marks_of(words: tuple[str, ...], before: str) -> list[str]:
    padded = ("^", *words, "$")
    return [*words, *(f"{a} {b}" for a, b in pairwise(padded)), f"<{before}>"]


class Reader:
    """An averaged perceptron that tells tools from words, word pairs and the tools called before."""

    def __init__(self, turns: list[Turn]) -> None:
        self.tools = sorted({tools for _, tools, _ in turns})
        self.weights: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        totals: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        step = 0
        for _ in range(max(3, 3_000 // max(1, len(turns)))):
            random.Random(step).shuffle(turns)
            for words, tools, before in turns:
                step += 1
                if (told := self.tell(words, before)) == tools:
                    continue
                for mark in marks_of(words, before):
                    for name, change in ((tools, 1.0), (told, -1.0)):
                        self.weights[mark][name] += change
                        totals[mark][name] += step * change
        for mark, by_tool in self.weights.items():
            for name in by_tool:
                by_tool[name] -= totals[mark][name] / step

    def tell(self, words: tuple[str, ...], before: str) -> str:
        scores = dict.fromkeys(self.tools, 0.0)
        for mark in marks_of(words, before):
            if mark in self.weights:
                for name, weight in self.weights[mark].items():
                    scores[name] += weight
        return max(self.tools, key=scores.__getitem__)


def nearness(held: list[Turn], turns: list[Turn]) -> float:
    by_tool: dict[str, dict[tuple[str, ...], frozenset[str]]] = defaultdict(dict)
    for words, tools, _ in turns:
        by_tool[tools].setdefault(words, frozenset(marks_of(words, "")[:-1]))
    total = 0.0
    for words, tools, _ in held:
        own = set(marks_of(words, "")[:-1])
        total += max((len(own & other) / len(own | other) for other in by_tool[tools].values()), default=0.0)
    return total / len(held)


def right(teacher: OfflineTeacher, rows: list[Conversation]) -> tuple[int, int]:
    good = total = 0
    for row in rows:
        for index, turn in row.turns():
            if turn.tool_calls:
                reply = teacher.replies([row.upto(index)], Sampling())[0].message.tool_calls
                total += 1
                good += [(c.name, c.arguments) for c in reply] == [
                    (c.name, c.arguments) for c in turn.tool_calls
                ]
    return good, total


def held_out(job: Job, rows: int, folds: int, seed: int) -> str:
    examples = list(job.train())
    near = told = before = count = good = total = 0.0
    wrong: Counter[str] = Counter()
    for fold in range(folds):
        held = examples[fold::folds]
        rest = [row for number, row in enumerate(examples) if number % folds != fold]
        teacher = OfflineTeacher(rest, job.tools, seed=seed)
        turns = turns_of(teacher.compose(rows, seed=seed))
        mine = [turn for turn in turns_of(held) if turn[1] != "reply"]
        calling = [turn for turn in turns if turn[1] != "reply"]
        reader, plain = Reader(calling), Reader([turn for turn in turns_of(rest) if turn[1] != "reply"])
        near += nearness(mine, turns) * len(mine)
        for words, tools, last in mine:
            told += (found := reader.tell(words, last)) == tools
            before += plain.tell(words, last) == tools
            if found != tools:
                wrong[f"{tools} read as {found}: {' '.join(words)}"] += 1
        count += len(mine)
        one, all_ = right(teacher, held)
        good, total = good + one, total + all_
    for line in sorted(wrong):
        print("   ", line)
    share = f"told {told / count:.3f} (before {before / count:.3f})"
    return f"near {near / count:.3f} | {share} | answered {good / total:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("jobs", nargs="+", type=Path)
    parser.add_argument("--rows", type=int, default=50_000, help="conversations for the speed")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("speed", "diversity", "held-out"))
    asked = parser.parse_args()
    for folder in asked.jobs:
        job = read_job(folder, ["base.bad_rows=leave-out"], need=("train",))
        print(f"{folder.name}:")
        if asked.only in (None, "held-out"):
            print("  held out:", held_out(job, 3000, asked.folds, asked.seed))
        if asked.only in (None, "diversity"):
            print("  rows | turns | distinct 1, 2, 3 | templates | entropy | distance")
            for line in diversity(job, asked.seed):
                print("  ", line)
        if asked.only in (None, "speed"):
            print("  speed:", speed(job, asked.rows, asked.seed))


if __name__ == "__main__":
    main()
