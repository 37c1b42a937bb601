"""What differs between two bundles: rule by rule, part by part, and as one store sees it.

Rules are told apart by their ids. One that a stage put beside its forerunner (`half~1`, see
`staging`) counts as the rule it stands for, so a store of a stage sees no change when the stage
becomes the whole chain's.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import msgspec

from retail_core.pricing.rules.conditions import NOBODY
from retail_core.pricing.rules.context import StoreContext
from retail_core.pricing.rules.offers import OfferBase
from retail_core.pricing.rules.restricting import limits_in
from retail_core.pricing.rules.ruleset import RuleBundle

Group = Literal["offers", "coupons", "gifts"]
GROUPS: tuple[Group, ...] = ("offers", "coupons", "gifts")
STAGED = "~"
_STAND_IN = re.compile(r"(.+)~[0-9]+")
# What says no rule: a version has a number, and where a rule holds is looked at store by store.
_NO_PARTS = frozenset({"version", "format", *GROUPS})
_NOT_CHAIN_WIDE = _NO_PARTS | {"valid_from", "restrictions"}


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule that one bundle has and the other has not, or has otherwise."""

    group: Group
    before: OfferBase | None
    after: OfferBase | None

    @property
    def rule(self) -> OfferBase:
        """The rule as it will be, or as it was."""
        found = self.after or self.before
        assert found is not None  # noqa: S101 - one of the two is there
        return found

    @property
    def kind(self) -> Literal["added", "removed", "changed"]:
        """What becomes of it."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields that differ; `kind` when it is another kind of rule."""
        if self.before is None or self.after is None:
            return ()
        if type(self.before) is not type(self.after):
            return ("kind",)
        return tuple(
            name
            for name in self.after.__struct_fields__
            if getattr(self.before, name) != getattr(self.after, name)
        )


@dataclass(frozen=True, slots=True)
class Differences:
    """All that differs: rules, and the names of other parts."""

    rules: tuple[RuleChange, ...]
    parts: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.rules or self.parts)


def differences(before: RuleBundle, after: RuleBundle) -> Differences:
    """Return what differs, in the order of the later bundle, what was removed last."""
    changes: list[RuleChange] = []
    for group in GROUPS:
        old, new = _by_id(getattr(before, group)), _by_id(getattr(after, group))
        changes += [
            RuleChange(group, old.get(rule.id), rule)
            for rule in new.values()
            if old.get(rule.id) != rule
        ]
        changes += [RuleChange(group, rule, None) for rule in old.values() if rule.id not in new]
    return Differences(tuple(changes), _parts(before, after, _NO_PARTS))


def differs_in(before: RuleBundle, after: RuleBundle, store: StoreContext) -> tuple[str, ...]:
    """Return which rules, by id, and which parts a store and its region would notice."""
    old, new = _seen(before, store), _seen(after, store)
    ids = dict.fromkeys((*new, *old))
    rules = tuple(one for one in ids if old.get(one) != new.get(one))
    return (*rules, *_parts(before, after, _NOT_CHAIN_WIDE))


def stands_for(rule_id: str) -> str:
    """Return the id of the rule for which a stage's rule stands, its own for any other."""
    found = _STAND_IN.fullmatch(rule_id)
    return rule_id if found is None else found[1]


def _by_id(rules: Iterable[OfferBase]) -> dict[str, OfferBase]:
    return {rule.id: rule for rule in rules}


def _parts(before: RuleBundle, after: RuleBundle, passed_over: frozenset[str]) -> tuple[str, ...]:
    return tuple(
        name
        for name in RuleBundle.__struct_fields__
        if name not in passed_over and getattr(before, name) != getattr(after, name)
    )


def _seen(bundle: RuleBundle, store: StoreContext) -> dict[str, object]:
    """Return the rules that hold in a store, as they hold there, and whether points pay."""
    limits = limits_in(bundle, store)
    seen: dict[str, object] = {"points": not limits.points_off} if bundle.points else {}
    for group in GROUPS:
        for rule in getattr(bundle, group):
            if rule.id not in limits.off and _holds_at(rule, store):
                seen[stands_for(rule.id)] = _as_there(rule, limits.per_receipt.get(rule.id))
    return seen


def _holds_at(rule: OfferBase, store: StoreContext) -> bool:
    when = rule.when
    if when.regions and store.region not in when.regions:
        return False
    return not when.stores or store.store in when.stores


def _as_there(rule: OfferBase, cap: int | None) -> OfferBase:
    when = msgspec.structs.replace(rule.when, stores=NOBODY, regions=NOBODY)
    caps = rule.caps
    if cap is not None:
        own = caps.per_receipt
        caps = msgspec.structs.replace(caps, per_receipt=cap if own is None else min(own, cap))
    return msgspec.structs.replace(rule, id=stands_for(rule.id), when=when, caps=caps)
