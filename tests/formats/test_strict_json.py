import pytest

from callwright.formats.strict_json import DEEPEST, JsonFault, parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [null, true, 1.0, -0.0, 123456789012345678901234567890]}', None),
        ('"\u2028 \\u2028 </tool_call>"', "\u2028 \u2028 </tool_call>"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
    ],
)
def test_what_json_can_say_is_kept(text: str, value: object) -> None:
    parsed = parse(text)
    if value is not None:
        assert parsed == value
    else:
        assert repr(parsed) == "{'a': [None, True, 1.0, -0.0, 123456789012345678901234567890]}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1,}', "a comma after the last item"),
        ("[1, 2,\n]", "a comma after the last item"),
        ('{"a": "x', "ends too early"),
        ('{"a": [1', "ends too early"),
        ("", "nothing at all"),
        ('{"a": NaN}', "`NaN`"),
        ("[-Infinity]", "`-Infinity`"),
        ("1e999", "too large"),
        ("9" * 5000, "5,000 digits"),
        ('{"a": 1, "b": 2, "a": 3}', "the key `a` twice"),
        ('"\\ud83d"', "surrogate"),
        ("[" * 200 + "]" * 200, "nested deeper"),
        ("[" * 200_000, "nested deeper"),
        ("[" * 101 + "]" * 101, "nested deeper"),
        ("{'a': 1}", "double quotes"),
        ('{"a": "\t"}', "Invalid control character at `"),
    ],
)
def test_everything_else_is_refused_with_its_reason(text: str, said: str) -> None:
    with pytest.raises(JsonFault, match=said):
        parse(text)


def test_a_fault_has_its_line_and_column() -> None:
    with pytest.raises(JsonFault) as caught:
        parse('{"a": 1,\n "b": 2,\n}')
    assert (caught.value.line, caught.value.column) == (3, 1)


def test_nesting_up_to_the_limit_is_read() -> None:
    assert parse("[" * DEEPEST + "]" * DEEPEST) is not None
