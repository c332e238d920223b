from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from callwright.config.settings import Settings, leaves, read_settings


def read(tmp_path: Path, text: str | bytes, *overrides: str) -> Settings:
    path = tmp_path / "config.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_settings(path, overrides)


def test_overrides_go_over_the_file_and_keep_what_is_beside_them(tmp_path: Path) -> None:
    found = read(tmp_path, "a:\n  b: 1\n  c: 2\n", "a.b=[x, 3]", "a.d.e=http://x:1/v", "f=", "g='1'")
    assert found.faults == []
    assert found.tree == {"a": {"b": ["x", 3], "c": 2, "d": {"e": "http://x:1/v"}}, "f": None, "g": "1"}
    assert list(leaves(found.tree)) == ["a.b", "a.c", "a.d.e", "f", "g"]


def test_variables_of_the_environment_and_other_keys_are_filled_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLWRIGHT_TEST", "from outside")
    text = "a: ${oc.env:CALLWRIGHT_TEST}!\nb: [\"${a}\", '${oc.env:CALLWRIGHT_NOT_SET,7}']\nc: {d: '${b}'}\n"
    found = read(tmp_path, text)
    assert found.faults == []
    assert found.tree == {
        "a": "from outside!",
        "b": ["from outside!", "7"],
        "c": {"d": ["from outside!", "7"]},
    }


def test_each_reference_that_leads_nowhere_is_a_fault_of_its_own(tmp_path: Path) -> None:
    found = read(tmp_path, "a: ${oc.env:CALLWRIGHT_NOT_SET}\nb: ${nope}\nc: ${now:x}\nd: '${'\ne: 1\n")
    assert found.tree == {"e": 1}
    assert [(fault.line, fault.path) for fault in found.faults] == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]
    assert found.faults[0].hint == (
        "export CALLWRIGHT_NOT_SET=…, or give a default: ${oc.env:CALLWRIGHT_NOT_SET,default}"
    )


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a:\n\tb: 1\n", 2, "indent with spaces"),
        ("a: 1\nb: [1,\nc: 2\n", 4, "expected YAML"),
        ("a: 1\na: 2\n", 2, "each key once"),
        ("1: 2\n", 1, "keys that are text"),
        ("- a\n", 1, "`key: value` lines"),
        ("a: &a [*a]\n", 0, "alias"),
        ("a: !!python/object/apply:os.getcwd []\n", 1, "expected YAML"),
        (b"a: \xff\n", 1, "UTF-8"),
        ("a: 1\n---\nb: 2\n", 2, "expected YAML"),
        ("a: " + "[" * 1000 + "\n", 0, "nested too deep"),
    ],
)
def test_what_is_no_settings_file_is_told_where(
    tmp_path: Path, text: str | bytes, line: int, said: str
) -> None:
    found = read(tmp_path, text)
    assert found.faults[0].line == line
    assert said in str(found.faults[0])


def test_an_alias_bomb_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    assert "more than 20,000 values" in str(read(tmp_path, "\n".join(lines)).faults[0])


@pytest.mark.parametrize("override", ["a", "=1", "a..b=1", "a b=1", "--a=1", "a={", "a: b"])
def test_an_override_that_is_none_is_a_fault_in_no_file(tmp_path: Path, override: str) -> None:
    (fault,) = read(tmp_path, "x: 1\n", override).faults
    assert fault.file == ""
    assert f"{override.partition('=')[0]}" in str(fault)


@hypothesis_settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.binary(max_size=40) | st.text("ab: -[]{}&*!|>'\"#%@`\n\t${,}", max_size=40))
def test_any_file_gives_settings_or_faults(tmp_path: Path, text: str | bytes) -> None:
    found = read(tmp_path, text)
    assert isinstance(found.tree, dict)
