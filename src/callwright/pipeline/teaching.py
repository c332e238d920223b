"""The teacher that a job names, to answer and to compose, and the other models that it names beside it."""

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from callwright.chat import ChatModel, Reply, Sampling
from callwright.config import Config
from callwright.conversation import Conversation, SystemMessage
from callwright.errors import ModelError
from callwright.job import Job
from callwright.teachers import TEACHERS, teacher
from callwright.teachers.budget import Price
from callwright.teachers.pace import CEILING, Pace

if TYPE_CHECKING:
    from callwright.generate import Composer

OFFLINE = "offline"


class Endpoints:
    """The models of a job behind endpoints; those at one endpoint share its pace."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._paces: dict[str, Pace] = {}

    def model(self, name: str) -> ChatModel:
        """The model of `models:` with that alias, else the one behind the job's own endpoint. Raises `ModelError`."""
        found = self._config.model(name)
        if found is None:
            base = self._config.base
            return teacher(
                name,
                examples=(),
                tools=(),
                base_url=base.teacher_base_url,
                api_key_env=base.teacher_api_key_env,
                pace=self._pace("", self.at_once),
            )
        model, provider = found
        asked = model.inference_parameters
        made: ChatModel = TEACHERS["openai"](
            model.model,
            base_url=provider.endpoint,
            api_key_env=provider.api_key or "",
            extra_body={**provider.extra_body, **asked.extra_body},
            extra_headers=provider.extra_headers,
            pace=self._pace(provider.name, asked.max_parallel_requests or self.at_once),
            **({"timeout": asked.timeout} if asked.timeout else {}),
        )
        return made

    @property
    def at_once(self) -> int:
        """Most requests in flight that the job allows."""
        if "base.llm_num_parallel_requests" in self._config.explicit:
            return self._config.base.llm_num_parallel_requests
        return CEILING

    def sampling(self, name: str) -> Sampling:
        """How a model is asked while generating: as its own parameters say, else as `synthgen` does."""
        synthgen, found = self._config.synthgen, self._config.model(name)
        own = found[0].inference_parameters if found else None
        temperature = own.temperature if own and own.temperature is not None else synthgen.teacher_temperature
        room = (own.max_tokens if own else None) or synthgen.teacher_max_tokens
        return Sampling(
            temperature=temperature,
            top_p=own.top_p if own and own.top_p is not None else 1.0,
            max_tokens=room or Sampling().max_tokens,
        )

    def price(self, name: str) -> Price:
        found = self._config.model(name)
        return Price(input=found[0].input_price, output=found[0].output_price) if found else Price()

    def _pace(self, provider: str, most: int) -> Pace:
        """The pace of an endpoint; the first model there says how many may be in flight."""
        if provider not in self._paces:
            self._paces[provider] = Pace(ceiling=most)
        return self._paces[provider]


def teacher_of(job: Job) -> ChatModel:
    """The teacher that the job names. Raises `ModelError` where it is nowhere to be reached."""
    base = job.config.base
    if base.teacher_model_name != OFFLINE:
        return Endpoints(job.config).model(base.teacher_model_name)
    return teacher(OFFLINE, examples=list(job.train()), tools=job.tools, seed=base.random_seed)


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


def composes(job: Job) -> bool:
    """Whether the teacher composes whole conversations itself, rather than being prompted for each."""
    return job.config.base.teacher_model_name == OFFLINE


def composer(job: Job) -> "Composer":
    """What writes new conversations for the job. Raises `ModelError` where its teacher is one that is prompted."""
    model = teacher_of(job)
    compose: Composer | None = getattr(model, "compose", None)
    if compose is None:
        raise ModelError(
            f"`{model.name}` is prompted, and does not compose by itself",
            hint="callwright generate JOB prompts it",
        )
    return compose
