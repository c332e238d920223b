"""Does any input, however spoilt, bring the reader or a check down, hang it, or make it grow?

    python benchmarks/fuzzing.py FILE... [--inputs 1000000] [--seconds 600] [--seed 1]

Rows of the files are mutated in their bytes (flipped, cut, doubled, exchanged, spliced with another row) and in their
values (nodes dropped, doubled, replaced by awkward ones, moved), then read and checked like any row. Reported: how many
inputs, how many were still readable, the slowest, the memory at a tenth of the way and at the end. Ends with 1 where
anything was raised.
"""

import argparse
import resource
import sys
import time
import traceback
from pathlib import Path

from callwright import files
from callwright.checks import Context, Examiner, Ledger
from callwright.formats import row_of_line
from callwright.testing import spoilt_rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=300, help="rows taken from each file")
    options = parser.parse_args()
    seeds = [
        line
        for path in options.files
        for _, (_, line) in zip(range(options.rows), files.lines(path), strict=False)
    ]
    context = Context(select=("all",), max_characters=2000, plain_text=True, single_call=True)
    examiner, ledger = Examiner(context), Ledger(context)
    began, slowest, readable, raised, early = time.monotonic(), (0.0, b""), 0, 0, 0
    done = 0
    for raw in spoilt_rows(seeds, options.seed):
        if done == options.inputs or time.monotonic() - began > options.seconds:
            break
        start = time.process_time()
        try:
            row = row_of_line(1, raw, Path("fuzz.jsonl"))
            if row and row.conversation:
                readable += 1
                _, keys = examiner.examine(row.conversation)
                if done % 50 == 0:  # the folds remember; a share of the rows shows whether they fall
                    ledger.add(keys, "fuzz.jsonl:1")
        except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
            raised += 1
            if raised <= 5:
                traceback.print_exc()
                print(raw[:2000], file=sys.stderr)
        slowest = max(slowest, (time.process_time() - start, raw))
        done += 1
        if done == options.inputs // 10:
            early = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    late = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{done:,} inputs in {time.monotonic() - began:.0f} s; {readable:,} readable; {raised} raised")
    print(f"slowest {slowest[0] * 1000:.0f} ms, a row of {len(slowest[1]):,} bytes")
    print(slowest[1][:20_000].decode(errors="replace"), file=sys.stderr)
    print(f"memory {early / 1024:.0f} MB at a tenth, {late / 1024:.0f} MB at the end")
    sys.exit(raised > 0)


if __name__ == "__main__":
    main()
