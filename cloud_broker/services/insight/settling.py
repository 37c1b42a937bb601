"""Who is one person, worked out anew where evidence came or was taken back.

Only what hangs together is looked at. Wallets follow by postings, where both memberships agreed;
what evidence poured together it parts again. Nothing else is rewritten: reports ask whose a name is
now.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cloud_broker.domain.points import Moment
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.evidence import Blocked, Settled
from cloud_broker.ports.ledger import Merge
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.persons.persons import who_holds
from cloud_broker.services.points.desk import PointsDesk
from cloud_broker.services.points.joining import join_wallets, part_wallets
from retail_core.insight.persons.graph import EvidenceGraph, Link, Person
from retail_core.insight.persons.hearing import member_handle
from retail_core.insight.persons.kinds import MEMBER, Handle, Rules
from retail_core.insight.persons.plan import Poured, WalletPlan, wallet_plan

BY: Final = "identity"
PIECE: Final = 500
# Nobody has as many names: a value that so many things hang on names nobody.
HANDLES_MAX: Final = 2_000
_POURED: Final = "one person by evidence, both agreed: 证据是同一人,双方同意"
_PARTED: Final = "no longer one person, or one of them said no: 证据撤回或一方不同意"
Progress = Callable[[int], None]


@dataclass(slots=True)
class Outcome:
    """What came of a piece: names that are another's now, wallets that were joined or parted."""

    names: int = 0
    changed: int = 0
    poured: int = 0
    parted: int = 0

    def add(self, other: "Outcome") -> None:
        """Count another piece in."""
        self.names += other.names
        self.changed += other.changed
        self.poured += other.poured
        self.parted += other.parted


@dataclass(frozen=True, slots=True)
class Settling:
    """Works off what is due, a piece a transaction; one at a time in a chain."""

    units: Units
    clock: Clock
    ids: IdSource
    zone: str = "Asia/Shanghai"

    def run(self, tenant: UUID) -> int:
        """Settle a piece; return how many names were due."""
        return self.piece(tenant).names

    def piece(self, tenant: UUID) -> Outcome:
        """Settle a piece."""
        with self.units.begin(tenant) as unit:
            unit.evidence.one_at_a_time()
            return self.settle(unit, tenant, unit.evidence.due(PIECE))

    def everything(self, tenant: UUID, progress: Progress | None = None) -> Outcome:
        """Hear what was there before evidence was kept, and settle all that is due."""
        whole = Outcome()
        with self.units.begin(tenant) as unit:
            unit.evidence.adopt(self.clock.now_ms())
        while (piece := self.piece(tenant)).names:
            whole.add(piece)
            if progress is not None:
                progress(whole.names)
        return whole

    def settle(self, unit: Unit, tenant: UUID, due: Collection[Handle]) -> Outcome:
        """Settle names in the transaction at hand, which no other may do meanwhile."""
        if not due:
            return Outcome()
        now = self.clock.now_ms()
        rules = rules_of(unit)
        # What a value that names nobody held together is looked at, too.
        nobody = [one for one in due if rules.names_nobody(one)]
        ends = {end for row in unit.evidence.standing(nobody) for end in row.link.ends}
        graph, seen = self._around(unit, rules, {*due, *ends}, now)
        members = {UUID(one.value) for one in seen if one.kind == MEMBER}
        # Whose wallets lie together is looked at together, though evidence parts them now.
        beside = {other for same in unit.benefits.persons(members).values() for other in same}
        if beside - members:
            graph, seen = self._around(unit, rules, seen | set(map(member_handle, beside)), now)
        persons = {graph.person(one) for one in seen}
        poured, parted = self._wallets(unit, tenant, persons)
        settled = _settled(unit, graph, sorted(seen), persons)
        changed = unit.evidence.settle(settled, now)
        return Outcome(len(due), changed, poured, parted)

    def _around(
        self, unit: Unit, rules: Rules, start: Collection[Handle], now_ms: int
    ) -> tuple[EvidenceGraph, set[Handle]]:
        """Return what hangs together with names, and the names that can be somebody's."""
        seen = {one for one in start if not rules.kind(one.kind).shared}
        links: dict[str, Link] = {}
        frontier = seen
        while frontier:
            rows = unit.evidence.standing(sorted(frontier))
            links |= {row.link.link_id: row.link for row in rows}
            reached = {
                end
                for row in rows
                if not row.link.apart and rules.joins(*row.link.ends)
                for end in row.link.ends
            }
            frontier = reached - seen
            seen |= frontier
            crowd = _crowd(links.values()) if len(seen) > HANDLES_MAX + len(start) else None
            if crowd is not None and unit.evidence.block(_too_many(crowd, now_ms)):
                rules = rules_of(unit)
                seen, links = set(start), {}
                frontier = set(seen)
        graph = EvidenceGraph(rules)
        graph.add(*links.values())
        return graph, seen

    def _wallets(self, unit: Unit, tenant: UUID, persons: Collection[Person]) -> tuple[int, int]:
        """Post what the plan for these persons says; return how much was joined and parted."""
        groups = [[UUID(one) for one in person.of(MEMBER)] for person in persons]
        members = {one for group in groups for one in group}
        joined = unit.benefits.persons(members)
        if max(map(len, (*groups, *joined.values())), default=0) <= 1:
            return 0, 0
        merges = {
            str(one.merge_id): one
            for one in unit.points_desk.merges()
            if one.source in members or one.target in members
        }
        plan = wallet_plan(
            [unit.evidence.memberships(group) for group in groups if group],
            [Poured(name, str(one.source), str(one.target)) for name, one in merges.items()],
            {name for name, one in merges.items() if one.by == BY},
        )
        moment = self.moment()
        return self._post(unit, tenant, plan, merges, moment)

    def _post(
        self,
        unit: Unit,
        tenant: UUID,
        plan: WalletPlan,
        merges: dict[str, Merge],
        moment: Moment,
    ) -> tuple[int, int]:
        for name in sorted(plan.part, key=lambda one: -merges[one].at_ms):
            part_wallets(unit, tenant, merges[name], moment, (BY, _PARTED))
        poured = 0
        for source, target in plan.pour:
            ends = UUID(source), UUID(target)
            wallets = unit.members.wallets(ends)
            if unit.ledger.holders(list(wallets.values())):
                continue  # one of them lies in somebody's wallet by HQ's word: it stays there
            made = Merge(
                self.ids.uuid7(),
                *ends,
                *(wallets[ends[0]], wallets[ends[1]]),
                _POURED,
                BY,
                moment.now_ms,
            )
            join_wallets(unit, tenant, made, moment)
            poured += 1
        return poured, len(plan.part)

    def moment(self) -> Moment:
        """Return now, as the books count it."""
        return PointsDesk(self.units, self.clock, self.ids, self.zone).moment()


def rules_of(unit: Unit) -> Rules:
    """Return the rules by which this chain hears evidence."""
    blocked: dict[str, set[str]] = {}
    for one in unit.evidence.blocked():
        blocked.setdefault(one.handle.kind, set()).add(one.handle.value)
    return Rules(blocked={kind: frozenset(values) for kind, values in blocked.items()})


def stands_for(unit: Unit, members: Sequence[UUID]) -> UUID:
    """Return which of a person's memberships stands for her: the oldest that holds its wallet."""
    if len(members) == 1:
        return members[0]
    holders = who_holds(unit, members)
    order = [UUID(one.member) for one in unit.evidence.memberships(members)]
    own = [one for one in order if holders.get(one, one) == one]
    return (own or order or sorted(members))[0]


def _settled(
    unit: Unit, graph: EvidenceGraph, seen: Iterable[Handle], persons: Iterable[Person]
) -> list[Settled]:
    known = unit.members.wallets({UUID(one) for person in persons for one in person.of(MEMBER)})
    stands: dict[Person, UUID | None] = {}
    found = []
    for handle in seen:
        person = graph.person(handle)
        if person not in stands:
            members = [UUID(one) for one in person.of(MEMBER) if UUID(one) in known]
            stands[person] = stands_for(unit, members) if members else None
        found.append(Settled(handle, stands[person]))
    return found


def _crowd(links: Iterable[Link]) -> Handle | None:
    """Return the value, no member, that most things hang on."""
    counts = Counter(end for link in links for end in link.ends if end.kind != MEMBER)
    return max(counts, key=lambda one: (counts[one], one), default=None)


def _too_many(crowd: Handle, now_ms: int) -> Blocked:
    return Blocked(crowd, f"more than {HANDLES_MAX} names hang on it", BY, now_ms)
