"""Gives what is due for tasks and invitations, and takes back what is not due any more.

All of it in the transaction at hand: points as postings, coupons and gifts as benefits. Each turn
of a cause has keys of its own in the ledger, where it is taken back to the last point. Coupons and
gifts are named by the cause alone: one that was used stays used and is not given another time.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from uuid import UUID

from cloud_broker.domain.points import Moment
from cloud_broker.ports.tasks import Completion, Home
from cloud_broker.ports.unit import Unit
from cloud_broker.services.points.booking import post
from cloud_broker.services.points.joining import award_id
from cloud_broker.services.rights.benefits import Benefits
from retail_core.growth.referral import ReferralRule
from retail_core.growth.rewards import Act, Given
from retail_core.growth.tasks import Task
from retail_core.loyalty.awards import award_postings, take_back_postings
from retail_core.loyalty.postings import Posting, brand_account, member_account

TASK, REFERRAL = "task", "referral"
_CAUSES_OF_TASKS = ("task:", "streak:")


class Rewarding:
    """One transaction's giving and taking; call `tell` at its end."""

    def __init__(self, unit: Unit, tenant: UUID, moment: Moment) -> None:
        self._unit = unit
        self._tenant = tenant
        self._moment = moment
        self._benefits = Benefits(unit, tenant, moment.now_ms)

    def act(
        self,
        member: UUID,
        home: Home,
        acts: Iterable[Act],
        before: Mapping[str, Completion],
        rules: Mapping[str, Task | ReferralRule],
    ) -> dict[str, Completion]:
        """Do what is to be done for a member; return what is given after it, by which rules."""
        after: dict[str, Completion] = {}
        for act in acts:
            known = before.get(act.cause)
            issuer = home.legal_entity if act.give or known is None else known.issuer
            if act.give:
                self._give(member, act)
            else:
                self._benefits.take_back(member, act.cause)
            self._post(member, home.wallet, issuer, act)
            given = Given(act.reward, act.turn, stands=act.give)
            day = self._moment.day if act.give or known is None else known.day
            rule = rules.get(act.cause) if act.give or known is None else known.rule
            after[act.cause] = Completion(given, issuer, day, rule)
        return after

    def take_again(self, member: UUID, cause: str) -> bool:
        """Take back what came back to her of a cause that had been undone; tell if it did."""
        return self._benefits.take_back(member, cause)

    def tell(self) -> None:
        """Lend what a box can take, and tell the stores of coupons and gifts."""
        self._benefits.tell()

    def _give(self, member: UUID, act: Act) -> None:
        reward, first = act.reward, self._moment.day
        last = first + timedelta(days=reward.days - 1)
        if reward.coupon:
            self._benefits.give_coupon(
                member,
                reward.coupon,
                source=act.cause,
                first_day=first,
                last_day=last,
            )
        if reward.gift is not None:
            self._benefits.give_gift(
                member,
                kind=TASK if act.cause.startswith(_CAUSES_OF_TASKS) else REFERRAL,
                sku=reward.gift.sku,
                name=reward.gift.name or reward.gift.sku,
                source=act.cause,
                store=None,
                last_day=last,
            )

    def _post(self, member: UUID, wallet: UUID, issuer: UUID, act: Act) -> None:
        if not act.reward.points:
            return
        holder = self._unit.ledger.holders([wallet]).get(wallet, wallet)
        free, owed = member_account(holder, "free"), member_account(holder, "owed")
        held = self._unit.ledger.locked([free, owed, brand_account(issuer, "liability")])
        made: tuple[Posting, ...] = award_postings(
            act.reward.points, holder, issuer, act.cause, act.turn
        )
        if not act.give:
            (gave,) = made
            made = take_back_postings(gave, holder, {"free": held[free]})
        under = award_id(self._tenant, member, act.cause)
        post(self._unit, self._tenant, under, [(one, holder) for one in made], self._moment)
