"""The profile of a till's own software that is talked to over HTTP."""

from typing import Annotated, Literal

from pydantic import Field

from edge_agent.drivers.profiles.sections import Profile


class TillSoftwareProfile(Profile):
    """How a till's software is talked to.

    `settle_ms`: how long after a call without an answer its system may still book; only then is it
    read back. `calls_per_minute`: no more than that are made.
    """

    kind: Literal["till_software"]
    system: Literal["ruipos", "pospal"]
    timeout_ms: Annotated[int, Field(ge=100, le=60_000)] = 5_000
    settle_ms: Annotated[int, Field(ge=0, le=600_000)] = 30_000
    retry_ms: Annotated[int, Field(ge=100, le=3_600_000)] = 60_000
    tries: Annotated[int, Field(ge=1, le=1_000)] = 20
    calls_per_minute: Annotated[int, Field(ge=1, le=6_000)] = 60
