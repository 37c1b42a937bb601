"""One open transaction with all its repositories."""

from collections.abc import Callable
from functools import cached_property
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from cloud_broker.adapters.postgres.alerts import PostgresAlerts
from cloud_broker.adapters.postgres.audit import PostgresAudit
from cloud_broker.adapters.postgres.base import PIPELINE, Piped, Repository
from cloud_broker.adapters.postgres.benefits import PostgresBenefits
from cloud_broker.adapters.postgres.campaigns import PostgresCampaigns
from cloud_broker.adapters.postgres.catalogue import PostgresCatalogue
from cloud_broker.adapters.postgres.channel_orders import PostgresChannelOrders
from cloud_broker.adapters.postgres.clerks import PostgresClerks
from cloud_broker.adapters.postgres.closing import PostgresClosing
from cloud_broker.adapters.postgres.collection import PostgresCollection
from cloud_broker.adapters.postgres.drafts import PostgresDrafts
from cloud_broker.adapters.postgres.effects import PostgresEffects
from cloud_broker.adapters.postgres.enrolments import PostgresEnrolments
from cloud_broker.adapters.postgres.evidence import PostgresEvidence
from cloud_broker.adapters.postgres.exports import PostgresExports
from cloud_broker.adapters.postgres.faces import PostgresFaces
from cloud_broker.adapters.postgres.feed import PostgresFeed
from cloud_broker.adapters.postgres.fleet import PostgresFleet
from cloud_broker.adapters.postgres.growth import PostgresGrowth
from cloud_broker.adapters.postgres.health import PostgresHealth
from cloud_broker.adapters.postgres.hooks import PostgresHooks
from cloud_broker.adapters.postgres.hq import PostgresHq
from cloud_broker.adapters.postgres.imports import PostgresFileImports, PostgresMovers
from cloud_broker.adapters.postgres.insight import PostgresInsight
from cloud_broker.adapters.postgres.journal import PostgresJournal
from cloud_broker.adapters.postgres.leases import PostgresLeases
from cloud_broker.adapters.postgres.ledger import PostgresLedger
from cloud_broker.adapters.postgres.likenesses import PostgresLikenesses
from cloud_broker.adapters.postgres.links import PostgresLinks
from cloud_broker.adapters.postgres.mall import PostgresMall
from cloud_broker.adapters.postgres.masters import PostgresMasters
from cloud_broker.adapters.postgres.members import PostgresMembers
from cloud_broker.adapters.postgres.messages import PostgresMessages
from cloud_broker.adapters.postgres.orders import PostgresOrders
from cloud_broker.adapters.postgres.partners import PostgresPartners
from cloud_broker.adapters.postgres.phones import PostgresPhones
from cloud_broker.adapters.postgres.placements import PostgresPlacements
from cloud_broker.adapters.postgres.points_desk import PostgresPointsDesk
from cloud_broker.adapters.postgres.profiles import PostgresProfiles
from cloud_broker.adapters.postgres.receipts import PostgresReceipts
from cloud_broker.adapters.postgres.recruiting import PostgresPersonFilters, PostgresSms
from cloud_broker.adapters.postgres.repair import PostgresRepair
from cloud_broker.adapters.postgres.restores import PostgresRestores
from cloud_broker.adapters.postgres.rollouts import PostgresRollouts
from cloud_broker.adapters.postgres.sets import PostgresSets
from cloud_broker.adapters.postgres.stock import PostgresStock
from cloud_broker.adapters.postgres.stock_plans import PostgresStockPlans
from cloud_broker.adapters.postgres.tasks import PostgresTasks
from cloud_broker.adapters.postgres.tills import PostgresTills
from cloud_broker.adapters.postgres.twins import PostgresTwins
from cloud_broker.adapters.postgres.waiting import PostgresWaiting
from cloud_broker.ports.live import LiveEvent

LIVE_CHANNEL = "regulars_live"
# A notification holds 8000 bytes; a viewer that gets no list looks at every store.
NOTIFY_STORES_MAX = 190


class Notices(Repository):
    """What is told to whoever listens."""

    def tell(self, payload: str) -> None:
        """Queue a notification, which PostgreSQL sends when the transaction is durable."""
        self._put(
            "select pg_notify(%(channel)s, %(payload)s)", channel=LIVE_CHANNEL, payload=payload
        )


class PostgresUnit:
    """Fulfils `Unit` on one open transaction."""

    def __init__(self, connection: Connection, tenant: UUID) -> None:
        self._connection = connection
        self._tenant = tenant

    @cached_property
    def fleet(self) -> PostgresFleet:
        """Stores and boxes."""
        return PostgresFleet(self._connection, self._tenant)

    @cached_property
    def alerts(self) -> PostgresAlerts:
        """Who is told that something is wrong."""
        return PostgresAlerts(self._connection, self._tenant)

    @cached_property
    def health(self) -> PostgresHealth:
        """How boxes are."""
        return PostgresHealth(self._connection, self._tenant)

    @cached_property
    def twins(self) -> PostgresTwins:
        """What boxes are to be like."""
        return PostgresTwins(self._connection, self._tenant)

    @cached_property
    def rollouts(self) -> PostgresRollouts:
        """Releases on their way to boxes."""
        return PostgresRollouts(self._connection, self._tenant)

    @cached_property
    def orders(self) -> PostgresOrders:
        """What boxes are told to do."""
        return PostgresOrders(self._connection, self._tenant)

    @cached_property
    def collection(self) -> PostgresCollection:
        """What other channels tell."""
        return PostgresCollection(self._connection, self._tenant)

    @cached_property
    def campaigns(self) -> PostgresCampaigns:
        """Campaigns."""
        return PostgresCampaigns(self._connection, self._tenant)

    @cached_property
    def messages(self) -> PostgresMessages:
        """Messages that advertise."""
        return PostgresMessages(self._connection, self._tenant)

    @cached_property
    def channel_orders(self) -> PostgresChannelOrders:
        """Orders of other channels."""
        return PostgresChannelOrders(self._connection, self._tenant)

    @cached_property
    def file_imports(self) -> PostgresFileImports:
        """Files of systems before this one."""
        return PostgresFileImports(self._connection, self._tenant)

    @cached_property
    def movers(self) -> PostgresMovers:
        """Members of systems before this one."""
        return PostgresMovers(self._connection, self._tenant)

    @cached_property
    def journal(self) -> PostgresJournal:
        """Events, receipts, postings."""
        return PostgresJournal(self._connection, self._tenant)

    @cached_property
    def members(self) -> PostgresMembers:
        """People."""
        return PostgresMembers(self._connection, self._tenant)

    @cached_property
    def phones(self) -> PostgresPhones:
        """Their phones."""
        return PostgresPhones(self._connection, self._tenant)

    @cached_property
    def sms(self) -> PostgresSms:
        """Codes by SMS."""
        return PostgresSms(self._connection, self._tenant)

    @cached_property
    def person_filters(self) -> PostgresPersonFilters:
        """The summary of known persons for the boxes."""
        return PostgresPersonFilters(self._connection, self._tenant)

    @cached_property
    def feed(self) -> PostgresFeed:
        """What stores still have to hear."""
        return PostgresFeed(self._connection, self._tenant)

    @cached_property
    def sets(self) -> PostgresSets:
        """Which members each store holds."""
        return PostgresSets(self._connection, self._tenant)

    @cached_property
    def repair(self) -> PostgresRepair:
        """What could not be applied."""
        return PostgresRepair(self._connection, self._tenant)

    @cached_property
    def catalogue(self) -> PostgresCatalogue:
        """What is sold."""
        return PostgresCatalogue(self._connection, self._tenant)

    @cached_property
    def drafts(self) -> PostgresDrafts:
        """Rules that are being written."""
        return PostgresDrafts(self._connection, self._tenant)

    @cached_property
    def masters(self) -> PostgresMasters:
        """Tables of the back office."""
        return PostgresMasters(self._connection, self._tenant)

    @cached_property
    def stock(self) -> PostgresStock:
        """What lies in stores and warehouses."""
        return PostgresStock(self._connection, self._tenant)

    @cached_property
    def stock_plans(self) -> PostgresStockPlans:
        """What is suggested to be done about it."""
        return PostgresStockPlans(self._connection, self._tenant)

    @cached_property
    def partners(self) -> PostgresPartners:
        """Keys of partner systems."""
        return PostgresPartners(self._connection, self._tenant)

    @cached_property
    def evidence(self) -> PostgresEvidence:
        """What says who is one person."""
        return PostgresEvidence(self._connection, self._tenant)

    @cached_property
    def likenesses(self) -> PostgresLikenesses:
        """Who may be one person."""
        return PostgresLikenesses(self._connection, self._tenant)

    @cached_property
    def links(self) -> PostgresLinks:
        """Which account of HQ belongs to whom a sign-in service knows."""
        return PostgresLinks(self._connection, self._tenant)

    @cached_property
    def exports(self) -> PostgresExports:
        """A day's books as rows."""
        return PostgresExports(self._connection, self._tenant)

    @cached_property
    def hooks(self) -> PostgresHooks:
        """Partners that are told of events."""
        return PostgresHooks(self._connection, self._tenant)

    @cached_property
    def insight(self) -> PostgresInsight:
        """Receipts for reckoning."""
        return PostgresInsight(self._connection, self._tenant)

    @cached_property
    def audit(self) -> PostgresAudit:
        """Prices that are due to be checked."""
        return PostgresAudit(self._connection, self._tenant)

    @cached_property
    def hq(self) -> PostgresHq:
        """HQ's people."""
        return PostgresHq(self._connection, self._tenant)

    @cached_property
    def faces(self) -> PostgresFaces:
        """Who may recognise faces, and where templates rest."""
        return PostgresFaces(self._connection, self._tenant)

    @cached_property
    def ledger(self) -> PostgresLedger:
        """Points and everything that moves them."""
        return PostgresLedger(self._connection, self._tenant)

    @cached_property
    def points_desk(self) -> PostgresPointsDesk:
        """What people decide about points."""
        return PostgresPointsDesk(self._connection, self._tenant)

    @cached_property
    def closing(self) -> PostgresClosing:
        """The books at a day's or month's end."""
        return PostgresClosing(self._connection, self._tenant)

    @cached_property
    def receipts(self) -> PostgresReceipts:
        """Receipts one by one."""
        return PostgresReceipts(self._connection, self._tenant)

    @cached_property
    def clerks(self) -> PostgresClerks:
        """What clerks did."""
        return PostgresClerks(self._connection, self._tenant)

    @cached_property
    def tills(self) -> PostgresTills:
        """How far unchanged tills agree with their boxes."""
        return PostgresTills(self._connection, self._tenant)

    @cached_property
    def leases(self) -> PostgresLeases:
        """Rights lent to boxes."""
        return PostgresLeases(self._connection, self._tenant)

    @cached_property
    def placements(self) -> PostgresPlacements:
        """Wallets whose points are to be lent out anew."""
        return PostgresPlacements(self._connection, self._tenant)

    @cached_property
    def benefits(self) -> PostgresBenefits:
        """Coupons and gifts in members' hands."""
        return PostgresBenefits(self._connection, self._tenant)

    @cached_property
    def growth(self) -> PostgresGrowth:
        """Tiers."""
        return PostgresGrowth(self._connection, self._tenant)

    @cached_property
    def profiles(self) -> PostgresProfiles:
        """What members said of themselves."""
        return PostgresProfiles(self._connection, self._tenant)

    @cached_property
    def tasks(self) -> PostgresTasks:
        """Tasks and invitations."""
        return PostgresTasks(self._connection, self._tenant)

    @cached_property
    def mall(self) -> PostgresMall:
        """The points mall."""
        return PostgresMall(self._connection, self._tenant)

    @cached_property
    def waiting(self) -> PostgresWaiting:
        """Frames between the promise to a box and the books."""
        return PostgresWaiting(self._connection, self._tenant)

    @cached_property
    def effects(self) -> PostgresEffects:
        """Where what was said at HQ has come to be."""
        return PostgresEffects(self._connection, self._tenant)

    @cached_property
    def restores(self) -> PostgresRestores:
        """What a restored cloud heard of its boxes, and rights asked for from elsewhere."""
        return PostgresRestores(self._connection, self._tenant)

    @cached_property
    def enrolments(self) -> PostgresEnrolments:
        """How boxes are let in, and their certificates."""
        return PostgresEnrolments(self._connection, self._tenant)

    def ahead(self, *reads: Callable[[], object]) -> None:
        """Ask what these reads will ask, so that they find it when they are called again."""
        piped: Piped | None = self._connection.info.get(PIPELINE)
        if piped is None:
            return
        piped.asking = True
        try:
            for read in reads:
                read()
        finally:
            piped.asking = False

    def announce(self, event: LiveEvent) -> None:
        """Queue a notification, which PostgreSQL sends when the transaction is durable."""
        stores = event.stores if len(event.stores) <= NOTIFY_STORES_MAX else ()
        payload = msgspec.json.encode(
            {"tenant": event.tenant, "kinds": sorted(event.kinds), "stores": stores}
        ).decode()
        Notices(self._connection, self._tenant).tell(payload)
