"""What a member sees of herself on her phone, takes along, and takes back."""

from dataclasses import dataclass, replace
from typing import Any

from cloud_broker.ports.catalogue import CatalogueRepo
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.phones import WithdrawnConsent
from cloud_broker.ports.unit import Units
from cloud_broker.services.access.overview import ConsentRow, HqQueries, MemberPage, SaleRow
from cloud_broker.services.members.phones import PhoneHolder
from cloud_broker.services.persons.persons import who_holds
from cloud_broker.services.stores.refresh import refresh
from retail_core.errors import Fault
from retail_core.growth.account import Said, TierNames
from retail_core.pricing.proof.depends import rules_of
from retail_core.pricing.rules.bundle import SIGNATURE_BYTES, parse_bundle
from retail_core.pricing.rules.ruleset import RuleBundle
from retail_core.texts.faults import FaultCode

CHANNEL = "phone"
# Withdrawing the membership is leaving it, which is done in a shop.
ESSENTIAL = "membership"
EXPORT_FORMAT = "regulars-member-export/1"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a member stands; `consents` hold the newest word on each kind.

    `tier_name` is what the rules in force call her tier, "" while they name none.
    """

    page: MemberPage
    tier_name: Said
    consents: tuple[ConsentRow, ...]
    now_ms: int


class MemberDesk:
    """Answers to a phone that proved whose it is."""

    def __init__(self, units: Units, queries: HqQueries, clock: Clock, ids: IdSource) -> None:
        self._units = units
        self._queries = queries
        self._clock = clock
        self._ids = ids

    def standing(self, who: PhoneHolder) -> Standing:
        """Return how she stands now."""
        page = self._page(who)
        with self._units.begin(who.tenant) as unit:
            tiers = tier_names(unit.catalogue)
            holder = who_holds(unit, [who.member]).get(who.member, who.member)
        merged = None if holder == who.member else self._queries.member(who.tenant, holder)
        if merged is not None:
            # Enrolled twice: her purse and purchases are the person's, her words this member's.
            page = replace(merged, consents=page.consents)
        return Standing(
            page,
            tiers.said(page.tier) if page.tier in tiers.zh else Said("", ""),
            newest_words(page.consents),
            self._clock.now_ms(),
        )

    def withdraw(self, who: PhoneHolder, kind: str, language: str) -> None:
        """Record that she takes a consent back; the stores that hold her are told.

        Nothing is changed and nothing deleted: a withdrawal is one more word. Said twice, it is
        recorded once. Raises Fault API_NOT_FOUND for one she never gave, API_BODY_INVALID for the
        membership itself.
        """
        if kind == ESSENTIAL:
            raise Fault(FaultCode.API_BODY_INVALID, detail=kind)
        now_ms = self._clock.now_ms()
        consent = WithdrawnConsent(self._ids.uuid7(), who.member, kind, language, CHANNEL, now_ms)
        with self._units.begin(who.tenant) as unit:
            given = unit.phones.consent_given(who.member, kind)
            if given is None:
                raise Fault(FaultCode.API_NOT_FOUND, what=kind)
            if not given:
                return
            unit.phones.withdraw_consent(consent)
            refresh(unit, {who.member}, now_ms)
            said = {"kind": kind, "key_id": who.key_id.hex()}
            entry = AuditEntry("member", "consent.withdraw", str(who.member), said)
            unit.hq.audit(entry, now_ms)
            unit.announce(LiveEvent(who.tenant, frozenset({"member", "published"})))

    def export(self, who: PhoneHolder) -> dict[str, Any]:
        """Return every row the cloud holds of her, to be taken along; only secrets stay out."""
        now_ms = self._clock.now_ms()
        with self._units.begin(who.tenant) as unit:
            held = unit.phones.everything(who.member)
            unit.hq.audit(AuditEntry("member", "data.export", str(who.member), {}), now_ms)
        return {"format": EXPORT_FORMAT, "exported_ms": now_ms, **held}

    def _page(self, who: PhoneHolder) -> MemberPage:
        page = self._queries.member(who.tenant, who.member)
        if page is None:
            raise Fault(FaultCode.API_NOT_FOUND, what="member")
        return page


def newest_words(consents: tuple[ConsentRow, ...]) -> tuple[ConsentRow, ...]:
    """Return the newest word on each kind; `consents` are newest first."""
    by_kind: dict[str, ConsentRow] = {}
    for consent in consents:
        by_kind.setdefault(consent.kind, consent)
    return tuple(by_kind[kind] for kind in sorted(by_kind))


def tier_names(catalogue: CatalogueRepo) -> TierNames:
    """Return what tiers are called by the rules in force; nothing before the first bundle."""
    bundle = _in_force(catalogue)
    return TierNames() if bundle is None else TierNames(bundle.tier_names, bundle.tier_names_en)


def rule_names(catalogue: CatalogueRepo, language: str) -> dict[str, str]:
    """Return what a page calls the rules in force, by id; earning points has no name, "".

    These are offers, coupons, gifts and tasks.
    """
    bundle = _in_force(catalogue)
    if bundle is None:
        return {}
    named = {one.id: one.name for one in (*rules_of(bundle), *bundle.tasks)}
    if language == "en":
        own = {one.id: one.name_en for one in bundle.tasks if one.name_en}
        named = {one: bundle.english.of(name, one) for one, name in named.items()} | own
    earned = {} if bundle.earn is None else {bundle.earn.id: ""}
    return {one: name for one, name in named.items() if name} | earned


def _in_force(catalogue: CatalogueRepo) -> RuleBundle | None:
    newest = catalogue.newest("bundle")
    signed = None if newest is None else catalogue.content("bundle", newest.version)
    return None if signed is None else parse_bundle(signed[SIGNATURE_BYTES:])


def last_sale(page: MemberPage) -> SaleRow | None:
    """Return her last purchase: a late arrival of an older day is not the last."""
    return max(page.sales, key=lambda sale: sale.wall_ms, default=None)
