"""What the routes work with, and who is asking."""

import threading
from dataclasses import dataclass, field
from uuid import UUID

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from cloud_broker.api.peer import peer_of
from cloud_broker.domain.arrivals import Place
from cloud_broker.domain.limiter import Rate, RateBook
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.sight import look_as
from cloud_broker.services.access.admission import admit
from cloud_broker.services.access.overview import HqAuth, HqDesk, HqIdentity, HqQueries
from cloud_broker.services.access.partners import Partner, is_key
from cloud_broker.services.faces.faces import FaceOffice
from cloud_broker.services.fleet.box_word import BoxWord
from cloud_broker.services.fleet.desks import FleetDesks
from cloud_broker.services.fleet.devices import Devices
from cloud_broker.services.fleet.enrolling import Enrolling
from cloud_broker.services.goods.back_office import BackOffice
from cloud_broker.services.growth.desks import GrowthDesks
from cloud_broker.services.insight.campaign_desks import CampaignDesks
from cloud_broker.services.insight.channels import Channels
from cloud_broker.services.insight.identity_desk import IdentityDesk
from cloud_broker.services.insight.insight_desks import InsightDesks
from cloud_broker.services.insight.segmenting import Segmenting
from cloud_broker.services.insight.stock_desk import StockDesk
from cloud_broker.services.line.signed_time import TimeTeller
from cloud_broker.services.members.checkins import CheckIns
from cloud_broker.services.members.member_desk import MemberDesk
from cloud_broker.services.members.members import Members
from cloud_broker.services.members.phones import Phones
from cloud_broker.services.members.privacy_desks import PrivacyDesks
from cloud_broker.services.members.receipt_bills import ReceiptBills
from cloud_broker.services.members.receipt_claims import ReceiptClaims
from cloud_broker.services.members.receipt_look_up import ReceiptLookUp
from cloud_broker.services.members.sms_codes import SmsCodes
from cloud_broker.services.outward.exporting import ExportShelf
from cloud_broker.services.persons.person_filters import PersonFilters
from cloud_broker.services.rights.rights_desk import RightsDesk
from cloud_broker.services.rules.desks import RuleDesks
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

# By address, behind which a mobile network has thousands of phones; a claim code has 50 bits, so
# one guess a second takes millions of years.
CLAIM_RATE = Rate(per_minute=60, burst=60)
# Each is an SMS to somebody: a number's own limits hold besides.
SIGN_IN_RATE = Rate(per_minute=30, burst=30)
# A page asks once a minute, and three times a second while it waits for a counter.
PHONE_RATE = Rate(per_minute=120, burst=60)
# A till looks up a member a customer; more than this is somebody walking through the numbers.
LOOKUP_RATE = Rate(per_minute=240, burst=240)
# A box asks when it is nudged, and twice for every command.
FLEET_RATE = Rate(per_minute=60, burst=60)
# By key: ten a second, and a minute's worth at once for a partner that works off a list.
PARTNER_RATE = Rate(per_minute=600, burst=600)
# By write key: a page sends a few a visit, a server a batch a second.
COLLECT_RATE = Rate(per_minute=12_000, burst=3_000)
PUSH_RATE = Rate(per_minute=6_000, burst=2_000)


class RateGate:
    """A rate book for several threads."""

    def __init__(self, rate: Rate, clock: Clock) -> None:
        self._book = RateBook(rate)
        self._clock = clock
        self._lock = threading.Lock()

    def admit(self, key: str) -> None:
        """Raise Fault API_RATE_LIMITED when this key asks too often."""
        with self._lock:
            allowed = self._book.take(key, self._clock.now_ms())
        if not allowed:
            raise Fault(FaultCode.API_RATE_LIMITED)


@dataclass(frozen=True, slots=True)
class ApiDeps:
    """What `build_app` gets from the composition root."""

    devices: Devices
    members: Members
    faces: FaceOffice
    phones: Phones
    checkins: CheckIns
    member_desk: MemberDesk
    receipts: ReceiptLookUp
    receipt_claims: ReceiptClaims
    receipt_bills: ReceiptBills
    rights: RightsDesk
    box_words: BoxWord
    fleet: FleetDesks
    rules: RuleDesks
    stock: StockDesk
    time: TimeTeller
    sms: SmsCodes
    person_filters: PersonFilters
    growth: GrowthDesks
    office: BackOffice
    channels: Channels
    segments: Segmenting
    campaigns: CampaignDesks
    identity: IdentityDesk
    queries: HqQueries
    auth: HqAuth
    desk: HqDesk
    clock: Clock
    ids: IdSource
    tally: FaultTally
    hosts: frozenset[str]
    cookie_name: str = "regulars_hq"
    software: str = ""
    enrolling: Enrolling | None = None
    exports: ExportShelf | None = None
    privacy: PrivacyDesks | None = None
    insight: InsightDesks | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """A box that proved itself."""

    tenant: UUID
    place: Place


@dataclass(slots=True)
class Doors:
    """Finds out who asks; used as FastAPI dependencies, on worker threads."""

    deps: ApiDeps
    claims: RateGate = field(init=False)
    sign_ins: RateGate = field(init=False)
    lookups: RateGate = field(init=False)
    phones: RateGate = field(init=False)
    fleet: RateGate = field(init=False)
    partners: RateGate = field(init=False)
    collects: RateGate = field(init=False)
    pushes: RateGate = field(init=False)

    def __post_init__(self) -> None:
        self.claims = RateGate(CLAIM_RATE, self.deps.clock)
        self.sign_ins = RateGate(SIGN_IN_RATE, self.deps.clock)
        self.lookups = RateGate(LOOKUP_RATE, self.deps.clock)
        self.phones = RateGate(PHONE_RATE, self.deps.clock)
        self.fleet = RateGate(FLEET_RATE, self.deps.clock)
        self.partners = RateGate(PARTNER_RATE, self.deps.clock)
        self.collects = RateGate(COLLECT_RATE, self.deps.clock)
        self.pushes = RateGate(PUSH_RATE, self.deps.clock)

    def box(self, request: Request) -> Box:
        """Return the box, by token or by certificate. Faults A101, A102, F106, F107."""
        token = _bearer(request)
        if token:
            return Box(*self.deps.devices.who(token))
        peer, enrolling = peer_of(request), self.deps.enrolling
        if peer is None or enrolling is None:
            raise Fault(FaultCode.API_TOKEN_MISSING)
        holder = enrolling.holder(peer.name, peer.fingerprint)
        return Box(holder.tenant, holder.place)

    async def hq(self, request: Request) -> HqIdentity:
        """Return the person, by API token or session cookie, or the partner, by its key.

        Not on a worker thread: how far somebody sees has to hold for what follows.
        Faults A101, A111, A112, A180.
        """
        if is_key(_bearer(request)):
            return (await self.partner(request)).identity
        who = await run_in_threadpool(self._person, request)
        admit(request.method, request.scope["route"].path, who)
        return who

    async def partner(self, request: Request) -> Partner:
        """Return the partner whose key this is, let in to this address. Faults as for `hq`."""
        found = await run_in_threadpool(self._partner, request)
        look_as(found.sight)
        return found

    def _partner(self, request: Request) -> Partner:
        token = _bearer(request)
        if not token:
            raise Fault(FaultCode.API_TOKEN_MISSING)
        partners = self.deps.office.partners
        found = partners.who(token)
        self.partners.admit(str(found.key.key_id))
        address = request.scope["route"].path
        partners.admit(found, request.method, address, request.url.path)
        return found

    def _person(self, request: Request) -> HqIdentity:
        token = _bearer(request) or request.cookies.get(self.deps.cookie_name, "")
        if not token:
            raise Fault(FaultCode.API_TOKEN_MISSING)
        return self.deps.auth.who(token)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
