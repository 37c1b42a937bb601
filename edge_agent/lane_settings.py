"""The lanes of a box as the config file says them: each has its camera, its reader, its tills.

A file without `[[lanes]]` has `[camera]`, `[nfc]` and `[qr]` once: that is one lane for every till.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Annotated, Protocol
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from edge_agent.domain.camera_source import CameraSource
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

# The lane of a box whose file names none.
ONLY_LANE = "1"
LANES_MAX = 8
Unit = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A part of a config file: what it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _camera_source(text: str) -> str:
    if text:
        CameraSource.parse(text)
    return text


def _zone(zone: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = zone
    if left >= right or top >= bottom:
        raise ValueError(
            Words("a zone is [left, top, right, bottom], 0 to 1", "zone 是 [左, 上, 右, 下],0 到 1")
        )
    return zone


CameraText = Annotated[str, AfterValidator(_camera_source)]
Zone = Annotated[tuple[Unit, Unit, Unit, Unit], AfterValidator(_zone)]
WHOLE = (0.0, 0.0, 1.0, 1.0)
LaneName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,15}$")]


class CameraConfig(Section):
    """The lane's camera; an empty source means there is none.

    `zone` is the part of the picture where this lane's customer stands: left, top, right, bottom,
    from 0 to 1. Faces outside it belong to somebody else's lane.
    """

    source: CameraText = ""
    fps: Annotated[int, Field(ge=1, le=60)] = 10
    zone: Zone = WHOLE


class NfcConfig(Section):
    """The contactless reader: a part of its PC/SC name; empty means there is none.

    `plain_uid` takes cards that have nothing but a number, which anybody can copy: they find a
    member and never spend.
    """

    reader: str = ""
    plain_uid: bool = False


class QrConfig(Section):
    """Member codes."""

    from_camera: bool = True


class LaneConfig(Section):
    """One counter; `tills` are ids or names of the device file."""

    id: LaneName
    name: Annotated[str, Field(max_length=40)] = ""
    tills: Annotated[tuple[str, ...], Field(min_length=1)]
    camera: CameraConfig = CameraConfig()
    nfc: NfcConfig = NfcConfig()
    qr: QrConfig = QrConfig()


class LaneSettings(Section):
    """A lane as the program uses it."""

    id: str
    name: str
    tills: tuple[UUID, ...]
    camera: CameraConfig
    nfc: NfcConfig
    qr: QrConfig


class Written(Protocol):
    """The part of a config file that says which lanes there are."""

    @property
    def lanes(self) -> tuple[LaneConfig, ...]:
        """What stands under `[[lanes]]`."""
        ...

    @property
    def camera(self) -> CameraConfig | None:
        """What stands under `[camera]`."""
        ...

    @property
    def nfc(self) -> NfcConfig | None:
        """What stands under `[nfc]`."""
        ...

    @property
    def qr(self) -> QrConfig | None:
        """What stands under `[qr]`."""
        ...


def lanes_of(written: Written, tills: Mapping[UUID, str]) -> tuple[LaneSettings, ...]:
    """Return the lanes of a box with these tills (id → name).

    Faults SETUP_LANES_TWICE, SETUP_LANE_TILL_UNKNOWN, SETUP_TILL_WITHOUT_LANE,
    SETUP_TILL_IN_TWO_LANES, SETUP_LANES_SHARE.
    """
    if not written.lanes:
        return (_only_lane(written, tills),)
    for section in ("camera", "nfc", "qr"):
        if getattr(written, section) is not None:
            raise Fault(FaultCode.SETUP_LANES_TWICE, section=section)
    lanes = tuple(_placed(lane, tills) for lane in written.lanes)
    _check_tills(lanes, tills)
    _check_devices(lanes)
    return lanes


def _only_lane(written: Written, tills: Mapping[UUID, str]) -> LaneSettings:
    return LaneSettings(
        id=ONLY_LANE,
        name="",
        tills=tuple(tills),
        camera=written.camera or CameraConfig(),
        nfc=written.nfc or NfcConfig(),
        qr=written.qr or QrConfig(),
    )


def _placed(lane: LaneConfig, tills: Mapping[UUID, str]) -> LaneSettings:
    return LaneSettings(
        id=lane.id,
        name=lane.name or lane.id,
        tills=tuple(_till(text, lane.id, tills) for text in lane.tills),
        camera=lane.camera,
        nfc=lane.nfc,
        qr=lane.qr,
    )


def _till(text: str, lane: str, tills: Mapping[UUID, str]) -> UUID:
    found = [till for till, name in tills.items() if text in {str(till), name}]
    if len(found) != 1:
        raise Fault(FaultCode.SETUP_LANE_TILL_UNKNOWN, lane=lane, till=text)
    return found[0]


def _check_tills(lanes: Sequence[LaneSettings], tills: Mapping[UUID, str]) -> None:
    for till, name in tills.items():
        at = [lane.id for lane in lanes for one in lane.tills if one == till]
        if not at:
            raise Fault(FaultCode.SETUP_TILL_WITHOUT_LANE, till=name)
        if len(at) > 1:
            raise Fault(FaultCode.SETUP_TILL_IN_TWO_LANES, till=name, lanes=", ".join(at))


def _check_devices(lanes: Sequence[LaneSettings]) -> None:
    for one, other in combinations(lanes, 2):
        for device in _shared(one, other):
            raise Fault(FaultCode.SETUP_LANES_SHARE, lanes=f"{one.id}, {other.id}", device=device)


def _shared(one: LaneSettings, other: LaneSettings) -> Iterator[str]:
    """Yield the devices that two lanes both claim; a reader's name part may lie in the other's."""
    ours, theirs = one.camera.source, other.camera.source
    if ours and theirs and _where(ours) == _where(theirs):
        yield CameraSource.parse(ours).shown
    ours, theirs = one.nfc.reader, other.nfc.reader
    if ours and theirs and (ours in theirs or theirs in ours):
        yield f"{ours} / {theirs}"


def _where(source: str) -> tuple[str, str]:
    parsed = CameraSource.parse(source)
    return parsed.kind, parsed.where
