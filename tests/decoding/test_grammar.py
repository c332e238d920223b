import json

import pytest
from llguidance import LLMatcher
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from callwright.conversation import Conversation, SystemMessage, Tool, ToolMessage, UserMessage
from callwright.decoding import BARE, TAGGED, Grammar, Shape, grammar
from callwright.decoding.schemas import enforced
from callwright.decoding.vocabulary import Vocabulary
from callwright.errors import CallwrightError

LS = Tool(name="ls", parameters={"type": "object", "properties": {"all": {"type": "boolean"}}})
CAT = Tool(
    name="cat",
    parameters={
        "type": "object",
        "properties": {
            "file": {"type": "string"},
            "lines": {"type": "integer", "minimum": 1},
            "mode": {"enum": ["text", "hex"]},
        },
        "required": ["file"],
    },
)
GROUNDED = {"cat": {"file": "context"}}
SPECIAL = {"<tool_call>", "</tool_call>"}


def turn(tools: list[Tool], shape: Shape, **options: object) -> Grammar:
    return grammar(tools, shape, special=SPECIAL, **options)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(special_tokens=["<end>"], initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([], trainer)
    frames = [
        "<tool_call>",
        "</tool_call>",
        '<tool_call>\n{"name": "',
        '", "arguments": {"',
        '"}}\n</tool_call>',
    ]
    tokenizer.add_tokens([AddedToken(text, special=False, normalized=False) for text in frames])
    return Vocabulary(tokenizer, tokenizer.get_vocab_size(), (0,))


@pytest.fixture
def accepts(vocabulary: Vocabulary):
    def accepts(lark: str, text: str) -> bool:
        """Whether `text` is a whole turn, in the tokens of the frame and letter by letter."""
        ids = vocabulary_tokens(vocabulary, text)
        answers = []
        for tokens in ids:
            matcher = vocabulary.matcher(lark)
            whole = matcher.try_consume_tokens(tokens) == len(tokens)
            answers.append(whole and (matcher.is_stopped() or matcher.is_accepting()))
        assert len(set(answers)) == 1, "the answer must not depend on how the text is cut into tokens"
        return answers[0]

    return accepts


def vocabulary_tokens(vocabulary: Vocabulary, text: str) -> list[list[int]]:
    engine = vocabulary._tokenizer
    return [engine.tokenize_str(text, parse_special=True), engine.tokenize_str(text)]


def call(name: str, arguments: object) -> str:
    written = json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)
    return f"<tool_call>\n{written}\n</tool_call>"


def test_a_call_has_a_given_name_and_arguments_of_its_schema(accepts) -> None:
    lark = turn([LS, CAT], TAGGED).lark
    assert accepts(lark, call("ls", {}))
    assert accepts(lark, call("cat", {"file": 'a "b"\n', "lines": 2, "mode": "hex"}))
    assert not accepts(lark, call("rm", {}))
    assert not accepts(lark, call("cat", {}))
    assert not accepts(lark, call("cat", {"file": 3}))
    assert not accepts(lark, call("cat", {"file": "a", "lines": 0}))
    assert not accepts(lark, call("cat", {"file": "a", "mode": "octal"}))
    assert not accepts(lark, call("ls", {"path": "."})), "a function does not take arguments it lacks"


def test_the_spacing_is_that_of_the_training(accepts) -> None:
    lark = turn([CAT], TAGGED).lark
    assert not accepts(lark, call("cat", {"file": "a", "lines": 2}).replace(", ", ",  "))
    assert not accepts(lark, call("cat", {"file": "a", "lines": 2}).replace('": ', '":'))


def test_keys_come_in_the_order_of_the_schema(accepts) -> None:
    for lark in (
        turn([CAT], TAGGED).lark,
        turn([CAT], TAGGED, context=said("a"), grounding=GROUNDED).lark,
    ):
        assert accepts(lark, call("cat", {"file": "a", "mode": "hex"}))
        assert not accepts(lark, call("cat", {"mode": "hex", "file": "a"}))


def test_auto_may_reply_and_then_call_but_text_never_looks_like_a_call(accepts) -> None:
    lark = turn([LS], TAGGED).lark
    assert accepts(lark, "Here they are.")
    assert accepts(lark, "Let me see.\n" + call("ls", {}))
    assert accepts(lark, call("ls", {}) + "\n" + call("ls", {"all": True}))
    assert not accepts(lark, "<tool_call> is what I would write")
    assert not accepts(lark, "done </tool_call>")
    assert not accepts(lark, "")


def test_reasoning_may_mention_what_it_likes_and_comes_first(accepts) -> None:
    lark = turn([LS], TAGGED).lark
    assert accepts(lark, "<think>\nI could <b>call</b>.\n</think>\n\n" + call("ls", {}))
    assert not accepts(lark, "Well, <think>\nhm\n</think>\n\nyes")


def test_none_cannot_call_and_required_cannot_but_call(accepts) -> None:
    none = turn([LS], TAGGED, choice="none").lark
    assert accepts(none, "No.")
    assert not accepts(none, call("ls", {}))
    required = turn([LS, CAT], TAGGED, choice="required").lark
    assert accepts(required, call("ls", {}))
    assert not accepts(required, "No.")
    named = turn([LS, CAT], TAGGED, choice="cat").lark
    assert accepts(named, call("cat", {"file": "a"}))
    assert not accepts(named, call("ls", {}))


def test_one_call_at_most_where_parallel_calls_are_off(accepts) -> None:
    lark = turn([LS], TAGGED, parallel=False).lark
    assert accepts(lark, call("ls", {}))
    assert not accepts(lark, call("ls", {}) + "\n" + call("ls", {}))


def test_a_choice_of_a_tool_that_is_not_given_says_so() -> None:
    with pytest.raises(CallwrightError, match="no such tool") as caught:
        turn([LS, CAT], TAGGED, choice="cats")
    assert caught.value.hint == "did you mean `cat`?"
    with pytest.raises(CallwrightError, match="without tools"):
        turn([], TAGGED, choice="required")


def test_a_llama_turn_is_text_or_one_bare_call(accepts) -> None:
    lark = turn([LS], BARE).lark
    assert accepts(lark, '{"name": "ls", "parameters": {"all": true}}')
    assert accepts(lark, "Here they are.")
    assert not accepts(lark, '{"all": true}')


def said(*texts: str, result: str = "") -> Conversation:
    results = (ToolMessage(content=result),) if result else ()
    return Conversation(messages=(SystemMessage("You help."), *map(UserMessage, texts), *results))


def test_a_grounded_argument_is_whole_words_of_one_text(accepts) -> None:
    context = said('Show "report_2024.txt" in San Francisco, please.', result='[{"path": "log é.md"}]')
    lark = turn([CAT], TAGGED, context=context, grounding=GROUNDED).lark
    for value in ("report_2024.txt", "San Francisco", '"report_2024.txt"', "log é.md", "please", "help"):
        assert accepts(lark, call("cat", {"file": value})), value
    for value in (
        "report_2025.txt",
        "report",
        "San  Francisco",
        "San Francisco ",
        "please You",
        "",
        "path log",
    ):
        assert not accepts(lark, call("cat", {"file": value})), value
    assert accepts(lark, call("cat", {"file": "help", "lines": 3, "mode": "text"}))


def test_a_grounded_argument_keeps_its_length_and_may_be_its_default(accepts) -> None:
    path = {"type": "string", "default": ".", "minLength": 2, "maxLength": 5}
    tool = Tool(name="cat", parameters={"type": "object", "properties": {"file": path}})
    lark = turn([tool], TAGGED, context=said("a tree of verylong é\\ñ names"), grounding=GROUNDED).lark
    assert accepts(lark, call("cat", {"file": "tree"}))
    assert accepts(lark, call("cat", {"file": "."}))
    assert accepts(lark, call("cat", {"file": "é\\ñ"})), "an escaped sign counts once"
    assert accepts(lark, call("cat", {}))
    assert not accepts(lark, call("cat", {"file": "a"}))
    assert not accepts(lark, call("cat", {"file": "verylong"}))


def test_only_what_the_map_calls_context_is_grounded(accepts) -> None:
    lark = turn([CAT], TAGGED, context=said("hello"), grounding={"cat": {"file": "free"}}).lark
    assert accepts(lark, call("cat", {"file": "never said"}))


def test_required_and_optional_parameters_combine_as_the_schema_has_them(accepts) -> None:
    properties = {
        "a": {"type": "integer"},
        "b": {"type": "string"},
        "c": {"type": "boolean"},
        "d": {"type": "string"},
    }
    tool = Tool(name="t", parameters={"type": "object", "properties": properties, "required": ["c"]})
    lark = turn([tool], TAGGED, context=said("x"), grounding={"t": {"b": "context", "d": "context"}}).lark
    values = {"a": 1, "b": "x", "c": True, "d": "x"}
    for bits in range(16):
        arguments = {key: value for n, (key, value) in enumerate(values.items()) if bits >> n & 1}
        assert accepts(lark, call("t", arguments)) == ("c" in arguments), arguments


def test_what_the_engine_refuses_is_left_out_and_named(accepts) -> None:
    properties = {
        "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "when": {"type": "string", "format": "moon-phase"},
        "code": {"type": "string", "pattern": "^(?=a)[a-z]+$"},
        "size": {"oneOf": [{"type": "integer"}, {"type": "number"}]},
        "not": {"not": {"type": "null"}, "type": "string"},
    }
    tool = Tool(name="t", parameters={"type": "object", "properties": properties})
    held = turn([tool], TAGGED)
    assert set(held.unenforced) == {
        "t: $.properties.tags: uniqueItems",
        "t: $.properties.when: format",
        "t: $.properties.code: pattern",
        "t: $.properties.size: oneOf as anyOf",
        "t: $.properties.not: not",
    }
    assert accepts(held.lark, call("t", {"tags": ["a", "a"], "when": "full", "code": "b", "size": 1.5}))
    assert not accepts(held.lark, call("t", {"tags": [1]}))


def test_a_number_without_bounds_stays_finite_and_short(accepts) -> None:
    tool = Tool(name="t", parameters={"type": "object", "properties": {"x": {"type": "number"}}})
    lark = turn([tool], TAGGED).lark
    assert accepts(lark, call("t", {"x": -12.5}))
    assert not accepts(lark, call("t", 0).replace("0}", '{"x": 1e400}}'))
    assert not accepts(lark, call("t", {"x": 10**40}))


def test_a_schema_that_cannot_be_used_at_all_still_gives_an_object() -> None:
    held = enforced(Tool(name="t", parameters={"type": "object", "$ref": "http://nowhere.invalid/x"}))
    assert held.schema == {"type": "object"}
    assert "everything" in held.left_out[-1]


def test_a_special_token_is_matched_as_one_token(vocabulary: Vocabulary) -> None:
    matcher = vocabulary.matcher(turn([LS], TAGGED, choice="required").lark)
    assert isinstance(matcher, LLMatcher)
    assert "<tool_call>" in vocabulary.special
    allowed = vocabulary.allowed(matcher)
    token = vocabulary._tokenizer.tokenize_str("<tool_call>", parse_special=True)
    assert [bool(allowed[one]) for one in token] == [True]
    assert not allowed[0], "a turn cannot end before it starts"


def test_a_broken_grammar_is_refused_by_name(vocabulary: Vocabulary) -> None:
    with pytest.raises(CallwrightError, match="cannot use this grammar"):
        vocabulary.matcher("start: nowhere")


def test_a_shape_is_known_by_its_start() -> None:
    assert [shape.start for shape in (TAGGED, BARE)] == ["<tool_call>", '{"name": "']
    assert isinstance(TAGGED, Shape)
