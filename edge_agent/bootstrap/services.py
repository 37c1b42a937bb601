"""The services over files, lines and devices."""

from dataclasses import dataclass

from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.bootstrap.devices import Devices
from edge_agent.bootstrap.lines import Lines
from edge_agent.recognition.cards import CardTaps
from edge_agent.recognition.codes import CodeCheck, QrFrames
from edge_agent.recognition.faces import FaceReader
from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.lookup import MemberLookup
from edge_agent.recognition.proofs import Proofs
from edge_agent.services.book_tapped import BookTapped
from edge_agent.services.close_sale import CloseSale
from edge_agent.services.consents import Consents
from edge_agent.services.enrol import Enrol
from edge_agent.services.enrol_face import EnrolFace, FaceDesk
from edge_agent.services.identify import Identify, Lane
from edge_agent.services.members import Members
from edge_agent.services.price_desk import PriceDesk
from edge_agent.services.recorder import Recorder
from edge_agent.services.till_sessions import TillSessions
from edge_agent.services.turn_head import TurnDesk, TurnHead
from retail_core.identity.face_match import NOBODY

NO_MODEL = "none"


@dataclass(frozen=True, slots=True)
class Services:
    """What the API and the loops call."""

    prices: PriceDesk
    members: Members
    sales: CloseSale
    enrol: Enrol
    enrol_face: EnrolFace
    tapped: BookTapped
    sessions: TillSessions
    proofs: Proofs
    gallery: Gallery
    identify: Identify
    turn_head: TurnHead


def build_services(basis: Basis, storage: Storage, lines: Lines, devices: Devices) -> Services:
    """Wire the services."""
    replica, clock, ids, shop = storage.replica, basis.clock, basis.ids, basis.shop
    recorder = Recorder(storage.journal, [lines.pending.recorded, lines.uplink.recorded])
    sessions = TillSessions(clock, basis.settings.config.face.turn_policy)
    members = _members(basis, storage, lines)
    keys = basis.settings.device.keys
    proofs = Proofs(
        keys.sun_meta_key.get_secret_value(),
        keys.sun_master_key.get_secret_value(),
        members.card_hash,
        storage.documents,
    )
    model_id = devices.face.lane.model_id if devices.face else NO_MODEL
    gallery = Gallery(model_id, storage.gallery.load(model_id))
    lane = _lane(basis, devices, MemberLookup(replica, members), proofs, gallery)
    claim_base = f"{basis.settings.device.cloud.url}/m/"
    return Services(
        prices=PriceDesk(replica, shop),
        members=members,
        sales=CloseSale(recorder, replica, clock, ids, shop),
        enrol=Enrol(recorder, replica, members, clock, ids, shop, claim_base=claim_base),
        enrol_face=EnrolFace(
            FaceDesk(
                engine=devices.face.enrolment if devices.face else None,
                camera=devices.camera,
                gallery=gallery,
                store=storage.gallery,
                policy=devices.face.policy if devices.face else NOBODY,
            ),
            ids,
            Consents(storage.journal).event_for,
        ),
        tapped=BookTapped(
            recorder, storage.journal, replica, sessions, clock, ids, shop, basis.tally
        ),
        sessions=sessions,
        proofs=proofs,
        gallery=gallery,
        identify=Identify(lane, basis.tally),
        turn_head=TurnHead(
            TurnDesk(devices.face.lane if devices.face else None, devices.camera, gallery), ids
        ),
    )


def _members(basis: Basis, storage: Storage, lines: Lines) -> Members:
    keys = basis.settings.device.keys
    return Members(
        storage.replica,
        lines.directory,
        lines.pending,
        basis.clock,
        basis.tally,
        phone_hash_key=keys.phone_hash_key.get_secret_value(),
        card_hash_key=keys.card_hash_key.get_secret_value(),
    )


def _lane(
    basis: Basis, devices: Devices, lookup: MemberLookup, proofs: Proofs, gallery: Gallery
) -> Lane:
    codes = CodeCheck(lookup, proofs, basis.clock)
    camera = devices.camera
    face = qr = None
    if camera and devices.face:
        faces = devices.face
        face = FaceReader(camera, faces.lane, gallery, lookup, faces.policy)
    if camera and devices.qr:
        qr = QrFrames(camera, devices.qr, codes)
    cards = CardTaps(devices.nfc, lookup, proofs) if devices.nfc else None
    return Lane(lookup, proofs, codes, face, qr, cards)
