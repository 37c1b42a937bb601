"""Tiers and profiles in memory, with the same rules as in PostgreSQL."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.domain.benefits import coupon_told, gift_told
from cloud_broker.domain.ingest_effects import NewMember
from cloud_broker.domain.records import Told
from cloud_broker.domain.rule_uses import told_uses
from cloud_broker.ports.growth import (
    MERGE,
    Decision,
    Due,
    JobState,
    Joined,
    StandingRow,
    TierChange,
    TierGrant,
)
from cloud_broker.ports.profiles import Profile
from cloud_broker.ports.unit import StoreRefusedError
from retail_core.growth.account import day_number
from retail_core.growth.birthdays import Birthday
from retail_core.growth.history import Grant
from retail_core.growth.plan import GrowthPlan
from retail_core.growth.standing import DayActivity
from retail_core.wire.member import CallNote
from retail_core.wire.standing import TaskReached
from tests.fakes.cloud_benefits import FakeBenefitRepo

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State


_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class GrowthShelf:
    """Everything of one tenant that has to do with tiers and birthdays."""

    plans: dict[int, tuple[date, GrowthPlan]] = field(default_factory=dict)
    standings: dict[UUID, StandingRow] = field(default_factory=dict)
    tiers: dict[UUID, str] = field(default_factory=dict)
    changes: list[TierChange] = field(default_factory=list)
    due: dict[UUID, Due] = field(default_factory=dict)
    marks: int = 0
    jobs: dict[tuple[date, str], JobState] = field(default_factory=dict)
    grants: dict[UUID, TierGrant] = field(default_factory=dict)
    profiles: dict[UUID, Profile] = field(default_factory=dict)
    given_for: set[tuple[UUID, date]] = field(default_factory=set)


class FakeGrowthRepo:
    """Fulfils `GrowthRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.growth

    def plans(self) -> tuple[tuple[date, GrowthPlan], ...]:
        return tuple(self._shelf.plans[version] for version in sorted(self._shelf.plans))

    def add_plan(self, version: int, since: date, plan: GrowthPlan) -> None:
        self._shelf.plans[version] = (since, plan)

    def joined(self, members: Collection[UUID]) -> dict[UUID, Joined]:
        return {
            member: Joined(
                member,
                self._shelf.tiers.get(member, new.enrolled.tier),
                datetime.fromtimestamp(new.arrival.received_ms / 1_000, UTC).date(),
            )
            for member, new in self._state.members.items()
            if member in members
        }

    def activity(self, members: Collection[UUID]) -> dict[UUID, list[DayActivity]]:
        back: Counter[UUID] = Counter()
        for one in self._state.refunds:
            refund = one.body
            back[UUID(bytes=refund.receipt_id)] += refund.money_fen + refund.points_fen
        found: dict[UUID, list[DayActivity]] = {}
        for receipt, sold in self._state.sales.items():
            member = sold.arrival.member
            if member is None or member not in members:
                continue
            left = sold.sale.total_fen - back[receipt]
            visit = int(left > 0 or (not sold.sale.total_fen and receipt not in back))
            if left or visit:
                found.setdefault(member, []).append(DayActivity(sold.day, left, visit))
        return found

    def grants(self, members: Collection[UUID]) -> dict[UUID, list[Grant]]:
        found: dict[UUID, list[Grant]] = {}
        for one in self._shelf.changes:
            if one.member in members and one.change == "granted":
                found.setdefault(one.member, []).append(Grant(one.day, one.after, one.until))
        return found

    def standings(self, members: Collection[UUID]) -> dict[UUID, StandingRow]:
        return {one: row for one, row in self._shelf.standings.items() if one in members}

    def save(self, rows: Sequence[StandingRow], now_ms: int) -> None:
        self._shelf.standings |= {row.member: row for row in rows}
        self._shelf.tiers |= {row.member: row.tier for row in rows}

    def add_changes(self, changes: Sequence[TierChange]) -> None:
        self._shelf.changes += changes

    def changes_of(self, members: Collection[UUID], limit: int) -> tuple[TierChange, ...]:
        own = [one for one in self._shelf.changes if one.member in members]
        return tuple(sorted(own, key=lambda one: (one.at_ms, one.change_id), reverse=True)[:limit])

    def due(self, members: Collection[UUID], because: str) -> None:
        for member in members:
            self._shelf.marks += 1
            known = self._shelf.due.get(member)
            kept = MERGE if known is not None and known.because == MERGE else because
            self._shelf.due[member] = Due(kept, _EPOCH + timedelta(microseconds=self._shelf.marks))

    def waiting(self, limit: int) -> dict[UUID, Due]:
        return dict(sorted(self._shelf.due.items(), key=lambda one: one[1].marked)[:limit])

    def done(self, seen: Mapping[UUID, Due]) -> None:
        for member, due in seen.items():
            if self._shelf.due.get(member) == due:
                del self._shelf.due[member]

    def ending(self, day: date, after: UUID | None, limit: int) -> tuple[UUID, ...]:
        found = [one for one, row in self._shelf.standings.items() if row.judge_on <= day]
        return _page(found, after, limit)

    def everybody(self, after: UUID | None, limit: int) -> tuple[UUID, ...]:
        return _page(list(self._state.members), after, limit)

    def in_tiers(
        self, tiers: Collection[str], after: UUID | None, limit: int
    ) -> tuple[tuple[UUID, str], ...]:
        held = {one: row.tier for one, row in self._shelf.standings.items() if row.tier in tiers}
        return tuple((one, held[one]) for one in _page(list(held), after, limit))

    def count(self) -> int:
        return len(self._state.members)

    def job(self, day: date, job: str) -> JobState:
        return self._shelf.jobs.get((day, job), JobState(None, done=False, counts={}))

    def save_job(self, day: date, job: str, state: JobState, now_ms: int) -> None:
        self._shelf.jobs[day, job] = state

    def propose(self, grant: TierGrant) -> None:
        self._shelf.grants[grant.grant_id] = grant

    def proposed(self, grant_id: UUID) -> TierGrant | None:
        return self._shelf.grants.get(grant_id)

    def proposals(self) -> tuple[TierGrant, ...]:
        return tuple(one for one in self._shelf.grants.values() if not one.decision)

    def decide(self, grant_id: UUID, decision: Decision, by: str, now_ms: int) -> None:
        known = self._shelf.grants[grant_id]
        if known.decision or known.proposed_by == by:
            raise StoreRefusedError("decided before, or by the same person")
        self._shelf.grants[grant_id] = replace(known, decision=decision, decided_by=by)


class FakeProfileRepo:
    """Fulfils `ProfileRepo`."""

    def __init__(self, state: "State") -> None:
        self._shelf = state.growth

    def profiles(self, members: Collection[UUID]) -> dict[UUID, Profile]:
        return {one: said for one, said in self._shelf.profiles.items() if one in members}

    def save(self, profile: Profile, now_ms: int) -> None:
        self._shelf.profiles[profile.member] = profile

    def born(
        self, births: Collection[Birthday], after: UUID | None, limit: int
    ) -> tuple[Profile, ...]:
        found = {one: said for one, said in self._shelf.profiles.items() if said.birthday in births}
        return tuple(found[one] for one in _page(list(found), after, limit))

    def given_for(self, members: Collection[UUID]) -> tuple[date, ...]:
        return tuple(day for member, day in self._shelf.given_for if member in members)

    def give_for(self, member: UUID, day: date, now_ms: int) -> None:
        self._shelf.given_for.add((member, day))


def _page(found: list[UUID], after: UUID | None, limit: int) -> tuple[UUID, ...]:
    return tuple(one for one in sorted(found) if after is None or one > after)[:limit]


def told(state: "State", new: NewMember) -> Told:
    """What shops are told of a member's tier, birthday, coupons and gifts."""
    benefits, shelf, own = FakeBenefitRepo(state), state.growth, [new.member]
    profile = shelf.profiles.get(new.member, Profile(new.member))
    standing = shelf.standings.get(new.member)
    zone = ZoneInfo(state.stores[new.arrival.place.store].zone)
    joined = datetime.fromtimestamp(new.arrival.received_ms / 1_000, UTC).astimezone(zone)
    by_day = {
        (use.rule, use.day): times for use, times in state.uses.items() if use.member == new.member
    }
    used, used_on = told_uses(by_day)
    return Told(
        used=used,
        used_on=used_on,
        joined=day_number(joined.date()),
        birthday=profile.told,
        groups=profile.groups,
        personal=profile.personal,
        standing=None if standing is None else standing.account,
        coupons=tuple(coupon_told(one) for one in benefits.coupons_of(own)),
        gifts=tuple(gift_told(one) for one in benefits.gifts_of(own)),
        tasks=tuple(
            TaskReached(one.task, one.period, one.has, day_number(one.last_day))
            for one in state.tasks.reached.get(new.member, ())
            if one.last_day is not None
        ),
        calls=tuple(
            CallNote(one.note, day_number(one.last_day), one.call.bytes)
            for one in state.campaigns.calls.values()
            if one.member == new.member and one.call not in state.campaigns.ended_calls
        ),
    )
