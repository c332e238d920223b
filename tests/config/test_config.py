from pathlib import Path

import pytest
from pydantic import ValidationError

from callwright.config import NO_EFFECT, Config, read_config
from callwright.errors import ConfigError, Fault

TASK = "base:\n  task: multi-turn-tool-calling-closed-book\n"

REFERENCE = {
    "base": {"random_seed": 123, "llm_num_parallel_requests": 4},
    "tuning": {
        "learning_rate": 5e-5,
        "learning_rate_scheduler": "linear",
        "weight_decay": 0.0,
        "warmup_ratio": 0.05,
        "bf16": True,
        "use_lora": True,
        "lora_r": 64,
        "lora_alpha_multiplier": 1,
        "per_device_train_batch_size": 1,
        "per_device_eval_batch_size": 1,
        "num_train_epochs": 4,
        "train_eval_split": 0.2,
        "gradient_accumulation_steps": 1,
        "num_few_shot_examples_student": 0,
        "rlvr_dataset_size": 0.0,
        "rlvr_llm_as_a_judge_model_name": "openai.gpt-oss-20b",
        "rlvr_per_device_batch_size": 6,
        "rlvr_num_generations": 6,
        "rlvr_num_train_epochs": 1,
    },
    "evaluation": {
        "num_few_shot_examples": 1,
        "llm_as_a_judge_model_name": "openai.gpt-oss-120b",
        "expand_tool_calling_turns": True,
        "batch_size": 4,
    },
    "synthgen": {
        "generation_target": 10000,
        "generation_in_single_call": 4,
        "generation_iteration_size": 128,
        "generation_per_unstructured_context": None,
        "num_positive_exemplars_per_generation": 2,
        "num_negative_exemplars_per_generation": 2,
        "num_unlabelled_exemplars_per_generation": 2,
        "validation_max_total_length": 10000,
        "validation_similarity_threshold": 0.95,
        "validation_max_answer_length": 8192,
        "teacher_temperature": 0.7,
        "teacher_max_tokens": None,
        "match_generated_distribution_to_seed": False,
        "num_distractor_context_blocks": 0,
        "output_is_json": False,
        "basic_mutators_to_use": ["complexity"],
        "mutation_topics": [],
        "parallel_llm_calls": False,
    },
    "trace_processing": {
        "relabel": True,
        "convert_to_single_turn": True,
        "relevance_filtering_batch_size": 32,
        "num_traces_as_training_base": 200,
        "num_traces_as_testing_base": 200,
        "min_generated_examples": 20,
        "max_unstructured": 10000,
        "observation_format": "openai_messages",
        "remove_system_prompt_from_traces": False,
        "compress_job_description": False,
        "teacher_model_name": "openai.gpt-oss-120b",
        "relabelling_committee_models": [
            "zai.glm-5",
            "Qwen3-235B-A22B-Instruct-2507",
            "openai.gpt-oss-120b-thinking",
            "deepseek.v3.2",
        ],
    },
}
"""Every field of the reference with its default, but for the two models that are ours."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def faults(file: Path, text: str, *overrides: str) -> list[Fault]:
    file.write_text(text)
    with pytest.raises(ConfigError, match="the configuration cannot be used:") as caught:
        read_config(file, overrides)
    return list(caught.value.faults)


def test_the_defaults_are_those_of_the_reference() -> None:
    config, warnings = read_config(None, ["base.task=tool-calling-closed-book"])
    assert warnings == []
    tree = config.model_dump(mode="json")
    for section, values in REFERENCE.items():
        assert {key: tree[section][key] for key in values} == values
    assert (config.base.student_model_name, config.base.teacher_model_name) == ("callwright-tiny", "offline")


def test_a_file_and_overrides_are_read_and_what_was_set_is_known(file: Path) -> None:
    file.write_text(TASK + "tuning:\n  learning_rate: 5e-4\n  lora_r: 8\nsynthgen:\n")
    config, warnings = read_config(file, ["tuning.lora_r=16", "output_dir=runs/x", "tuning.bf16=false"])
    assert warnings == []
    assert (config.tuning.learning_rate, config.tuning.lora_r, config.output_dir) == (5e-4, 16, "runs/x")
    assert config.tuning.bf16 is False
    assert config.explicit == {
        "base.task",
        "tuning.learning_rate",
        "tuning.lora_r",
        "tuning.bf16",
        "output_dir",
    }


def test_topics_are_one_list_or_several(file: Path) -> None:
    file.write_text(TASK + "synthgen:\n  mutation_topics: [a, b]\n  basic_mutators_to_use: []\n")
    assert read_config(file)[0].synthgen.mutation_topics == ("a", "b")
    file.write_text(TASK + "synthgen:\n  mutation_topics:\n    - [a, b]\n    - [c]\n")
    assert read_config(file)[0].synthgen.mutation_topics == (("a", "b"), ("c",))


def test_all_faults_are_shown_at_once_each_with_its_line(file: Path) -> None:
    text = (
        TASK
        + "  student_model_name: ${oc.env:CALLWRIGHT_NO_SUCH_VARIABLE}\n"
        + "  randm_seed: 1\n"
        + "tuning:\n  lora_r: 0\n  train_eval_split: 1\n  learning_rate_scheduler: cos\n  bf16: maybe\n"
        + "synthgen:\n  random_seed: 2\n  generation_target: 1.5\n  teacher_temperature: 2\n"
        + "tunning:\n  a: 1\n"
        + "evaluation: 3\n"
    )
    found = faults(file, text, "base.llm_num_parallel_requests=true", "nonsense")
    assert {(fault.line, fault.path) for fault in found} == {
        (3, "base.student_model_name"),
        (4, "base.randm_seed"),
        (6, "tuning.lora_r"),
        (7, "tuning.train_eval_split"),
        (8, "tuning.learning_rate_scheduler"),
        (9, "tuning.bf16"),
        (11, "synthgen.random_seed"),
        (12, "synthgen.generation_target"),
        (13, "synthgen.teacher_temperature"),
        (14, "tunning"),
        (16, "evaluation"),
        (0, "base.llm_num_parallel_requests"),
        (0, "nonsense"),
    }
    said = {fault.path: str(fault) for fault in found}
    assert "CALLWRIGHT_NO_SUCH_VARIABLE" in said["base.student_model_name"]
    assert "hint: export CALLWRIGHT_NO_SUCH_VARIABLE=…" in said["base.student_model_name"]
    assert "did you mean `random_seed`?" in said["base.randm_seed"]
    assert "did you mean `base.random_seed`?" in said["synthgen.random_seed"]
    assert "did you mean `tuning`?" in said["tunning"]
    assert "'cosine', 'linear' or 'constant'" in said["tuning.learning_rate_scheduler"]
    assert "more than 0 and less than 1" in said["tuning.train_eval_split"]
    assert "a number, not true or false, found `true`" in said["base.llm_num_parallel_requests"]
    assert str(file) not in said["base.llm_num_parallel_requests"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "found no task"),
        ("base:\n", "found no task"),
        ("base:\n  task: classification\n", "calls no tools"),
        ("base:\n  task: multi-turn-tool-calling\n", "did you mean `multi-turn-tool-calling-closed-book`?"),
        ("base:\n  task:\n", "found `null`"),
    ],
)
def test_a_task_must_be_named_and_be_one_of_the_two(file: Path, text: str, said: str) -> None:
    (fault,) = faults(file, text)
    assert fault.path == "base.task"
    assert said in str(fault)


def test_settings_without_effect_are_accepted_and_said_to_have_none(file: Path) -> None:
    file.write_text(TASK + "evaluation:\n  batch_size: 8\nsynthgen:\n  output_is_json: true\n")
    config, warnings = read_config(file, ["trace_processing.relabel=false"])
    assert config.evaluation.batch_size == 8
    assert [(fault.path, fault.line, fault.severity) for fault in warnings] == [
        ("evaluation.batch_size", 4, "warning"),
        ("synthgen.output_is_json", 6, "warning"),
        ("trace_processing.relabel", 0, "warning"),
    ]
    assert all("none: it " in fault.found for fault in warnings)


def test_every_setting_that_is_said_to_have_no_effect_is_one() -> None:
    for name in NO_EFFECT:
        section, key = name.split(".")
        assert key in Config.model_fields[section].annotation.model_fields  # type: ignore[union-attr]


def test_models_beyond_the_reference_are_refused_naming_what_is_allowed(file: Path) -> None:
    text = TASK + "  student_model_name: SmolLM2-135M-Instruct\n  teacher_model_name: zai.glm-5\n"
    student, teacher = faults(file, text)
    assert (student.line, teacher.line) == (3, 4)
    assert "Qwen3, Llama 3 or GPT-OSS" in student.expected
    assert "`Llama-3.1-405B-Instruct`" in teacher.expected
    assert "base.allow_untested=true" in teacher.hint


def test_allow_untested_goes_beyond_with_a_warning(file: Path) -> None:
    file.write_text(TASK + "  student_model_name: SmolLM2-135M-Instruct\n  allow_untested: true\n")
    config, warnings = read_config(file)
    assert config.base.student_model_name == "SmolLM2-135M-Instruct"
    assert [(fault.path, fault.severity) for fault in warnings] == [("base.student_model_name", "warning")]


def test_the_reinforcement_batch_holds_whole_groups_where_there_is_such_a_stage(file: Path) -> None:
    assert faults(file, TASK + "tuning:\n  rlvr_num_generations: 4\n  rlvr_dataset_size: 0.5\n")[0].path == (
        "tuning.rlvr_per_device_batch_size"
    )
    file.write_text(TASK + "tuning:\n  rlvr_num_generations: 4\n")
    assert read_config(file)[0].tuning.rlvr_num_generations == 4


def test_presets_fill_only_what_the_user_did_not_set() -> None:
    config, _ = read_config(None, ["base.task=tool-calling-closed-book", "tuning.lora_r=8"])
    filled = config.with_presets({"tuning.lora_r": 4, "tuning.use_lora": False, "output_dir": "x"})
    assert (filled.tuning.lora_r, filled.tuning.use_lora, filled.output_dir) == (8, False, "x")
    assert filled.explicit == config.explicit
    assert config.tuning.use_lora is True
    with pytest.raises(ValidationError):
        config.with_presets({"tuning.no_such": 1})


def test_what_a_run_records_does_not_depend_on_where_it_is_written() -> None:
    one, _ = read_config(None, ["base.task=tool-calling-closed-book", "output_dir=a"])
    two, _ = read_config(None, ["base.task=tool-calling-closed-book", "output_dir=b"])
    assert one.recorded() == two.recorded()
    assert one.recorded()["tuning"]["lora_r"] == 64


def test_checks_are_chosen_by_their_names_and_wrong_names_are_told_with_their_lines(file: Path) -> None:
    file.write_text(
        TASK + "checks:\n"
        "  select: [structure, lenght]\n"
        "  ignore: [format-lost]\n"
        "  severity:\n"
        "    length: warning\n"
        "    lenght-tokens: warning\n"
    )
    with pytest.raises(ConfigError) as caught:
        read_config(file)
    assert [(fault.line, fault.path, fault.found) for fault in caught.value.faults] == [
        (4, "checks.select", "`lenght`"),
        (5, "checks.ignore", "`format-lost`"),
        (8, "checks.severity.lenght-tokens", "`lenght-tokens`"),
    ]
    assert "did you mean `length`?" in caught.value.faults[0].hint
    assert "did you mean `format-loss`?" in caught.value.faults[1].hint


def test_the_choice_of_checks_is_recorded(file: Path) -> None:
    file.write_text(
        TASK + "checks:\n  ignore: [length]\n  severity: {format-loss: error}\n  max_tokens: 500\n"
    )
    config, warnings = read_config(file)
    assert warnings == []
    recorded = config.recorded()["checks"]
    assert (recorded["ignore"], recorded["severity"]) == (["length"], {"format-loss": "error"})
    assert (config.checks.max_tokens, config.checks.max_characters, config.checks.similarity) == (
        500,
        None,
        0.85,
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [("severity: {length: fatal}", "error"), ("similarity: 2", "less than or equal to 1")],
)
def test_a_wrong_choice_of_checks_is_refused(file: Path, line: str, expected: str) -> None:
    file.write_text(TASK + f"checks:\n  {line}\n")
    with pytest.raises(ConfigError) as caught:
        read_config(file)
    assert expected in str(caught.value.faults[0])
