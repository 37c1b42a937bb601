"""A draft for some stores or regions first: one bundle in which it holds there and nowhere else.

Every store gets the same signed file, so nothing new travels and a price is audited as ever. What
is new is narrowed to the places of the stage; what goes is restricted away there; what changes is
both: its forerunner stays for the others, and beside it stands the new one under a name of its own.
Whatever is not a rule (points, tiers, growth, tasks, budgets) is the chain's and cannot be staged,
nor can a rule whose id people hold or that is counted by its id from receipt to receipt.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from itertools import count
from typing import Any

from retail_core.errors import Fault
from retail_core.pricing.comparing.differing import (
    GROUPS,
    STAGED,
    Differences,
    RuleChange,
    differences,
)
from retail_core.pricing.rules.coupons import CouponBase
from retail_core.pricing.rules.fields import ID_CHARS_MAX
from retail_core.pricing.rules.offers import OfferBase
from retail_core.pricing.rules.ruleset import RuleBundle
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

Plain = dict[str, Any]
"""A bundle's JSON as it stands in its file."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a draft begins: stores or regions, by the names that rules use."""

    stores: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()

    @property
    def field(self) -> str:
        """The condition by which a rule is narrowed."""
        return "stores" if self.stores else "regions"

    @property
    def names(self) -> frozenset[str]:
        """The places."""
        return self.stores or self.regions


def staged(
    before: tuple[Plain, RuleBundle], draft: tuple[Plain, RuleBundle], stage: Stage
) -> Plain:
    """Return the bundle, as JSON, that is the draft in the stage and stays as it was elsewhere.

    Each of the two comes as its JSON and as it was read. The version is for the publisher to set.
    Fault RULES_NOT_STAGED says what keeps a draft from being staged.
    """
    (held, old), (wanted, new) = before, draft
    changes = differences(old, new)
    _check(changes, stage)
    made = deepcopy(held)
    if "valid_from" in wanted:
        made["valid_from"] = wanted["valid_from"]
    gone: list[str] = []
    named = _rules(wanted)
    taken = set(_rules(held))
    for change in changes.rules:
        if change.before is not None:
            gone.append(change.before.id)
        rule = None if change.after is None else _narrowed(named[change.after.id], change, stage)
        if rule is None:
            continue
        own_id = _free(rule["id"], taken) if change.before is not None else rule["id"]
        taken.add(own_id)
        _restrict_alike(made, rule["id"], own_id)
        made.setdefault(change.group, []).append(rule | {"id": own_id})
    if gone:
        made.setdefault("restrictions", []).append({stage.field: sorted(stage.names), "off": gone})
    return made


def _check(changes: Differences, stage: Stage) -> None:
    if not stage.names or (stage.stores and stage.regions):
        _refuse("places", "name stores or regions, one of the two", "写门店或大区,二者选一")
    parts = [one for one in changes.parts if one != "valid_from"]
    if parts:
        named = ", ".join(parts)
        _refuse(named, f"{named} is the whole chain's", f"{named} 是整个商家的")
    for change in changes.rules:
        if change.before is not None:
            _check_known_by_id(change, change.before)
        if change.after is not None:
            _check_known_by_id(change, change.after)


def _check_known_by_id(change: RuleChange, rule: OfferBase) -> None:
    """Refuse what must keep its id; what is added has one that nobody knows yet."""
    if change.kind != "changed":
        return
    if isinstance(rule, CouponBase) and not rule.automatic:
        _refuse(rule.id, "members hold this coupon by its id", "会员手里的券认这个编号")
    if rule.caps.beyond_receipt:
        _refuse(rule.id, "its uses are counted by its id", "它的次数按这个编号累计")


def _refuse(part: str, en: str, zh: str) -> None:
    raise Fault(FaultCode.RULES_NOT_STAGED, part=part, reason=Words(en, zh))


def _rules(plain: Mapping[str, Any]) -> dict[str, Plain]:
    return {rule["id"]: rule for group in GROUPS for rule in plain.get(group, ())}


def _free(rule_id: str, taken: Iterable[str]) -> str:
    """Return a name for a rule that stands beside its forerunner."""
    for number in count(1):
        mark = f"{STAGED}{number}"
        name = rule_id[: ID_CHARS_MAX - len(mark)] + mark
        if name not in taken:
            return name
    raise AssertionError  # pragma: no cover - numbers do not end


def _narrowed(rule: Plain, change: RuleChange, stage: Stage) -> Plain | None:
    """Return a rule that holds in the stage only; None for one that holds nowhere in it."""
    own: frozenset[str] = getattr(change.rule.when, stage.field)
    places = stage.names & own if own else stage.names
    if not places:
        return None
    return {**rule, "when": {**rule.get("when", {}), stage.field: sorted(places)}}


def _restrict_alike(made: Plain, rule_id: str, own_id: str) -> None:
    """Let restrictions on a rule hold for the one beside it."""
    if own_id == rule_id:
        return
    for restriction in made.get("restrictions", ()):
        if rule_id in restriction.get("off", ()):
            restriction["off"] = [*restriction["off"], own_id]
        caps = restriction.get("per_receipt", {})
        if rule_id in caps:
            caps[own_id] = caps[rule_id]
