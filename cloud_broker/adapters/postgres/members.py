"""Members in PostgreSQL."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from cloud_broker.adapters.postgres.base import LEASED, Repository, at, ms_of
from cloud_broker.adapters.postgres.told import PostgresTold
from cloud_broker.domain.ingest_effects import NewCard, NewConsent, NewMember
from cloud_broker.domain.records import (
    LAST_LINES_MAX,
    POSTED_RECEIPTS_MAX,
    HeldReceipt,
    MemberFacts,
    accounts_of,
    last_of,
)
from cloud_broker.ports.members import Claim
from retail_core.wire.member import Purchase

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
# A word revives a withdrawn one only when it is later by its own clock and by ours: a shop that was
# offline does not bring back what was withdrawn meanwhile.
_WITHDRAWN = """
select w.member_id, max(greatest(w.wall_ms, coalesce((
  select max(g.wall_ms) from consent g where g.tenant_id = w.tenant_id
  and g.member_id = w.member_id and g.kind = w.kind and g.given
  and g.received_at <= w.received_at), 0))) as wall_ms
from consent w where w.tenant_id = %(tenant)s and w.member_id = any(%(members)b)
  and w.kind = 'face.local' and not w.given and not exists (
    select 1 from consent g where g.tenant_id = w.tenant_id and g.member_id = w.member_id
    and g.kind = w.kind and g.given and g.wall_ms > w.wall_ms and g.received_at >= w.received_at)
group by w.member_id
"""
_RECEIPTS = """
select m.id as member_id, r.receipt_id, r.store_id, r.sold_ms, r.total_fen
from unnest(%(members)b::uuid[]) as m(id)
cross join lateral (
  select receipt_id, store_id, sold_ms, total_fen from receipt
  where tenant_id = %(tenant)s and member_id = m.id
  order by received_at desc, receipt_id desc limit %(limit)s
) as r
"""
_LINES = """
select receipt_id, sku, name, qty_milli from receipt_line
where tenant_id = %(tenant)s and receipt_id = any(%(receipts)b) order by receipt_id, line
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
        self._run(_ADD_WALLETS, wallet=[new.wallet for new in members], at=times)
        self._run(
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
        self._run(
            _ADD_CLAIMS,
            hash=[new.enrolled.claim_hash for new in claims],
            member=[new.member for new in claims],
            expires=[_expiry(new) for new in claims],
        )

    def add_identities(self, identities: Mapping[tuple[str, bytes], UUID], now_ms: int) -> None:
        """Let keyed hashes name members; one that names somebody already is left as it is."""
        if identities:
            self._run(
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
            self._run(
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
        self._run(
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
        self._run(
            "update member m set ver = ver + 1 from ("
            " select member_id from member where tenant_id = %(tenant)s"
            " and member_id = any(%(members)b) order by member_id for update) as held"
            " where m.tenant_id = %(tenant)s and m.member_id = held.member_id",
            members=list(members),
        )

    def facts(self, members: Collection[UUID]) -> tuple[MemberFacts, ...]:
        """Return what a record is built from, for those that exist."""
        rows = self._rows(
            "select member_id, wallet_id, ver, name, tier, tags, phone_masked, phone_hash,"
            " home_store_id, secret from member"
            " left join digit_secret using (tenant_id, member_id)"
            " where tenant_id = %(tenant)s and member_id = any(%(members)b) order by member_id",
            members=list(members),
        )
        ids = [row.member_id for row in rows]
        receipts = self._receipts(ids)
        lines = self._lines(
            last.receipt_id for last in map(last_of, receipts.values()) if last is not None
        )
        wallets = [row.wallet_id for row in rows]
        balances = self._balances(wallets)
        leased = {row.right_id: int(row.points) for row in self._rows(LEASED, wallets=wallets)}
        keys, cards = self._credentials(ids)
        withdrawn = {row.member_id: row.wall_ms for row in self._rows(_WITHDRAWN, members=ids)}
        told = PostgresTold(self._connection, self._tenant).of(ids)
        return tuple(
            MemberFacts(
                member=row.member_id,
                wallet=row.wallet_id,
                ver=row.ver,
                name=row.name,
                tier=row.tier,
                tags=tuple(row.tags),
                phone_masked=row.phone_masked,
                phone_hash=row.phone_hash,
                home_store=row.home_store_id,
                balances=balances,
                phone_keys=tuple(keys[row.member_id]),
                cards=tuple(cards[row.member_id]),
                receipts=receipts[row.member_id],
                last_lines=_last_lines(receipts[row.member_id], lines),
                digit_secret=row.secret or b"",
                withdrawn_ms=withdrawn.get(row.member_id, 0),
                leased=leased.get(row.wallet_id, 0),
                told=told[row.member_id],
            )
            for row in rows
        )

    def add_interests(self, pairs: Collection[tuple[UUID, UUID]], now_ms: int) -> None:
        """Note that (store, member) belong together from now on."""
        if pairs:
            self._run(
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
            members=list(members),
        )
        return {row.member_id: tuple(row.stores) for row in rows}

    # ---- parts of the facts ---------------------------------------------------------------------

    def _receipts(self, members: list[UUID]) -> dict[UUID, tuple[HeldReceipt, ...]]:
        found: dict[UUID, tuple[HeldReceipt, ...]] = dict.fromkeys(members, ())
        for row in self._rows(_RECEIPTS, members=members, limit=POSTED_RECEIPTS_MAX):
            receipt = HeldReceipt(row.receipt_id, row.store_id, row.sold_ms, row.total_fen)
            found[row.member_id] = (*found[row.member_id], receipt)
        return found

    def _lines(self, receipts: Iterable[UUID]) -> dict[UUID, list[Purchase]]:
        found: dict[UUID, list[Purchase]] = defaultdict(list)
        for row in self._rows(_LINES, receipts=list(receipts)):
            found[row.receipt_id].append(Purchase(row.sku, row.name, row.qty_milli))
        return found

    def _balances(self, wallets: list[UUID]) -> dict[str, int]:
        rows = self._rows(
            "select account, balance from account"
            " where tenant_id = %(tenant)s and account = any(%(accounts)b)",
            accounts=[account for wallet in wallets for account in accounts_of(wallet)],
        )
        return {row.account: row.balance for row in rows}

    def _credentials(
        self, members: list[UUID]
    ) -> tuple[dict[UUID, list[tuple[bytes, bytes]]], dict[UUID, list[bytes]]]:
        keys: dict[UUID, list[tuple[bytes, bytes]]] = defaultdict(list)
        cards: dict[UUID, list[bytes]] = defaultdict(list)
        for row in self._rows(
            "select member_id, kind, key, public_key from credential"
            " where tenant_id = %(tenant)s and member_id = any(%(members)b)"
            " and revoked_at is null order by created_at, key",
            members=members,
        ):
            if row.kind == "card":
                cards[row.member_id].append(row.key)
            else:
                keys[row.member_id].append((row.key, row.public_key))
        return keys, cards


def _last_lines(
    receipts: tuple[HeldReceipt, ...], lines: Mapping[UUID, list[Purchase]]
) -> tuple[Purchase, ...]:
    last = last_of(receipts)
    return () if last is None else tuple(lines.get(last.receipt_id, ()))[:LAST_LINES_MAX]


def _expiry(new: NewMember) -> datetime:
    return at(min(new.enrolled.claim_expires_ms, new.arrival.received_ms + _CLAIM_MS_MAX))


def _json_list(words: Sequence[str]) -> str:
    return msgspec.json.encode(words).decode()
