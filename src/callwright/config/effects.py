"""Settings that are accepted and change nothing, always or for this teacher, and why."""

from callwright.errors import Fault

BUDGET = ("max_calls", "max_tokens", "max_dollars", "max_minutes")
"""Settings of `synthgen` that say how far it goes and not what comes out."""

PROMPTED = frozenset(
    f"synthgen.{name}"
    for name in (
        *("generation_in_single_call", "generation_iteration_size", "num_positive_exemplars_per_generation"),
        *("num_unlabelled_exemplars_per_generation", "teacher_temperature", "teacher_max_tokens"),
        *("basic_mutators_to_use", "mutation_topics", "user_model_name", "judge"),
        *("situations", "tool_floor", "validation_similarity_threshold", *BUDGET),
    )
) | {"base.llm_num_parallel_requests", "evaluation.llm_as_a_judge_model_name"}
"""Settings that matter for a teacher that is prompted; the offline one composes without prompts."""
NO_EFFECT: dict[str, str] = {
    "synthgen.parallel_llm_calls": "asks for what is always done: as many at once as the endpoint bears",
    "evaluation.batch_size": "is deprecated, and evaluation batches by itself",
    "tuning.num_few_shot_examples_student": "is not applied yet; students are trained and served without examples",
    "synthgen.generation_per_unstructured_context": "matters for closed-book question answering only",
    "synthgen.num_negative_exemplars_per_generation": "matters for classification only",
    "synthgen.validation_max_answer_length": "is deprecated; validation_max_total_length counts",
    "synthgen.match_generated_distribution_to_seed": "matters for classification only",
    "synthgen.num_distractor_context_blocks": "matters for question answering over documents only",
    "synthgen.output_is_json": "matters for question answering only; a call is always JSON",
    "tuning.rlvr_dataset_size": "asks for a reinforcement stage, which this version does not have",
    "tuning.rlvr_llm_as_a_judge_model_name": "matters for a reinforcement stage only",
    "tuning.rlvr_per_device_batch_size": "matters for a reinforcement stage only",
    "tuning.rlvr_num_generations": "matters for a reinforcement stage only",
    "tuning.rlvr_num_train_epochs": "matters for a reinforcement stage only",
}
"""Settings that are accepted and change nothing here -> why."""

TRACES = "matters only where a job is made from traces"
"""Why `trace_processing` changes nothing for a folder with its own train and test rows."""


def without_effect(explicit: frozenset[str], teacher: str) -> list[Fault]:
    """A warning for each setting that the user made and that changes nothing, or not all they may think."""
    reasons = {name: NO_EFFECT.get(name, TRACES) for name in sorted(explicit)}
    if teacher == "offline":
        unasked = "matters for a teacher that is prompted; the offline teacher composes without prompts"
        reasons |= dict.fromkeys(sorted(explicit & PROMPTED), unasked)
    return [
        Fault(
            path=name,
            expected="a setting with an effect on tool calling",
            found=f"one that has none: it {why}",
            severity="warning",
        )
        for name, why in reasons.items()
        if name in NO_EFFECT or name.startswith("trace_processing.") or why != TRACES
    ]
