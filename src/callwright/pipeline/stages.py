"""The stages of one job over one run directory; each is done unless it was."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from callwright import __version__, formats
from callwright.chat import ChatModel, Sampling
from callwright.checks import check_all, errors
from callwright.config import Config
from callwright.conversation import Conversation
from callwright.decoding.shapes import shape_of
from callwright.job import Job
from callwright.pipeline.rejected import Rejected
from callwright.pipeline.teaching import answering_teacher, composer, composes
from callwright.runs import Run
from callwright.students import TINY

if TYPE_CHECKING:
    from callwright.decoding import Mode
    from callwright.evaluate import Evaluation, Funnel, Item
    from callwright.packs import PackManifest
    from callwright.renderers import Renderer
    from callwright.students import Student, StudentCard
    from callwright.train import TrainSettings

ROOM = 64
"""Tokens that a model may write beyond the characters of the longest turn it should write."""
BATCH = 16
"""Items that a student answers at a time; predictions are kept batch by batch."""

Progress = Callable[[str, int, int | None, str], None]
"""`(stage, done, total, note)`, called often; total None: not known."""


class Stages:
    """The stages of one job over one run directory; each method is a stage, done unless it was."""

    def __init__(self, job: Job, config: Config, run: Run, progress: Progress, *, name: str) -> None:
        self.name = name
        self.job = job
        self.config = config
        self.run = run
        self.progress = progress

    # ── generate ──────────────────────────────────────────────────────────────────────────────────────────

    def generate(self) -> None:
        """Examples -> `generated.jsonl`, and what the teacher wrote in vain in `generated-rejected.jsonl`."""
        self.run.stage("generate", ["generated.jsonl", "generated-rejected.jsonl"], self._generate)

    def _generate(self) -> Mapping[str, Any]:
        if composes(self.job):
            return self._composed()
        from callwright.pipeline.prompted import generate

        return generate(self.job, self.run.folder, partial(self.progress, "generate"))

    def _composed(self) -> Mapping[str, Any]:
        from callwright.generate import generate
        from callwright.generate.diversity import Diversity

        synthgen, seed = self.config.synthgen, self.config.base.random_seed
        diversity = Diversity(self.job.train())
        with Rejected(self.run.path("generated-rejected.jsonl")) as rejected:
            accepted = generate(
                composer(self.job),
                target=synthgen.generation_target,
                context=self.job.context(),
                test=list(self.job.test()),
                seed=seed,
                rejected=rejected.add,
                progress=partial(self.progress, "generate"),
            )
            count = formats.write(self.run.path("generated.jsonl"), diversity.seen(accepted))
        return {"accepted": count, "rejected": rejected.reasons, "diversity": diversity.figures()}

    @cached_property
    def teacher(self) -> ChatModel:
        return answering_teacher(self.job)

    # ── check ─────────────────────────────────────────────────────────────────────────────────────────────

    def check(self) -> None:
        """The user's examples and the generated rows -> kept in `conversations.jsonl`, or `rejected.jsonl`."""
        self.run.stage("check", ["conversations.jsonl", "rejected.jsonl"], self._check)

    def _check(self) -> Mapping[str, Any]:
        rows = chain(self.job.train(), formats.read(self.run.path("generated.jsonl"), "openai"))
        total = len(self.job.train()) + self.config.synthgen.generation_target
        warned: Counter[str] = Counter()
        with Rejected(self.run.path("rejected.jsonl")) as rejected:

            def kept() -> Iterator[Conversation]:
                checked = check_all(rows, self.job.context(), self.job.test())
                for done, (conversation, found) in enumerate(checked, start=1):
                    if done % 100 == 0 or done == total:
                        self.progress("check", done, total, "")
                    if wrong := errors(found):
                        rejected.add(conversation, wrong)
                        continue
                    warned.update({finding.code for finding in found})
                    yield conversation

            count = formats.write(self.run.path("conversations.jsonl"), kept())
        return {"kept": count, "rejected": rejected.reasons, "warnings": dict(warned)}

    def conversations(self) -> Iterable[Conversation]:
        """The kept conversations, as they stream from disk."""
        return formats.read(self.run.path("conversations.jsonl"), "openai")

    # ── prepare ───────────────────────────────────────────────────────────────────────────────────────────

    def prepare(self) -> None:
        """Kept conversations -> `packs/`, by the template of the student; for callwright-tiny also its `base/`."""
        if self.makes_base:
            self.run.stage("base", ["base"], self._base)
        self.run.stage("prepare", ["packs"], self._prepare)

    @property
    def makes_base(self) -> bool:
        return self.config.base.student_model_name == TINY

    def _base(self) -> Mapping[str, Any]:
        from callwright.students import save_student

        self._forget_predictions("base")
        student = self.make_base(self.conversations())
        save_student(self.described(student), self.run.path("base"))
        return {"parameters": sum(p.numel() for p in student.model.parameters())}

    def make_base(self, conversations: Iterable[Conversation]) -> "Student":
        """A new callwright-tiny with a tokenizer made from `conversations`."""
        from callwright.renderers.tiny import TinyRenderer
        from callwright.students import create_tiny

        renderer = TinyRenderer()
        return create_tiny(
            (renderer.prompt(conversation) for conversation in conversations),
            seed=self.config.base.random_seed,
        )

    def _forget_predictions(self, role: str) -> None:
        """Predictions of a student that is about to be made anew."""
        for path in self.run.path("predictions").glob(f"{role}.*"):
            path.unlink()

    def described(self, student: "Student") -> "Student":
        """The student with the job written on its card: what it is for and which tools it has."""
        return student.with_card(
            tools=self.job.tools,
            task_description=self.job.task_description,
            made_by=f"callwright {__version__}",
        )

    @property
    def base(self) -> "Student":
        """The untrained student, loaded anew each time: a training changes the one it is given."""
        from callwright.students import load_student

        return load_student(self.run.path("base") if self.makes_base else self.config.base.student_model_name)

    def _prepare(self) -> Mapping[str, Any]:
        from callwright.prepare import prepare

        shutil.rmtree(self.run.path("packs"), ignore_errors=True)
        manifest = prepare(
            self.conversations(),
            self.base.renderer,
            self.base.encoder,
            self.run.path("packs"),
            pack_size=self.config.tuning.pack_size,
            max_length=self.base.card.max_length,
            seed=self.config.base.random_seed,
            progress=partial(self.progress, "prepare"),
        )
        return told(manifest)

    # ── train ─────────────────────────────────────────────────────────────────────────────────────────────

    def train(self) -> None:
        """`packs/` -> `student/`; its losses in `train.jsonl` and `loss.png`."""
        self.run.stage("train", ["student", "train.jsonl", "loss.png"], self._train, scratch="training")

    def _train(self) -> Mapping[str, Any]:
        from callwright.decoding.grounding import groundable
        from callwright.train import export, train

        self._forget_predictions("tuned")
        work = self.run.path("training")
        base = self.described(self.base).with_card(
            base=self.config.base.student_model_name,
            grounding=groundable(self.conversations(), self.job.tools),
        )
        tuned = train(
            base,
            self.run.path("packs"),
            work,
            settings=train_settings(self.config),
            progress=partial(self.progress, "train"),
        )
        export(tuned, self.run.path("student"), work=work)
        shutil.copy(work / "log.jsonl", self.run.path("train.jsonl"))
        shutil.copy(work / "loss.png", self.run.path("loss.png"))
        return last_losses(self.run.path("train.jsonl"))

    # ── evaluate ──────────────────────────────────────────────────────────────────────────────────────────

    def evaluate(self) -> None:
        """Base student, tuned student and teacher on the test rows -> `predictions/`, `report.{json,md,html}`."""
        tuned = self.run.manifest.stages["train"].artifacts["student"]
        self._reported(
            {
                "base": self.evaluated("base", lambda: self.student_model(self.base), identity=tuned),
                "tuned": self.evaluated("tuned", lambda: self.student_model(self.tuned), identity=tuned),
                "teacher": self.evaluated("teacher", lambda: self.teacher),
            }
        )

    def evaluate_teacher(self) -> None:
        """The teacher alone, before anything is trained."""
        self._reported({"teacher": self.evaluated("teacher", lambda: self.teacher)})

    @property
    def tuned(self) -> "Student":
        """The student that was trained, loaded as a server would."""
        from callwright.students import load_student

        return load_student(self.run.path("student"))

    @property
    def tuned_card(self) -> "StudentCard":
        from callwright.students import CARD, StudentCard

        return msgspec.json.decode((self.run.path("student") / CARD).read_bytes(), type=StudentCard)

    @cached_property
    def items(self) -> "list[Item]":
        from callwright.evaluate import items

        return items(self.job.test(), expand=self.config.evaluation.expand_tool_calling_turns)

    def student_model(self, student: "Student") -> ChatModel:
        """The student with the decoder that the tuned one is served with, grounding included."""
        from callwright.inference import StudentModel

        student = self.described(student).with_card(grounding=self.tuned_card.grounding)
        return StudentModel(student, decoding=best_decoding(student.renderer))

    @property
    def sampling(self) -> Sampling:
        """How the models are asked: greedily, with room for the longest turn of the test rows."""
        longest = max((len(msgspec.json.encode(item.expected)) for item in self.items), default=0)
        return Sampling(max_tokens=longest + ROOM)

    def evaluated(self, role: str, model: Callable[[], ChatModel], identity: str = "") -> "Evaluation":
        """The figures of one model; `model` is only made where its predictions are not there yet."""
        from callwright.evaluate import predict, read_predictions, score

        path = self.run.path(f"predictions/{role}.jsonl")

        def work() -> Mapping[str, Any]:
            progress = partial(self.progress, f"evaluate {role}")
            predict(
                model(),
                self.items,
                path,
                self.sampling,
                batch_size=BATCH,
                identity=identity,
                progress=progress,
            )
            return {"items": len(self.items)}

        self.run.stage(f"evaluate {role}", [f"predictions/{role}.jsonl"], work)
        return score(self.items, read_predictions(path, self.items), model=role, train=self.job.train())

    def _reported(self, evaluations: "Mapping[str, Evaluation]") -> None:
        pages = ["report.json", "report.md", "report.html"]
        self.run.stage("report", pages, lambda: self._report(evaluations))

    def _report(self, evaluations: "Mapping[str, Evaluation]") -> Mapping[str, Any]:
        from callwright.evaluate import report, write_report

        made = report(
            self.name,
            self.items,
            evaluations,
            train=list(self.job.train()),
            funnel=self.funnel(),
            loss_curve="loss.png" if self.run.path("loss.png").exists() else "",
            task_description=self.job.task_description,
            remarks=self.remarks() if "base" in evaluations else (),
        )
        write_report(self.run.folder, made)
        return {role: figures.calls.value for role, figures in evaluations.items()}

    def remarks(self) -> list[str]:
        """What a reader must know of how the models were made and asked."""
        said = []
        if self.makes_base:
            said.append(
                "The base student has random weights: it shows where this training began, not what a pretrained"
                " model of this size could do untuned."
            )
        if best_decoding(self.base.renderer) == "grounded":
            said.append(
                "Both students were decoded under a grammar: a call names a declared tool, its arguments fit the"
                " schema, and string arguments that were always found in the conversation while training are held"
                " to it. Without the grammar they would score lower."
            )
        return said

    def funnel(self) -> "Funnel":
        """What became of the data, from the examples to the training."""
        from callwright.evaluate import Funnel

        stages = self.run.manifest.stages
        counts = {
            name: stages[name].counts if name in stages else {} for name in ("generate", "check", "prepare")
        }
        rejected = Counter(counts["generate"].get("rejected", {})) + Counter(
            counts["check"].get("rejected", {})
        )
        left_out = counts["prepare"].get("left_out", {})
        return Funnel(
            examples=len(self.job.train()),
            planned=self.config.synthgen.generation_target,
            accepted=counts["generate"].get("accepted", 0),
            rejected=dict(rejected),
            prepared=counts["prepare"].get("rows_in", 0) - sum(left_out.values()),
            left_out=left_out,
        )


def train_settings(config: Config) -> "TrainSettings":
    """The `tuning` section as the training takes it."""
    from callwright.train import TrainSettings

    tuning = config.tuning
    return TrainSettings(
        learning_rate=tuning.learning_rate,
        scheduler=tuning.learning_rate_scheduler,
        weight_decay=tuning.weight_decay,
        warmup_ratio=tuning.warmup_ratio,
        bf16=tuning.bf16,
        use_lora=tuning.use_lora,
        lora_r=tuning.lora_r,
        lora_alpha_multiplier=tuning.lora_alpha_multiplier,
        per_device_train_batch_size=tuning.per_device_train_batch_size,
        per_device_eval_batch_size=tuning.per_device_eval_batch_size,
        num_train_epochs=tuning.num_train_epochs,
        train_eval_split=tuning.train_eval_split,
        gradient_accumulation_steps=tuning.gradient_accumulation_steps,
        adam_beta2=tuning.adam_beta2,
        input_noise=tuning.input_noise,
        seed=config.base.random_seed,
    )


def best_decoding(renderer: "Renderer") -> "Mode":
    """The strictest decoder there is for a family of students."""
    return "grounded" if shape_of(renderer) else "free"


def told(manifest: "PackManifest") -> dict[str, Any]:
    """A manifest of packs, as far as a person reads it."""
    hidden = {"shards", "hashes", "left_out_rows" if not manifest.left_out_rows else ""}
    return {key: value for key, value in msgspec.to_builtins(manifest).items() if key not in hidden}


def last_losses(log: Path) -> dict[str, float]:
    """The last loss and the last loss on unseen data in a training's log."""
    entries = [msgspec.json.decode(line) for line in log.read_bytes().splitlines()]
    last = {}
    for entry in entries:
        last.update(
            {name: entry[name] for name in ("step", "loss", "eval_loss") if entry.get(name) is not None}
        )
    return last
