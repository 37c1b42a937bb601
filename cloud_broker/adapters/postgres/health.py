"""Figures and issues of boxes in PostgreSQL."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.domain.vitals import FINE_DAYS, KEEP_DAYS, SPAN_MS, WORST, Span
from cloud_broker.ports.health import BoxIssues, BoxNow, IssueRow

_DAY_MS = 24 * 3_600 * 1_000
_NAMES = ", ".join(WORST)
_FOLD = {"most": "greatest", "least": "least"}
_AGGREGATE = {"most": "max", "least": "min", "bits": "bit_or"}


def _worse(name: str) -> str:
    """Return how two values of a column become one; one that is missing is passed over."""
    held, new = f"held.{name}", f"excluded.{name}"
    fold = _FOLD.get(WORST[name])
    if fold is not None:
        return f"{name} = {fold}({held}, {new})"
    return f"{name} = coalesce({held} | {new}, {held}, {new})"


_ON_HELD = "on conflict (tenant_id, device_id, since_at) do update set " + ", ".join(
    _worse(name) for name in WORST
)
_ARRAYS = ", ".join(f"%({name})b::bigint[]" for name in WORST)
_KEEP_SPANS = f"""
insert into box_vitals as held (tenant_id, device_id, since_at, {_NAMES})
select %(tenant)s, n.* from unnest(%(device)b::uuid[], %(since)b::timestamptz[], {_ARRAYS}) as n
order by 2, 3
{_ON_HELD}
"""  # noqa: S608 -- names of ours
_TIDY_SPANS = f"""
with old as (
  delete from box_vitals where tenant_id = %(tenant)s and since_at < %(fine)s
  and since_at <> date_trunc('hour', since_at) returning *)
insert into box_vitals as held (tenant_id, device_id, since_at, {_NAMES})
select tenant_id, device_id, date_trunc('hour', since_at),
  {", ".join(f"{_AGGREGATE[how]}({name})" for name, how in WORST.items())}
from old group by 1, 2, 3
{_ON_HELD}
"""  # noqa: S608 -- names of ours
_CLEAR = """
update box_issue i set cleared_at = greatest(d.seen_at, i.raised_at)
from unnest(%(boxes)b::uuid[], %(seen)b::timestamptz[]) as d(device_id, seen_at)
where i.tenant_id = %(tenant)s and i.device_id = d.device_id and i.cleared_at is null
and not exists (
  select 1 from unnest(%(device)b::uuid[], %(code)b::text[], %(subject)b::text[])
    as n(device_id, code, subject)
  where n.device_id = i.device_id and n.code = i.code and n.subject = i.subject)
"""
_RAISE = """
insert into box_issue (tenant_id, device_id, code, subject, raised_at, store_id, fields)
select %(tenant)s, n.device_id, n.code, n.subject, n.seen_at, n.store_id, n.fields::jsonb
from unnest(%(device)b::uuid[], %(code)b::text[], %(subject)b::text[], %(raised)b::timestamptz[],
  %(store)b::uuid[], %(fields)b::text[]) as n(device_id, code, subject, seen_at, store_id, fields)
order by n.device_id, n.code, n.subject
on conflict (tenant_id, device_id, code, subject) where cleared_at is null
do update set fields = excluded.fields, store_id = excluded.store_id
"""
_BOXES = """
select d.device_id, d.slot, t.last_seen_at, coalesce(t.vitals, '{}') as vitals from device d
left join device_state t on t.tenant_id = d.tenant_id and t.device_id = d.device_id
where d.tenant_id = %(tenant)s and d.store_id = %(store)s and d.retired_at is null
order by d.slot, d.device_id
"""
_SPANS = """
select * from box_vitals where tenant_id = %(tenant)s and device_id = %(device)s
and since_at >= %(since)s order by since_at
"""
_ISSUES = """
select i.* from box_issue i
join device d on d.tenant_id = i.tenant_id and d.device_id = i.device_id
where i.tenant_id = %(tenant)s and d.retired_at is null
"""
_OF_STORE = (
    _ISSUES
    + " and i.store_id = %(store)s order by i.cleared_at desc nulls first, i.raised_at desc,"
    " i.code, i.subject limit %(limit)s"
)
_STANDING = _ISSUES + " and i.cleared_at is null order by i.device_id, i.code, i.subject"


class PostgresHealth(Repository):
    """Fulfils `HealthRepo`."""

    def keep_spans(self, spans: Sequence[Span]) -> None:
        """Keep the worst of each span; one that is kept already only gets worse."""
        if spans:
            self._put(
                _KEEP_SPANS,
                device=[span.device for span in spans],
                since=[at(span.since_ms) for span in spans],
                **{name: [span.figures.get(name) for span in spans] for name in WORST},
            )

    def keep_issues(self, told: Sequence[BoxIssues]) -> None:
        """Raise what is new, and clear what these boxes no longer tell of."""
        if not told:
            return
        every = [(box, name, fields) for box in told for name, fields in box.issues.items()]
        named: dict[str, object] = {
            "device": [box.device for box, _, _ in every],
            "code": [name[0] for _, name, _ in every],
            "subject": [name[1] for _, name, _ in every],
        }
        boxes = [box.device for box in told]
        self._put(_CLEAR, boxes=boxes, seen=[at(box.seen_ms) for box in told], **named)
        if every:
            self._put(
                _RAISE,
                raised=[at(box.seen_ms) for box, _, _ in every],
                store=[box.store for box, _, _ in every],
                fields=[msgspec.json.encode(fields).decode() for _, _, fields in every],
                **named,
            )

    def boxes(self, store: UUID) -> tuple[BoxNow, ...]:
        """Return the boxes of a store, by slot."""
        rows = self._rows(_BOXES, store=store)
        return tuple(
            BoxNow(row.device_id, row.slot, _ms(row.last_seen_at), row.vitals) for row in rows
        )

    def spans(self, device: UUID, since_ms: int) -> tuple[Span, ...]:
        """Return a box's figures from a moment on, oldest first."""
        rows = self._rows(_SPANS, device=device, since=at(since_ms))
        return tuple(_span(row) for row in rows)

    def issues(self, store: UUID, *, limit: int) -> tuple[IssueRow, ...]:
        """Return a store's issues: those that stand, then the newest that are over."""
        return tuple(map(_issue, self._rows(_OF_STORE, store=store, limit=limit)))

    def standing(self) -> tuple[IssueRow, ...]:
        """Return every issue that stands at a box that is not retired."""
        return tuple(map(_issue, self._rows(_STANDING)))

    def tidy(self, now_ms: int) -> int:
        """Draw together what is old and drop what is very old; return how many rows went."""
        end = at(now_ms - KEEP_DAYS * _DAY_MS)
        went = self._run(
            "delete from box_vitals where tenant_id = %(tenant)s and since_at < %(end)s", end=end
        )
        went += self._run(
            "delete from box_issue where tenant_id = %(tenant)s and cleared_at < %(end)s", end=end
        )
        return went + self._run(_TIDY_SPANS, fine=at(now_ms - FINE_DAYS * _DAY_MS - SPAN_MS))


def _ms(moment: Any) -> int | None:
    return None if moment is None else ms_of(moment)


def _span(row: Row[Any]) -> Span:
    said = {name: getattr(row, name) for name in WORST}
    figures = {name: value for name, value in said.items() if value is not None}
    return Span(row.device_id, ms_of(row.since_at), figures)


def _issue(row: Row[Any]) -> IssueRow:
    return IssueRow(
        *(row.device_id, row.store_id, row.code, row.subject, row.fields),
        raised_ms=ms_of(row.raised_at),
        cleared_ms=_ms(row.cleared_at),
    )
