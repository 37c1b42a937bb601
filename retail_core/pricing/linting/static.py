"""What can be seen of a bundle without pricing anything: rules that cannot hold, lose, or tie."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import combinations

from retail_core.pricing.linting.findings import Lint, LintFinding
from retail_core.pricing.proof.depends import rules_of
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.pricing.rules.conditions import ItemSelector
from retail_core.pricing.rules.offers import (
    NO_CAPS,
    MixAndMatch,
    Offer,
    OfferBase,
    PriceList,
    Rebate,
    SetAmount,
    SetPercent,
    SetPrice,
    SlotBundle,
    TimeSlotPrice,
)
from retail_core.pricing.rules.slots import WeekSlot, in_slots

_STEP = timedelta(minutes=1)
_WEEK = timedelta(days=7)


def check_static(bundle: RuleBundle) -> Iterator[LintFinding]:
    """Yield what needs no basket to be seen."""
    for rule in rules_of(bundle):
        why = why_never(rule, bundle)
        if why is not None:
            yield LintFinding(Lint.NEVER_HOLDS, (rule.id,), {"why": why})
    yield from _idle(bundle)
    for first, second in combinations(bundle.offers, 2):
        if same_terms(first, second) and overlaps(first.items, second.items):
            if first.priority == second.priority:
                yield LintFinding(Lint.TIE, tuple(sorted((first.id, second.id))))
            continue
        for weak, strong in ((first, second), (second, first)):
            if dominates(strong, weak):
                yield LintFinding(Lint.DOMINATED, (weak.id, strong.id))


def _idle(bundle: RuleBundle) -> Iterator[LintFinding]:
    """Yield what is there and does nothing: budgets that no rule uses, names that exclude none."""
    named: dict[str, list[str]] = defaultdict(list)
    for rule in rules_of(bundle):
        if rule.exclusive:
            named[rule.exclusive].append(rule.id)
    for name, rules in named.items():
        if len(rules) == 1:
            yield LintFinding(Lint.LONE_EXCLUSIVE, tuple(rules), {"exclusive": name})
    used = {rule.campaign for rule in rules_of(bundle)}
    for campaign in bundle.campaigns:
        if campaign.id not in used:
            yield LintFinding(Lint.IDLE_CAMPAIGN, (), {"campaign": campaign.id})


def why_never(rule: OfferBase, bundle: RuleBundle) -> str | None:
    """Return the key of why a rule's conditions can never hold together; None when they can."""
    when = rule.when
    begins, ends = when.valid_from, when.valid_until
    if ends is not None and bundle.valid_from is not None and ends <= bundle.valid_from:
        return "over_before_bundle"
    slots = rule.slots if isinstance(rule, TimeSlotPrice) else when.slots
    if slots and begins is not None and ends is not None and not _meets(slots, begins, ends):
        return "no_slot_in_window"
    if _restricted_everywhere(rule, bundle):
        return "restricted_everywhere"
    return _why_nobody(rule, bundle)


def _why_nobody(rule: OfferBase, bundle: RuleBundle) -> str | None:
    if rule.when.member_days_until == 0:
        return "no_days_of_membership"
    campaign = next((one for one in bundle.campaigns if one.id == rule.campaign), None)
    if campaign is not None and 0 in {campaign.budget_fen, campaign.uses}:
        return "campaign_is_empty"
    if rule.except_items is not None and covers(rule.except_items, rule.items):
        return "excepts_all_it_names"
    return None


def _meets(slots: Sequence[WeekSlot], begins: datetime, ends: datetime) -> bool:
    if ends - begins >= _WEEK:
        return True
    at = begins
    while at < ends:
        if in_slots(slots, at):
            return True
        at += _STEP
    return False


def _restricted_everywhere(rule: OfferBase, bundle: RuleBundle) -> bool:
    """Tell whether every store, or every region, that a rule names does not take part in it."""
    without = [one for one in bundle.restrictions if rule.id in one.off]
    stores = {store for one in without for store in one.stores}
    regions = {region for one in without for region in one.regions}
    when = rule.when
    return bool(
        (when.stores and when.stores <= stores) or (when.regions and when.regions <= regions)
    )


def _names(items: ItemSelector) -> Iterator[tuple[str, str]]:
    for kind in ("skus", "categories", "brands", "tags"):
        for name in getattr(items, kind):
            yield kind, name


def covers(wide: ItemSelector, narrow: ItemSelector) -> bool:
    """Tell whether one selector surely names everything that another names."""
    all_wide = set(_names(wide))
    if not all_wide:
        return True
    all_narrow = set(_names(narrow))
    return bool(all_narrow) and all_narrow <= all_wide


def overlaps(one: ItemSelector, other: ItemSelector) -> bool:
    """Tell whether two selectors surely share articles."""
    names, others = set(_names(one)), set(_names(other))
    return not names or not others or bool(names & others)


def dominates(strong: Offer, weak: Offer) -> bool:
    """Tell whether one offer may be had whenever another may, and takes off at least as much.

    Only what is sure is said: offers that are capped, budgeted or exclusive dominate nothing.
    """
    if strong.caps != NO_CAPS or strong.campaign or strong.exclusive:
        return False
    if not _open_to(strong, weak) or not covers(strong.items, weak.items):
        return False
    if strong.except_items is not None and strong.except_items != weak.except_items:
        return False
    return _takes_more(strong, weak)


def _open_to(strong: Offer, weak: Offer) -> bool:
    tiers = not strong.tiers or (bool(weak.tiers) and weak.tiers <= strong.tiers)
    tags = not strong.member_tags or (
        bool(weak.member_tags) and weak.member_tags <= strong.member_tags
    )
    if isinstance(strong, TimeSlotPrice) and not (
        isinstance(weak, TimeSlotPrice) and set(weak.slots) <= set(strong.slots)
    ):
        return False
    return tiers and tags and (strong.when == type(strong.when)() or strong.when == weak.when)


def _takes_more(strong: Offer, weak: Offer) -> bool:
    """Tell whether an offer of the same kind takes off at least as much of the same units."""
    way, numbers = _strength(strong)
    other_way, others = _strength(weak)
    return way == other_way and all(a >= b for a, b in zip(numbers, others, strict=True))


def _strength(offer: Offer) -> tuple[object, tuple[int, ...]]:
    """Return the way an offer works and, where that is the same, numbers that grow with it."""
    match offer:
        case MixAndMatch():
            return ("mix", offer.need), (offer.free, -offer.permille)
        case SetPrice():
            return ("set price", offer.need), (-offer.price_fen,)
        case SetPercent():
            return ("set percent", offer.need), (-offer.permille,)
        case SetAmount():
            return ("set amount", offer.need), (offer.fen_off,)
        case PriceList():
            return ("list", offer.id), ()
        case _:
            slots = offer.slots if isinstance(offer, SlotBundle) else ()
            return _rebate_strength(offer, slots)


def _rebate_strength(offer: Rebate, slots: object) -> tuple[object, tuple[int, ...]]:
    if offer.permille is not None:
        return ("permille", slots), (-offer.permille,)
    if offer.fen_off is not None:
        return ("fen off", slots), (offer.fen_off,)
    return ("price", slots), (-(offer.price_fen or 0),)


def same_terms(first: Offer, second: Offer) -> bool:
    """Tell whether two offers take off the same under the same conditions."""
    if isinstance(first, PriceList) or isinstance(second, PriceList):
        return False
    return (
        _open_to(first, second)
        and _open_to(second, first)
        and _takes_more(first, second)
        and _takes_more(second, first)
        and (first.caps, first.campaign, first.exclusive)
        == (second.caps, second.campaign, second.exclusive)
    )
