"""Shared links and invitations in PostgreSQL."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.ports.tasks import Opened, ShareLink
from retail_core.growth.referral import Referral

# What is left of a receipt's money: by quantity, what came back of a line is gone with its money.
LEFT = """
coalesce((select sum(l.net_fen - l.net_fen * least(coalesce(b.back, 0), l.qty_milli)
    / greatest(l.qty_milli, 1))
  from receipt_line l left join lateral (select sum(qty_milli)::bigint as back from refund_line f
    where f.tenant_id = l.tenant_id and f.receipt_id = l.receipt_id and f.line = l.line) b on true
  where l.tenant_id = r.tenant_id and l.receipt_id = r.receipt_id), 0)::bigint
"""
_REFERRALS = f"""
select f.inviter_id, f.friend_id, f.joined_on, r.business_date, {LEFT} as fen
from referral f left join receipt r on r.tenant_id = f.tenant_id and r.member_id = f.friend_id
where f.tenant_id = %(tenant)s and f.inviter_id = any(%(inviters)b::uuid[])
order by f.friend_id
"""  # noqa: S608 -- constants


class PostgresInvitations(Repository):
    """The part of `TaskRepo` that is about links and friends."""

    def add_link(self, link: ShareLink) -> ShareLink:
        """Enter a link, or return the one she has about this already."""
        self._run(
            "insert into share_token values (%(tenant)s, %(link)s, %(member)s, %(about)s,"
            " %(device)s, %(made)s) on conflict do nothing",
            link=link.link,
            member=link.member,
            about=link.about,
            device=link.device,
            made=at(link.made_ms),
        )
        row = self._row(
            "select * from share_token where tenant_id = %(tenant)s and member_id = %(member)s"
            " and about = %(about)s",
            member=link.member,
            about=link.about,
        )
        assert row is not None  # noqa: S101 - it was entered, now or before
        return _link(row)

    def link(self, link: UUID) -> ShareLink | None:
        """Return a link."""
        row = self._row(
            "select * from share_token where tenant_id = %(tenant)s and link_id = %(link)s",
            link=link,
        )
        return None if row is None else _link(row)

    def add_open(self, opened: Opened, now_ms: int) -> bool:
        """Note who opened a link; False when she opened one of this member before."""
        added = self._run(
            "insert into share_open values (%(tenant)s, %(inviter)s, %(member)s, %(link)s, %(day)s,"
            " %(joined)s, %(device)s, %(now)s) on conflict do nothing",
            inviter=opened.link.member,
            member=opened.member,
            link=opened.link.link,
            day=opened.day,
            joined=opened.joined,
            device=opened.device,
            now=at(now_ms),
        )
        return added == 1

    def inviters_of(self, member: UUID) -> set[UUID]:
        """Return whose links a member opened, and who invited her."""
        rows = self._rows(
            "select inviter_id from share_open where tenant_id = %(tenant)s"
            " and member_id = %(member)s union select inviter_id from referral"
            " where tenant_id = %(tenant)s and friend_id = %(member)s",
            member=member,
        )
        return {row.inviter_id for row in rows}

    def add_referral(self, opened: Opened, now_ms: int) -> bool:
        """Note that a friend was invited; False when she was before."""
        added = self._run(
            "insert into referral values (%(tenant)s, %(friend)s, %(inviter)s, %(link)s, %(day)s,"
            " %(device)s, null, %(now)s) on conflict do nothing",
            friend=opened.member,
            inviter=opened.link.member,
            link=opened.link.link,
            day=opened.day,
            device=opened.device,
            now=at(now_ms),
        )
        return added == 1

    def is_invited(self, member: UUID) -> bool:
        """Tell whether somebody invited her."""
        row = self._row(
            "select 1 from referral where tenant_id = %(tenant)s and friend_id = %(member)s",
            member=member,
        )
        return row is not None

    def devices(self, among: Collection[bytes]) -> frozenset[bytes]:
        """Return which of these browsers came by an invitation or a link before."""
        rows = self._rows(
            "select device_hash from referral where tenant_id = %(tenant)s"
            " and device_hash = any(%(devices)b::bytea[])",
            devices=list(among),
        )
        return frozenset(bytes(row.device_hash) for row in rows)

    def referrals(self, inviters: Collection[UUID]) -> tuple[Referral, ...]:
        """Return all friends these members invited, with what is left of their purchases."""
        heads: dict[UUID, tuple[UUID, date]] = {}
        bought: dict[UUID, list[tuple[date, int]]] = defaultdict(list)
        for row in self._rows(_REFERRALS, inviters=list(inviters)):
            heads[row.friend_id] = row.inviter_id, row.joined_on
            if row.business_date is not None:
                bought[row.friend_id].append((row.business_date, row.fen))
        return tuple(
            Referral(inviter, friend, joined, tuple(bought[friend]))
            for friend, (inviter, joined) in heads.items()
        )

    def check_on(self, friends: Mapping[UUID, date | None]) -> None:
        """Store when something about invitations may change."""
        for friend, day in sorted(friends.items()):
            self._run(
                "update referral set check_on = %(day)s"
                " where tenant_id = %(tenant)s and friend_id = %(friend)s"
                " and check_on is distinct from %(day)s",
                friend=friend,
                day=day,
            )

    def checks_due(self, today: date) -> set[UUID]:
        """Return friends whose invitation is to be looked at by this day."""
        rows = self._rows(
            "select friend_id from referral where tenant_id = %(tenant)s and check_on <= %(today)s",
            today=today,
        )
        return {row.friend_id for row in rows}


def _link(row: Row[Any]) -> ShareLink:
    return ShareLink(
        row.link_id, row.member_id, row.about, bytes(row.device_hash), ms_of(row.made_at)
    )
