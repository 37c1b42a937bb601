"""HQ's questions, each answered in one short transaction under the tenant's row security."""

from uuid import UUID

from cloud_broker.adapters.postgres.catalogue import PostgresCatalogue
from cloud_broker.adapters.postgres.mended import PostgresMended
from cloud_broker.adapters.postgres.pages import PostgresPages
from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits
from cloud_broker.adapters.postgres.wall import PostgresWall
from cloud_broker.ports.clock import Clock
from cloud_broker.services.access.mended import MendedTimes
from cloud_broker.services.access.overview import (
    LedgerRow,
    LedgerTotals,
    MemberPage,
    MemberRow,
    NameReview,
    Overview,
    RepairRow,
    SaleRow,
    StoreTile,
)
from cloud_broker.services.members.member_desk import rule_names, tier_names
from retail_core.growth.account import TierNames


class PostgresQueries:
    """Fulfils `HqQueries`."""

    def __init__(self, units: PostgresUnits, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def overview(self, tenant: UUID) -> Overview:
        """Return the wall."""
        with self._units.connection(tenant) as connection:
            return PostgresWall(connection, tenant).overview(self._clock.now_ms())

    def store_tiles(self, tenant: UUID, stores: tuple[UUID, ...] = ()) -> tuple[StoreTile, ...]:
        """Return some tiles (all when `stores` is empty)."""
        with self._units.connection(tenant) as connection:
            return PostgresWall(connection, tenant).tiles(stores, self._clock.now_ms())

    def sales(self, tenant: UUID, *, limit: int, store: UUID | None = None) -> tuple[SaleRow, ...]:
        """Return the latest sales with their lines, newest first."""
        with self._units.connection(tenant) as connection:
            return PostgresPages(connection, tenant).sales(limit=limit, store=store)

    def mended(self, tenant: UUID, store: UUID) -> MendedTimes:
        """Return which of a store's sales of the last days were given another time."""
        with self._units.connection(tenant) as connection:
            return PostgresMended(connection, tenant).of_store(store, self._clock.now_ms())

    def members(self, tenant: UUID, query: str, *, limit: int) -> tuple[MemberRow, ...]:
        """Find members by a part of the name, the masked number, or the id."""
        with self._units.connection(tenant) as connection:
            return PostgresPages(connection, tenant).members(query, limit=limit)

    def member(self, tenant: UUID, member_id: UUID) -> MemberPage | None:
        """Return one member's page, or None."""
        with self._units.connection(tenant) as connection:
            return PostgresPages(connection, tenant).member(member_id)

    def tier_names(self, tenant: UUID) -> TierNames:
        """Return what the rules in force call the tiers; empty before the first bundle."""
        with self._units.connection(tenant) as connection:
            return tier_names(PostgresCatalogue(connection, tenant))

    def rule_names(self, tenant: UUID, language: str) -> dict[str, str]:
        """Return what a page calls the rules in force, by id; empty before the first bundle."""
        with self._units.connection(tenant) as connection:
            return rule_names(PostgresCatalogue(connection, tenant), language)

    def ledger(self, tenant: UUID, store: UUID) -> tuple[tuple[LedgerRow, ...], LedgerTotals]:
        """Return a store's receipts and their sums."""
        with self._units.connection(tenant) as connection:
            return PostgresPages(connection, tenant).ledger(store)

    def repairs(self, tenant: UUID, *, limit: int) -> tuple[RepairRow, ...]:
        """Return the repair queue, open ones first."""
        with self._units.connection(tenant) as connection:
            return PostgresPages(connection, tenant).repairs(limit=limit)

    def repair(self, tenant: UUID, repair_id: UUID) -> RepairRow | None:
        """Return one row of the repair queue, or None."""
        with self._units.connection(tenant) as connection:
            return PostgresPages(connection, tenant).repair(repair_id)

    def names_to_review(self, tenant: UUID, *, limit: int) -> tuple[NameReview, ...]:
        """Return printed names without an article, most seen first."""
        with self._units.connection(tenant) as connection:
            return PostgresPages(connection, tenant).names_to_review(limit=limit)
