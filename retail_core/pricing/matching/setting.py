"""All that a rule may ask about, gathered once for a basket."""

from dataclasses import dataclass
from datetime import datetime

from retail_core.checkout.basket import Basket, line_shelf_fen
from retail_core.errors import Fault
from retail_core.pricing.rules.conditions import NOBODY
from retail_core.pricing.rules.context import MemberContext, StoreContext
from retail_core.pricing.rules.restricting import Limits, limits_in
from retail_core.pricing.rules.ruleset import Campaign, RuleBundle
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left of a campaign; None is without end."""

    fen: int | None
    uses: int | None

    def is_spent(self) -> bool:
        """Tell whether nothing more can be had from it."""
        return any(left is not None and left <= 0 for left in (self.fen, self.uses))


@dataclass(frozen=True, slots=True)
class Setting:
    """All that eligibility may depend on, worked out once for a basket."""

    opened: datetime
    shelf_fen: int
    member: MemberContext | None
    tags: frozenset[str]
    guesses: frozenset[str]
    store: StoreContext
    limits: Limits
    campaigns: dict[str, Budget]


def check_in_force(bundle: RuleBundle, opened: datetime, store: StoreContext) -> None:
    """Refuse a bundle that does not hold yet; without a clock nobody can tell (Fault P121)."""
    begin = bundle.valid_from
    if begin is not None and (opened < begin or not store.clock_known):
        now = opened.isoformat() if store.clock_known else Words("not known", "未知")
        raise Fault(
            FaultCode.BUNDLE_NOT_YET,
            version=bundle.version,
            valid_from=begin.isoformat(),
            now=now,
        )


def setting_of(
    basket: Basket, bundle: RuleBundle, member: MemberContext | None, store: StoreContext
) -> Setting:
    """Return what the rules of a bundle are asked against.

    A member who opted out has none of the tags that are guesses about her (`guesses`).
    """
    guesses = bundle.inferred_tags if member is not None and not member.personal else NOBODY
    return Setting(
        opened=basket.opened_local,
        shelf_fen=sum(map(line_shelf_fen, basket.lines)),
        member=member,
        tags=NOBODY if member is None else member.tags - guesses,
        guesses=guesses,
        store=store,
        limits=limits_in(bundle, store),
        campaigns={campaign.id: _left(campaign, store) for campaign in bundle.campaigns},
    )


def _left(campaign: Campaign, store: StoreContext) -> Budget:
    fen, uses = campaign.budget_fen, campaign.uses
    return Budget(
        None if fen is None else fen - store.campaign_fen.get(campaign.id, 0),
        None if uses is None else uses - store.campaign_uses.get(campaign.id, 0),
    )
