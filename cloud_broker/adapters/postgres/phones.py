"""Members' phones in PostgreSQL."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.domain.checkin_plan import LaneFacts, NewCheckIn
from cloud_broker.domain.ingest_effects import NewClaim
from cloud_broker.domain.store_state import Heard
from cloud_broker.ports.phones import PhoneKeyHeld, SaidConsent, WithdrawnConsent

_CLAIM_MS_MAX = 90 * 24 * 3600 * 1000

FORGOTTEN_AT_ONCE = 100
# Two requests that tidy at the same time take different rows.
_FORGET_REQUESTS = """
with dead as materialized (
  select key_id, nonce from phone_request
  where tenant_id = %(tenant)s and dead_at < %(now)s
  order by dead_at limit %(most)s for update skip locked)
delete from phone_request p using dead
where p.tenant_id = %(tenant)s and p.key_id = dead.key_id and p.nonce = dead.nonce
"""
_WITHDRAW = """
insert into consent (tenant_id, consent_id, member_id, kind, given, text_version, text_hash,
  language, channel, store_id, operator_id, wall_ms, received_at)
select tenant_id, %(consent)s, member_id, kind, false, text_version, text_hash,
  %(language)s, %(channel)s, store_id, null, %(wall)s, %(now)s
from consent where tenant_id = %(tenant)s and member_id = %(member)s and kind = %(kind)s
order by received_at desc, consent_id desc limit 1
"""
_SAY = """
insert into consent (tenant_id, consent_id, member_id, kind, given, text_version, text_hash,
  language, channel, store_id, operator_id, wall_ms, received_at)
select tenant_id, %(consent)s, member_id, %(kind)s, %(given)s, %(version)s, %(hash)s,
  %(language)s, %(channel)s, home_store_id, null, %(wall)s, %(now)s
from member where tenant_id = %(tenant)s and member_id = %(member)s
"""
_LANE = """
select t.store_id, t.till_id, t.name as lane_name, s.name as store_name,
  d.state, d.can_sell, d.last_seen_at
from till t
join store s on s.tenant_id = t.tenant_id and s.store_id = t.store_id
left join lateral (
  select ds.state, ds.can_sell, ds.last_seen_at from device_state ds
  join device dv on dv.tenant_id = ds.tenant_id and dv.device_id = ds.device_id
  where ds.tenant_id = t.tenant_id and dv.store_id = t.store_id and dv.retired_at is null
  order by (ds.state = 'gone'), ds.last_seen_at desc limit 1
) d on true
where t.tenant_id = %(tenant)s and t.store_id = %(store)s and t.till_id = %(lane)s
"""
_OPEN = """
insert into checkin (tenant_id, checkin_id, member_id, store_id, till_id, number, code,
  opened_at, expires_at)
values (%(tenant)s, %(checkin)s, %(member)s, %(store)s, %(lane)s, %(number)s, %(code)s,
  %(opened)s, %(expires)s)
"""
_TAKE = """
update checkin set told_at = %(now)s where tenant_id = %(tenant)s and told_at is null
  and outcome = '' and expires_at > %(now)s
returning checkin_id, member_id, store_id, till_id, number, code, opened_at, expires_at
"""
# What is about a member, and how it is found. The digit code's secret is a key and stays here.
_ABOUT_HER = {
    "member": "select * from member where tenant_id = %(tenant)s and member_id = %(member)s",
    "accounts": "select a.* from account a join member m on m.tenant_id = a.tenant_id"
    " and a.account like 'member:' || m.wallet_id::text || ':%%'"
    " where m.tenant_id = %(tenant)s and m.member_id = %(member)s",
    "postings": "select p.* from posting p join member m on m.tenant_id = p.tenant_id"
    " and p.wallet_id = m.wallet_id where m.tenant_id = %(tenant)s and m.member_id = %(member)s"
    " order by p.posted_at",
    "receipts": "select * from receipt where tenant_id = %(tenant)s and member_id = %(member)s"
    " order by sold_ms",
    "receipt_lines": "select l.* from receipt_line l join receipt r on r.tenant_id = l.tenant_id"
    " and r.receipt_id = l.receipt_id where r.tenant_id = %(tenant)s"
    " and r.member_id = %(member)s order by r.sold_ms, l.line",
    "receipts_claimed": "select * from receipt_claim where tenant_id = %(tenant)s"
    " and member_id = %(member)s order by claimed_at",
    "looked_into": "select business_date, kind, sales, raised_at, acknowledged_at from clerk_alert"
    " where tenant_id = %(tenant)s and member_id = %(member)s order by raised_at",
    "consents": "select * from consent where tenant_id = %(tenant)s and member_id = %(member)s"
    " order by received_at",
    "identities": "select * from identity where tenant_id = %(tenant)s and member_id = %(member)s",
    "phones_and_cards": "select * from credential where tenant_id = %(tenant)s"
    " and member_id = %(member)s order by created_at",
    "links_issued": "select member_id, expires_at, used_at from claim where tenant_id = %(tenant)s"
    " and member_id = %(member)s order by expires_at",
    "known_in_stores": "select i.store_id, s.name, i.since from interest i join store s"
    " on s.tenant_id = i.tenant_id and s.store_id = i.store_id where i.tenant_id = %(tenant)s"
    " and i.member_id = %(member)s order by i.since",
    "tasks": "select * from task_completion where tenant_id = %(tenant)s"
    " and member_id = %(member)s order by cause",
    "task_progress": "select * from task_progress where tenant_id = %(tenant)s"
    " and member_id = %(member)s order by task",
    "check_in_days": "select * from checkin_day where tenant_id = %(tenant)s"
    " and member_id = %(member)s order by day",
    "links_shared": "select link_id, about, made_at from share_token"
    " where tenant_id = %(tenant)s and member_id = %(member)s order by made_at",
    "links_opened": "select link_id, opened_on, joined from share_open"
    " where tenant_id = %(tenant)s and member_id = %(member)s order by opened_on",
    "invited_by": "select joined_on, noted_at from referral"
    " where tenant_id = %(tenant)s and friend_id = %(member)s",
    "mall_orders": "select * from mall_order where tenant_id = %(tenant)s"
    " and member_id = %(member)s order by ordered_at",
    "gifts_handed_over": "select * from gift_handed where tenant_id = %(tenant)s"
    " and member_id = %(member)s order by received_at",
    "check_ins": "select store_id, till_id, opened_at, outcome from checkin"
    " where tenant_id = %(tenant)s and member_id = %(member)s order by opened_at",
    "profile": "select * from member_profile where tenant_id = %(tenant)s"
    " and member_id = %(member)s",
    "tiers": "select * from tier_change where tenant_id = %(tenant)s and member_id = %(member)s"
    " order by changed_at",
    "coupons": "select * from member_coupon where tenant_id = %(tenant)s"
    " and member_id = %(member)s order by given_at",
    "gifts": "select * from member_gift where tenant_id = %(tenant)s and member_id = %(member)s"
    " order by given_at",
    "birthdays_given_for": "select day, given_at from birthday_given where tenant_id = %(tenant)s"
    " and member_id = %(member)s order by day",
    "events": "select event_id, received_at, store_id, type, wall_ms from event_log"
    " where tenant_id = %(tenant)s and member_id = %(member)s order by received_at",
}


class PostgresPhones(Repository):
    """Fulfils `PhoneRepo`."""

    def key(self, key_id: bytes) -> PhoneKeyHeld | None:
        """Return whose key this is; None when it is unknown or revoked."""
        row = self._row(
            "select member_id, public_key from credential where tenant_id = %(tenant)s"
            " and kind = 'phone_key' and key = %(key)s and revoked_at is null",
            key=key_id,
        )
        return None if row is None else PhoneKeyHeld(row.member_id, row.public_key)

    def admit(self, key_id: bytes, nonce: bytes, dead_ms: int, now_ms: int) -> bool:
        """Take a signed request for its one use; False when it came before, to any process.

        It is remembered until `dead_ms`; what is dead by now is forgotten.
        """
        self._run(_FORGET_REQUESTS, now=at(now_ms), most=FORGOTTEN_AT_ONCE)
        row = self._row(
            "insert into phone_request values (%(tenant)s, %(key)s, %(nonce)s, %(dead)s)"
            " on conflict do nothing returning key_id",
            key=key_id,
            nonce=nonce,
            dead=at(dead_ms),
        )
        return row is not None

    def revoke_keys(self, member: UUID, now_ms: int) -> int:
        """End every key of a member; return how many there were."""
        return self._run(
            "update credential set revoked_at = %(now)s where tenant_id = %(tenant)s"
            " and kind = 'phone_key' and member_id = %(member)s and revoked_at is null",
            member=member,
            now=at(now_ms),
        )

    def add_claims(self, claims: Sequence[NewClaim]) -> None:
        """Enter rights to claim; her open ones before end, so that only the newest link works."""
        for new in claims:
            received_ms = new.arrival.received_ms
            self._run(
                "update claim set used_at = %(now)s where tenant_id = %(tenant)s"
                " and member_id = %(member)s and used_at is null and claim_hash <> %(hash)s",
                member=new.member,
                hash=new.claim.claim_hash,
                now=at(received_ms),
            )
            self._run(
                "insert into claim values (%(tenant)s, %(hash)s, %(member)s, %(expires)s)"
                " on conflict do nothing",
                member=new.member,
                hash=new.claim.claim_hash,
                expires=at(min(new.claim.claim_expires_ms, received_ms + _CLAIM_MS_MAX)),
            )

    # ---- her own data ---------------------------------------------------------------------------

    def consent_given(self, member: UUID, kind: str) -> bool | None:
        """Return her newest word on a kind, held until the transaction ends; None for none."""
        # Two taps at once must not be two words: whoever comes second waits here.
        self._row(
            "select 1 from member where tenant_id = %(tenant)s and member_id = %(member)s"
            " for update",
            member=member,
        )
        row = self._row(
            "select given from consent where tenant_id = %(tenant)s and member_id = %(member)s"
            " and kind = %(kind)s order by received_at desc, consent_id desc limit 1",
            member=member,
            kind=kind,
        )
        return None if row is None else bool(row.given)

    def withdraw_consent(self, withdrawn: WithdrawnConsent) -> None:
        """Append a withdrawal, with the text of the consent it takes back."""
        self._run(
            _WITHDRAW,
            consent=withdrawn.consent,
            member=withdrawn.member,
            kind=withdrawn.kind,
            language=withdrawn.language,
            channel=withdrawn.channel,
            wall=withdrawn.said_ms or withdrawn.now_ms,
            now=at(withdrawn.now_ms),
        )

    def say_consent(self, said: SaidConsent) -> None:
        """Append a word she said herself; her home store stands for where."""
        self._run(
            _SAY,
            consent=said.consent,
            member=said.member,
            kind=said.kind,
            given=said.given,
            version=said.text_version,
            hash=said.text_hash,
            language=said.language,
            channel=said.channel,
            wall=said.now_ms,
            now=at(said.now_ms),
        )

    def everything(self, member: UUID) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Return every row about a member, by what it is; secrets stay out."""
        return {
            name: [
                row.whole
                for row in self._rows(
                    f"select to_jsonb(t) - 'tenant_id' as whole from ({query}) t",  # noqa: S608  # ours, above
                    member=member,
                )
            ]
            for name, query in _ABOUT_HER.items()
        }

    # ---- at a lane ------------------------------------------------------------------------------

    def lane(self, store: UUID, lane: UUID, now_ms: int) -> LaneFacts | None:
        """Return a store's lane, or None when it has no such one."""
        row = self._row(_LANE, store=store, lane=lane)
        if row is None:
            return None
        heard = None
        if row.state is not None:
            heard = Heard(row.state, row.can_sell, now_ms - ms_of(row.last_seen_at))
        return LaneFacts(row.store_id, row.till_id, row.store_name, row.lane_name, heard)

    def lanes(self, store: UUID) -> tuple[tuple[UUID, str], ...]:
        """Return a store's lanes: id and name, oldest first."""
        rows = self._rows(
            "select till_id, name from till where tenant_id = %(tenant)s and store_id = %(store)s"
            " order by created_at, till_id",
            store=store,
        )
        return tuple((row.till_id, row.name) for row in rows)

    def open_checkin(self, checkin: NewCheckIn) -> None:
        """Enter a check-in; the member's open ones before it end."""
        self._run(
            "update checkin set outcome = 'superseded', answered_at = %(now)s"
            " where tenant_id = %(tenant)s and member_id = %(member)s and outcome = ''",
            member=checkin.member,
            now=at(checkin.opened_ms),
        )
        self._run(
            _OPEN,
            checkin=checkin.checkin,
            member=checkin.member,
            store=checkin.store,
            lane=checkin.lane,
            number=checkin.number,
            code=checkin.code,
            opened=at(checkin.opened_ms),
            expires=at(checkin.expires_ms),
        )

    def untold_checkins(self, now_ms: int) -> tuple[NewCheckIn, ...]:
        """Take the living check-ins that no store was told of yet; taken is told."""
        return tuple(map(_checkin, self._rows(_TAKE, now=at(now_ms))))

    def checkin_outcome(self, member: UUID, checkin: UUID) -> str | None:
        """Return what became of a check-in, '' while open; None when it is not hers."""
        row = self._row(
            "select outcome from checkin where tenant_id = %(tenant)s"
            " and checkin_id = %(checkin)s and member_id = %(member)s",
            member=member,
            checkin=checkin,
        )
        return None if row is None else str(row.outcome)

    def answer_checkin(self, store: UUID, checkin: UUID, outcome: str, now_ms: int) -> bool:
        """Note a store's answer; False when it has no such open check-in."""
        answered = self._run(
            "update checkin set outcome = %(outcome)s, answered_at = %(now)s"
            " where tenant_id = %(tenant)s and checkin_id = %(checkin)s and store_id = %(store)s"
            " and outcome = ''",
            store=store,
            checkin=checkin,
            outcome=outcome,
            now=at(now_ms),
        )
        return answered == 1

    def forget_checkins(self, before_ms: int) -> int:
        """Delete check-ins opened before a moment; return how many."""
        return self._run(
            "delete from checkin where tenant_id = %(tenant)s and opened_at < %(before)s",
            before=at(before_ms),
        )


def _checkin(row: Row[Any]) -> NewCheckIn:
    return NewCheckIn(
        checkin=row.checkin_id,
        member=row.member_id,
        store=row.store_id,
        lane=row.till_id,
        number=row.number,
        code=row.code,
        opened_ms=ms_of(row.opened_at),
        expires_ms=ms_of(row.expires_at),
    )
