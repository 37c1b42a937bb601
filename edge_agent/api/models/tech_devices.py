"""The devices that are plugged in, and by which name the configuration knows them."""

from typing import Annotated

from pydantic import Field

from edge_agent.api.models.base import Answered, Asked
from edge_agent.api.models.identify import ReasonView
from edge_agent.domain.devices import NAME_PATTERN

DevicePath = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        examples=["/dev/ttyUSB0"],
        description="its path now, its name under by-id, or its claim",
    ),
]


class DeviceView(Answered):
    """One device; `unknown`: somebody plugged it in and nobody claims it."""

    path: str
    by_id: str
    kind: str = Field(description="`line`, `printer`, `keys` or `camera`")
    title: str
    model: str = Field(description="vendor and product number, empty for a port of the board")
    serial: str
    socket: str
    unknown: bool


class ClaimView(Answered):
    """One claim as it stands; `trouble` says why its driver gets no path."""

    name: str
    standing: str = Field(description="`found`, `unsure` or `missing`")
    presence: str = Field(description="`present`, `flapping` or `absent`")
    presence_s: int
    how: str | None = Field(description="known by `serial`, `handshake` or `operator`")
    device: DeviceView | None
    rivals: tuple[str, ...] = Field(description="devices between which nobody can tell")
    voice: str | None = Field(description="what it was heard to be")
    by_socket: bool
    may_probe: bool
    claimed_ms: int
    claimed_by: str
    used_by: str | None = Field(description="the till or lane that is configured to use it")
    failures: int = Field(description="how often it could not be opened, in a row")
    trouble: ReasonView | None


class DevicesAnswered(Answered):
    """Claims, all other devices, and claims the configuration names that nobody made."""

    claims: tuple[ClaimView, ...]
    devices: tuple[DeviceView, ...]
    wanted: dict[str, str]


class ClaimDeviceAsked(Asked):
    """The operator's choice: this device has that name from now on."""

    name: Annotated[str, Field(pattern=NAME_PATTERN, examples=["till-1-printer"])]
    device: DevicePath
    by_socket: bool = Field(
        default=False,
        description="whatever of this make sits in that socket is the one: cables stay where "
        "they are",
    )
    may_probe: bool = Field(
        default=False, description="one question may be written to hear what it is"
    )


class IdentifyDeviceAsked(Asked):
    """Listen to a device; `ask` also writes one question, where its claim allows that."""

    device: DevicePath
    ask: bool = False
    listen_ms: Annotated[int, Field(ge=50, le=5_000)] = 1_000


class HeardAnswered(Answered):
    """What the line sounds like; nothing of what was said on it."""

    device: str
    voice: str | None
