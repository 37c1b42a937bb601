"""Members' tiers judged from the books: their standings, the history, what a tier brings.

Judging reads and works out; `save` writes. All of it in the transaction at hand. Members that were
merged are one person: they are judged together and stand alike.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from uuid import UUID

from cloud_broker.ports.growth import MERGE, Changed, Joined, StandingRow, TierChange
from cloud_broker.ports.unit import Unit
from cloud_broker.services.growth.perks import Perks
from cloud_broker.services.rights.benefits import Benefits
from retail_core.growth.history import Grant, History, Plans, check_order, judge_on, stand, to_wire
from retail_core.growth.plan import GrowthPlan
from retail_core.growth.standing import Bought, DayActivity, Standing
from retail_core.growth.windows import holds_until

AS_ENROLLED = "as enrolled"


@dataclass(frozen=True, slots=True)
class Judged:
    """What a judgement came to for one member; `undone` when a refund took a tier away again."""

    before: Joined
    old: StandingRow | None
    row: StandingRow
    change: Changed | None
    undone: bool = False

    @property
    def is_news(self) -> bool:
        """Whether shops have to hear of it."""
        if self.old is None or self.change is not None:
            return True
        return (self.old.account, self.old.until) != (self.row.account, self.row.until)


@dataclass(frozen=True, slots=True)
class Known:
    """What the tables say of members of whole persons, read at once."""

    persons: frozenset[tuple[UUID, ...]]
    joined: dict[UUID, Joined]
    activity: dict[UUID, list[DayActivity]]
    grants: dict[UUID, list[Grant]]
    old: dict[UUID, StandingRow]


class GrowthBooks:
    """One transaction's work on tiers; nothing is done where there is no plan."""

    def __init__(self, unit: Unit, tenant: UUID, today: date, now_ms: int) -> None:
        self._unit = unit
        self._tenant = tenant
        self._today = today
        self._now_ms = now_ms
        plans = unit.growth.plans()
        self.plans: Plans | None = check_order(plans) if plans else None

    def judge(self, members: Collection[UUID], plans: Plans | None = None) -> tuple[Judged, ...]:
        """Return how these members, and all who are one person with them, stand today."""
        plans = plans or self.plans
        if plans is None or not members:
            return ()
        known = self._read(members)
        judged: list[Judged] = []
        for person in sorted(known.persons):
            judged += self._person(person, known, plans)
        return tuple(judged)

    def save(self, judged: Sequence[Judged], *, because: str = "") -> Counter[str]:
        """Write standings and history, give what new tiers bring, tell the shops."""
        if self.plans is None:
            return Counter()
        plan = self.plans.on(self._today)
        grants = [
            self._first_grant(one)
            for one in judged
            if one.old is None and plan.rank(one.before.tier)
        ]
        changes = [self._change(one, because) for one in judged if one.change is not None]
        # A tier that people gave stands in the history by their own entry.
        self._unit.growth.add_changes(grants if because == "grant" else [*grants, *changes])
        benefits = Benefits(self._unit, self._tenant, self._now_ms)
        perks = Perks(benefits, plan, self._today)
        for one in judged:
            _perks_of(one, perks)
        # Leases before members, as ingest locks them.
        benefits.lend()
        self._unit.growth.save([one.row for one in judged], self._now_ms)
        benefits.touch(one.row.member for one in judged if one.is_news)
        benefits.tell()
        return Counter(one.change for one in judged if one.change is not None)

    # ---- inside ---------------------------------------------------------------------------------

    def _read(self, members: Collection[UUID]) -> Known:
        persons = frozenset(
            tuple(sorted(same)) for same in self._unit.benefits.persons(members).values()
        )
        everybody = {member for same in persons for member in same}
        growth = self._unit.growth
        return Known(
            persons,
            growth.joined(everybody),
            growth.activity(everybody),
            growth.grants(everybody),
            growth.standings(everybody),
        )

    def _person(self, person: tuple[UUID, ...], known: Known, plans: Plans) -> list[Judged]:
        plan = plans.on(self._today)
        joined = [known.joined[member] for member in person]
        grants = [one for member in person for one in known.grants.get(member, ())]
        grants += [
            _as_enrolled(plans, one)
            for one in joined
            if one.member not in known.old and plan.rank(one.tier)
        ]
        history = History(
            begun=min(one.day for one in joined),
            bought=_together(one for member in person for one in known.activity.get(member, ())),
            grants=tuple(grants),
        )
        standing = stand(plans, history, self._today)
        due = judge_on(plan, standing, self._today)
        return [self._one(one, known.old.get(one.member), standing, plan, due) for one in joined]

    def _one(
        self,
        before: Joined,
        old: StandingRow | None,
        standing: Standing,
        plan: GrowthPlan,
        due: date,
    ) -> Judged:
        held = standing.held
        row = StandingRow(
            before.member, held.code, held.since, held.until, to_wire(plan, standing), due
        )
        rank, was = plan.rank(held.code), plan.rank(before.tier)
        if rank >= was:
            return Judged(before, old, row, "reached" if rank > was else None)
        undone = old is not None and self._today <= old.until
        return Judged(before, old, row, "lowered", undone)

    def _change(self, one: Judged, because: str) -> TierChange:
        assert one.change is not None  # noqa: S101 - the caller chose those with one
        return TierChange(
            change_id=self._id(one.row.member, one.row.tier, f"{self._now_ms}"),
            member=one.row.member,
            day=self._today,
            before=one.before.tier,
            after=one.row.tier,
            change="merged" if because == MERGE else one.change,
            until=one.row.until,
            account=one.row.account,
            reason=because,
            at_ms=self._now_ms,
        )

    def _first_grant(self, one: Judged) -> TierChange:
        """Keep the tier she came with as a grant: the first plan holds what was promised before."""
        assert self.plans is not None  # noqa: S101 - judged by it
        grant = _as_enrolled(self.plans, one.before)
        return TierChange(
            change_id=self._id(one.row.member, grant.code, AS_ENROLLED),
            member=one.row.member,
            day=grant.day,
            before=grant.code,
            after=grant.code,
            change="granted",
            until=grant.until,
            account=one.row.account,
            reason=AS_ENROLLED,
            at_ms=self._now_ms,
        )

    def _id(self, member: UUID, tier: str, said: str) -> UUID:
        named = f"tier/{self._tenant}/{member}/{tier}/{said}"
        return UUID(bytes=sha256(named.encode()).digest()[:16])


def _as_enrolled(plans: Plans, one: Joined) -> Grant:
    """Return the tier a member came with, held as long as one reached on the plan's first day."""
    first, plan = plans.since[0]
    day = max(one.day, first)
    return Grant(day, one.tier, holds_until(plan.window, day))


def _together(days: Iterable[DayActivity]) -> Bought:
    """Return a person's purchases: two of her cards on one day are one visit."""
    found: dict[date, DayActivity] = {}
    for one in days:
        same = found.get(one.day)
        found[one.day] = (
            one
            if same is None
            else replace(
                one,
                spend_fen=one.spend_fen + same.spend_fen,
                visits=max(one.visits, same.visits),
            )
        )
    return Bought(found.values())


def _perks_of(one: Judged, perks: Perks) -> None:
    """Give what a tier brings when it is reached; take it back when it is undone."""
    if one.undone:
        perks.take_back(one.row.member, one.before.tier, one.old)
    if one.change == "reached" or one.old is None:
        perks.reached(one.row)
