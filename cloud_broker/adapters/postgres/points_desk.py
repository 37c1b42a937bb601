"""What people decide about points, in PostgreSQL: policies, adjustments, merges."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.ports.ledger import Adjustment, Decision, Merge
from retail_core.loyalty.policy import LoyaltyPolicy, Policies, parse_policy

_ADJUSTMENTS = (
    "select a.adjustment_id, a.member_id, a.wallet_id, a.legal_entity_id, a.points, a.reason,"
    " a.proposed_by, a.proposed_at, coalesce(d.decision, '') as decision,"
    " coalesce(d.decided_by, '') as decided_by from adjustment a"
    " left join adjustment_decision d on d.tenant_id = a.tenant_id"
    " and d.adjustment_id = a.adjustment_id where a.tenant_id = %(tenant)s"
)
_MERGES = (
    "select m.merge_id, m.from_member_id, m.into_member_id, m.from_wallet_id, m.into_wallet_id,"
    " m.reason, m.merged_by, m.merged_at, u.merge_id is not null as undone from member_merge m"
    " left join member_unmerge u on u.tenant_id = m.tenant_id and u.merge_id = m.merge_id"
    " where m.tenant_id = %(tenant)s"
)


class PostgresPointsDesk(Repository):
    """Fulfils `PointsDeskRepo`."""

    def policies(self) -> Policies:
        """Return every version of the points policy."""
        rows = self._rows(
            "select effective_from, content from points_policy where tenant_id = %(tenant)s"
            " order by version"
        )
        return Policies.of(
            (row.effective_from, parse_policy(_json(row.content).encode())) for row in rows
        )

    def add_policy(self, first: date, policy: LoyaltyPolicy, by: str, now_ms: int) -> int:
        """Append a version that holds from a day on; return its number."""
        row = self._row(
            "insert into points_policy select %(tenant)s, %(first)s,"
            " coalesce(max(version), 0) + 1, %(content)s::jsonb, %(by)s, %(now)s"
            " from points_policy where tenant_id = %(tenant)s returning version",
            first=first,
            content=_json(policy),
            by=by,
            now=at(now_ms),
        )
        assert row is not None  # noqa: S101 - an aggregate has one row
        return int(row.version)

    def propose(self, adjustment: Adjustment) -> None:
        """Enter an adjustment that waits for a second person."""
        self._run(
            "insert into adjustment values (%(tenant)s, %(id)s, %(member)s, %(wallet)s,"
            " %(issuer)s, %(points)s, %(reason)s, %(by)s, %(now)s)",
            id=adjustment.adjustment_id,
            member=adjustment.member,
            wallet=adjustment.wallet,
            issuer=adjustment.issuer,
            points=adjustment.points,
            reason=adjustment.reason,
            by=adjustment.proposed_by,
            now=at(adjustment.proposed_ms),
        )

    def adjustment(self, adjustment_id: UUID) -> Adjustment | None:
        """Return an adjustment and what was decided."""
        rows = self._rows(_ADJUSTMENTS + " and a.adjustment_id = %(id)s", id=adjustment_id)
        return _adjustment(rows[0]) if rows else None

    def adjustments(self) -> tuple[Adjustment, ...]:
        """Return those that wait for a second person, oldest first."""
        rows = self._rows(_ADJUSTMENTS + " and d.decision is null order by a.proposed_at")
        return tuple(_adjustment(row) for row in rows)

    def decide(self, adjustment_id: UUID, decision: Decision, by: str, now_ms: int) -> None:
        """Enter the second person's word; StoreRefusedError for a second word or the same one."""
        self._run(
            "insert into adjustment_decision select tenant_id, adjustment_id, proposed_by,"
            " %(decision)s, %(by)s, %(now)s from adjustment"
            " where tenant_id = %(tenant)s and adjustment_id = %(id)s",
            id=adjustment_id,
            decision=decision,
            by=by,
            now=at(now_ms),
        )

    def add_merge(self, merge: Merge) -> None:
        """Enter a merge."""
        self._run(
            "insert into member_merge values (%(tenant)s, %(id)s, %(source)s, %(target)s,"
            " %(from_wallet)s, %(into_wallet)s, %(reason)s, %(by)s, %(now)s)",
            id=merge.merge_id,
            source=merge.source,
            target=merge.target,
            from_wallet=merge.from_wallet,
            into_wallet=merge.into_wallet,
            reason=merge.reason,
            by=merge.by,
            now=at(merge.at_ms),
        )

    def merge(self, merge_id: UUID) -> Merge | None:
        """Return a merge, undone or not."""
        rows = self._rows(_MERGES + " and m.merge_id = %(id)s", id=merge_id)
        return _merge(rows[0]) if rows else None

    def merges(self) -> tuple[Merge, ...]:
        """Return the merges that stand, oldest first."""
        rows = self._rows(_MERGES + " and u.merge_id is null order by m.merged_at, m.merge_id")
        return tuple(_merge(row) for row in rows)

    def undo_merge(self, merge_id: UUID, reason: str, by: str, now_ms: int) -> None:
        """Enter that a merge is undone; StoreRefusedError when it was before."""
        self._run(
            "insert into member_unmerge values (%(tenant)s, %(id)s, %(reason)s, %(by)s, %(now)s)",
            id=merge_id,
            reason=reason,
            by=by,
            now=at(now_ms),
        )


def _adjustment(row: Row[Any]) -> Adjustment:
    return Adjustment(
        row.adjustment_id,
        row.member_id,
        row.wallet_id,
        row.legal_entity_id,
        row.points,
        row.reason,
        row.proposed_by,
        ms_of(row.proposed_at),
        row.decision,
        row.decided_by,
    )


def _merge(row: Row[Any]) -> Merge:
    return Merge(
        row.merge_id,
        row.from_member_id,
        row.into_member_id,
        row.from_wallet_id,
        row.into_wallet_id,
        row.reason,
        row.merged_by,
        ms_of(row.merged_at),
        row.undone,
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
