"""Where models are reached: `providers:` (an endpoint each) and `models:` (a name for a model at one of them)."""

import os
import re
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, Field

from callwright.config.section import Count, Endpoint, Name, NotNegative, Positive, Section, Share
from callwright.conversation import Json
from callwright.errors import Fault
from callwright.registry import near


def _variable(value: str) -> str:
    """A name as environment variables have it; anything else may be the key itself and is not repeated."""
    plain = re.fullmatch(r"[A-Z_][A-Z0-9_]{0,63}", value)
    if not (plain or (re.fullmatch(r"\w+", value) and value in os.environ)):
        raise ValueError("the NAME of the environment variable that holds the key, such as OPENAI_API_KEY")
    return value


Variable: TypeAlias = Annotated[str, AfterValidator(_variable)]
"""The name of an environment variable; never what it holds."""


class Provider(Section):
    """An endpoint."""

    name: Name
    endpoint: Endpoint
    provider_type: Annotated[str, Field(pattern="^openai$")] = "openai"
    """Endpoints that speak OpenAI's API are the ones there are."""
    api_key: Variable | None = None
    """NAME of the environment variable that holds the key; None: none is sent."""
    extra_body: dict[str, Any] = Field(default_factory=dict)
    extra_headers: dict[str, str] = Field(default_factory=dict, repr=False)


class InferenceParameters(Section):
    """How a model is asked; what is not set here is as `synthgen` has it."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Share | None = None
    max_tokens: Count | None = None
    max_parallel_requests: Count | None = None
    timeout: Positive | None = None
    """Seconds that one answer may take."""
    extra_body: dict[str, Any] = Field(default_factory=dict)


class Model(Section):
    """A model at a provider, by a name of the user's own."""

    alias: Name
    model: Name
    provider: Name
    skip_health_check: bool = False
    """Of the reference; nothing is asked before the first real question here."""
    inference_parameters: InferenceParameters = InferenceParameters()
    input_price: NotNegative = 0.0
    """Ours: dollars for a million tokens of prompts."""
    output_price: NotNegative = 0.0
    """Ours: dollars for a million tokens of answers."""


def endpoint_faults(providers: tuple[Provider, ...], models: tuple[Model, ...]) -> list[Fault]:
    """Names given twice, and models at a provider that there is none of."""
    faults = [
        Fault(path=f"{key}", expected="each name once", found=f"`{name}` twice")
        for key, names in (
            ("providers", [one.name for one in providers]),
            ("models", [one.alias for one in models]),
        )
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    known = [one.name for one in providers]
    for one in models:
        if one.provider not in known:
            hint = near(one.provider, known) if known else "`providers:` lists none"
            found = f"`{one.provider}`, of the model `{one.alias}`"
            faults.append(Fault(path="models", expected="a provider's name", found=found, hint=hint))
    return faults


def recorded(providers: tuple[Provider, ...]) -> list[dict[str, Json]]:
    """Providers as a manifest keeps them: of headers the names alone, for their values may be secrets."""
    return [
        {
            **one.model_dump(mode="json", exclude={"extra_headers"}),
            "extra_headers": sorted(one.extra_headers),
        }
        for one in providers
    ]
