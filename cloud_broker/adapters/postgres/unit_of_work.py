"""Transactions: the only place where one ends.

Every transaction first says whose rows it may see. The setting is local to the transaction, so a
pooled connection never carries one tenant's right into another's request.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import (
    TimeoutError as PoolTimeoutError,
)

from cloud_broker.adapters.postgres.audit import PostgresAudit
from cloud_broker.adapters.postgres.benefits import PostgresBenefits
from cloud_broker.adapters.postgres.catalogue import PostgresCatalogue
from cloud_broker.adapters.postgres.clerks import PostgresClerks
from cloud_broker.adapters.postgres.closing import PostgresClosing
from cloud_broker.adapters.postgres.faces import PostgresFaces
from cloud_broker.adapters.postgres.feed import PostgresFeed
from cloud_broker.adapters.postgres.fleet import PostgresFleet
from cloud_broker.adapters.postgres.growth import PostgresGrowth
from cloud_broker.adapters.postgres.hq import PostgresHq
from cloud_broker.adapters.postgres.insight import PostgresInsight
from cloud_broker.adapters.postgres.journal import PostgresJournal
from cloud_broker.adapters.postgres.leases import PostgresLeases
from cloud_broker.adapters.postgres.ledger import PostgresLedger
from cloud_broker.adapters.postgres.mall import PostgresMall
from cloud_broker.adapters.postgres.masters import PostgresMasters
from cloud_broker.adapters.postgres.members import PostgresMembers
from cloud_broker.adapters.postgres.partners import PostgresPartners
from cloud_broker.adapters.postgres.phones import PostgresPhones
from cloud_broker.adapters.postgres.placements import PostgresPlacements
from cloud_broker.adapters.postgres.points_desk import PostgresPointsDesk
from cloud_broker.adapters.postgres.profiles import PostgresProfiles
from cloud_broker.adapters.postgres.receipts import PostgresReceipts
from cloud_broker.adapters.postgres.recruiting import PostgresPersonFilters, PostgresSms
from cloud_broker.adapters.postgres.repair import PostgresRepair
from cloud_broker.adapters.postgres.stock import PostgresStock
from cloud_broker.adapters.postgres.tasks import PostgresTasks
from cloud_broker.adapters.postgres.tills import PostgresTills
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.unit import StoreRefusedError
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

LIVE_CHANNEL = "regulars_live"
# A notification holds 8000 bytes; a viewer that gets no list looks at every store.
NOTIFY_STORES_MAX = 64
_SESSION = (
    "-c lock_timeout=5s -c statement_timeout=60s -c idle_in_transaction_session_timeout=60s"
    " -c timezone=UTC"
)


def make_engine(url: str, *, connections: int = 8, name: str = "regulars") -> Engine:
    """Open a pool for the application's role."""
    return create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=True,
        # What a statement carried (secrets, hashes, names) stays out of messages and logs.
        hide_parameters=True,
        connect_args={"options": _SESSION, "connect_timeout": 5, "application_name": name},
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
    def repair(self) -> PostgresRepair:
        """What could not be applied."""
        return PostgresRepair(self._connection, self._tenant)

    @cached_property
    def catalogue(self) -> PostgresCatalogue:
        """What is sold."""
        return PostgresCatalogue(self._connection, self._tenant)

    @cached_property
    def masters(self) -> PostgresMasters:
        """Tables of the back office."""
        return PostgresMasters(self._connection, self._tenant)

    @cached_property
    def stock(self) -> PostgresStock:
        """What lies in stores and warehouses."""
        return PostgresStock(self._connection, self._tenant)

    @cached_property
    def partners(self) -> PostgresPartners:
        """Keys of partner systems."""
        return PostgresPartners(self._connection, self._tenant)

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

    def announce(self, event: LiveEvent) -> None:
        """Queue a notification, which PostgreSQL sends when the transaction is durable."""
        stores = event.stores if len(event.stores) <= NOTIFY_STORES_MAX else ()
        payload = msgspec.json.encode(
            {"tenant": event.tenant, "kinds": sorted(event.kinds), "stores": stores}
        ).decode()
        self._connection.exec_driver_sql(
            "select pg_notify(%(channel)s, %(payload)s)",
            {"channel": LIVE_CHANNEL, "payload": payload},
        )


class PostgresUnits:
    """Fulfils `Units`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def connection(self, tenant: UUID | None) -> Iterator[Connection]:
        """Open a transaction on a bare connection (for the read models beside this module)."""
        with _translated(), self._engine.connect() as connection:
            if tenant is not None:
                connection.exec_driver_sql(
                    "select set_config('app.tenant', %(tenant)s, true)", {"tenant": str(tenant)}
                )
            yield connection
            connection.commit()

    @contextmanager
    def begin(self, tenant: UUID) -> Iterator[PostgresUnit]:
        """Open a transaction in which only this tenant's rows exist."""
        with self.connection(tenant) as connection:
            yield PostgresUnit(connection, tenant)

    def tenant(self, slug: str) -> UUID | None:
        """Return the tenant with this short name; '' names the only one there is."""
        with self.connection(None) as connection:
            found = connection.exec_driver_sql(
                "select tenant_id from tenant_slug"
                " where %(slug)s in ('', slug) order by tenant_id limit 2",
                {"slug": slug},
            ).fetchall()
        return found[0].tenant_id if len(found) == 1 else None

    def tenants(self) -> tuple[UUID, ...]:
        """Return every tenant, oldest first."""
        with self.connection(None) as connection:
            rows = connection.exec_driver_sql(
                "select distinct tenant_id from tenant_slug order by tenant_id"
            ).fetchall()
        return tuple(row.tenant_id for row in rows)

    def make_partitions(self, months_ahead: int) -> int:
        """Make the event log's partitions ahead; return how many were missing."""
        with self.connection(None) as connection:
            row = connection.exec_driver_sql(
                "select make_event_partitions(%(months)s)", {"months": months_ahead}
            ).one()
        return int(row[0])

    def close(self) -> None:
        """Close every connection; safe to call twice."""
        self._engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    """Tell apart what a retry can mend from what it cannot."""
    try:
        yield
    except (DataError, IntegrityError, ProgrammingError) as error:
        raise StoreRefusedError(_reason(error)) from error
    except (DBAPIError, PoolTimeoutError) as error:
        raise Fault(FaultCode.SYNC_LINK_DOWN, reason=_reason(error)) from error


def _reason(error: SQLAlchemyError) -> str:
    """Return the first line of what the database said; the rest quotes the values."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    lines = str(cause).splitlines() or [type(cause).__name__]
    return lines[0]
