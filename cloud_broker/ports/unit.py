"""One transaction of one tenant, and everything that can be done in it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol
from uuid import UUID

from cloud_broker.ports.alerts import AlertRepo
from cloud_broker.ports.audit import AuditRepo
from cloud_broker.ports.benefits import BenefitRepo
from cloud_broker.ports.campaigns import CampaignRepo
from cloud_broker.ports.catalogue import CatalogueRepo
from cloud_broker.ports.channel_orders import ChannelOrderRepo
from cloud_broker.ports.clerks import ClerkRepo
from cloud_broker.ports.collection import CollectionRepo
from cloud_broker.ports.drafts import DraftRepo
from cloud_broker.ports.effects import EffectRepo
from cloud_broker.ports.enrolments import EnrolmentRepo
from cloud_broker.ports.evidence import EvidenceRepo, LikenessRepo
from cloud_broker.ports.exports import ExportRepo
from cloud_broker.ports.faces import FaceRepo
from cloud_broker.ports.feed import FeedRepo
from cloud_broker.ports.fleet import FleetRepo
from cloud_broker.ports.growth import GrowthRepo
from cloud_broker.ports.health import HealthRepo
from cloud_broker.ports.hooks import HookRepo
from cloud_broker.ports.hq import HqRepo
from cloud_broker.ports.imports import FileImportRepo, MoverRepo
from cloud_broker.ports.insight import InsightRepo
from cloud_broker.ports.journal import JournalRepo
from cloud_broker.ports.leases import LeaseRepo
from cloud_broker.ports.ledger import ClosingRepo, LedgerRepo, PointsDeskRepo
from cloud_broker.ports.links import LinkRepo
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.mall import MallRepo
from cloud_broker.ports.masters import MasterRepo
from cloud_broker.ports.members import MemberRepo
from cloud_broker.ports.messages import MessageRepo
from cloud_broker.ports.orders import OrderRepo
from cloud_broker.ports.partners import PartnerRepo
from cloud_broker.ports.persons import PersonFilterRepo
from cloud_broker.ports.phones import PhoneRepo
from cloud_broker.ports.placements import PlacementRepo
from cloud_broker.ports.profiles import ProfileRepo
from cloud_broker.ports.receipts import ReceiptRepo
from cloud_broker.ports.repair import RepairRepo
from cloud_broker.ports.restores import RestoreRepo
from cloud_broker.ports.rollouts import RolloutRepo
from cloud_broker.ports.sets import SetRepo
from cloud_broker.ports.sms import SmsRepo
from cloud_broker.ports.stock import StockRepo
from cloud_broker.ports.stock_plans import StockPlanRepo
from cloud_broker.ports.tasks import TaskRepo
from cloud_broker.ports.tills import TillRepo
from cloud_broker.ports.twins import TwinRepo
from cloud_broker.ports.waiting import WaitingRepo


class StoreRefusedError(Exception):
    """The database is there but does not take the content; trying the same again cannot help."""


class Unit(Protocol):
    """An open transaction; leaving its `with` normally makes it durable, an exception undoes it."""

    @property
    def fleet(self) -> FleetRepo:
        """Stores and boxes."""
        ...

    @property
    def alerts(self) -> AlertRepo:
        """Who is told that something is wrong."""
        ...

    @property
    def health(self) -> HealthRepo:
        """How boxes are."""
        ...

    @property
    def collection(self) -> CollectionRepo:
        """What other channels tell."""
        ...

    @property
    def campaigns(self) -> CampaignRepo:
        """Campaigns."""
        ...

    @property
    def messages(self) -> MessageRepo:
        """Messages that advertise."""
        ...

    @property
    def channel_orders(self) -> ChannelOrderRepo:
        """Orders of other channels."""
        ...

    @property
    def file_imports(self) -> FileImportRepo:
        """Files of systems before this one."""
        ...

    @property
    def movers(self) -> MoverRepo:
        """Members of systems before this one."""
        ...

    @property
    def journal(self) -> JournalRepo:
        """Events, receipts, postings."""
        ...

    @property
    def members(self) -> MemberRepo:
        """People."""
        ...

    @property
    def phones(self) -> PhoneRepo:
        """Their phones."""
        ...

    @property
    def feed(self) -> FeedRepo:
        """What stores still have to hear."""
        ...

    @property
    def sets(self) -> SetRepo:
        """Which members each store holds."""
        ...

    @property
    def repair(self) -> RepairRepo:
        """What could not be applied."""
        ...

    @property
    def catalogue(self) -> CatalogueRepo:
        """What is sold."""
        ...

    @property
    def drafts(self) -> DraftRepo:
        """Rules that are being written."""
        ...

    @property
    def masters(self) -> MasterRepo:
        """Tables of the back office."""
        ...

    @property
    def stock(self) -> StockRepo:
        """What lies in stores and warehouses."""
        ...

    @property
    def stock_plans(self) -> StockPlanRepo:
        """What is suggested to be done about it."""
        ...

    @property
    def partners(self) -> PartnerRepo:
        """Keys of partner systems."""
        ...

    @property
    def evidence(self) -> EvidenceRepo:
        """What says who is one person."""
        ...

    @property
    def likenesses(self) -> LikenessRepo:
        """Who may be one person."""
        ...

    @property
    def links(self) -> LinkRepo:
        """Which account of HQ belongs to whom a sign-in service knows."""
        ...

    @property
    def exports(self) -> ExportRepo:
        """A day's books as rows."""
        ...

    @property
    def hooks(self) -> HookRepo:
        """Partners that are told of events."""
        ...

    @property
    def insight(self) -> InsightRepo:
        """Receipts for reckoning."""
        ...

    @property
    def audit(self) -> AuditRepo:
        """Prices that are due to be checked."""
        ...

    @property
    def hq(self) -> HqRepo:
        """HQ's people."""
        ...

    @property
    def faces(self) -> FaceRepo:
        """Who may recognise faces, and where templates rest."""
        ...

    @property
    def ledger(self) -> LedgerRepo:
        """Points and everything that moves them."""
        ...

    @property
    def points_desk(self) -> PointsDeskRepo:
        """What people decide about points."""
        ...

    @property
    def closing(self) -> ClosingRepo:
        """The books at a day's or month's end."""
        ...

    @property
    def leases(self) -> LeaseRepo:
        """Rights lent to boxes."""
        ...

    @property
    def placements(self) -> PlacementRepo:
        """Wallets whose points are to be lent out anew."""
        ...

    @property
    def receipts(self) -> ReceiptRepo:
        """Receipts one by one."""
        ...

    @property
    def clerks(self) -> ClerkRepo:
        """What clerks did."""
        ...

    @property
    def tills(self) -> TillRepo:
        """How far unchanged tills agree with their boxes."""
        ...

    @property
    def benefits(self) -> BenefitRepo:
        """Coupons and gifts in members' hands."""
        ...

    @property
    def growth(self) -> GrowthRepo:
        """Tiers."""
        ...

    @property
    def profiles(self) -> ProfileRepo:
        """What members said of themselves."""
        ...

    @property
    def sms(self) -> SmsRepo:
        """Codes by SMS."""
        ...

    @property
    def person_filters(self) -> PersonFilterRepo:
        """The summary of known persons for the boxes."""
        ...

    @property
    def tasks(self) -> TaskRepo:
        """Tasks and invitations."""
        ...

    @property
    def mall(self) -> MallRepo:
        """The points mall."""
        ...

    @property
    def waiting(self) -> WaitingRepo:
        """Frames between the promise to a box and the books."""
        ...

    @property
    def effects(self) -> EffectRepo:
        """Where what was said at HQ has come to be."""
        ...

    @property
    def restores(self) -> RestoreRepo:
        """What a restored cloud heard of its boxes, and rights asked for from elsewhere."""
        ...

    def ahead(self, *reads: Callable[[], object]) -> None:
        """Ask ahead what these reads are going to ask, to wait for all of them once.

        They answer as of now when they are called again with the very same arguments: nothing that
        they read may be written in between. What they return here means nothing.
        """
        ...

    @property
    def enrolments(self) -> EnrolmentRepo:
        """How boxes are let in, and their certificates."""
        ...

    @property
    def twins(self) -> TwinRepo:
        """What boxes are to be like."""
        ...

    @property
    def rollouts(self) -> RolloutRepo:
        """Releases on their way to boxes."""
        ...

    @property
    def orders(self) -> OrderRepo:
        """What boxes are told to do."""
        ...

    def announce(self, event: LiveEvent) -> None:
        """Tell viewers and other processes, when and only when the transaction is durable."""
        ...


class Units(Protocol):
    """Where transactions begin."""

    def begin(self, tenant: UUID) -> AbstractContextManager[Unit]:
        """Open a transaction in which only this tenant's rows exist.

        Raises Fault SYNC_LINK_DOWN when the database cannot be reached or is busy for too long,
        StoreRefusedError when it refuses what was written.
        """
        ...

    def tenant(self, slug: str) -> UUID | None:
        """Return the tenant with this short name; '' names the only one there is."""
        ...

    def tenants(self) -> tuple[UUID, ...]:
        """Return every tenant, oldest first."""
        ...
