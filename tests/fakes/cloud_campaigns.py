"""Campaigns in memory, with the same rules as in PostgreSQL."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from cloud_broker.ports.campaigns import (
    Arms,
    CallAnswer,
    CallBack,
    Campaign,
    Entered,
    Look,
    Tally,
    coupon_source,
)
from cloud_broker.ports.messages import Contact, PaceSet, Queued, Said, Template
from cloud_broker.ports.unit import StoreRefusedError
from retail_core.insight.campaigns.plan import Plan
from retail_core.insight.campaigns.triggers import Standing
from retail_core.insight.campaigns.uplift import ArmSum
from tests.fakes.cloud_benefits import FakeBenefitRepo

if TYPE_CHECKING:
    from tests.fakes.cloud_state import State


@dataclass
class HeldMessage:
    """A message and how far it came."""

    queued: Queued
    state: str = "due"
    reason: str = ""
    taken_ms: int | None = None
    ref: str = ""


@dataclass
class CampaignShelf:
    """Rows of campaigns and messages."""

    segments: dict[UUID, tuple[str, set[UUID]]] = field(default_factory=dict)
    campaigns: dict[UUID, Campaign] = field(default_factory=dict)
    people: dict[UUID, dict[UUID, Entered]] = field(default_factory=dict)
    calls: dict[tuple[UUID, UUID], CallBack] = field(default_factory=dict)
    ended_calls: set[UUID] = field(default_factory=set)
    answers: dict[UUID, str] = field(default_factory=dict)
    looks: dict[tuple[UUID, date], Look] = field(default_factory=dict)
    worth: dict[UUID, int] = field(default_factory=dict)
    worth_day: date | None = None
    lifecycles: dict[UUID, str] = field(default_factory=dict)
    templates: dict[UUID, Template] = field(default_factory=dict)
    contacts: dict[tuple[UUID, str], Contact] = field(default_factory=dict)
    words: list[Said] = field(default_factory=list)
    messages: dict[UUID, HeldMessage] = field(default_factory=dict)
    paces: dict[str, PaceSet] = field(default_factory=dict)


class FakeCampaignRepo:
    """A `CampaignRepo`."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._shelf = state.campaigns

    def add(self, campaign: Campaign) -> None:
        self.save(campaign)

    def save(self, campaign: Campaign) -> None:
        begun = campaign.state not in {"draft", "waiting"}
        alone = campaign.agreed_by in {"", campaign.asked_by, campaign.made_by}
        if begun and (
            campaign.started_ms is None or (campaign.plan.holdout_permille < 10 and alone)
        ):
            raise StoreRefusedError("campaign_check")
        self._shelf.campaigns[campaign.campaign] = campaign

    def campaigns(self) -> tuple[Campaign, ...]:
        found = sorted(self._shelf.campaigns.values(), key=lambda one: (one.made_ms, one.campaign))
        return tuple(reversed(found))

    def campaign(self, campaign: UUID, *, locked: bool = True) -> Campaign | None:
        return self._shelf.campaigns.get(campaign)

    def segments(self) -> tuple[tuple[UUID, str, int], ...]:
        found = [(one, name, len(people)) for one, (name, people) in self._shelf.segments.items()]
        return tuple(sorted(found, key=lambda row: row[1]))

    def segment_name(self, segment: UUID) -> str | None:
        held = self._shelf.segments.get(segment)
        return None if held is None else held[0]

    def segment_size(self, segment: UUID) -> int:
        return len(self._people(segment))

    def newcomers(
        self, campaign: UUID, segment: UUID, after: UUID | None, limit: int
    ) -> tuple[UUID, ...]:
        known = self._shelf.people.get(campaign, {})
        found = sorted(
            one
            for one in self._people(segment)
            if one in self._state.members and one not in known and (after is None or one > after)
        )
        return tuple(found[:limit])

    def standings(self, people: Collection[UUID]) -> dict[UUID, Standing]:
        found = {}
        for one in set(people) & self._state.members.keys():
            profile = self._state.growth.profiles.get(one)
            row = self._state.growth.standings.get(one)
            ahead = None if row is None else row.account.next
            found[one] = Standing(
                self._shelf.lifecycles.get(one, ""),
                overdue=False,
                born=0 if profile is None else profile.told,
                missing_fen=None if ahead is None else ahead.fen,
            )
        return found

    def expected(self, people: Collection[UUID]) -> dict[UUID, int]:
        return {one: self._shelf.worth[one] for one in people if one in self._shelf.worth}

    def expected_day(self) -> date | None:
        return self._shelf.worth_day if self._shelf.worth else None

    def expected_of(self, segment: UUID) -> tuple[int | None, ...]:
        return tuple(self._shelf.worth.get(one) for one in self._people(segment))

    def purchases(self) -> tuple[tuple[UUID, date, int], ...]:
        return tuple(
            (one.member, one.day, one.order.net_fen - one.order.refunded_fen)
            for one in self._state.channels.orders.values()
            if one.member is not None and one.order.status in {"paid", "part_refunded"}
        )

    def set_expected(self, rows: Iterable[tuple[UUID, int]], as_of: date) -> int:
        self._shelf.worth, self._shelf.worth_day = dict(rows), as_of
        return len(self._shelf.worth)

    def enter(self, campaign: UUID, entered: Sequence[Entered]) -> None:
        held = self._shelf.people.setdefault(campaign, {})
        for one in entered:
            if one.person in held:
                raise StoreRefusedError("campaign_person")
            held[one.person] = one

    def grouped(self, campaign: UUID, limit: int) -> tuple[UUID, ...]:
        held = self._shelf.people.get(campaign, {})
        return tuple(sorted(one for one, row in held.items() if row.grouped)[:limit])

    def ungroup(self, campaign: UUID, people: Collection[UUID]) -> None:
        held = self._shelf.people.get(campaign, {})
        for one in people:
            held[one] = replace(held[one], grouped=False)

    def unused(self, campaign: UUID, sources: Collection[str], limit: int) -> tuple[UUID, ...]:
        return tuple(
            sorted({one for one, open_ in self._coupons(campaign, sources) if open_})[:limit]
        )

    def add_calls(self, calls: Sequence[CallBack]) -> None:
        for one in calls:
            self._shelf.calls.setdefault((one.campaign, one.member), one)

    def end_calls(self, campaign: UUID, now_ms: int) -> tuple[UUID, ...]:
        over = self._open_calls(campaign)
        self._shelf.ended_calls |= {one.call for one in over}
        return tuple(one.member for one in over)

    def answer_call(self, answer: CallAnswer, now_ms: int) -> UUID | None:
        for one in self._shelf.calls.values():
            if one.call == answer.call:
                self._shelf.answers.setdefault(one.call, answer.outcome)
                self._shelf.ended_calls.add(one.call)
                return one.member
        return None

    def tally(self, plan: Plan, campaign: UUID) -> Tally:
        arms = Counter(one.arm for one in self._shelf.people.get(campaign, {}).values())
        coupons = self._coupons(
            campaign, [coupon_source(campaign, one.rule) for one in plan.coupons]
        )
        still_open = sum(is_open for _, is_open in coupons)
        used = sum(not is_open for _, is_open in coupons) - self._ended(campaign, plan)
        held = [one for one in self._shelf.messages.values() if one.queued.campaign == campaign]
        return Tally(
            *(arms["treated"], arms["held"], len(coupons), used, still_open),
            len(self._open_calls(campaign)),
            dict(Counter(one.state for one in held)),
            dict(Counter(one.reason for one in held if one.state in {"dropped", "failed"})),
            self._answered(campaign),
        )

    def arms(self, campaign: UUID, measure_days: int) -> Arms:
        sums = {"treated": [0, 0, 0, 0], "held": [0, 0, 0, 0]}
        for person, row in self._shelf.people.get(campaign, {}).items():
            until = row.entered_ms + measure_days * 86_400_000
            fen = sum(
                one.order.net_fen - one.order.refunded_fen
                for one in self._state.channels.orders.values()
                if one.member == person and row.entered_ms <= one.order.ordered_ms < until
                if one.order.status in {"paid", "part_refunded"}
            )
            for nth, value in enumerate((1, int(fen > 0), fen, fen * fen)):
                sums[row.arm][nth] += value
        found = ArmSum(*sums["treated"]), ArmSum(*sums["held"])
        return Arms(found, found)

    def add_look(self, campaign: UUID, look: Look) -> None:
        self._shelf.looks[campaign, look.day] = look

    def looks(self, campaign: UUID) -> tuple[Look, ...]:
        found = [look for (held, _), look in self._shelf.looks.items() if held == campaign]
        return tuple(sorted(found, key=lambda look: look.day))

    def _people(self, segment: UUID) -> set[UUID]:
        return self._shelf.segments.get(segment, ("", set()))[1]

    def _answered(self, campaign: UUID) -> dict[str, int]:
        calls = {one.call for one in self._shelf.calls.values() if one.campaign == campaign}
        return dict(Counter(how for call, how in self._shelf.answers.items() if call in calls))

    def _open_calls(self, campaign: UUID) -> list[CallBack]:
        return [
            one
            for one in self._shelf.calls.values()
            if one.campaign == campaign and one.call not in self._shelf.ended_calls
        ]

    def _coupons(self, campaign: UUID, sources: Collection[str]) -> list[tuple[UUID, bool]]:
        """Return each coupon of a source: whose it is, and whether it can still be used."""
        people = self._shelf.people.get(campaign, {})
        given = self._state.benefits.given.values()
        unused = {one.right for one in FakeBenefitRepo(self._state).coupons_of(people)}
        return [
            (one.member, one.right in unused)
            for one in given
            if one.member in people and one.source in sources
        ]

    def _ended(self, campaign: UUID, plan: Plan) -> int:
        sources = {coupon_source(campaign, one.rule) for one in plan.coupons}
        return sum(
            one.source in sources and one.right in self._state.benefits.ended
            for one in self._state.benefits.given.values()
        )
