"""What all bodies share."""

from pydantic import BaseModel, ConfigDict


class Asked(BaseModel):
    """A request: unknown fields are refused, so a misspelt one is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answered(BaseModel):
    """An answer, built from the services' dataclasses by attribute."""

    model_config = ConfigDict(from_attributes=True, frozen=True)
