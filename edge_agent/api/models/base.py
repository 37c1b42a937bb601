"""What all bodies share."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from edge_agent.lane_settings import LaneName

WhereOrHere = Annotated[
    UUID | LaneName | None,
    Field(description="the till the customer stands at, or its lane; by default the caller's own"),
]


class Asked(BaseModel):
    """A request: unknown fields are refused, so a misspelt one is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answered(BaseModel):
    """An answer, built from the services' dataclasses by attribute."""

    model_config = ConfigDict(from_attributes=True, frozen=True)
