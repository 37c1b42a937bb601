"""The devices of a box's lanes, with fakes before them."""

from uuid import UUID

from edge_agent.api.counter import RememberingReader
from edge_agent.bootstrap.devices import Devices, LaneDevices
from edge_agent.bootstrap.face_models import FaceEngines, LaneEngines
from edge_agent.domain.lanes import Place
from edge_agent.lane_settings import ONLY_LANE
from edge_agent.ports.camera import Camera
from edge_agent.ports.face import FaceEngine
from edge_agent.ports.nfc import NfcReader
from edge_agent.ports.till_tap import TillTap
from tests.factories.agent_api import PRINTING_TILL, TILL
from tests.factories.faces import POLICY
from tests.fakes.qr import FakeQrReader

AT_TILL, AT_PRINTING_TILL = Place(ONLY_LANE, TILL), Place(ONLY_LANE, PRINTING_TILL)


def lane_devices(
    lane: str = ONLY_LANE, *, camera: Camera | None = None, nfc: NfcReader | None = None
) -> LaneDevices:
    """One lane: a code reader at its camera, and a card reader."""
    reader = RememberingReader(nfc) if nfc is not None else None
    return LaneDevices(lane, camera, FakeQrReader() if camera is not None else None, reader)


def box_devices(
    *lanes: LaneDevices, engine: FaceEngine | None = None, taps: dict[UUID, TillTap] | None = None
) -> Devices:
    """A box of these lanes, all behind one face engine."""
    faces = None
    if engine is not None:
        faces = FaceEngines(
            {lane.id: LaneEngines(engine, engine, engine) for lane in lanes}, engine, POLICY
        )
    return Devices({lane.id: lane for lane in lanes}, faces, taps or {})
