"""The kinds of values that settings have, and what every section is."""

from typing import Annotated, Any, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


def _number(value: Any) -> Any:
    if isinstance(value, bool):  # pydantic would take true for 1
        raise ValueError("a number, not true or false")
    return value


def _inside(value: float) -> float:
    if not 0 < value < 1:
        raise ValueError("more than 0 and less than 1")
    return value


_Number = BeforeValidator(_number)
Count: TypeAlias = Annotated[int, _Number, Field(ge=1)]
Amount: TypeAlias = Annotated[int, _Number, Field(ge=0)]
Whole: TypeAlias = Annotated[int, _Number, Field(ge=0, lt=2**32)]
Positive: TypeAlias = Annotated[float, _Number, Field(gt=0, allow_inf_nan=False)]
NotNegative: TypeAlias = Annotated[float, _Number, Field(ge=0, allow_inf_nan=False)]
Share: TypeAlias = Annotated[float, _Number, Field(ge=0, le=1)]
InnerShare: TypeAlias = Annotated[float, _Number, AfterValidator(_inside)]
Name: TypeAlias = Annotated[str, Field(min_length=1)]


def _without_secret(url: str) -> str:
    if urlsplit(url).username or urlsplit(url).password:
        raise ValueError("an address without a password in it; put the key into an environment variable")
    return url


Endpoint: TypeAlias = Annotated[str, AfterValidator(_without_secret)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=(), validate_default=True)
