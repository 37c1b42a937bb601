"""HQ's read side with nothing in it, and a desk that remembers what it was asked."""

from dataclasses import dataclass, field
from uuid import UUID

from cloud_broker.services.access.mended import MendedTimes
from cloud_broker.services.access.overview import (
    Delay,
    HqIdentity,
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
from retail_core.errors import Fault
from retail_core.growth.account import TierNames
from retail_core.texts.faults import FaultCode


class EmptyQueries:
    """`HqQueries` of a tenant that has just begun."""

    def overview(self, tenant: UUID) -> Overview:
        return Overview("熟客美妆", (), 0, 0, 0, 0, 0, 0, 0, 0, Delay(0, None, None))

    def store_tiles(self, tenant: UUID, stores: tuple[UUID, ...] = ()) -> tuple[StoreTile, ...]:
        return ()

    def sales(self, tenant: UUID, *, limit: int, store: UUID | None = None) -> tuple[SaleRow, ...]:
        return ()

    def mended(self, tenant: UUID, store: UUID) -> MendedTimes:
        return MendedTimes()

    def members(self, tenant: UUID, query: str, *, limit: int) -> tuple[MemberRow, ...]:
        if query == "boom":
            raise RuntimeError("a secret that must not be told")
        return ()

    def member(self, tenant: UUID, member_id: UUID) -> MemberPage | None:
        return None

    def tier_names(self, tenant: UUID) -> TierNames:
        return TierNames()

    def rule_names(self, tenant: UUID, language: str) -> dict[str, str]:
        return {}

    def ledger(self, tenant: UUID, store: UUID) -> tuple[tuple[LedgerRow, ...], LedgerTotals]:
        return (), LedgerTotals(0, 0, 0)

    def repairs(self, tenant: UUID, *, limit: int) -> tuple[RepairRow, ...]:
        return ()

    def names_to_review(self, tenant: UUID, *, limit: int) -> tuple[NameReview, ...]:
        return ()


@dataclass
class NotingDesk:
    """`HqDesk` that knows one repair."""

    repair_id: UUID
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def replay(self, who: HqIdentity, repair_id: UUID) -> RepairRow:
        if repair_id != self.repair_id:
            raise Fault(FaultCode.API_NOT_FOUND, what="repair")
        self.asked.append(("replay", who.login))
        return RepairRow(
            repair_id, "W101", "frame", "", "", None, None, 0, "done", replayable=False
        )

    def map_name(self, who: HqIdentity, name: str, sku: str) -> None:
        self.asked.append(("map", who.login, name, sku))
