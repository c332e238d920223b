"""`config.yaml` as one frozen, typed tree: every field, name and default of the reference, and a few of ours.

`read_config` shows all faults at once, each with its line; a setting without effect for tool calling is
accepted and said to have none.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
from pydantic import Field, PrivateAttr, ValidationError

from callwright import checks
from callwright.config.compatibility import OTHER_TASKS, TASKS, plain, student_fault, teacher_fault
from callwright.config.effects import BUDGET, without_effect
from callwright.config.effects import NO_EFFECT as NO_EFFECT
from callwright.config.endpoints import (
    InferenceParameters,
    Model,
    Provider,
    Variable,
    endpoint_faults,
    recorded,
)
from callwright.config.section import (
    Amount,
    Count,
    Endpoint,
    InnerShare,
    Name,
    NotNegative,
    Positive,
    Section,
    Share,
    Whole,
)
from callwright.config.settings import leaves, placed, read_settings
from callwright.config.situations import unknown_situations
from callwright.conversation import Json
from callwright.errors import ConfigError, Fault
from callwright.formats.reading import shown
from callwright.registry import near


class Base(Section):
    task: Literal["tool-calling-closed-book", "multi-turn-tool-calling-closed-book"]
    student_model_name: Name = "callwright-tiny"
    """A name, a hub id or a folder. The reference has Llama-3.2-1B-Instruct; ours runs on any machine."""
    teacher_model_name: Name = "offline"
    """The reference has openai.gpt-oss-120b; ours needs no network."""
    random_seed: Whole = 123
    llm_num_parallel_requests: Count = 4
    allow_untested: bool = False
    """Ours: students and teachers beyond those that the reference allows."""
    bad_rows: Literal["refuse", "leave-out"] = "refuse"
    """Ours: what a faulty row means for its job folder."""
    teacher_base_url: Endpoint | None = None
    """Ours: an OpenAI-compatible endpoint that serves the teacher; else CALLWRIGHT_TEACHER_URL."""
    teacher_api_key_env: Variable = "CALLWRIGHT_TEACHER_API_KEY"
    """Ours: the environment variable that holds the endpoint's key; the key itself is never in a file."""


class Tuning(Section):
    learning_rate: Positive = 5e-5
    learning_rate_scheduler: Literal["cosine", "linear", "constant"] = "linear"
    weight_decay: NotNegative = 0.0
    warmup_ratio: Share = 0.05
    bf16: bool = True
    use_lora: bool = True
    lora_r: Count = 64
    lora_alpha_multiplier: Positive = 1
    per_device_train_batch_size: Count = 1
    per_device_eval_batch_size: Count = 1
    num_train_epochs: Count = 4
    train_eval_split: InnerShare = 0.2
    """Share of the training data that is kept for the loss on unseen data."""
    gradient_accumulation_steps: Count = 1
    input_noise: Share = 0.0
    """Ours: share of the prompt's words that are exchanged for random ones while training."""
    adam_beta2: InnerShare = 0.999
    """Ours: how long the optimizer remembers the size of gradients; lower suits a training of few steps."""
    pack_size: Count = 2048
    """Ours: tokens of one training row; conversations are packed into rows of this size."""
    num_few_shot_examples_student: Amount = 0
    rlvr_dataset_size: NotNegative = 0.0
    rlvr_llm_as_a_judge_model_name: Name = "openai.gpt-oss-20b"
    rlvr_per_device_batch_size: Count = 6
    rlvr_num_generations: Count = 6
    rlvr_num_train_epochs: Count = 1


class Evaluation(Section):
    num_few_shot_examples: Amount = 1
    llm_as_a_judge_model_name: Name = "openai.gpt-oss-120b"
    expand_tool_calling_turns: bool = True
    """Each test conversation becomes one item per assistant call."""
    batch_size: Count = 4


class Synthgen(Section):
    generation_target: Count = 10_000
    generation_in_single_call: Count = 4
    generation_iteration_size: Count = 128
    generation_per_unstructured_context: Count | None = None
    num_positive_exemplars_per_generation: Amount = 2
    num_negative_exemplars_per_generation: Amount = 2
    num_unlabelled_exemplars_per_generation: Amount = 2
    validation_max_total_length: Count = 10_000
    """Characters of the longest conversation; also applied to the rows of the job folder."""
    validation_similarity_threshold: Share = 0.95
    validation_max_answer_length: Count = 8192
    teacher_temperature: Share = 0.7
    teacher_max_tokens: Count | None = None
    match_generated_distribution_to_seed: bool = False
    num_distractor_context_blocks: Amount = 0
    output_is_json: bool = False
    basic_mutators_to_use: tuple[Literal["complexity", "length", "specificity"], ...] = ("complexity",)
    mutation_topics: tuple[str, ...] | tuple[tuple[str, ...], ...] = ()
    """One list of topics, or several that are drawn from independently."""
    parallel_llm_calls: bool = False
    situations: dict[str, NotNegative] = Field(default_factory=dict)
    """Ours: situation -> its weight in the plan, in place of the default one."""
    tool_floor: Share = 0.5
    """Ours: least share of conversations about a tool, as part of an even split among the tools."""
    user_model_name: Name | None = None
    """Ours: who plays the user; None: the teacher."""
    judge: bool = False
    """Ours: whether a model judges what has passed every check; `evaluation.llm_as_a_judge_model_name` where `models`
    has it, else the teacher."""
    max_calls: Count | None = None
    """Ours: the budget; generation ends when any of these is spent, and goes on when it is raised."""
    max_tokens: Count | None = None
    max_dollars: Positive | None = None
    max_minutes: Positive | None = None


class TraceProcessing(Section):
    relabel: bool = True
    convert_to_single_turn: bool = True
    relevance_filtering: bool = True
    relevance_filtering_batch_size: Count = 32
    min_relevance_score: NotNegative | None = None
    min_coherence_score: NotNegative | None = None
    num_traces_as_training_base: Count = 200
    num_traces_as_testing_base: Count = 200
    min_generated_examples: Amount = 20
    max_unstructured: Amount = 10_000
    observation_format: Literal["openai_messages", "langfuse", "unstructured_with_openai_messages"] = (
        "openai_messages"
    )
    remove_system_prompt_from_traces: bool = False
    compress_job_description: bool = False
    teacher_model_name: Name = "openai.gpt-oss-120b"
    relabelling_committee_models: tuple[Name, ...] = (
        "zai.glm-5",
        "Qwen3-235B-A22B-Instruct-2507",
        "openai.gpt-oss-120b-thinking",
        "deepseek.v3.2",
    )


class Checks(Section):
    """Ours: what counts as wrong, at upload, in generation, before training, and for `callwright check --job`."""

    select: tuple[Name, ...] = ()
    """Codes or families to look for; none: all that are on by default; `all`: all."""
    ignore: tuple[Name, ...] = ()
    """Codes or families to leave alone."""
    severity: dict[str, Literal["error", "warning"]] = Field(default_factory=dict)
    """Code or family -> how it counts: an error keeps a row out."""
    max_characters: Count | None = None
    """Characters of the longest conversation; None: synthgen.validation_max_total_length."""
    max_tokens: Count | None = None
    """Tokens of the longest conversation; None: what the student takes. Counted where a student is named."""
    single_call: bool | None = None
    """Whether a turn makes one call at most; None: as the training examples do."""
    plain_text: bool = False
    """Whether replies are promised to be without markdown."""
    json_results: tuple[Name, ...] = ()
    """Tools that promise JSON as their result."""
    similarity: Share = 0.85
    """How much alike near duplicates are."""

    def unknown(self) -> list[Fault]:
        """A fault for each name of a check that there is none of."""
        named = {"select": self.select, "ignore": self.ignore}
        named |= {f"severity.{name}": (name,) for name in self.severity}
        return [
            Fault(path=f"checks.{key}", expected="a code or a family of checks", found=f"`{name}`", hint=hint)
            for key, names in named.items()
            for name, hint in checks.unknown(names).items()
        ]


class Config(Section):
    """The whole configuration; only `base.task` has no default."""

    base: Base
    tuning: Tuning = Tuning()
    evaluation: Evaluation = Evaluation()
    synthgen: Synthgen = Synthgen()
    trace_processing: TraceProcessing = TraceProcessing()
    checks: Checks = Checks()
    providers: tuple[Provider, ...] = ()
    models: tuple[Model, ...] = ()
    output_dir: str | None = None
    """Ours: the run directory; None: `runs/NAME`."""
    _explicit: frozenset[str] = PrivateAttr(default=frozenset())

    @property
    def explicit(self) -> frozenset[str]:
        """Dotted names of the settings that the user made, in the file or as overrides."""
        return self._explicit

    def with_presets(self, values: Mapping[str, Json]) -> "Config":
        """With `values` (dotted name -> value) where the user set nothing, such as what suits a student."""
        tree = self.model_dump()
        for name, value in values.items():
            if name not in self.explicit:
                section, _, key = name.rpartition(".")
                (tree[section] if section else tree)[key] = value
        config = Config.model_validate(tree)
        config._explicit = self.explicit
        return config

    def recorded(self) -> dict[str, Json]:
        """What a run's manifest keeps: all that can change its result; not where it is written."""
        left_out: dict[str, Any] = {
            "output_dir": True,
            "providers": True,
            "models": {"__all__": {"input_price", "output_price"}},
            "synthgen": set(BUDGET),
        }
        return self.model_dump(mode="json", exclude=left_out) | {"providers": recorded(self.providers)}

    def model(self, name: str) -> tuple[Model, Provider] | None:
        """The model of that alias, or else of that name in any spelling, with its provider; None: there is none."""
        found = next((one for one in self.models if one.alias == name), None)
        found = found or next((one for one in self.models if plain(one.model) == plain(name)), None)
        if found is None:
            return None
        return found, next(one for one in self.providers if one.name == found.provider)


SECTIONS: dict[str, type[Section]] = {
    "base": Base,
    "tuning": Tuning,
    "evaluation": Evaluation,
    "synthgen": Synthgen,
    "trace_processing": TraceProcessing,
    "checks": Checks,
}

LISTS: dict[str, type[Section]] = {"providers": Provider, "models": Model}
"""Lists of sections."""


def read_config(path: Path | None, overrides: Sequence[str] = ()) -> tuple[Config, list[Fault]]:
    """The configuration of a file (None: the defaults) with `key=value` overrides, and the warnings about it.

    Raises `ConfigError` with all faults of both.
    """
    settings = read_settings(path, overrides)
    tree = {key: value for key, value in settings.tree.items() if value is not None}  # a section left empty
    if any(not fault.path and fault.file for fault in settings.faults):  # no YAML: nothing to look at
        raise ConfigError("the configuration cannot be used:", settings.faults)
    known_bad = {fault.path for fault in settings.faults}
    config, faults = _validated(tree)
    faults = [fault for fault in faults if fault.path not in known_bad]
    if config:
        config._explicit = frozenset(leaves(tree))
        faults += (
            _compatible(config.base, known_bad, _own_models(tree))
            + _rules(config)
            + without_effect(config.explicit, config.base.teacher_model_name)
        )
        faults += unknown_situations(config.synthgen.situations) + config.checks.unknown()
        faults += endpoint_faults(config.providers, config.models)
    elif base := _base_alone(tree):
        faults += _compatible(base, known_bad, _own_models(tree))
    faults = settings.faults + [placed(fault, str(path or ""), settings.lines) for fault in faults]
    errors = [fault for fault in faults if fault.severity == "error"]
    if config is None or errors:
        raise ConfigError("the configuration cannot be used:", errors)
    return config, faults


def _validated(tree: dict[str, Json]) -> tuple[Config | None, list[Fault]]:
    try:
        return Config.model_validate(tree), []
    except ValidationError as error:
        return None, _faults(error, tree)


def _base_alone(tree: dict[str, Json]) -> Base | None:
    """The section `base` where the fault lies in another, so that its own faults are told too."""
    try:
        return Base.model_validate(tree.get("base"))
    except ValidationError:
        return None


def _faults(error: ValidationError, tree: dict[str, Json]) -> list[Fault]:
    faults: dict[str, Fault] = {}
    for item in error.errors():
        keys = _keys(item["loc"])
        path = ".".join(keys)
        faults.setdefault(path, _fault(path, item["type"], item["msg"], item.get("input")))
    if "base" in faults and "base" not in tree:
        faults["base.task"] = _fault("base.task", "missing", "", None)
        del faults["base"]
    return list(faults.values())


def _keys(place: tuple[int | str, ...]) -> list[str]:
    """The names of sections and fields at the head of a place; then come list indices and parts of unions."""
    if place[0] in LISTS and len(place) > 1:
        return [f"{place[0]}[{place[1]}]", *(str(key) for key in place[2:4])]
    return [str(key) for key in place[:2]] if place[0] in Config.model_fields else [str(place[0])]


def _fault(path: str, kind: str, said: str, found: Json) -> Fault:
    section, _, key = path.rpartition(".")
    if kind == "extra_forbidden":
        return Fault(
            path=path, expected="a known setting", found=f"`{key}`", hint=_near_setting(section, key)
        )
    if path == "base.task":
        return _task_fault(kind, found)
    if kind == "missing":
        return Fault(path=path, expected="a value", found="none")
    said = said.removeprefix("Value error, ").removeprefix("Input should be ")
    plain = {"model_type": "`key: value` lines below it", "int_from_float": "a whole number"}
    wanted = plain.get(kind, said[:1].lower() + said[1:]).replace("a valid ", "")
    return Fault(path=path, expected=wanted, found=_SECRET.get(key) or shown(found))


_SECRET = {
    "teacher_base_url": "one with a password",
    "endpoint": "one with a password, or none at all",
    "api_key": "something else, which is not shown as it may be a key",
    "teacher_api_key_env": "something else, which is not shown as it may be a key",
    "extra_headers": "something else, which is not shown as it may be a key",
}
"""Settings whose value may hold a secret, and what is said in its place."""


def _near_setting(section: str, key: str) -> str:
    """Where a wrong name points: a setting of its section, of another section, or the list."""
    hint = near(key, list(_fields(section)))
    if hint.startswith("did"):
        return hint
    elsewhere = [f"{name}.{key}" for name, fields in SECTIONS.items() if key in fields.model_fields]
    return f"did you mean `{elsewhere[0]}`?" if elsewhere else hint


def _fields(section: str) -> Collection[str]:
    """The settings of a section, of one of a list, or of the whole."""
    head, _, inner = section.partition("[")
    if inner:
        own = InferenceParameters if inner.endswith(".inference_parameters") else LISTS[head]
        return own.model_fields
    return (SECTIONS[section] if section else Config).model_fields


def _task_fault(kind: str, found: Json) -> Fault:
    expected = " or ".join(f"`{task}`" for task in TASKS)
    if kind == "missing":
        return Fault(
            path="base.task", expected=expected, found="no task", hint="base:\n    task: " + TASKS[1]
        )
    hint = near(str(found), list(TASKS))
    hint = "that task of the reference calls no tools" if found in OTHER_TASKS else hint
    return Fault(path="base.task", expected=expected, found=shown(found), hint=hint)


def _own_models(tree: dict[str, Json]) -> set[str]:
    """Aliases and names of the models that a configuration lists, whether or not it holds otherwise."""
    listed = tree.get("models")
    models = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return {str(one[key]) for one in models for key in ("alias", "model") if key in one}


def _compatible(base: Base, known_bad: set[str], models: set[str]) -> list[Fault]:
    """Students and teachers beyond the reference: refused, or with `allow_untested` warned of.

    A teacher of `models` is the user's own choice, spelled out.
    """
    own = plain(base.teacher_model_name) in map(plain, models)
    found = {
        "base.student_model_name": student_fault(base.student_model_name),
        "base.teacher_model_name": None if own else teacher_fault(base.teacher_model_name, base.task),
    }
    severity = "warning" if base.allow_untested else "error"
    hint = {"hint": "base.allow_untested is true, so it goes on"} if base.allow_untested else {}
    return [
        msgspec.structs.replace(fault, path=path, severity=severity, **hint)
        for path, fault in found.items()
        if fault and path not in known_bad
    ]


def _rules(config: Config) -> list[Fault]:
    """What holds between two settings."""
    tuning = config.tuning
    fits = tuning.rlvr_per_device_batch_size % tuning.rlvr_num_generations == 0
    if fits or not tuning.rlvr_dataset_size:
        return []
    expected = f"a multiple of rlvr_num_generations ({tuning.rlvr_num_generations})"
    path = "tuning.rlvr_per_device_batch_size"
    return [Fault(path=path, expected=expected, found=f"`{tuning.rlvr_per_device_batch_size}`")]
