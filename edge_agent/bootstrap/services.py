"""The services over files, lines and devices."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

from edge_agent.adapters.journal_seal import SealFound
from edge_agent.adapters.lease_book_sqlite import SqliteLeaseBook
from edge_agent.api.after_sale import AfterSale
from edge_agent.api.growth import Growth
from edge_agent.api.pairing_views import announce
from edge_agent.api.recruiting import Recruiting
from edge_agent.bootstrap.after_sale import build_after_sale
from edge_agent.bootstrap.basis import Basis, Storage
from edge_agent.bootstrap.beside import NO_MODEL, BesideParts, build_beside, old_gallery
from edge_agent.bootstrap.counter_sales import CounterSales, build_counter_sales
from edge_agent.bootstrap.devices import Devices
from edge_agent.bootstrap.faces import Faces, Held, build_faces
from edge_agent.bootstrap.fusion import build_permit
from edge_agent.bootstrap.growth import build_growth
from edge_agent.bootstrap.lanes import LaneServices, Shared, build_lanes
from edge_agent.bootstrap.lines import Lines
from edge_agent.bootstrap.recruiting import build_recruiting
from edge_agent.recognition.gallery import Gallery
from edge_agent.recognition.lookup import MemberLookup
from edge_agent.recognition.proofs import Proofs
from edge_agent.services.box.pairing import Pairing
from edge_agent.services.box.terminals import Terminals
from edge_agent.services.counter.close_sale import CloseSale
from edge_agent.services.journal.recorder import Recorder
from edge_agent.services.members.card_book import CardBook
from edge_agent.services.members.enrol import Enrol
from edge_agent.services.members.members import Members
from edge_agent.services.members.proof_uses import ProofUses
from edge_agent.services.members.reissue import ReissuePhone
from edge_agent.services.members.till_sessions import TillSessions
from edge_agent.services.recognition.turn_head import Tries
from edge_agent.services.rights.lease_desk import LeaseDesk
from edge_agent.services.shop.price_desk import PriceDesk
from edge_agent.services.tills.book_tapped import BookTapped
from edge_agent.services.tills.tapped_returns import TappedReturns
from edge_agent.services.tills.write_permit import WritePermit
from retail_core.checkout.business_date import day_after

# The cloud learns which board it is, never the board's secret.
LEASE_BOARD = b"regulars lease board\x00"


@dataclass(frozen=True, slots=True)
class Services:
    """What the API and the loops call."""

    prices: PriceDesk
    members: Members
    sales: CloseSale
    counter: CounterSales
    enrol: Enrol
    reissue: ReissuePhone
    tapped: BookTapped
    sessions: TillSessions
    proofs: Proofs
    proof_uses: ProofUses
    gallery: Gallery
    lanes: dict[str, LaneServices]
    faces: Faces
    beside: BesideParts
    leases: LeaseDesk
    after: AfterSale
    pairing: Pairing
    recruiting: Recruiting
    growth: Growth
    permit: WritePermit
    recorder: Recorder

    def release_waiters(self) -> None:
        """Let whoever waits at a lane come back empty-handed; safe to call twice."""
        for lane in self.lanes.values():
            lane.stop()


def build_services(basis: Basis, storage: Storage, lines: Lines, devices: Devices) -> Services:
    """Wire the services."""
    replica, clock, ids, shop = storage.replica, basis.clock, basis.ids, basis.shop
    told = [lines.pending.recorded, lines.uses.recorded, lines.uplink.recorded]
    recorder = Recorder(storage.journal, told)
    sessions = TillSessions(clock, basis.settings.config.face.turn_policy)
    members = _members(basis, storage, lines)
    members.stands_here = lines.downlink.first
    keys = basis.settings.device.keys
    proof_uses = ProofUses(storage.used_proofs, recorder, clock, ids, basis.tally)
    proof_uses.catch_up(storage.journal)
    card_book = CardBook(storage.card_counters, recorder, clock, ids, basis.tally)
    card_book.adopt(storage.documents)
    proofs = Proofs(
        keys.sun_meta_key.get_secret_value(),
        keys.sun_master_key.get_secret_value(),
        members.card_hash,
        card_book,
        proof_uses,
    )
    model_id = devices.face.model_id if devices.face else NO_MODEL
    gallery, old = Gallery(model_id), old_gallery(devices.face)
    faces = build_faces(basis, storage, lines, recorder, (gallery, old))
    devices = faces.guard(devices)
    gallery.fill_rows(storage.gallery.rows(model_id))
    beside = build_beside(basis, storage, devices.face, (gallery, old), faces)
    held = Held(gallery, MemberLookup(replica, members), beside)
    claim_base = f"{basis.settings.device.cloud.pages}/m/"
    counter_desk = (recorder, replica, members, clock, ids, shop)
    numbers = basis.settings.device.card_numbers
    enrol = Enrol(*counter_desk, claim_base=claim_base, numbers=numbers)
    leases = _leases(basis, storage, lines, recorder)
    counter = build_counter_sales(basis, storage, lines, recorder, leases)
    after = build_after_sale(basis, storage, lines, recorder, counter.sales)
    shared = Shared(devices, faces, held, proofs, Tries(), counter.baskets, after.training)
    return Services(
        prices=counter.prices,
        members=members,
        sales=counter.sales,
        counter=counter,
        enrol=enrol,
        reissue=ReissuePhone(recorder, replica, clock, ids, claim_base),
        tapped=_tapped(basis, storage, recorder, sessions, after),
        sessions=sessions,
        proofs=proofs,
        proof_uses=proof_uses,
        gallery=gallery,
        lanes=build_lanes(basis, shared),
        faces=faces,
        beside=beside,
        leases=leases,
        after=after,
        pairing=_pairing(basis, storage),
        recorder=recorder,
        permit=build_permit(basis, storage, recorder, lines.uplink),
        growth=build_growth(basis, storage, recorder, leases, counter.prices, members),
        recruiting=build_recruiting(
            basis, storage, lines, (recorder, members, counter.prices), enrol
        ),
    )


def _tapped(
    basis: Basis, storage: Storage, recorder: Recorder, sessions: TillSessions, after: AfterSale
) -> BookTapped:
    return BookTapped(
        recorder,
        storage.journal,
        storage.replica,
        sessions,
        basis.clock,
        basis.ids,
        basis.shop,
        basis.tally,
        TappedReturns(after.receipts, after.refunds, recorder, basis.ids),
    )


def _pairing(basis: Basis, storage: Storage) -> Pairing:
    terminals = Terminals(storage.documents, basis.clock, basis.ids, basis.tally)
    return Pairing(terminals, basis.clock, basis.ids, partial(announce, basis.hub))


def _leases(basis: Basis, storage: Storage, lines: Lines, recorder: Recorder) -> LeaseDesk:
    secret = basis.board.secret.get_secret_value()
    desk = LeaseDesk(
        SqliteLeaseBook(storage.journal.file, basis.shop.device),
        storage.journal,
        recorder,
        basis.clock,
        basis.ids,
        basis.tally,
        board=sha256(LEASE_BOARD + secret).digest() if secret else b"",
        connected=lines.link.connected,
        next_day=_next_day(basis, storage),
    )
    lines.downlink.lend_to(desk.apply)
    if storage.seal.found is SealFound.SET_BACK:
        desk.forked()
        lines.uplink.reload()
    return desk


def _next_day(basis: Basis, storage: Storage) -> Callable[[], int | None]:
    """Return what tells the first business day that has not begun here."""
    days = PriceDesk(storage.replica, basis.shop)

    def next_day() -> int | None:
        today = days.business_date(basis.clock.now())
        return None if today is None else day_after(today)

    return next_day


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
