"""The teacher that a job names, to answer and to compose."""

from typing import TYPE_CHECKING

from callwright.chat import ChatModel
from callwright.errors import ModelError
from callwright.job import Job
from callwright.teachers import teacher

if TYPE_CHECKING:
    from callwright.generate import Composer


def teacher_of(job: Job) -> ChatModel:
    """The teacher that the job names. Raises `ModelError` where it is nowhere to be reached."""
    base = job.config.base
    return teacher(
        base.teacher_model_name,
        examples=list(job.train()),
        tools=job.tools,
        seed=base.random_seed,
        base_url=base.teacher_base_url,
        api_key_env=base.teacher_api_key_env,
    )


def composer(job: Job) -> "Composer":
    """What writes new conversations for the job. Raises `ModelError` where its teacher does not."""
    model = teacher_of(job)
    compose: Composer | None = getattr(model, "compose", None)
    if compose is None:
        raise ModelError(
            f"`{model.name}` answers conversations, and does not compose new ones in this version",
            hint="generate with base.teacher_model_name=offline; this one can be evaluated",
        )
    return compose
