"""Receipts one by one, and clerks, in memory."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.adapters.postgres.base import at
from cloud_broker.domain.ingest_effects import BookedSale
from cloud_broker.ports.clerks import Alert, AlertRow, Clerk, ClerkDay, ClerkFigures
from cloud_broker.ports.receipts import FoundReceipt, FoundRefund, ReceiptClaimed
from retail_core.checkout.business_date import business_date
from retail_core.insight.harvest import SoldTo
from retail_core.wire.codec import encode_body

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State

AlertKey = tuple[UUID, UUID, date, str]


@dataclass
class ClerkShelf:
    """What is kept of clerks and claims."""

    claims: dict[UUID, ReceiptClaimed] = field(default_factory=dict)
    due: dict[ClerkDay, int] = field(default_factory=dict)
    own: dict[UUID, UUID] = field(default_factory=dict)
    alerts: dict[AlertKey, AlertRow] = field(default_factory=dict)


def _id(raw: bytes | None) -> UUID | None:
    return None if raw is None else UUID(bytes=raw)


class FakeReceiptRepo:
    """A `ReceiptRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state

    def found(self, receipt_id: UUID) -> FoundReceipt | None:
        sale = self._state.sales.get(receipt_id)
        if sale is None:
            return None
        arrival, place = sale.arrival, sale.arrival.place
        store = self._state.stores[place.store]
        operator = _id(arrival.event.operator)
        claim = self._state.clerks.claims.get(receipt_id)
        return FoundReceipt(
            receipt_id=receipt_id,
            store=place.store,
            store_name=store.name,
            legal_entity=store.legal_entity,
            zone=store.zone,
            day_starts_at=store.day_starts_at,
            token_hash=self._state.devices[place.device].token_hash,
            till=_id(arrival.event.till),
            operator=operator,
            operator_member=None if operator is None else self._state.clerks.own.get(operator),
            member=arrival.member or (None if claim is None else claim.member),
            day=sale.day,
            wall_ms=arrival.happened_ms,
            body=encode_body(sale.sale),
            refunds=tuple(
                FoundRefund(
                    one.at_ms,
                    self._state.stores[one.arrival.place.store].name,
                    _id(one.arrival.event.operator),
                    encode_body(one.body),
                )
                for one in self._state.refunds
                if one.receipt_id == receipt_id
            ),
        )

    def by_number(self, number: str, day: date, limit: int) -> tuple[UUID, ...]:
        found = [
            sale
            for sale in self._state.sales.values()
            if (sale.sale.till_receipt_no, sale.day) == (number, day)
        ]
        found.sort(key=lambda sale: -sale.arrival.happened_ms)
        return tuple(sale.receipt_id for sale in found[:limit])

    def claim(self, claimed: ReceiptClaimed, now_ms: int) -> bool:
        return self._state.clerks.claims.setdefault(claimed.receipt_id, claimed) is claimed


class FakeClerkRepo:
    """A `ClerkRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.clerks

    def note(self, sales: Sequence[BookedSale], now_ms: int) -> None:
        for sale in sales:
            operator = _id(sale.arrival.event.operator)
            if operator is not None and sale.arrival.member is not None:
                self.note_day(ClerkDay(operator, sale.day), now_ms)

    def note_day(self, day: ClerkDay, now_ms: int) -> None:
        self._shelf.due.setdefault(day, now_ms)

    def take(self, limit: int) -> tuple[ClerkDay, ...]:
        taken = sorted(self._shelf.due, key=lambda day: self._shelf.due[day])[:limit]
        for day in taken:
            del self._shelf.due[day]
        return tuple(taken)

    def sold(self, day: ClerkDay) -> tuple[SoldTo, ...]:
        found = []
        for sale in self._state.sales.values():
            claim = self._shelf.claims.get(sale.receipt_id)
            member = sale.arrival.member or (None if claim is None else claim.member)
            theirs = (_id(sale.arrival.event.operator), sale.day) == (day.operator, day.day)
            if theirs and member is not None:
                found.append(SoldTo(sale.arrival.happened_ms, sale.receipt_id, member))
        return tuple(found)

    def own_members(self, operator: UUID) -> frozenset[UUID]:
        own = self._shelf.own.get(operator)
        return frozenset() if own is None else frozenset({own})

    def recruited(self, members: Collection[UUID], since_ms: int) -> dict[UUID, UUID]:
        enrolled = (self._state.members[one] for one in members if one in self._state.members)
        return {
            new.member: UUID(bytes=new.arrival.event.operator)
            for new in enrolled
            if new.arrival.event.operator and new.arrival.received_ms >= since_ms
        }

    def raise_alerts(self, alerts: Sequence[Alert], now_ms: int) -> int:
        news = 0
        for one in alerts:
            key = (one.operator, one.member, one.day, one.kind)
            held = self._shelf.alerts.get(key)
            if held is None or len(one.receipts) > len(held.alert.receipts):
                self._shelf.alerts[key] = self._row(one, now_ms)
                news += 1
        return news

    def alerts(self, limit: int) -> tuple[AlertRow, ...]:
        rows = sorted(
            self._shelf.alerts.values(),
            key=lambda row: (
                row.acknowledged_by != "",
                -row.raised_ms,
                row.alert.operator,
                row.alert.member,
            ),
        )
        return tuple(rows[:limit])

    def acknowledge(self, alert: Alert, by: str, note: str, now_ms: int) -> bool:
        key = (alert.operator, alert.member, alert.day, alert.kind)
        held = self._shelf.alerts.get(key)
        if held is None or held.acknowledged_by:
            return False
        self._shelf.alerts[key] = replace(held, acknowledged_by=by, note=note)
        return True

    def clerks(self) -> tuple[Clerk, ...]:
        found = []
        for one in self._state.operators.values():
            own = self._shelf.own.get(one.operator)
            found.append(
                Clerk(
                    one.operator,
                    one.store,
                    self._state.stores[one.store].name,
                    one.number,
                    one.name,
                    one.role,
                    own,
                    self._member(own),
                )
            )
        return tuple(sorted(found, key=lambda one: (one.store_name, one.number)))

    def link(self, operator: UUID, member: UUID | None) -> bool:
        if operator not in self._state.operators:
            return False
        self._shelf.own.pop(operator, None)
        if member is not None:
            self._shelf.own[operator] = member
        return True

    def figures(self, first: date, last: date, store: UUID | None) -> tuple[ClerkFigures, ...]:
        counts: dict[tuple[UUID, UUID], list[int]] = {}

        def count(raw: bytes | None, where: UUID, day: date, place: int, fen: int) -> None:
            operator = _id(raw)
            if operator is None or not first <= day <= last or store not in {None, where}:
                return
            figures = counts.setdefault((where, operator), [0, 0, 0, 0, 0])
            figures[place] += 1
            if place < 4:
                figures[place + 1] += fen

        for sale in self._state.sales.values():
            by = sale.arrival.event.operator
            count(by, sale.arrival.place.store, sale.day, 0, sale.sale.total_fen)
        for refund in self._state.refunds:
            by = refund.arrival.event.operator
            count(by, refund.arrival.place.store, refund.day, 2, refund.body.money_fen)
        for new in self._state.members.values():
            place = new.arrival.place
            count(new.arrival.event.operator, place.store, self._day(new.arrival), 4, 0)
        rows = [self._figures(*key, figures) for key, figures in counts.items()]
        return tuple(sorted(rows, key=lambda row: (row.store_name, row.number, row.operator)))

    def _day(self, arrival: object) -> date:
        place, happened_ms = arrival.place, arrival.happened_ms  # type: ignore[attr-defined]
        store = self._state.stores[place.store]
        local = at(happened_ms).astimezone(ZoneInfo(store.zone)).replace(tzinfo=None)
        return business_date(local, store.day_starts_at)

    def _figures(self, store: UUID, operator: UUID, figures: list[int]) -> ClerkFigures:
        known = self._state.operators.get(operator)
        number, name = ("", "") if known is None else (known.number, known.name)
        store_name = self._state.stores[store].name
        return ClerkFigures(operator, store, store_name, number, name, *figures)

    def _row(self, alert: Alert, now_ms: int) -> AlertRow:
        known = self._state.operators.get(alert.operator)
        return AlertRow(
            alert,
            "" if known is None else self._state.stores[known.store].name,
            "" if known is None else known.number,
            "" if known is None else known.name,
            self._member(alert.member),
            now_ms,
        )

    def _member(self, member: UUID | None) -> str:
        known = None if member is None else self._state.members.get(member)
        return "" if known is None else known.enrolled.name
