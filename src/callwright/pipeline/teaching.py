"""The teacher that a job names, to answer and to compose."""

from typing import TYPE_CHECKING

from callwright.chat import ChatModel
from callwright.errors import ModelError
from callwright.job import Job

if TYPE_CHECKING:
    from callwright.generate import Composer

OFFLINE = "offline"


def teacher_of(job: Job) -> ChatModel:
    """The teacher that the job names. Raises `ModelError` where it is nowhere to be reached."""
    from callwright.teachers import TEACHERS

    base = job.config.base
    made: ChatModel
    if base.teacher_model_name == OFFLINE:
        made = TEACHERS[OFFLINE](list(job.train()), job.tools, seed=base.random_seed)
    else:
        made = TEACHERS["openai"](
            base.teacher_model_name, base_url=base.teacher_base_url, api_key_env=base.teacher_api_key_env
        )
    return made


def composer(job: Job) -> "Composer":
    """What writes new conversations for the job. Raises `ModelError` where its teacher does not."""
    teacher = teacher_of(job)
    compose: Composer | None = getattr(teacher, "compose", None)
    if compose is None:
        raise ModelError(
            f"`{teacher.name}` answers conversations, and does not compose new ones in this version",
            hint="generate with base.teacher_model_name=offline; this one can be evaluated",
        )
    return compose
