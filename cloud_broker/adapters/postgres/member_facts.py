"""All that shops are told of members, read in one statement: a sale asks for it each time.

What is many to one member comes as one JSON array, which costs less than a statement for each kind
and a row for each thing.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import LEASED_OF, Repository
from cloud_broker.adapters.postgres.benefits import COUPON_UNUSED, GIFT_UNUSED
from cloud_broker.domain.benefits import Coupon, Gift, coupon_told, gift_told
from cloud_broker.domain.ingest_effects import FACE_GUARDIAN, FACE_LOCAL, FACE_WALK_UP
from cloud_broker.domain.records import (
    LAST_LINES_MAX,
    POSTED_RECEIPTS_MAX,
    PURSES_SHOWN,
    HeldReceipt,
    MemberFacts,
    Told,
    last_of,
)
from cloud_broker.domain.rule_uses import told_uses
from cloud_broker.domain.withdrawn import Word, withdrawn_ms
from retail_core.growth.account import day_number
from retail_core.insight.till_tags import TILL_TAGS, Known, Windows
from retail_core.wire.member import CallNote, Purchase
from retail_core.wire.standing import TaskReached, TierStanding

_HERS = "tenant_id = %(tenant)s and member_id = m.member_id"
# Every word of hers about her face, in one read; what of it is withdrawn is reckoned from them.
_WORDS = f"""
select json_agg(json_build_array(c.kind, c.given, c.wall_ms,
  (extract(epoch from c.received_at) * 1000000)::bigint))
from consent c where {_HERS} and c.kind in ('{FACE_LOCAL}', '{FACE_WALK_UP}', '{FACE_GUARDIAN}')
"""  # noqa: S608 -- constants
_LEASED = LEASED_OF.format(wallet="m.wallet_id")
_BALANCES = """
select json_object_agg(a.account, a.balance) from account a where a.tenant_id = %(tenant)s
and a.account = any(array[{accounts}])
""".format(accounts=", ".join(f"'member:' || m.wallet_id || ':{one}'" for one in PURSES_SHOWN))
_CREDENTIALS = f"""
select json_agg(json_build_array(c.kind, encode(c.key, 'hex'), encode(c.public_key, 'hex'))
  order by c.created_at, c.key)
from credential c where {_HERS} and c.revoked_at is null
"""  # noqa: S608 -- constants
_COUPONS = f"""
select json_agg(json_build_array(b.coupon_id, b.rule, b.source, b.first_day, b.last_day)
  order by b.last_day, b.coupon_id)
from member_coupon b where {_HERS} and b.ended is null and {COUPON_UNUSED}
"""  # noqa: S608 -- constants
_GIFTS = f"""
select json_agg(json_build_array(b.gift_id, b.kind, b.sku, b.name, b.source, b.store_id,
  b.last_day, b.ready) order by b.last_day, b.gift_id)
from member_gift b where {_HERS} and b.ended is null and {GIFT_UNUSED}
"""  # noqa: S608 -- constants
_TASKS = f"""
select json_agg(json_build_array(t.task, t.period, t.has, t.last_day) order by t.task)
from task_progress t where {_HERS}
"""  # noqa: S608 -- constants
_USES = f"""
select json_agg(json_build_array(u.rule, u.business_date, u.uses))
from rule_use u where {_HERS}
"""  # noqa: S608 -- constants
# What the last of those receipts was for, by the box's clock; late arrivals are not the last.
_RECEIPTS = """
select json_agg(json_build_array(n.receipt_id, n.store_id, n.sold_ms, n.total_fen)
    order by n.received_at desc, n.receipt_id desc) as receipts,
  array_agg(distinct n.store_id) as stores,
  (array_agg(n.receipt_id
    order by n.sold_ms desc, n.received_at desc, n.receipt_id desc))[1] as last
from (select receipt_id, store_id, sold_ms, total_fen, received_at from receipt
  where tenant_id = %(tenant)s and member_id = m.member_id
  order by received_at desc, receipt_id desc limit %(limit)s) as n
"""
# She shops in few stores: their names are read once each, not once a receipt.
_STORES = """
select json_object_agg(w.store_id, w.name) from store w
where w.tenant_id = %(tenant)s and w.store_id = any(r.stores)
"""
_LINES = """
select json_agg(json_build_array(l.sku, l.name, l.qty_milli) order by l.line)
from receipt_line l where l.tenant_id = %(tenant)s and l.receipt_id = r.last
"""
# Purchases of her last 90 days as the catalogue of tags counts them; only of who has tags at all.
_WINDOWS = """
select count(*) filter (where b.ago < 30) as orders_month, count(*) as orders_quarter,
  coalesce(sum(b.kept) filter (where b.ago < 30), 0)::bigint as spend_month,
  coalesce(sum(b.kept), 0)::bigint as spend_quarter
from (
  select x.today - r.business_date as ago, r.total_fen - coalesce(f.fen, 0) as kept
  from (
    select receipt_id, business_date, total_fen from receipt
    where tenant_id = %(tenant)s and member_id = m.member_id
      and received_at > x.today - interval '92 days'
    union all
    select r.receipt_id, r.business_date, r.total_fen from receipt_claim c
    join receipt r on r.tenant_id = c.tenant_id and r.receipt_id = c.receipt_id
    where c.tenant_id = %(tenant)s and c.member_id = m.member_id and r.member_id is null
  ) r
  left join lateral (
    select sum(f.money_fen + f.points_fen) as fen from refund f
    where f.tenant_id = %(tenant)s and f.receipt_id = r.receipt_id
  ) f on true
  where r.business_date > x.today - 90 and r.business_date <= x.today
    and (f.fen is null or f.fen < r.total_fen)
    and not exists (select from quarantine q where q.tenant_id = %(tenant)s and q.kind = 'order'
      and q.apart and q.subject = r.receipt_id::text)
  union all
  select x.today - o.business_date, o.net_fen - least(o.refunded_fen, o.net_fen)
  from channel_order o
  where o.tenant_id = %(tenant)s and o.member_id = m.member_id
    and o.status in ('paid', 'part_refunded')
    and o.business_date > x.today - 90 and o.business_date <= x.today
    and not exists (select from quarantine q where q.tenant_id = o.tenant_id and q.kind = 'order'
      and q.apart and q.subject = o.order_id::text)
) b
"""
_PICKED = ", ".join(f"'{tag.key}', t.tags -> '{tag.key}'" for tag in TILL_TAGS)
_WORKED = f"""
select json_build_array(json_build_object({_PICKED}),
  (select given from consent k where k.tenant_id = %(tenant)s and k.member_id = m.member_id
    and k.kind = 'tags.sensitive' order by k.wall_ms desc, k.consent_id desc limit 1),
  w.orders_month, w.orders_quarter, w.spend_month, w.spend_quarter)
from member_tags t
cross join lateral (select (now() at time zone coalesce(s.zone, 'Asia/Shanghai'))::date) x(today)
cross join lateral ({_WINDOWS}) w
where t.tenant_id = %(tenant)s and t.member_id = coalesce((select i.person_id
  from identity_person i where i.tenant_id = %(tenant)s and i.member_id = m.member_id), m.member_id)
"""  # noqa: S608 -- constants
# Done with her next purchase: whoever sold her something has seen the note.
_CALLS = """
select json_agg(json_build_array(c.note, c.last_day, c.call_id) order by c.last_day, c.call_id)
from call_back c where c.tenant_id = %(tenant)s and c.member_id = m.member_id
  and c.ended_ms is null and c.last_day >= (now() at time zone coalesce(s.zone, 'UTC'))::date
  and not exists (select from receipt r where r.tenant_id = %(tenant)s
    and r.member_id = c.member_id and r.sold_ms >= c.made_ms)
"""
_FACTS = f"""
select m.member_id, m.wallet_id, m.ver, m.name, m.tier, m.tags, m.phone_masked, m.phone_hash,
  m.home_store_id, d.secret, p.told, p.personal, p.groups, h.account,
  (m.enrolled_at at time zone coalesce(s.zone, 'UTC'))::date as joined,
  ({_LEASED}) as leased,
  json_build_array(r.receipts, ({_STORES}), ({_WORDS}), ({_LINES}), ({_BALANCES}),
    ({_CREDENTIALS}), ({_COUPONS}), ({_GIFTS}), ({_TASKS}), ({_USES}), ({_WORKED}), ({_CALLS})
  )::text as parts
from member m
left join digit_secret d on d.tenant_id = m.tenant_id and d.member_id = m.member_id
left join member_profile p on p.tenant_id = m.tenant_id and p.member_id = m.member_id
left join member_standing h on h.tenant_id = m.tenant_id and h.member_id = m.member_id
left join store s on s.tenant_id = m.tenant_id and s.store_id = m.home_store_id
cross join lateral ({_RECEIPTS}) as r
where m.tenant_id = %(tenant)s and m.member_id = any(%(members)b::uuid[]) order by m.member_id
"""  # noqa: S608 -- constants


class _Parts(msgspec.Struct, array_like=True):
    """What is many to one member; None where there is nothing."""

    receipts: tuple[tuple[UUID, UUID, int, int], ...] | None
    stores: dict[UUID, str] | None
    words: tuple[tuple[str, bool, int, int], ...] | None
    lines: tuple[tuple[str, str, int], ...] | None
    balances: dict[str, int] | None
    credentials: tuple[tuple[str, str, str | None], ...] | None
    coupons: tuple[tuple[UUID, str, str, date, date], ...] | None
    gifts: tuple[tuple[UUID, str, str, str, str, UUID | None, date, bool], ...] | None
    tasks: tuple[tuple[str, str, tuple[int, ...], date | None], ...] | None
    uses: tuple[tuple[str, date, int], ...] | None
    worked: tuple[dict[str, object], bool | None, int, int, int, int] | None
    calls: tuple[tuple[str, date, UUID], ...] | None


_account = msgspec.msgpack.Decoder(TierStanding)
_parts = msgspec.json.Decoder(_Parts)


class PostgresFacts(Repository):
    """Reads."""

    def of(self, members: Collection[UUID]) -> tuple[MemberFacts, ...]:
        """Return what a record is built from, for members that exist."""
        rows = self._rows(_FACTS, members=sorted(members), limit=POSTED_RECEIPTS_MAX)
        return tuple(_facts(row, _parts.decode(row.parts)) for row in rows)


def _facts(row: Row[Any], parts: _Parts) -> MemberFacts:
    names = parts.stores or {}
    receipts = tuple(HeldReceipt(*one, names.get(one[1], "")) for one in parts.receipts or ())
    said = [(kind, Word(yes, wall, came)) for kind, yes, wall, came in parts.words or ()]
    bound = parts.credentials or ()
    return MemberFacts(
        member=row.member_id,
        wallet=row.wallet_id,
        ver=row.ver,
        name=row.name,
        tier=row.tier,
        tags=tuple(row.tags),
        phone_masked=row.phone_masked,
        phone_hash=row.phone_hash,
        home_store=row.home_store_id,
        balances=parts.balances or {},
        phone_keys=tuple(
            (bytes.fromhex(key), bytes.fromhex(public or ""))
            for kind, key, public in bound
            if kind != "card"
        ),
        cards=tuple(bytes.fromhex(key) for kind, key, _ in bound if kind == "card"),
        receipts=receipts,
        last_lines=_last_lines(receipts, parts),
        digit_secret=row.secret or b"",
        withdrawn_ms=_withdrawn(said, FACE_LOCAL),
        walk_up_withdrawn_ms=_withdrawn(said, FACE_WALK_UP),
        guardian_withdrawn_ms=_withdrawn(said, FACE_GUARDIAN),
        leased=row.leased or 0,
        told=_told(row, parts),
    )


def _withdrawn(said: Sequence[tuple[str, Word]], kind: str) -> int:
    return withdrawn_ms([word for of, word in said if of == kind])


def _last_lines(receipts: tuple[HeldReceipt, ...], parts: _Parts) -> tuple[Purchase, ...]:
    lines = (parts.lines or ())[:LAST_LINES_MAX]
    return () if last_of(receipts) is None else tuple(Purchase(*one) for one in lines)


def _told(row: Row[Any], parts: _Parts) -> Told:
    used, used_on = told_uses(_by_day(parts))
    member: UUID = row.member_id
    return Told(
        joined=day_number(row.joined),
        birthday=row.told or 0,
        groups=tuple(row.groups or ()),
        personal=row.personal is not False,
        standing=None if row.account is None else _account.decode(row.account),
        coupons=tuple(coupon_told(Coupon(*_hers(one, member))) for one in parts.coupons or ()),
        gifts=tuple(gift_told(Gift(*_hers(one, member))) for one in parts.gifts or ()),
        tasks=tuple(
            TaskReached(task, period, has, 0 if last is None else day_number(last))
            for task, period, has, last in parts.tasks or ()
        ),
        used=used,
        used_on=used_on,
        known=_known(row, parts),
        calls=tuple(
            CallNote(note, day_number(last), call.bytes) for note, last, call in parts.calls or ()
        ),
    )


def _known(row: Row[Any], parts: _Parts) -> Known:
    personal = row.personal is not False
    if parts.worked is None:
        return Known(personal=personal)
    tags, sensitive, *windows = parts.worked
    kept = {name: value for name, value in tags.items() if value is not None}
    return Known(kept, Windows(*windows), personal, sensitive is True)


def _hers(one: tuple[Any, ...], member: UUID) -> tuple[Any, ...]:
    """Put the member behind the id, where coupons and gifts have her."""
    return one[0], member, *one[1:]


def _by_day(parts: _Parts) -> Mapping[tuple[str, date], int]:
    return {(rule, day): times for rule, day, times in parts.uses or ()}
