"""Agreement of tills in PostgreSQL: the box's own message, and where it belongs."""

from collections.abc import Sequence
from uuid import UUID

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.domain.ingest_effects import TillNews
from cloud_broker.ports.tills import TillChange, TillRow
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body, encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.tills import TillAgreement

_NOTE = """
insert into till_agreement as held values (%(tenant)s, %(till)s, %(store)s, %(device)s, %(epoch)s,
  %(seq)s, %(told)s, %(body)s)
on conflict (tenant_id, till_id) do update set store_id = excluded.store_id,
  device_id = excluded.device_id, epoch = excluded.epoch, seq = excluded.seq,
  told_at = excluded.told_at, body = excluded.body
where (held.device_id, held.epoch) <> (excluded.device_id, excluded.epoch)
  or held.seq < excluded.seq
"""
_CHANGED = """
insert into till_change values (%(tenant)s, %(event)s, %(till)s, %(store)s, %(operator)s, %(told)s,
  %(body)s)
on conflict do nothing
"""
_TILLS = """
select a.till_id, coalesce(t.name, '') as till_name, a.store_id, s.name as store_name, a.told_at,
  a.body
from till_agreement a
join store s on s.tenant_id = a.tenant_id and s.store_id = a.store_id
left join till t on t.tenant_id = a.tenant_id and t.till_id = a.till_id
where a.tenant_id = %(tenant)s
order by s.name, till_name, a.till_id
"""
_CHANGES = """
select c.till_id, coalesce(t.name, '') as till_name, s.name as store_name, c.happened_at,
  coalesce(o.name, c.operator_id::text, '') as operator, c.body
from till_change c
join store s on s.tenant_id = c.tenant_id and s.store_id = c.store_id
left join till t on t.tenant_id = c.tenant_id and t.till_id = c.till_id
left join operator o on o.tenant_id = c.tenant_id and o.operator_id = c.operator_id
where c.tenant_id = %(tenant)s
order by c.happened_at desc, c.event_id limit %(limit)s
"""
COUNTED = "count"


class PostgresTills(Repository):
    """Fulfils `TillRepo`."""

    def note(self, news: Sequence[TillNews]) -> None:
        """Keep the newest of each till, and every change of a permit."""
        for one in news:
            arrival, place = one.arrival, one.arrival.place
            values: dict[str, object] = {
                "till": one.till,
                "store": place.store,
                "told": at(arrival.happened_ms),
                "body": encode_body(one.body),
            }
            self._put(_NOTE, device=place.device, epoch=arrival.epoch, seq=arrival.seq, **values)
            if one.body.why != COUNTED:
                raw = arrival.event.operator
                operator = None if raw is None else UUID(bytes=raw)
                self._put(_CHANGED, event=arrival.event_id, operator=operator, **values)

    def tills(self) -> tuple[TillRow, ...]:
        """Return every till by store and name."""
        return tuple(
            TillRow(
                row.till_id,
                row.till_name,
                row.store_id,
                row.store_name,
                ms_of(row.told_at),
                _said(row.body),
            )
            for row in self._rows(_TILLS)
        )

    def changes(self, limit: int) -> tuple[TillChange, ...]:
        """Return the last changes, newest first."""
        return tuple(
            TillChange(
                row.till_id,
                row.till_name,
                row.store_name,
                ms_of(row.happened_at),
                row.operator,
                _said(row.body),
            )
            for row in self._rows(_CHANGES, limit=limit)
        )


def _said(raw: bytes) -> TillAgreement:
    body = decode_body(EventType.TILL_AGREEMENT, raw)
    if not isinstance(body, TillAgreement):
        raise Fault(FaultCode.WIRE_MALFORMED, detail="no agreement")
    return body
