"""The lanes of a box, wired: each with its own readers, over what the shop knows once."""

from dataclasses import dataclass

from edge_agent.bootstrap.basis import Basis
from edge_agent.bootstrap.devices import Devices, LaneDevices
from edge_agent.bootstrap.faces import Drawn, Faces, Held
from edge_agent.domain.lanes import LaneTills
from edge_agent.lane_settings import WHOLE, LaneSettings
from edge_agent.recognition.cards import CardTaps
from edge_agent.recognition.codes import CodeCheck, QrFrames
from edge_agent.recognition.proofs import Proofs
from edge_agent.recognition.weak_cards import WeakCards
from edge_agent.services.counter.baskets import Baskets
from edge_agent.services.counter.training import TrainingMode
from edge_agent.services.recognition.enrol_face import EnrolFace
from edge_agent.services.recognition.identify import Identify
from edge_agent.services.recognition.readers import Lane
from edge_agent.services.recognition.turn_head import Tries, TurnDesk, TurnHead
from edge_agent.services.recognition.walk_up import WalkUp


@dataclass(frozen=True, slots=True)
class LaneServices:
    """What works at one lane."""

    devices: LaneDevices
    weak_cards: WeakCards
    identify: Identify
    turn_head: TurnHead
    enrol_face: EnrolFace
    walk_up: WalkUp

    def stop(self) -> None:
        """End what is under way; safe to call twice."""
        self.identify.stop()
        self.turn_head.stop()


def lanes_with_tills(basis: Basis) -> tuple[LaneTills, ...]:
    """Say which tills stand at which lane, and whose sales name nobody whom the lane's readers saw.

    One that only prints, and one that asks in frames: it tells of a sale, not of who stood there.
    """
    device = basis.settings.device
    prints = {till.id for till in device.escpos_tills} | {till.id for till in device.framed_tills}
    return tuple(
        LaneTills(
            lane.id, lane.name, lane.tills, tuple(till for till in lane.tills if till in prints)
        )
        for lane in basis.settings.lanes
    )


@dataclass(frozen=True, slots=True)
class Shared:
    """What the lanes have in common; `devices` have their face engines behind the door already."""

    devices: Devices
    faces: Faces
    held: Held
    proofs: Proofs
    tries: Tries
    baskets: Baskets
    training: TrainingMode


def build_lanes(basis: Basis, shared: Shared) -> dict[str, LaneServices]:
    """Wire every lane."""
    return {lane.id: _lane(basis, lane, shared) for lane in basis.settings.lanes}


def _lane(basis: Basis, lane: LaneSettings, shared: Shared) -> LaneServices:
    devices, faces, held, proofs = shared.devices, shared.faces, shared.held, shared.proofs
    own = devices.lanes[lane.id]
    weak = WeakCards(
        basis.shop.tenant.bytes,
        basis.settings.device.cloud.bundle_public_key,
        plain_uid=lane.nfc.plain_uid,
    )
    codes = CodeCheck(held.lookup, proofs, basis.clock)
    engine = devices.face.lanes[lane.id].turn if devices.face else None
    turn_head = TurnHead(TurnDesk(engine, own.camera, held.gallery), basis.ids, shared.tries)
    desk = faces.desk(own, devices.face, held.gallery)
    enrol_face = EnrolFace(desk, basis.ids, faces.consents.event_for)

    def busy() -> bool:
        practises = shared.training.at(lane.id) is not None
        return practises or turn_head.busy or enrol_face.busy

    def served() -> bool:
        return shared.baskets.serves_member(lane.id)

    walk_up = faces.walking_up(own, devices.face, Drawn(lane.camera.zone != WHOLE, busy, served))
    readers = Lane(
        held.lookup,
        proofs,
        codes,
        faces.reader(own, devices.face, held),
        QrFrames(own.camera, own.qr, codes) if own.camera and own.qr else None,
        CardTaps(own.nfc, held.lookup, proofs, weak) if own.nfc else None,
        faces.walk_up_reader(own, devices.face, held, walk_up),
    )
    return LaneServices(
        devices=own,
        weak_cards=weak,
        identify=Identify(readers, basis.tally),
        turn_head=turn_head,
        enrol_face=enrol_face,
        walk_up=walk_up,
    )
