"""Members in PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.adapters.postgres.member_facts import PostgresFacts
from cloud_broker.domain.ingest_effects import NewCard, NewConsent, NewMember
from cloud_broker.domain.records import MemberFacts
from cloud_broker.ports.members import Claim

# A claim that never ends would be a password; PostgreSQL would also refuse the far future.
_CLAIM_MS_MAX = 90 * 24 * 3600 * 1000

_ADD_WALLETS = """
insert into wallet select %(tenant)s, n.wallet, n.at
from unnest(%(wallet)b::uuid[], %(at)b::timestamptz[]) as n(wallet, at)
"""
_ADD_MEMBERS = """
insert into member (
  tenant_id, member_id, wallet_id, ver, name, tier, tags, phone_masked, phone_hash, home_store_id,
  enrolled_at, recruited_by)
select %(tenant)s, n.member, n.wallet, 0, n.name, n.tier,
  coalesce((select array_agg(t) from jsonb_array_elements_text(n.tags::jsonb) as t), '{}'),
  n.masked, n.phone, n.store, n.at, n.operator
from unnest(
  %(member)b::uuid[], %(wallet)b::uuid[], %(name)b::text[], %(tier)b::text[], %(tags)b::text[],
  %(masked)b::text[], %(phone)b::bytea[], %(store)b::uuid[], %(at)b::timestamptz[],
  %(operator)b::uuid[]
) as n(member, wallet, name, tier, tags, masked, phone, store, at, operator)
"""
_ADD_CLAIMS = """
insert into claim select %(tenant)s, n.hash, n.member, n.expires
from unnest(%(hash)b::bytea[], %(member)b::uuid[], %(expires)b::timestamptz[])
  as n(hash, member, expires)
on conflict do nothing
"""
_ADD_CONSENTS = """
insert into consent (tenant_id, consent_id, member_id, kind, given, text_version, text_hash,
  language, channel, store_id, operator_id, wall_ms, received_at, age)
select %(tenant)s, n.* from unnest(
  %(event)b::uuid[], %(member)b::uuid[], %(kind)b::text[], %(given)b::boolean[],
  %(version)b::text[], %(hash)b::bytea[], %(language)b::text[], %(channel)b::text[],
  %(store)b::uuid[], %(operator)b::uuid[], %(wall)b::bigint[], %(received)b::timestamptz[],
  %(age)b::text[]) as n
"""


class PostgresMembers(Repository):
    """Fulfils `MemberRepo`."""

    def wallets(self, members: Collection[UUID]) -> dict[UUID, UUID]:
        """Return the wallet of each member that exists."""
        rows = self._rows(
            "select member_id, wallet_id from member"
            " where tenant_id = %(tenant)s and member_id = any(%(members)b)",
            members=list(members),
        )
        return {row.member_id: row.wallet_id for row in rows}

    def wallet_owners(self, wallets: Collection[UUID]) -> dict[UUID, UUID]:
        """Return the member of each wallet that exists."""
        rows = self._rows(
            "select member_id, wallet_id from member"
            " where tenant_id = %(tenant)s and wallet_id = any(%(wallets)b)",
            wallets=list(wallets),
        )
        return {row.wallet_id: row.member_id for row in rows}

    def identities(self, keys: Collection[tuple[str, bytes]]) -> dict[tuple[str, bytes], UUID]:
        """Return whom (kind, keyed hash) name."""
        rows = self._rows(
            "select i.kind, i.keyed_hash, i.member_id from identity i"
            " join unnest(%(kinds)b::text[], %(hashes)b::bytea[]) as k(kind, keyed_hash)"
            " on k.kind = i.kind and k.keyed_hash = i.keyed_hash where i.tenant_id = %(tenant)s",
            kinds=[kind for kind, _ in keys],
            hashes=[hash_ for _, hash_ in keys],
        )
        return {(row.kind, row.keyed_hash): row.member_id for row in rows}

    def add_members(self, members: Sequence[NewMember]) -> None:
        """Enter members at version 0 with wallet and claim."""
        if not members:
            return
        times = [at(new.arrival.received_ms) for new in members]
        self._put(_ADD_WALLETS, wallet=[new.wallet for new in members], at=times)
        self._put(
            _ADD_MEMBERS,
            member=[new.member for new in members],
            wallet=[new.wallet for new in members],
            name=[new.enrolled.name for new in members],
            tier=[new.enrolled.tier for new in members],
            tags=[_json_list(new.enrolled.declared_tags) for new in members],
            masked=[new.enrolled.phone_masked for new in members],
            phone=[new.enrolled.phone_hash or None for new in members],
            store=[new.arrival.place.store for new in members],
            at=times,
            operator=[
                None if (raw := new.arrival.event.operator) is None else UUID(bytes=raw)
                for new in members
            ],
        )
        claims = [new for new in members if new.enrolled.claim_hash]
        self._put(
            _ADD_CLAIMS,
            hash=[new.enrolled.claim_hash for new in claims],
            member=[new.member for new in claims],
            expires=[_expiry(new) for new in claims],
        )

    def add_identities(self, identities: Mapping[tuple[str, bytes], UUID], now_ms: int) -> None:
        """Let keyed hashes name members; one that names somebody already is left as it is."""
        if identities:
            self._put(
                "insert into identity select %(tenant)s, n.kind, n.hash, n.member, %(now)s"
                " from unnest(%(kinds)b::text[], %(hashes)b::bytea[], %(members)b::uuid[])"
                " as n(kind, hash, member) order by n.kind, n.hash on conflict do nothing",
                kinds=[kind for kind, _ in identities],
                hashes=[hash_ for _, hash_ in identities],
                members=list(identities.values()),
                now=at(now_ms),
            )

    def add_cards(self, cards: Sequence[NewCard]) -> None:
        """Bind cards."""
        if cards:
            self._put(
                "insert into credential (tenant_id, kind, key, member_id, created_at)"
                " select %(tenant)s, 'card', n.key, n.member, n.at"
                " from unnest(%(keys)b::bytea[], %(members)b::uuid[], %(at)b::timestamptz[])"
                " as n(key, member, at) on conflict do nothing",
                keys=[new.card.uid_hash for new in cards],
                members=[new.member for new in cards],
                at=[at(new.arrival.received_ms) for new in cards],
            )

    def revoke_cards(self, members: Collection[UUID], now_ms: int) -> None:
        """End every card that is bound to these members."""
        self._run(
            "update credential set revoked_at = %(now)s where tenant_id = %(tenant)s"
            " and kind = 'card' and member_id = any(%(members)b::uuid[]) and revoked_at is null",
            members=list(members),
            now=at(now_ms),
        )

    def add_consents(self, consents: Sequence[NewConsent]) -> None:
        """Append consents."""
        if not consents:
            return
        bodies = [new.consent for new in consents]
        operators = [new.arrival.event.operator for new in consents]
        self._put(
            _ADD_CONSENTS,
            event=[new.arrival.event_id for new in consents],
            member=[new.member for new in consents],
            kind=[body.kind for body in bodies],
            given=[body.given for body in bodies],
            version=[body.text_version for body in bodies],
            hash=[body.text_hash for body in bodies],
            language=[body.language for body in bodies],
            channel=[body.channel for body in bodies],
            store=[new.arrival.place.store for new in consents],
            operator=[None if raw is None else UUID(bytes=raw) for raw in operators],
            wall=[new.arrival.happened_ms for new in consents],
            received=[at(new.arrival.received_ms) for new in consents],
            age=[body.age for body in bodies],
        )

    def add_phone_key(self, member: UUID, key_id: bytes, public_key: bytes, now_ms: int) -> bool:
        """Put a phone's key on a member; False when the key is somebody's already."""
        added = self._run(
            "insert into credential values"
            " (%(tenant)s, 'phone_key', %(key)s, %(member)s, %(public)s, %(now)s, null)"
            " on conflict do nothing",
            key=key_id,
            member=member,
            public=public_key,
            now=at(now_ms),
        )
        return added == 1

    def set_digit_secret(self, member: UUID, secret: bytes, now_ms: int) -> None:
        """Give a member's phone a new secret (20 bytes) for digit codes; the old one ends."""
        self._run(
            "insert into digit_secret values (%(tenant)s, %(member)s, %(secret)s, %(now)s)"
            " on conflict (tenant_id, member_id) do update"
            " set secret = excluded.secret, created_at = excluded.created_at",
            member=member,
            secret=secret,
            now=at(now_ms),
        )

    def claim(self, claim_hash: bytes) -> Claim | None:
        """Return a claim, locked until the end of the transaction."""
        row = self._row(
            "select member_id, expires_at, used_at from claim"
            " where tenant_id = %(tenant)s and claim_hash = %(hash)s for update",
            hash=claim_hash,
        )
        if row is None:
            return None
        return Claim(row.member_id, ms_of(row.expires_at), row.used_at is not None)

    def use_claim(self, claim_hash: bytes, now_ms: int) -> None:
        """Mark a claim as used."""
        self._run(
            "update claim set used_at = %(now)s"
            " where tenant_id = %(tenant)s and claim_hash = %(hash)s",
            hash=claim_hash,
            now=at(now_ms),
        )

    def find(self, kind: str, value: bytes) -> UUID | None:
        """Return whom a phone key's id (`phone_key`), a card or a phone's keyed hash names."""
        row = self._row(
            "select member_id from credential where tenant_id = %(tenant)s and kind = %(kind)s"
            " and key = %(value)s and revoked_at is null union all"
            " select member_id from identity where tenant_id = %(tenant)s and kind = %(kind)s"
            " and keyed_hash = %(value)s and kind = 'phone' limit 1",
            kind=kind,
            value=value,
        )
        return None if row is None else row.member_id

    def bump(self, members: Collection[UUID]) -> None:
        """Raise the version of members by one; absent ones are passed over."""
        self._put(
            "update member m set ver = ver + 1 from ("
            " select member_id from member where tenant_id = %(tenant)s"
            " and member_id = any(%(members)b) order by member_id for update) as held"
            " where m.tenant_id = %(tenant)s and m.member_id = held.member_id",
            members=list(members),
        )

    def facts(self, members: Collection[UUID]) -> tuple[MemberFacts, ...]:
        """Return what a record is built from, for those that exist."""
        return PostgresFacts(self._connection, self._tenant).of(members)

    def add_interests(self, pairs: Collection[tuple[UUID, UUID]], now_ms: int) -> None:
        """Note that (store, member) belong together from now on."""
        if pairs:
            self._put(
                "insert into interest select %(tenant)s, n.store, n.member, %(now)s"
                " from unnest(%(stores)b::uuid[], %(members)b::uuid[]) as n(store, member)"
                " order by n.store, n.member on conflict do nothing",
                stores=[store for store, _ in pairs],
                members=[member for _, member in pairs],
                now=at(now_ms),
            )

    def stores_of(self, members: Collection[UUID]) -> dict[UUID, tuple[UUID, ...]]:
        """Return the stores that hold each member."""
        rows = self._rows(
            "select member_id, array_agg(store_id order by store_id) as stores from interest"
            " where tenant_id = %(tenant)s and member_id = any(%(members)b) group by member_id",
            members=sorted(members),
        )
        return {row.member_id: tuple(row.stores) for row in rows}


def _expiry(new: NewMember) -> datetime:
    return at(min(new.enrolled.claim_expires_ms, new.arrival.received_ms + _CLAIM_MS_MAX))


def _json_list(words: Sequence[str]) -> str:
    return msgspec.json.encode(words).decode()
