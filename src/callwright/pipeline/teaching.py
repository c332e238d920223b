"""The teacher that a job names, to answer and to compose."""

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from callwright.chat import ChatModel, Reply, Sampling
from callwright.conversation import Conversation, SystemMessage
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


class FewShot:
    """A model that is shown a few examples of the job before each conversation."""

    def __init__(self, model: ChatModel, examples: Sequence[Conversation]) -> None:
        self.name = model.name
        self._model = model
        self._shown = tuple(
            message
            for example in examples
            for message in example.messages
            if not isinstance(message, SystemMessage)
        )

    async def reply(self, conversation: Conversation, sampling: Sampling) -> Reply:
        """The model's reply to the conversation, the examples put between its system message and its first turn."""
        system = tuple(m for m in conversation.messages if isinstance(m, SystemMessage))
        turns = tuple(m for m in conversation.messages if not isinstance(m, SystemMessage))
        return await self._model.reply(
            replace(conversation, messages=(*system, *self._shown, *turns)), sampling
        )


def answering_teacher(job: Job) -> ChatModel:
    """The teacher as it is evaluated: one that is prompted sees `evaluation.num_few_shot_examples` examples."""
    model = teacher_of(job)
    count = job.config.evaluation.num_few_shot_examples
    return model if hasattr(model, "compose") else FewShot(model, list(islice(job.train(), count)))


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
