"""Teachers: who writes conversations and answers them to be learned from.

A teacher is a `ChatModel`, named in `TEACHERS`. To add one: one file, one line. Which names a job may have in
`base.teacher_model_name` is told by `callwright.config.compatibility`; `teacher` makes the one that is named.
"""

import os
from collections.abc import Sequence

from callwright.chat import ChatModel
from callwright.conversation import Conversation, Tool
from callwright.errors import ModelError
from callwright.registry import Registry
from callwright.teachers.pace import Pace

TEACHERS: Registry[type] = Registry(
    "teacher",
    {
        "offline": "callwright.teachers.offline:OfflineTeacher",
        "openai": "callwright.teachers.openai:OpenAITeacher",
        "replay": "callwright.teachers.replay:ReplayTeacher",
    },
)
"""Name -> the class of the teacher, imported on first use."""

URL = "CALLWRIGHT_TEACHER_URL"
KEY = "CALLWRIGHT_TEACHER_API_KEY"


def teacher(
    name: str,
    *,
    examples: Sequence[Conversation],
    tools: Sequence[Tool],
    seed: int = 0,
    base_url: str | None = None,
    api_key_env: str | None = None,
    pace: Pace | None = None,
) -> ChatModel:
    """The teacher of that name: `offline`, or a model behind an endpoint.

    `base_url`: the endpoint; otherwise the environment's `CALLWRIGHT_TEACHER_URL`. `api_key_env`: the NAME of
    the variable that holds the key. `pace`: how many requests the endpoint gets at once. Raises `ModelError`
    where the name needs an endpoint and there is none.
    """
    made: ChatModel
    if name == "offline":
        made = TEACHERS["offline"](examples, tools, seed=seed)
        return made
    url = base_url or os.environ.get(URL, "")
    if not url:
        raise ModelError(
            f"the teacher `{name}` is reached through an endpoint, and none is named",
            hint=f"set {URL} (and {KEY}) or base.teacher_base_url, or choose base.teacher_model_name=offline",
        )
    made = TEACHERS["openai"](name, base_url=url, api_key_env=api_key_env or KEY, pace=pace)
    return made
