"""Tables of names: members on first use, near names for wrong ones."""

import json

import pytest

from callwright.errors import CallwrightError
from callwright.registry import Registry, near


def test_a_member_is_imported_when_first_used() -> None:
    table: Registry[object] = Registry("writer", {"json": "json:dumps", "absent": "no_such_module:thing"})
    assert table["json"] is json.dumps
    assert list(table) == ["json", "absent"]
    assert "absent" in table


def test_a_wrong_name_gets_the_near_one() -> None:
    table: Registry[object] = Registry(
        "student", {"Qwen3-0.6B": "json:dumps", "callwright-tiny": "json:loads"}
    )
    with pytest.raises(CallwrightError, match=r"no student `qwen3-0\.6b`") as caught:
        table["qwen3-0.6b"]
    assert caught.value.hint == "did you mean `Qwen3-0.6B`?"


def test_a_name_far_from_all_gets_the_list() -> None:
    assert near("zebra", ["ls", "cd"]) == "one of `ls`, `cd`"
