"""The devices a box has, as configured; what is missing or broken is off, and the shop sells.

Drivers are imported one by one, when they are configured: a box without a camera does not carry
OpenCV in its memory, and a system package that is missing costs one device, not the start.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar
from uuid import UUID

import numpy as np
import structlog
from numpy.typing import NDArray

from edge_agent.api.counter import RememberingReader
from edge_agent.api.wellbeing import OFF, worst
from edge_agent.bootstrap.basis import Basis
from edge_agent.bootstrap.face_models import FaceEngines, open_face
from edge_agent.ports.camera import Camera
from edge_agent.ports.nfc import NfcReader
from edge_agent.ports.qr import QrReader
from edge_agent.ports.till_tap import TillTap
from edge_agent.settings import EscposTill, NfcConfig
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

BROKEN = "gone"
Made = TypeVar("Made")
log = structlog.get_logger("devices")


@dataclass(slots=True)
class Devices:
    """What is there; `failed` says why something configured could not be set up."""

    camera: Camera | None = None
    face: FaceEngines | None = None
    qr: QrReader | None = None
    nfc: RememberingReader | None = None
    taps: dict[UUID, TillTap] = field(default_factory=dict)
    failed: dict[str, FaultCode] = field(default_factory=dict)

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

    def states(self) -> dict[str, Callable[[], str]]:
        """Say where the state of each kind of device is asked."""
        return {
            "camera": lambda: self._state("camera", self.camera),
            "face": self._face_state,
            "qr": lambda: self._state("qr", self.camera if self.qr else None),
            "nfc": lambda: self._state("nfc", self.nfc),
            "till_tap": self._taps_state,
        }

    def noted(self, members: int) -> tuple[FaultCode, ...]:
        """Return what is to be said of face recognition beyond its state, the gravest first."""
        failed = self.failed.get("face")
        if failed is not None:
            return (failed,)
        return self.face.noted(members) if self.face is not None else ()

    def _face_state(self) -> str:
        camera = self._state("face", self.camera if self.face else None)
        return camera if self.face is None else worst([self.face.state(), camera])

    def _all(self) -> list[Camera | NfcReader | TillTap]:
        return [device for device in (self.camera, self.nfc, *self.taps.values()) if device]

    def _state(self, name: str, device: Camera | NfcReader | None) -> str:
        if name in self.failed:
            return BROKEN
        return OFF if device is None else device.state()

    def _taps_state(self) -> str:
        states = [tap.state() for tap in self.taps.values()]
        return worst([BROKEN, *states] if "till_tap" in self.failed else states)


def open_devices(basis: Basis) -> Devices:
    """Set up what is configured; nothing is started yet."""
    config, tally = basis.settings.config, basis.tally
    made = Devices()
    if config.camera.source:
        made.camera = _attempt(made, tally, "camera", lambda: open_camera(basis))
    if config.face.enabled:
        made.face = _attempt(made, tally, "face", lambda: open_face(basis))
    if config.qr.from_camera and made.camera:
        made.qr = _attempt(made, tally, "qr", open_qr)
    if config.nfc.reader:
        reader = _attempt(made, tally, "nfc", lambda: open_nfc(config.nfc, tally))
        made.nfc = RememberingReader(reader) if reader else None
    for till in basis.settings.device.escpos_tills:
        tap = _attempt(made, tally, "till_tap", partial(open_tap, basis, till))
        if tap is not None:
            made.taps[till.id] = tap
    return made


def _attempt(made: Devices, tally: FaultTally, name: str, make: Callable[[], Made]) -> Made | None:
    try:
        return make()
    except Fault as fault:
        code = fault.code
        log.warning("device_off", device=name, code=code.value, fields=str(fault.fields))
    except ImportError as error:
        code = FaultCode.SETUP_PACKAGE_MISSING
        log.warning("device_off", device=name, code=code.value, package=error.name)
    tally.count(code)
    made.failed[name] = code
    return None


def open_camera(basis: Basis) -> Camera:
    """Set up the lane's camera."""
    from edge_agent.drivers.camera_opencv.driver import CameraOpenCv  # noqa: PLC0415 - see above

    config = basis.settings.config.camera
    return CameraOpenCv("lane", config.source, fps=config.fps, tally=basis.tally)


def open_qr() -> QrReader:
    """Set up the reader of codes in pictures."""
    from edge_agent.drivers.qr.reader import QrCascade  # noqa: PLC0415 - see above

    return QrCascade()


def open_nfc(config: NfcConfig, tally: FaultTally) -> NfcReader:
    """Set up the contactless reader."""
    from edge_agent.drivers.nfc_pcsc.driver import PcscNfcReader  # noqa: PLC0415 - see above

    return PcscNfcReader(config.reader, tally=tally, numbers_alone=config.plain_uid)


def open_tap(basis: Basis, till: EscposTill) -> TillTap:
    """Set up a tapped till; raises Fault TILL_PROFILE_INVALID."""
    from edge_agent.drivers.profiles import TillProfile, load_profile  # noqa: PLC0415 - see above
    from edge_agent.drivers.till_escpos.driver import EscposTap  # noqa: PLC0415 - see above

    profile = load_profile(basis.settings.config.profiles_dir, till.profile, TillProfile)
    return EscposTap(str(till.id), profile, (till.port, till.printer), tally=basis.tally)


def open_picture(content: bytes) -> NDArray[np.uint8]:
    """Open a JPEG or PNG; raises Fault FACE_IMAGE_BROKEN."""
    from edge_agent.drivers.face_onnx.pictures import decode_picture  # noqa: PLC0415 - see above

    return decode_picture(content)
