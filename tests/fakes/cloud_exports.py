"""A day's books as rows, in memory."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from cloud_broker.domain.arrivals import Arrival
from cloud_broker.domain.export_plan import Counted, tables
from cloud_broker.ports.exports import Row

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State


def _place(arrival: Arrival) -> tuple[UUID, UUID | None]:
    till = arrival.event.till
    return arrival.place.store, None if till is None else UUID(bytes=till)


class FakeExportRepo:
    """An `ExportRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state

    def counted(self, day: date) -> Mapping[str, Counted]:
        found: dict[str, Counted] = {}
        for name, table in tables(people=True).items():
            rows = list(self.rows(name, day))
            at = table.columns.index(table.total) if table.total else None
            total = 0 if at is None else sum(int(str(row[at])) for row in rows)
            found[name] = (len(rows), total)
        return found

    def rows(self, table: str, day: date) -> Iterator[Row]:
        made: list[Row] = getattr(self, f"_{table}")(day)
        yield from sorted(made, key=lambda row: [str(cell) for cell in row[:2]])

    def _receipts(self, day: date) -> list[Row]:
        return [
            (one.receipt_id, *_place(one.arrival), one.arrival.member, one.sale.source,
             one.sale.till_receipt_no, one.day, one.arrival.happened_ms,
             one.sale.shelf_fen, one.sale.total_fen, one.points,
             json.dumps([list(tender) for tender in one.sale.tenders]))
            for one in self._state.sales.values()
            if one.day == day
        ]  # fmt: skip

    def _lines(self, day: date) -> list[Row]:
        return [
            (one.receipt_id, line.line, line.sku, line.name, line.qty_milli, line.shelf_fen,
             line.net_fen)
            for one in self._state.sales.values()
            if one.day == day
            for line in one.sale.lines
        ]  # fmt: skip

    def _refunds(self, day: date) -> list[Row]:
        return [
            (one.refund_id, one.receipt_id, one.nth, *_place(one.arrival),
             one.member, one.day, one.at_ms, one.body.money_fen, one.body.points_fen,
             one.made.points_back, one.made.points_taken, one.made.points_owed)
            for one in self._state.refunds
            if one.day == day
        ]  # fmt: skip

    def _postings(self, day: date) -> list[Row]:
        made = [
            (one.dated.key.receipt_id, one.dated.posting, one.dated.at_ms)
            for one in self._state.postings
            if one.dated.day == day
        ]
        made += [
            (one.receipt_id, posting, one.arrival.happened_ms)
            for one in self._state.sales.values()
            if one.day == day
            for posting in one.postings
        ]
        return [
            (under, one.line, one.rule, one.kind, one.nth, one.debit, one.credit, one.points,
             one.issuer, one.redeemer, day, at_ms)
            for under, one, at_ms in made
        ]  # fmt: skip

    def _members(self, _day: date) -> list[Row]:
        return [
            (one.member, one.wallet, one.enrolled.tier, "|".join(one.enrolled.declared_tags),
             one.arrival.place.store,
             datetime.fromtimestamp(one.arrival.happened_ms / 1_000, UTC).date())
            for one in self._state.members.values()
        ]  # fmt: skip

    def _people(self, _day: date) -> list[Row]:
        return [
            (one.member, one.member, one.enrolled.name, one.enrolled.phone_masked)
            for one in self._state.members.values()
        ]
