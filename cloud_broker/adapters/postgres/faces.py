"""Faces in PostgreSQL: decisions, holdings, receipts."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.domain.ingest_effects import ErasedFace, HeldFace
from cloud_broker.ports.faces import Decision, Forgotten, Persons, Proposal
from retail_core.identity.face_enablement import FaceEnablement

_DECIDE = """
insert into face_enablement values (%(tenant)s, %(store)s, %(version)s, %(enabled)s, %(walk_up)s,
  %(assessment)s, %(signage)s, %(approved_by)s, %(approved_on)s, %(signed)s, %(by)s, %(at)s)
"""
_PROPOSE = """
insert into face_proposal (tenant_id, proposal_id, store_id, act, base_version, assessment, signage,
  approved_by, approved_on, proposed_by, proposer, proposed_at)
values (%(tenant)s, %(id)s, %(store)s, %(act)s, %(base)s, %(assessment)s, %(signage)s,
  %(approved_by)s, %(approved_on)s, %(by)s, %(proposer)s, %(now)s)
"""
# A word that was not given at fourteen or older falls with the guardian's that stands behind it.
_CONSENTING = """
select g.member_id, max(g.wall_ms) as said_ms from consent g where g.tenant_id = %(tenant)s
  and g.member_id = any(%(members)b::uuid[]) and g.kind = 'face.local' and g.given
  and not exists (select 1 from consent w where w.tenant_id = g.tenant_id
    and w.member_id = g.member_id and not w.given
    and (w.kind = g.kind or w.kind = 'face.minor_guardian' and g.age <> '14+')
    and (w.wall_ms >= g.wall_ms or w.received_at > g.received_at))
group by g.member_id
"""
_HOLD = """
insert into face_holding select %(tenant)s, n.store, n.member, n.count, n.model, %(now)s
from unnest(%(store)b::uuid[], %(member)b::uuid[], %(count)b::integer[], %(model)b::text[])
  as n(store, member, count, model)
on conflict (tenant_id, store_id, member_id) do update set templates = excluded.templates,
  model_id = excluded.model_id, updated_at = excluded.updated_at
"""
_RECEIPTS = """
insert into erasure_receipt select %(tenant)s, n.event, n.store, n.device, n.member, n.cause,
  n.content, n.signature, n.key, n.erased, %(now)s
from unnest(%(event)b::uuid[], %(store)b::uuid[], %(device)b::uuid[], %(member)b::uuid[],
  %(cause)b::text[], %(content)b::bytea[], %(signature)b::bytea[], %(key)b::bytea[],
  %(erased)b::bigint[]) as n(event, store, device, member, cause, content, signature, key, erased)
on conflict do nothing
"""
_PERSONS = """
select e.legal_entity_id, e.name, count(distinct h.member_id) as persons,
  coalesce(sum(h.templates), 0) as templates, count(distinct h.store_id) as stores
from legal_entity e
left join store s on s.tenant_id = e.tenant_id and s.legal_entity_id = e.legal_entity_id
left join face_holding h on h.tenant_id = s.tenant_id and h.store_id = s.store_id
where e.tenant_id = %(tenant)s group by e.legal_entity_id, e.name order by e.name
"""


class PostgresFaces(Repository):
    """Fulfils `FaceRepo`."""

    def take_turn(self) -> None:
        """Let nobody else decide or propose anything about faces before this transaction ends."""
        self._run("select pg_advisory_xact_lock(hashtextextended(%(tenant)s::text, 31))")

    def decide(self, decision: Decision) -> None:
        """Append a decision; the tables refuse an incomplete one."""
        said = decision.said
        self._run(
            _DECIDE,
            store=decision.store,
            version=said.version,
            enabled=said.enabled,
            walk_up=said.walk_up,
            assessment=said.assessment,
            signage=said.signage,
            approved_by=said.approved_by,
            approved_on=said.approved_on,
            signed=decision.signed,
            by=decision.decided_by,
            at=at(decision.decided_ms),
        )

    def decisions(self) -> dict[UUID, Decision]:
        """Return the newest decision of every store that has one."""
        rows = self._rows(
            "select distinct on (store_id) * from face_enablement"
            " where tenant_id = %(tenant)s order by store_id, version desc"
        )
        return {
            row.store_id: Decision(
                row.store_id,
                FaceEnablement(
                    tenant=str(row.tenant_id),
                    store=str(row.store_id),
                    version=row.version,
                    enabled=row.enabled,
                    walk_up=row.walk_up,
                    assessment=row.assessment,
                    signage=row.signage,
                    approved_by=row.approved_by,
                    approved_on=row.approved_on,
                ),
                row.signed,
                row.decided_by,
                ms_of(row.decided_at),
            )
            for row in rows
        }

    def propose(self, proposal: Proposal) -> None:
        """Enter a proposal; an open one for the same store is superseded."""
        self._run(
            "update face_proposal set state = 'superseded', settled_by = %(by)s,"
            " settled_at = %(now)s"
            " where tenant_id = %(tenant)s and store_id = %(store)s and state = 'open'",
            store=proposal.store,
            by=proposal.proposed_by,
            now=at(proposal.proposed_ms),
        )
        self._run(
            _PROPOSE,
            id=proposal.proposal,
            store=proposal.store,
            act=proposal.act,
            base=proposal.base_version,
            assessment=proposal.assessment,
            signage=proposal.signage,
            approved_by=proposal.approved_by,
            approved_on=proposal.approved_on,
            by=proposal.proposed_by,
            proposer=proposal.proposer,
            now=at(proposal.proposed_ms),
        )

    def proposals(self, since_ms: int) -> tuple[Proposal, ...]:
        """Return open proposals made since a moment, oldest first."""
        rows = self._rows(
            "select * from face_proposal where tenant_id = %(tenant)s and state = 'open'"
            " and proposed_at >= %(since)s order by proposed_at, proposal_id",
            since=at(since_ms),
        )
        return tuple(map(_proposal, rows))

    def proposal(self, proposal_id: UUID) -> Proposal | None:
        """Return an open proposal, locked until the end of the transaction."""
        row = self._row(
            "select * from face_proposal where tenant_id = %(tenant)s and proposal_id = %(id)s"
            " and state = 'open' for update",
            id=proposal_id,
        )
        return None if row is None else _proposal(row)

    def settle(self, proposal_id: UUID, state: str, by: UUID, now_ms: int) -> None:
        """Close a proposal as `confirmed` or `withdrawn`; nobody confirms his own."""
        self._run(
            "update face_proposal set state = %(state)s, settled_by = %(by)s,"
            " settled_at = %(now)s where tenant_id = %(tenant)s and proposal_id = %(id)s",
            id=proposal_id,
            state=state,
            by=by,
            now=at(now_ms),
        )

    def consenting(self, members: Collection[UUID]) -> set[UUID]:
        """Return those whose consent to faces stands."""
        return set(self.said_yes(members))

    def said_yes(self, members: Collection[UUID]) -> dict[UUID, int]:
        """Return when those whose consent to faces stands said so last, by their shop's clock."""
        rows = self._rows(_CONSENTING, members=list(members))
        return {row.member_id: int(row.said_ms) for row in rows}

    def hold(self, held: Sequence[HeldFace], now_ms: int) -> None:
        """Note that templates rest in a store; the newest word counts."""
        newest = {(one.arrival.place.store, one.member): one for one in held}
        if newest:
            self._run(
                _HOLD,
                store=[store for store, _ in newest],
                member=[member for _, member in newest],
                count=[one.held.count for one in newest.values()],
                model=[one.held.model_id for one in newest.values()],
                now=at(now_ms),
            )

    def erased(self, erased: Sequence[ErasedFace], now_ms: int) -> None:
        """Note that none rests there any more, and keep the receipts."""
        if not erased:
            return
        places = [one.arrival.place for one in erased]
        self._run(
            _RECEIPTS,
            event=[one.arrival.event_id for one in erased],
            store=[place.store for place in places],
            device=[place.device for place in places],
            member=[one.member for one in erased],
            cause=[one.receipt.cause for one in erased],
            content=[one.erased.receipt for one in erased],
            signature=[one.erased.signature for one in erased],
            key=[one.erased.public_key for one in erased],
            erased=[one.receipt.erased_ms for one in erased],
            now=at(now_ms),
        )
        self._run(
            "delete from face_holding h using unnest(%(store)b::uuid[], %(member)b::uuid[])"
            " as n(store, member) where h.tenant_id = %(tenant)s and h.store_id = n.store"
            " and h.member_id = n.member",
            store=[place.store for place in places],
            member=[one.member for one in erased],
        )

    def persons(self) -> tuple[Persons, ...]:
        """Count different persons by legal entity."""
        return tuple(
            Persons(row.legal_entity_id, row.name, row.persons, int(row.templates), row.stores)
            for row in self._rows(_PERSONS)
        )

    def receipts(self, member: UUID) -> tuple[tuple[bytes, bytes, bytes], ...]:
        """Return (content, signature, public key) of a member's receipts, oldest first."""
        rows = self._rows(
            "select content, signature, public_key from erasure_receipt"
            " where tenant_id = %(tenant)s and member_id = %(member)s"
            " order by received_at, event_id",
            member=member,
        )
        return tuple((row.content, row.signature, row.public_key) for row in rows)

    def forget_consents(self, until_ms: int, after: UUID | None, page: int) -> Forgotten:
        """Forget words that ended before a moment, of some members after one; see the port."""
        row = self._row(
            "select * from forget_consents(%(until)s, %(after)s::uuid, %(page)s)",
            until=at(until_ms),
            after=after,
            page=page,
        )
        assert row is not None  # noqa: S101 -- a function of out parameters gives one row
        return Forgotten(row.last, row.words, row.receipts)


def _proposal(row: Row[Any]) -> Proposal:
    return Proposal(
        proposal=row.proposal_id,
        store=row.store_id,
        act=row.act,
        base_version=row.base_version,
        assessment=row.assessment,
        signage=row.signage,
        approved_by=row.approved_by,
        approved_on=row.approved_on,
        proposed_by=row.proposed_by,
        proposer=row.proposer,
        proposed_ms=ms_of(row.proposed_at),
    )
