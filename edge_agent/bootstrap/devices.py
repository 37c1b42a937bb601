"""The devices a box has, as configured; what is missing or broken is off, and the shop sells.

Drivers are imported one by one, when they are configured: a box without a camera does not carry
OpenCV in its memory, and a system package that is missing costs one device, not the start.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar
from uuid import UUID

import structlog

from edge_agent.api.counter import RememberingReader
from edge_agent.api.wellbeing import OFF, worst
from edge_agent.bootstrap.append_style import append_style
from edge_agent.bootstrap.basis import Basis
from edge_agent.bootstrap.displays import LatePermit, TillDisplay, open_display
from edge_agent.bootstrap.face_models import FaceEngines, open_face
from edge_agent.bootstrap.line_opener import line_opener
from edge_agent.bootstrap.scanners import TillScanner, open_scanner
from edge_agent.lane_settings import LaneSettings, NfcConfig
from edge_agent.ports.arrays import UInt8s
from edge_agent.ports.camera import Camera
from edge_agent.ports.framed_till import FramedTill
from edge_agent.ports.nfc import NfcReader
from edge_agent.ports.qr import QrReader
from edge_agent.ports.till_tap import TillTap
from edge_agent.till_settings import EscposTill
from edge_agent.till_settings import FramedTill as FramedTillConfig
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

BROKEN = "gone"
STARTING = "starting"
OF_A_LANE = ("camera", "face", "qr", "nfc")
Made = TypeVar("Made")
log = structlog.get_logger("devices")


@dataclass(slots=True)
class LaneDevices:
    """What one lane has; `failed` says why something configured could not be set up."""

    id: str
    camera: Camera | None = None
    qr: QrReader | None = None
    nfc: RememberingReader | None = None
    failed: dict[str, Fault] = field(default_factory=dict)

    def state(self, name: str) -> str:
        """Return the state of a device by its name, `off` when the lane has none."""
        if name in self.failed:
            return BROKEN
        device = self.nfc if name == "nfc" else self.camera
        if device is None or (name == "qr" and self.qr is None):
            return OFF
        return device.state()


@dataclass(slots=True)
class Devices:
    """What is there: each lane's own, and what the shop has once."""

    lanes: dict[str, LaneDevices]
    face: FaceEngines | None = None
    taps: dict[UUID, TillTap] = field(default_factory=dict)
    framed: dict[UUID, FramedTill] = field(default_factory=dict)
    software: dict[UUID, Callable[[], str]] = field(default_factory=dict)
    displays: dict[UUID, TillDisplay] = field(default_factory=dict)
    scanners: dict[UUID, TillScanner] = field(default_factory=dict)
    permit: LatePermit = field(default_factory=LatePermit)
    failed: dict[str, Fault] = field(default_factory=dict)

    def start(self) -> None:
        """Begin watching; a device that cannot be opened shows in its state."""
        for device in self._all():
            device.start()
        if self.face is not None:
            self.face.start()

    def stop(self) -> None:
        """Stop every thread and process; safe to call twice."""
        if self.face is not None:
            self.face.stop()
        for device in self._all():
            device.stop()

    def sees(self) -> bool:
        """Tell whether there are cameras, or nets that look at pictures."""
        return self.face is not None or any(lane.camera for lane in self.lanes.values())

    def states(self) -> dict[str, Callable[[], str]]:
        """Say where the states are asked: the worst of each kind, and each lane's (`nfc@a`)."""
        found: dict[str, Callable[[], str]] = {
            name: partial(self._worst, name) for name in OF_A_LANE
        }
        found["till_tap"] = self._taps_state
        if self.framed or "framed_till" in self.failed:
            found["framed_till"] = self._framed_state
        if self.software:
            found["till_software"] = lambda: worst([state() for state in self.software.values()])
        for name, taps in (("display", self.displays), ("scanner", self.scanners)):
            if taps or name in self.failed:
                found[name] = partial(self._beside_tap, name, taps)
        if len(self.lanes) > 1:
            for name in OF_A_LANE:
                for lane in self.lanes.values():
                    found[f"{name}@{lane.id}"] = partial(self._state, name, lane)
        return found

    def noted(self, members: int) -> tuple[Fault, ...]:
        """Return what is to be said of face recognition beyond its state, the gravest first."""
        failed = self.failed.get("face")
        if failed is not None:
            return (failed,)
        return self.face.noted(members) if self.face is not None else ()

    def faces_off(self) -> FaultCode | None:
        """Return why no face can be read, where models and not cameras are the reason."""
        failed = self.failed.get("face")
        if failed is None and self.face is not None:
            failed = self.face.fault
        return None if failed is None else failed.code

    def _worst(self, name: str) -> str:
        return worst([self._state(name, lane) for lane in self.lanes.values()])

    def _state(self, name: str, lane: LaneDevices) -> str:
        if name != "face":
            return lane.state(name)
        if self.face is None:
            return BROKEN if "face" in self.failed else OFF
        return worst([self.face.state(), lane.state("camera")])

    def _framed_state(self) -> str:
        states = [till.state() for till in self.framed.values()]
        return worst([BROKEN, *states] if "framed_till" in self.failed else states)

    def _all(self) -> list[Camera | NfcReader | TillTap | FramedTill | TillDisplay | TillScanner]:
        of_lanes = [one for lane in self.lanes.values() for one in (lane.camera, lane.nfc)]
        there = [device for device in (*of_lanes, *self.taps.values()) if device]
        return [
            *there,
            *self.framed.values(),
            *self.displays.values(),
            *self.scanners.values(),
        ]

    def _beside_tap(self, name: str, taps: Mapping[UUID, TillDisplay | TillScanner]) -> str:
        states = [tap.state() for tap in taps.values()]
        return worst([BROKEN, *states] if name in self.failed else states)

    def _taps_state(self) -> str:
        states = [tap.state() for tap in self.taps.values()]
        return worst([BROKEN, *states] if "till_tap" in self.failed else states)


def open_devices(basis: Basis) -> Devices:
    """Set up what is configured; nothing is started yet."""
    made = Devices({lane.id: open_lane(basis, lane) for lane in basis.settings.lanes})
    if basis.settings.config.face.enabled and not basis.safe:
        made.face = _attempt(made, basis.tally, "face", lambda: open_face(basis))
    for till in basis.settings.device.escpos_tills:
        tap = _attempt(made, basis.tally, "till_tap", partial(open_tap, basis, till))
        if tap is not None:
            made.taps[till.id] = tap
        _open_beside(made, basis, till)
    for framed in basis.settings.device.framed_tills:
        asking = _attempt(made, basis.tally, "framed_till", partial(open_framed, basis, framed))
        if asking is not None:
            made.framed[framed.id] = asking
    made.software = {till.id: lambda: STARTING for till in basis.settings.device.software_tills}
    return made


def _open_beside(made: Devices, basis: Basis, till: EscposTill) -> None:
    """Set up the display and the scanner of a tapped till."""
    if till.display is not None:
        opening = partial(open_display, basis, till.id, till.display, made.permit)
        display = _attempt(made, basis.tally, "display", opening)
        if display is not None:
            made.displays[till.id] = display
    if till.scanner is not None:
        setting_up = partial(open_scanner, basis, till.id, till.scanner, made.permit)
        scanner = _attempt(made, basis.tally, "scanner", setting_up)
        if scanner is not None:
            made.scanners[till.id] = scanner


def open_lane(basis: Basis, lane: LaneSettings) -> LaneDevices:
    """Set up one lane's camera and readers; what fails is off at this lane alone."""
    made, tally = LaneDevices(lane.id), basis.tally
    if basis.safe:  # what can end the program is native code: cameras, models, card readers
        return made
    if lane.camera.source:
        made.camera = _attempt(made, tally, "camera", lambda: open_camera(lane, tally))
    if lane.qr.from_camera and made.camera:
        made.qr = _attempt(made, tally, "qr", open_qr)
    if lane.nfc.reader:
        others = (one.nfc.reader for one in basis.settings.lanes if one.id != lane.id)
        elsewhere = tuple(filter(None, others))
        reader = _attempt(made, tally, "nfc", lambda: open_nfc(lane.nfc, tally, elsewhere))
        made.nfc = RememberingReader(reader) if reader else None
    return made


def _attempt(
    made: Devices | LaneDevices, tally: FaultTally, name: str, make: Callable[[], Made]
) -> Made | None:
    lane = made.id if isinstance(made, LaneDevices) else "-"
    try:
        return make()
    except Fault as fault:
        # Another than the one raised: that one would keep what its frames held.
        failed = Fault(fault.code, **fault.fields)
    except ImportError as error:
        failed = Fault(FaultCode.SETUP_PACKAGE_MISSING, packages=str(error.name))
    why = str(failed.fields)
    log.warning("device_off", device=name, lane=lane, code=failed.code.value, why=why)
    tally.count(failed.code)
    made.failed[name] = failed
    return None


def open_camera(lane: LaneSettings, tally: FaultTally) -> Camera:
    """Set up a lane's camera."""
    from edge_agent.drivers.camera_opencv.driver import CameraOpenCv  # noqa: PLC0415 - see above

    return CameraOpenCv(lane.id, lane.camera.source, fps=lane.camera.fps, tally=tally)


def open_qr() -> QrReader:
    """Set up the reader of codes in pictures."""
    from edge_agent.drivers.qr.reader import QrCascade  # noqa: PLC0415 - see above

    return QrCascade()


def open_nfc(config: NfcConfig, tally: FaultTally, elsewhere: tuple[str, ...] = ()) -> NfcReader:
    """Set up the contactless reader; `elsewhere` are the name parts of other lanes."""
    from edge_agent.drivers.nfc_pcsc.driver import PcscNfcReader  # noqa: PLC0415 - see above

    return PcscNfcReader(
        config.reader, tally=tally, numbers_alone=config.plain_uid, elsewhere=elsewhere
    )


def open_tap(basis: Basis, till: EscposTill) -> TillTap:
    """Set up a tapped till; raises Fault TILL_PROFILE_INVALID."""
    from edge_agent.drivers.profiles import TillProfile, load_profile  # noqa: PLC0415 - see above
    from edge_agent.drivers.till_escpos.driver import EscposTap  # noqa: PLC0415 - see above

    profile = load_profile(basis.settings.config.profiles_dir, till.profile, TillProfile)
    ports = (till.port, till.printer)
    return EscposTap(
        str(till.id),
        profile,
        ports,
        tally=basis.tally,
        open_line=line_opener(basis),
        append=append_style(till.append),
    )


def open_framed(basis: Basis, till: FramedTillConfig) -> FramedTill:
    """Set up a till that asks in frames; raises Fault TILL_PROFILE_INVALID."""
    from edge_agent.drivers.framed_ecr.driver import FramedEcr  # noqa: PLC0415 - see above
    from edge_agent.drivers.profiles import FramedProfile, load_profile  # noqa: PLC0415

    profile = load_profile(basis.settings.config.profiles_dir, till.profile, FramedProfile)
    return FramedEcr(
        str(till.id), profile, till.port, tally=basis.tally, open_line=line_opener(basis)
    )


def open_picture(content: bytes) -> UInt8s:
    """Open a JPEG or PNG; raises Fault FACE_IMAGE_BROKEN."""
    from edge_agent.drivers.face_onnx.pictures import decode_picture  # noqa: PLC0415 - see above

    return decode_picture(content)
