"""What happened, in PostgreSQL: whole batches go in as arrays, one statement a table."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import msgspec
from psycopg.types.multirange import Multirange

from cloud_broker.adapters.postgres.base import at
from cloud_broker.adapters.postgres.receipt_numbers import ReceiptNumbers
from cloud_broker.domain.arrivals import Arrival
from cloud_broker.domain.chain import DeviceChain
from cloud_broker.domain.ingest_effects import BookedSale, FirstUse
from cloud_broker.domain.rule_uses import Use
from cloud_broker.ports.journal import ChainKey, LedgerLine
from retail_core.ids import id_of
from retail_core.loyalty.postings import Posting
from retail_core.wire.messages import ProofUsed, SaleLine

_CHAINS = """
select r.device_id, r.epoch, r.ranges, r.edges, r.breaks
from device_range r
join unnest(%(devices)b::uuid[], %(epochs)b::bigint[]) as k(device_id, epoch)
  on k.device_id = r.device_id and k.epoch = r.epoch
where r.tenant_id = %(tenant)s
order by r.device_id, r.epoch
"""
_CHAINS_LOCKED = _CHAINS + "for update of r"
_OPEN_CHAINS = """
insert into device_range (
  tenant_id, device_id, epoch, ranges, edges, breaks, first_seen_at, updated_at)
select %(tenant)s, k.device_id, k.epoch, '{}', %(edges)s::jsonb, 0, now(), now()
from unnest(%(devices)b::uuid[], %(epochs)b::bigint[]) as k(device_id, epoch)
order by k.device_id, k.epoch
on conflict do nothing
"""
_SAVE_CHAINS = """
update device_range r set
  ranges = n.ranges::int8multirange, edges = n.edges::jsonb, breaks = n.breaks, updated_at = %(now)s
from unnest(%(devices)b::uuid[], %(epochs)b::bigint[], %(ranges)b::text[], %(edges)b::text[],
  %(breaks)b::bigint[]) as n(device_id, epoch, ranges, edges, breaks)
where r.tenant_id = %(tenant)s and r.device_id = n.device_id and r.epoch = n.epoch
"""
_ADD_EVENTS = """
insert into event_log (
  tenant_id, event_id, received_at, store_id, device_id, epoch, seq, till_id, operator_id,
  member_id, type, wall_ms, time_quality, boot_id, mono_ms, hash, body)
select %(tenant)s, n.* from unnest(
  %(event)b::uuid[], %(received)b::timestamptz[], %(store)b::uuid[], %(device)b::uuid[],
  %(epoch)b::bigint[], %(seq)b::bigint[], %(till)b::uuid[], %(operator)b::uuid[],
  %(member)b::uuid[], %(type)b::text[], %(wall)b::bigint[], %(quality)b::smallint[],
  %(boot)b::uuid[], %(mono)b::bigint[], %(hash)b::bytea[], %(body)b::bytea[]) as n
"""
# What a till priced is due to be checked; the same statement says so, at no further round trip.
_ADD_RECEIPTS = """
with booked as (insert into receipt (
  tenant_id, receipt_id, event_id, store_id, device_id, till_id, operator_id, member_id, source,
  till_receipt_no, business_date, shelf_fen, total_fen, points, tenders, sold_ms, received_at,
  sync_ms, bundle_version, bundle_hash, certificate_hash, solver_status, content, counter_ms)
select %(tenant)s, n.receipt, n.event, n.store, n.device, n.till, n.operator, n.member, n.source,
  n.number, n.day, n.shelf, n.total, n.points, n.tenders::jsonb, n.sold, n.received, n.sync,
  n.version, n.bundle, n.certificate, n.status, nullif(n.content, ''::bytea), nullif(n.counter, 0)
from unnest(
  %(receipt)b::uuid[], %(event)b::uuid[], %(store)b::uuid[], %(device)b::uuid[], %(till)b::uuid[],
  %(operator)b::uuid[], %(member)b::uuid[], %(source)b::text[], %(number)b::text[],
  %(day)b::date[], %(shelf)b::bigint[], %(total)b::bigint[], %(points)b::bigint[],
  %(tenders)b::text[], %(sold)b::bigint[], %(received)b::timestamptz[], %(sync)b::bigint[],
  %(version)b::bigint[], %(bundle)b::bytea[], %(certificate)b::bytea[], %(status)b::text[],
  %(content)b::bytea[], %(counter)b::bigint[]
) as n(receipt, event, store, device, till, operator, member, source, number, day, shelf, total,
  points, tenders, sold, received, sync, version, bundle, certificate, status, content, counter)
returning receipt_id, received_at, source)
insert into price_audit_due (tenant_id, receipt_id, received_at)
select %(tenant)s, receipt_id, received_at from booked where source = 'api'
"""
_ADD_USES = """
insert into rule_use as held (tenant_id, member_id, rule, business_date, uses)
select %(tenant)s, n.* from unnest(
  %(member)b::uuid[], %(rule)b::text[], %(day)b::date[], %(uses)b::bigint[]) as n
on conflict (tenant_id, member_id, rule, business_date) do update
  set uses = held.uses + excluded.uses
"""
_ADD_LINES = """
insert into receipt_line (
  tenant_id, receipt_id, line, article_id, sku, name, qty_milli, shelf_fen, net_fen, offers)
select %(tenant)s, n.receipt, n.line, n.article, n.sku, n.name, n.qty, n.shelf, n.net,
  n.offers::jsonb
from unnest(
  %(receipt)b::uuid[], %(line)b::bigint[], %(article)b::uuid[], %(sku)b::text[], %(name)b::text[],
  %(qty)b::bigint[], %(shelf)b::bigint[], %(net)b::bigint[], %(offers)b::text[]
) as n(receipt, line, article, sku, name, qty, shelf, net, offers)
"""
_ADD_POSTINGS = """
insert into posting (
  tenant_id, receipt_id, line, rule, kind, nth, debit, credit, points, issuer, redeemer, event_id,
  wallet_id, posted_at, business_date, happened_ms)
select %(tenant)s, n.* from unnest(
  %(receipt)b::uuid[], %(line)b::bigint[], %(rule)b::text[], %(kind)b::text[], %(nth)b::bigint[],
  %(debit)b::text[], %(credit)b::text[], %(points)b::bigint[], %(issuer)b::uuid[],
  %(redeemer)b::uuid[], %(event)b::uuid[], %(wallet)b::uuid[], %(posted)b::timestamptz[],
  %(day)b::date[], %(happened)b::bigint[]) as n
"""
_MOVE_BALANCES = """
insert into account as held (tenant_id, account, balance, version, updated_at)
select %(tenant)s, n.account, n.points, 1, %(now)s
from unnest(%(accounts)b::text[], %(points)b::bigint[]) as n(account, points)
order by n.account
on conflict (tenant_id, account) do update set
  balance = held.balance + excluded.balance,
  version = held.version + 1,
  updated_at = excluded.updated_at
"""


class PostgresJournal(ReceiptNumbers):
    """Fulfils `JournalRepo`."""

    def chains(self, keys: Collection[ChainKey]) -> dict[ChainKey, DeviceChain]:
        """Return what is committed, locked until the end; new keys come back empty."""
        found = self._locked(keys)
        missing = [key for key in keys if key not in found]
        if missing:
            devices, epochs = _columns(missing)
            self._put(
                _OPEN_CHAINS, devices=devices, epochs=epochs, edges=_edges(DeviceChain().edges)
            )
            found |= self._locked(missing)
        return found

    def _locked(self, keys: Collection[ChainKey]) -> dict[ChainKey, DeviceChain]:
        return self._chains(keys, _CHAINS_LOCKED)

    def _chains(self, keys: Collection[ChainKey], query: str) -> dict[ChainKey, DeviceChain]:
        devices, epochs = _columns(keys)
        rows = self._rows(query, devices=devices, epochs=epochs)
        return {
            (row.device_id, row.epoch): _chain(row.ranges, row.edges, row.breaks) for row in rows
        }

    def save_chains(self, chains: Mapping[ChainKey, DeviceChain], now_ms: int) -> None:
        """Store what is committed."""
        devices, epochs = _columns(chains)
        self._put(
            _SAVE_CHAINS,
            devices=devices,
            epochs=epochs,
            ranges=[_ranges(chain) for chain in chains.values()],
            edges=[_edges(chain.edges) for chain in chains.values()],
            breaks=[chain.breaks for chain in chains.values()],
            now=at(now_ms),
        )

    def committed(self, key: ChainKey) -> DeviceChain:
        """Return what is committed, without a lock."""
        return self.committed_of([key]).get(key, DeviceChain())

    def committed_of(self, keys: Collection[ChainKey]) -> dict[ChainKey, DeviceChain]:
        """Return what is committed of several, without a lock; what was never opened is absent."""
        return self._chains(keys, _CHAINS)

    def claim_keys(self, source: str, keys: Sequence[bytes]) -> frozenset[bytes]:
        """Note that events were seen; return those that were not seen before."""
        rows = self._rows(
            "insert into event_key select %(tenant)s, %(source)s, k"
            " from unnest(%(keys)b::bytea[]) as k order by k on conflict do nothing returning key",
            source=source,
            keys=list(keys),
        )
        return frozenset(row.key for row in rows)

    def claim_proofs(self, uses: Sequence[tuple[Arrival, ProofUsed]]) -> dict[bytes, FirstUse]:
        """Enter uses of one-time proofs; return each proof's first use, these or an earlier one."""
        members = [arrival.member for arrival, _ in uses]
        proofs = [used.proof for _, used in uses]
        # Rows go in by proof, so that two transactions with the same proofs wait in one order.
        self._put(
            "insert into proof_use select %(tenant)s, n.* from unnest(%(proofs)b::bytea[],"
            " %(events)b::uuid[], %(kinds)b::text[], %(members)b::uuid[], %(stores)b::uuid[],"
            " %(devices)b::uuid[], %(walls)b::bigint[], %(received)b::timestamptz[]) as n"
            " order by 2 on conflict do nothing",
            proofs=proofs,
            events=[arrival.event_id for arrival, _ in uses],
            kinds=[used.factor for _, used in uses],
            members=members,
            stores=[arrival.place.store for arrival, _ in uses],
            devices=[arrival.place.device for arrival, _ in uses],
            walls=[arrival.happened_ms for arrival, _ in uses],
            received=[at(arrival.received_ms) for arrival, _ in uses],
        )
        rows = self._rows(
            "select proof, event_id, store_id from proof_use"
            " where tenant_id = %(tenant)s and proof = any(%(proofs)b)",
            proofs=proofs,
        )
        return {row.proof: FirstUse(row.event_id, row.store_id) for row in rows}

    def known_receipts(self, receipts: Collection[UUID]) -> set[UUID]:
        """Return which receipts are booked."""
        rows = self._rows(
            "select receipt_id from receipt"
            " where tenant_id = %(tenant)s and receipt_id = any(%(receipts)b)",
            receipts=list(receipts),
        )
        return {row.receipt_id for row in rows}

    def add_events(self, arrivals: Sequence[Arrival]) -> None:
        """Append to the event log."""
        events = [arrival.event for arrival in arrivals]
        self._put(
            _ADD_EVENTS,
            event=[arrival.event_id for arrival in arrivals],
            received=[at(arrival.received_ms) for arrival in arrivals],
            store=[arrival.place.store for arrival in arrivals],
            device=[arrival.place.device for arrival in arrivals],
            epoch=[arrival.epoch for arrival in arrivals],
            seq=[arrival.seq for arrival in arrivals],
            till=[_id(event.till) for event in events],
            operator=[_id(event.operator) for event in events],
            member=[_id(event.member) for event in events],
            type=[event.type for event in events],
            wall=[event.wall_ms for event in events],
            quality=[event.time_quality for event in events],
            boot=[id_of(event.boot_id) for event in events],
            mono=[event.mono_ms for event in events],
            hash=[arrival.hash for arrival in arrivals],
            body=[bytes(event.body) for event in events],
        )

    def add_sales(self, sales: Sequence[BookedSale]) -> None:
        """Append receipts with their lines and postings."""
        if not sales:
            return
        self._add_receipts(sales)
        self._add_lines([(sale.receipt_id, line) for sale in sales for line in sale.sale.lines])
        postings = [(sale, posting) for sale in sales for posting in sale.postings]
        if postings:
            self._add_postings(postings)

    def count_uses(self, moves: Mapping[Use, int]) -> None:
        """Add to how often members used limited rules; what was taken back is below nothing."""
        if moves:
            self._put(
                _ADD_USES,
                member=[use.member for use in moves],
                rule=[use.rule for use in moves],
                day=[use.day for use in moves],
                uses=list(moves.values()),
            )

    def _add_receipts(self, sales: Sequence[BookedSale]) -> None:
        self._put(
            _ADD_RECEIPTS,
            receipt=[sale.receipt_id for sale in sales],
            event=[sale.arrival.event_id for sale in sales],
            store=[sale.arrival.place.store for sale in sales],
            device=[sale.arrival.place.device for sale in sales],
            till=[_id(sale.arrival.event.till) for sale in sales],
            operator=[_id(sale.arrival.event.operator) for sale in sales],
            member=[sale.arrival.member for sale in sales],
            source=[sale.sale.source for sale in sales],
            number=[sale.sale.till_receipt_no for sale in sales],
            day=[sale.day for sale in sales],
            shelf=[sale.sale.shelf_fen for sale in sales],
            total=[sale.sale.total_fen for sale in sales],
            points=[sale.points for sale in sales],
            tenders=[_json(sale.sale.tenders) for sale in sales],
            sold=[sale.arrival.happened_ms for sale in sales],
            received=[at(sale.arrival.received_ms) for sale in sales],
            sync=[sale.arrival.sync_ms for sale in sales],
            version=[sale.sale.bundle_version for sale in sales],
            bundle=[sale.sale.bundle_hash for sale in sales],
            certificate=[sale.sale.certificate_hash for sale in sales],
            status=[sale.sale.solver_status for sale in sales],
            content=[sale.content for sale in sales],
            counter=[sale.sale.counter_ms for sale in sales],
        )

    def _add_lines(self, lines: Sequence[tuple[UUID, SaleLine]]) -> None:
        self._put(
            _ADD_LINES,
            receipt=[receipt for receipt, _ in lines],
            line=[line.line for _, line in lines],
            article=[_id(line.article) for _, line in lines],
            sku=[line.sku for _, line in lines],
            name=[line.name for _, line in lines],
            qty=[line.qty_milli for _, line in lines],
            shelf=[line.shelf_fen for _, line in lines],
            net=[line.net_fen for _, line in lines],
            offers=[_json(line.offers) for _, line in lines],
        )

    def _add_postings(self, postings: Sequence[tuple[BookedSale, Posting]]) -> None:
        self._put(
            _ADD_POSTINGS,
            receipt=[sale.receipt_id for sale, _ in postings],
            line=[posting.line for _, posting in postings],
            rule=[posting.rule for _, posting in postings],
            kind=[posting.kind for _, posting in postings],
            nth=[posting.nth for _, posting in postings],
            debit=[posting.debit for _, posting in postings],
            credit=[posting.credit for _, posting in postings],
            points=[posting.points for _, posting in postings],
            issuer=[posting.issuer for _, posting in postings],
            redeemer=[posting.redeemer for _, posting in postings],
            event=[sale.arrival.event_id for sale, _ in postings],
            wallet=[sale.wallet for sale, _ in postings],
            posted=[at(sale.arrival.received_ms) for sale, _ in postings],
            day=[sale.day for sale, _ in postings],
            happened=[sale.arrival.happened_ms for sale, _ in postings],
        )

    def move_balances(self, moves: Mapping[str, int], now_ms: int) -> None:
        """Add to accounts' balances; each account's version goes up by one."""
        if moves:
            self._put(
                _MOVE_BALANCES,
                accounts=list(moves),
                points=list(moves.values()),
                now=at(now_ms),
            )

    def balances(self, accounts: Collection[str]) -> dict[str, int]:
        """Return balances; an account never used is absent."""
        rows = self._rows(
            "select account, balance from account"
            " where tenant_id = %(tenant)s and account = any(%(accounts)b)",
            accounts=list(accounts),
        )
        return {row.account: row.balance for row in rows}

    def ledger(self, store: UUID) -> tuple[LedgerLine, ...]:
        """Return a store's receipts in the order they were booked."""
        rows = self._rows(
            "select receipt_id, business_date, total_fen, points, member_id, source from receipt"
            " where tenant_id = %(tenant)s and store_id = %(store)s"
            " order by received_at, receipt_id",
            store=store,
        )
        return tuple(
            LedgerLine(
                row.receipt_id,
                row.business_date,
                row.total_fen,
                row.points,
                row.member_id,
                row.source,
            )
            for row in rows
        )


def _columns(keys: Collection[ChainKey]) -> tuple[list[UUID], list[int]]:
    return [device for device, _ in keys], [epoch for _, epoch in keys]


def _chain(ranges: Multirange[int], edges: Mapping[str, str], breaks: int) -> DeviceChain:
    pairs = tuple((one.lower or 0, (one.upper or 0) - 1) for one in ranges)
    return DeviceChain(
        pairs, {int(seq): bytes.fromhex(hash_) for seq, hash_ in edges.items()}, breaks
    )


def _ranges(chain: DeviceChain) -> str:
    return "{" + ",".join(f"[{low},{high}]" for low, high in chain.ranges) + "}"


def _edges(edges: Mapping[int, bytes]) -> str:
    return _json({str(seq): hash_.hex() for seq, hash_ in edges.items()})


def _id(raw: bytes | None) -> UUID | None:
    return None if raw is None else id_of(raw)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
