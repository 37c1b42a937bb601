"""What a campaign brought so far, as figures that pages, commands and its own stopping read."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from cloud_broker.ports.campaigns import Campaign, Tally
from cloud_broker.ports.unit import Unit
from retail_core.insight.campaigns.plan import PERMILLE
from retail_core.insight.campaigns.stopping import Spent, Why, stop
from retail_core.insight.campaigns.uplift import ArmSum, Interval, Uplift, uplift


@dataclass(frozen=True, slots=True)
class Results:
    """A campaign's figures: without orders that were set aside, and with them."""

    tally: Tally
    spent: Spent
    clean: Uplift
    whole: Uplift

    def stops(self, campaign: Campaign, today: date) -> Why | None:
        """Return why it ends now, None to go on."""
        return stop(campaign.plan, self.clean, self.spent, today)

    def figures(self, campaign: Campaign) -> dict[str, Any]:
        """Return the figures as JSON's own types; fen unless a name says otherwise."""
        cost = self.spent.used_fen + self.spent.sent_fen
        people, spend = self.clean.treated.people, self.clean.spend_fen
        margin = campaign.plan.margin_permille / PERMILLE
        more = None if spend is None else _scaled(spend, people)
        return {
            "treated": _arm(self.clean.treated),
            "held": _arm(self.clean.held),
            "conversion": _interval(self.clean.conversion),
            "spend_fen": _interval(spend),
            "more_net_fen": _interval(more),
            "profit_fen": _interval(None if more is None else _less(_scaled(more, margin), cost)),
            "with_quarantined": {
                "conversion": _interval(self.whole.conversion),
                "spend_fen": _interval(self.whole.spend_fen),
            },
            "coupons": self.tally.coupons,
            "redeemed": self.tally.redeemed,
            "open_coupons": self.tally.open_coupons,
            "calls": self.tally.calls,
            "answered": dict(self.tally.answers),
            "messages": dict(self.tally.messages),
            "dropped": dict(self.tally.dropped),
            "used_fen": self.spent.used_fen,
            "sent_fen": self.spent.sent_fen,
            "committed_fen": self.spent.committed_fen,
        }


def results_of(unit: Unit, campaign: Campaign) -> Results:
    """Work a campaign's figures out."""
    plan, named = campaign.plan, campaign.campaign
    tally = unit.campaigns.tally(plan, named)
    arms = unit.campaigns.arms(named, plan.measure_days)
    return Results(tally, tally.spent(plan), uplift(*arms.clean), uplift(*arms.whole))


def _arm(arm: ArmSum) -> dict[str, Any]:
    return {
        "people": arm.people,
        "buyers": arm.buyers,
        "conversion": round(arm.conversion, 6),
        "net_fen": arm.net_fen,
        "mean_fen": round(arm.mean_fen, 2),
    }


def _interval(found: Interval | None) -> dict[str, float] | None:
    if found is None:
        return None
    return {
        "value": round(found.value, 6),
        "low": round(found.low, 6),
        "high": round(found.high, 6),
    }


def _scaled(one: Interval, by: float) -> Interval:
    return Interval(one.value * by, one.low * by, one.high * by)


def _less(one: Interval, by: float) -> Interval:
    return Interval(one.value - by, one.low - by, one.high - by)
