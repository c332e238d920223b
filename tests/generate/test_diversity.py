from callwright.conversation import AssistantMessage, Conversation, ToolCall, UserMessage
from callwright.generate import diversity
from callwright.generate.diversity import Diversity, wordings


def row(text: str, **arguments: str) -> Conversation:
    call = ToolCall(id="call_1", name="open", arguments=arguments)
    return Conversation(messages=(UserMessage(text), AssistantMessage(tool_calls=(call,))))


def test_the_values_of_calls_are_no_words() -> None:
    assert list(wordings(row("Open Old Plan.txt, please", file="old plan.txt"))) == [("open", "_", "please")]


def test_rows_that_differ_in_their_values_alone_are_one_template() -> None:
    counted = Diversity()
    for name in ("a.txt", "b.txt", "c.txt", "d.txt"):
        counted.add(row(f"open {name}", file=name))
    assert counted.figures() == {
        "rows": 4,
        "turns": 4,
        "distinct_1": 0.25,
        "distinct_2": 0.25,
        "distinct_3": 0.0,
        "templates": 1,
        "template_entropy": 0.0,
    }


def test_other_words_count() -> None:
    counted = Diversity()
    for text in ("open it now", "show it now", "read it now", "view it now"):
        counted.add(row(text))
    figures = counted.figures()
    assert figures["templates"] == 4
    assert figures["template_entropy"] == 2.0
    assert figures["distinct_3"] == 1.0


def test_the_distance_to_the_examples_is_that_to_the_nearest() -> None:
    counted = Diversity([row("show it"), row("open it now")])
    counted.add(row("open it now"))
    assert counted.figures()["distance_to_examples"] == 0.0
    far = Diversity([row("show it")])
    far.add(row("delete everything"))
    assert far.figures()["distance_to_examples"] == 1.0


def test_conversations_pass_and_are_counted_up_to_a_limit(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(diversity, "ROWS", 2)
    counted = Diversity()
    rows = [row("a b"), row("c d"), row("e f")]
    assert list(counted.seen(rows)) == rows
    assert counted.figures()["rows"] == 2


def test_nothing_has_figures_too() -> None:
    assert Diversity().figures()["template_entropy"] == 0
