"""The plan: a pure function of its number, quotas met exactly, nothing that the job forbids."""

from collections import Counter

from generate_jobs import COMMAND_ROWS, COMMANDS, SERVICE, SERVICE_ROWS
from hypothesis import given
from hypothesis import strategies as st

from callwright.config.compatibility import MULTI_TURN
from callwright.generate.flows import flows_of
from callwright.generate.mutations import MUTATORS
from callwright.generate.plan import Plan, Settings
from callwright.generate.quotas import whole, with_floor
from callwright.generate.situations import SITUATIONS
from callwright.generate.traits import traits_of

TRAITS = {
    "commands": traits_of(COMMAND_ROWS, COMMANDS, MULTI_TURN),
    "service": traits_of(SERVICE_ROWS, SERVICE, MULTI_TURN),
}


def commands(target: int = 100, seed: int = 1, **settings: object) -> Plan:
    return Plan(
        COMMAND_ROWS,
        COMMANDS,
        traits=TRAITS["commands"],
        target=target,
        seed=seed,
        texts=3,
        settings=Settings(**settings),  # type: ignore[arg-type]
    )


def service(target: int = 100, seed: int = 1) -> Plan:
    return Plan(SERVICE_ROWS, SERVICE, traits=TRAITS["service"], target=target, seed=seed)


def test_a_scenario_is_the_same_whoever_asks_and_in_any_order() -> None:
    first, second = commands(), commands()
    backwards = [second.scenario(number) for number in reversed(range(30))]
    assert [first.scenario(number) for number in range(30)] == backwards[::-1]
    assert commands(seed=2).scenario(3) != first.scenario(3)


def test_quotas_are_met_exactly_in_each_stretch_of_the_plan() -> None:
    plan = commands(target=70)
    planned = plan.quotas()
    for start in (0, 70):
        made = [plan.scenario(number) for number in range(start, start + 70)]
        assert Counter(one.situation for one in made) == planned["situations"]
        assert Counter(one.tool for one in made if one.tool) == {
            k: v for k, v in planned["tools"].items() if v
        }


def test_every_tool_has_its_floor() -> None:
    plan = commands(target=120, tool_floor=1.0)
    assert set(plan.quotas()["tools"].values()) == {40}


def test_another_attempt_keeps_situation_and_tool_and_draws_the_rest_anew() -> None:
    plan = commands()
    tries = [plan.scenario(5, attempt) for attempt in range(6)]
    assert len({(one.situation, one.tool) for one in tries}) == 1
    assert len({one.letters for one in tries}) > 1


def test_what_a_command_job_forbids_is_never_planned() -> None:
    plan = commands(target=300)
    for number in range(300):
        assert all(len(turn) == 1 for turn in plan.scenario(number).turns)


def test_no_scenario_is_longer_than_the_longest_example_but_for_what_its_situation_needs() -> None:
    assert max(len(commands().scenario(number).turns) for number in range(200)) == 3


def test_a_tool_without_parameters_is_at_the_heart_of_no_correction() -> None:
    plan = commands(target=300)
    hearts = {one.tool for number in range(300) if (one := plan.scenario(number)).situation in _NEEDING}
    assert hearts == {"cd", "mv"}


_NEEDING = ("correction", "pronoun", "carried-over")


def test_situations_lie_in_turns_as_they_must() -> None:
    plan = service(target=400)
    for number in range(400):
        one = plan.scenario(number)
        here = one.turns[one.heart]
        if one.situation == "missing-argument":
            assert (one.turns[one.heart - 1], here) == ((), (one.tool,))
        if one.situation == "correction":
            assert one.turns[one.heart - 1] == here == (one.tool,)
        if one.situation == "two-requests":
            assert len(here) == 2
        if not SITUATIONS[one.situation].calls:
            assert (one.tool, here) == ("", ())
        if one.situation == "near-miss":
            assert one.rival
            assert one.rival != one.tool


def test_topics_and_mutations_are_drawn_independently() -> None:
    plan = commands(
        target=200, topics=(("work", "home"), ("calm", "angry")), mutators=("length", "complexity")
    )
    made = [plan.scenario(number) for number in range(200)]
    assert len({one.topics for one in made}) == 4
    assert {one.mutations[0] for one in made} == set(MUTATORS["length"])
    assert len({one.mutations for one in made}) == 15


def test_examples_and_texts_are_shown_as_many_as_asked_for() -> None:
    one = commands(exemplars=2, contexts=2).scenario(0)
    assert (len(one.exemplars), len(set(one.exemplars)), len(one.contexts)) == (2, 2, 2)
    assert commands(exemplars=9).scenario(0).exemplars


def test_results_are_linked_to_parameters_of_the_same_name() -> None:
    assert flows_of(SERVICE_ROWS, SERVICE).links["find_table"] == {"book_table": ("restaurant",)}


@given(
    st.dictionaries(st.text(max_size=3), st.floats(0.01, 100), min_size=1, max_size=8), st.integers(0, 500)
)
def test_shares_become_whole_numbers_that_add_up(weights: dict[str, float], total: int) -> None:
    shares = {name: weight / sum(weights.values()) for name, weight in weights.items()}
    counts = whole(shares, total)
    assert sum(counts.values()) == total
    assert all(abs(counts[name] - shares[name] * total) < 1 + 1e-6 for name in shares)


@given(
    st.dictionaries(st.text(max_size=3), st.integers(0, 100).map(float), min_size=1, max_size=8),
    st.floats(0, 1),
)
def test_no_share_is_below_the_floor(weights: dict[str, float], floor: float) -> None:
    shares = with_floor(weights, floor)
    assert abs(sum(shares.values()) - 1) < 1e-6
    assert min(shares.values()) >= floor / len(weights) - 1e-9
