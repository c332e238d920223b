from random import Random

import pytest

from callwright import schema
from callwright.conversation import Json, Tool
from callwright.teachers.offline.changes import change_between, changed
from callwright.teachers.offline.shapes import shape
from callwright.teachers.offline.values import Kinds, invent


@pytest.mark.parametrize(
    "like",
    ["report_v2.txt", "old draft (3).docx", "IMG_4471.JPG", ".gitignore", "src/app/main.py", "ORD-12345",
     "anna.berg@example.com", "650-873-1084", "Meeting Notes.md", "März"],
)  # fmt: skip
def test_an_invented_value_keeps_the_shape_and_is_another(like: str) -> None:
    made = [invent(like, Random(n)) for n in range(40)]
    assert {shape(value) for value in made} == {shape(like)}
    assert len(set(made) - {like}) > 20


def kinds(spec: dict[str, Json], *seen: Json) -> Kinds:
    tool = Tool(name="t", parameters={"type": "object", "properties": {"p": spec}})
    return Kinds([tool], {"t.p": list(seen)})


def draws(table: Kinds, like: Json) -> set[Json]:
    return {table.draw("t.p", like, Random(n)) for n in range(60)}


def test_a_member_of_an_enumeration_is_drawn_from_it() -> None:
    assert draws(kinds({"enum": ["a", "b", "c"]}, "a"), "a") == {"a", "b", "c"}


def test_numbers_keep_to_the_schema_and_to_the_step_that_was_seen() -> None:
    spec = {"type": "integer", "minimum": 10, "maximum": 90}
    found = draws(kinds(spec, 20, 30, 50), 20)
    assert all(schema.faults(spec, value) == [] for value in found)
    assert sum(value % 10 == 0 for value in found) > len(found) / 4


def test_a_pattern_of_the_schema_holds() -> None:
    spec = {"type": "string", "pattern": "^[A-Z]{2}-\\d{4}$"}
    assert all(schema.faults(spec, value) == [] for value in draws(kinds(spec, "AB-1234"), "AB-1234"))


def test_people_are_other_people() -> None:
    found = draws(kinds({"type": "string"}, "Anna Berg", "Tom Baker"), "Anna Berg")
    assert len(found) > 30
    assert all(len(name.split()) == 2 and name.istitle() for name in found)


def test_a_few_words_that_come_again_and_again_are_a_closed_class() -> None:
    seen = ["jazz", "rock", "jazz", "pop", "rock", "jazz", "pop", "rock"]
    assert draws(kinds({"type": "string"}, *seen), "jazz") == {"jazz", "rock", "pop"}


@pytest.mark.parametrize(
    ("base", "other", "change"),
    [
        ("thesis.tex", "thesis_backup.tex", ("insert", "_backup")),
        ("config.toml", "config.toml.bak", ("append", ".bak")),
        ("main.py", "src/main.py", ("prepend", "src/")),
        ("meeting notes.md", "Meeting Notes.md", ("case", "Meeting Notes.md")),
        ("release-v1", "release-v2", ("digits", "")),
        ("one.txt", "two.txt", None),
    ],
)
def test_how_one_value_comes_from_another_is_seen(
    base: str, other: str, change: tuple[str, str] | None
) -> None:
    assert change_between(base, other) == change


def test_the_same_change_is_done_to_another_value() -> None:
    assert changed("poem.txt", "insert", "_old", Random(1)) == "poem_old.txt"
    assert changed("poem.txt", "append", ".bak", Random(1)) == "poem.txt.bak"
    assert changed("v1", "digits", "", Random(1)) != "v1"
