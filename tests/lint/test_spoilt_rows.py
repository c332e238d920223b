"""Whatever is done to a row, it is read or refused with a reason, and checked, and never brings anything down."""

import random
import time
from itertools import islice
from pathlib import Path

import pytest

from callwright.checks import Context, Examiner, Ledger
from callwright.formats import FORMATS, line, row_of_line
from callwright.testing import random_conversations, spoilt_rows

FORMS = [name for name in FORMATS if name != "openai_messages"]


def rows_of(form: str) -> list[bytes]:
    """A few rows of a form; the question and answer form says little, so it has its own."""
    if form == "distil":
        row = {
            "question": "switch the light on",
            "answer": '{"name": "set_light", "parameters": {"on": true}}',
        }
        return [line(row)]
    return [line(FORMATS[form].write(one)) for one in random_conversations(20, seed=3)]


@pytest.mark.parametrize("form", FORMS)
def test_spoilt_rows_are_conversations_or_faults(form: str) -> None:
    context = Context(select=("all",), max_characters=500, plain_text=True, single_call=True)
    examiner, ledger = Examiner(context), Ledger(context)
    read = refused = 0
    for number, raw in enumerate(islice(spoilt_rows(rows_of(form), seed=len(form)), 400), start=1):
        row = row_of_line(number, raw, Path("rows.jsonl"))
        if row is None:
            continue
        if row.conversation is None:
            assert any(fault.severity == "error" for fault in row.faults), raw
            refused += 1
            continue
        found, keys = examiner.examine(row.conversation)
        found += ledger.add(keys, f"rows.jsonl:{number}")
        assert all(finding.path.startswith("$") for finding in found)
        read += 1
    assert read
    assert refused


def test_a_row_of_a_megabyte_is_checked_in_a_moment() -> None:
    dice = random.Random(1)
    words = " ".join(str(dice.randrange(10**6)) for _ in range(20_000))
    row = {
        "messages": [{"role": "user", "content": words}, {"role": "assistant", "content": words[::-1]}] * 4
    }
    began = time.process_time()
    found = row_of_line(1, line(row), Path("rows.jsonl"))
    assert found
    assert found.conversation
    Examiner(Context(select=("all",))).examine(found.conversation)
    assert time.process_time() - began < 10
