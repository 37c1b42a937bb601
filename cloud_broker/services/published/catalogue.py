"""Catalogue files and rule bundles: checked, versioned, and told to every store."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_broker.domain.guessed_tags import refuse_guesses
from cloud_broker.ports.catalogue import Announcement, Document, Revision, Step
from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.secrets import KeyRing
from cloud_broker.ports.unit import Unit, Units
from retail_core import limits
from retail_core.catalog.article import Article
from retail_core.catalog.delta import encode_delta
from retail_core.catalog.encoding import encode_catalogue, open_catalogue
from retail_core.catalog.importing import CatalogueImport, ImportedArticle, parse_catalogue
from retail_core.catalog.price_lists import publishable
from retail_core.checkout.business_date import DAY_STARTS_AT, as_int, business_date
from retail_core.errors import Fault
from retail_core.pricing.rules.bundle import (
    SIGNATURE_BYTES,
    RuleBundle,
    parse_bundle,
    sign_bundle,
)
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What a file would do, or did: `version` is 0 when nothing was published."""

    read: CatalogueImport
    new: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: int
    version: int = 0


@dataclass(frozen=True, slots=True)
class CataloguePublisher:
    """Imports catalogues and publishes bundles; the ingest process announces them."""

    units: Units
    clock: Clock
    ids: IdSource
    keys: KeyRing
    zone: str = "Asia/Shanghai"

    def preview(self, tenant: UUID, text: str) -> ImportResult:
        """Return what an import would do; nothing is stored."""
        with self.units.begin(tenant) as unit:
            return self._compare(unit, text)

    def apply(
        self, tenant: UUID, text: str, *, who: str, skip_errors: bool = False
    ) -> ImportResult:
        """Store the rows as revisions and publish the catalogue as it is today.

        Raises Fault CATALOGUE_ROW for the first bad row unless `skip_errors`, CATALOGUE_EMPTY when
        no row can be used.
        """
        now = self.clock.now_ms()
        today = self._today()
        with self.units.begin(tenant) as unit:
            result = self._compare(unit, text)
            read = result.read
            if read.errors and not skip_errors:
                first = read.errors[0]
                raise Fault(
                    FaultCode.CATALOGUE_ROW,
                    row=first.row,
                    column=first.column,
                    reason=first.reason,
                )
            if not read.articles:
                raise Fault(FaultCode.CATALOGUE_EMPTY)
            self._store(unit, read, frozenset(result.new + result.changed), now)
            version = self._publish(unit, today, who)
            detail = {"version": version, "new": len(result.new), "changed": len(result.changed)}
            unit.hq.audit(AuditEntry(who, "catalogue.import", str(version), detail), now)
            unit.announce(LiveEvent(tenant, frozenset({"published"})))
        return ImportResult(read, result.new, result.changed, result.unchanged, version)

    def publish_bundle(self, tenant: UUID, content: bytes, *, who: str) -> int:
        """Check, sign and publish a rule bundle; return its version (Fault OFFER_INVALID).

        The newest one once more is announced again, for boxes that could not read it.
        """
        with self.units.begin(tenant) as unit:
            return self.publish_rules(unit, tenant, content, who=who)

    def publish_rules(self, unit: Unit, tenant: UUID, content: bytes, *, who: str) -> int:
        """Publish a rule bundle as `publish_bundle` does, within a transaction."""
        bundle = parse_bundle(content)
        refuse_guesses(bundle)
        signed = sign_bundle(content, self.keys.keys(tenant).bundle_seed)
        document = Document("bundle", bundle.version, sha256(signed).digest(), signed)
        now = self.clock.now_ms()
        newest = unit.catalogue.newest("bundle")
        if newest is not None and newest.sha256 == document.sha256:
            unit.catalogue.announce_again("bundle", document.version)
            unit.hq.audit(AuditEntry(who, "bundle.announce", str(bundle.version), {}), now)
            unit.announce(LiveEvent(tenant, frozenset({"published"})))
            return bundle.version
        _check_chain(unit, newest, bundle)
        unit.catalogue.add_bundle(document, content, who)
        # A task counts from the day it is published, not from the first who does it.
        unit.tasks.known_since([task.id for task in bundle.tasks], self._today())
        self._plan(unit, bundle)
        detail = {"offers": len(bundle.offers)}
        unit.hq.audit(AuditEntry(who, "bundle.publish", str(bundle.version), detail), now)
        unit.announce(LiveEvent(tenant, frozenset({"published"})))
        return bundle.version

    def _plan(self, unit: Unit, bundle: RuleBundle) -> None:
        """Keep a growth plan that says something new; one not named in a bundle stays in force."""
        plans = unit.growth.plans()
        if bundle.growth is None or (plans and plans[-1][1] == bundle.growth):
            return
        # What was reached today stays reached: another plan begins with the next day.
        since = self._today() + timedelta(days=1 if plans else 0)
        if bundle.valid_from is not None:
            since = max(since, bundle.valid_from.date())
        unit.growth.add_plan(bundle.version, since, bundle.growth)

    def refresh_due(self, tenant: UUID, *, who: str = "clock") -> int | None:
        """Publish again when a dated price has come into effect; return the new version."""
        today = self._today()
        with self.units.begin(tenant) as unit:
            made_for = unit.catalogue.effective_on()
            due = None if made_for is None else unit.catalogue.next_due(made_for)
            if due is None or due > today:
                return None
            version = self._publish(unit, today, who)
            unit.announce(LiveEvent(tenant, frozenset({"published"})))
        return version

    def _compare(self, unit: Unit, text: str) -> ImportResult:
        read = parse_catalogue(text, today=self._today())
        known = unit.catalogue.latest_by_sku()
        new: list[str] = []
        changed: list[str] = []
        for row in read.articles:
            revision = known.get(row.sku)
            if revision is None:
                new.append(row.sku)
            elif revision != _revision(row, revision.article.article_id):
                changed.append(row.sku)
        unchanged = len(read.articles) - len(new) - len(changed)
        return ImportResult(read, tuple(new), tuple(changed), unchanged)

    def _store(self, unit: Unit, read: CatalogueImport, skus: frozenset[str], now: int) -> None:
        rows = [row for row in read.articles if row.sku in skus]
        ids = unit.catalogue.article_ids([row.sku for row in rows])
        fresh = {row.sku: self.ids.uuid7() for row in rows if row.sku not in ids}
        if fresh:
            unit.catalogue.add_articles(fresh, now)
        ids |= fresh
        if rows:
            unit.catalogue.add_revisions([_revision(row, ids[row.sku]) for row in rows], now)

    def publish_today(self, unit: Unit, who: str) -> int:
        """Publish the catalogue as it is today, with the prices to come; return its version."""
        return self._publish(unit, self._today(), who)

    def _publish(self, unit: Unit, today: date, who: str) -> int:
        """Publish without what goods cost the chain: boxes stand where customers are."""
        articles = [replace(one, cost_fen=None) for one in unit.catalogue.effective(today)]
        # A store's business day may lag behind the calendar by two days.
        since = as_int(today - timedelta(days=2))
        prices = publishable(unit.masters.prices(), since, as_int(today))
        if len(prices) > limits.PUBLISHED_PRICES_MAX:
            raise Fault(
                FaultCode.MASTER_PRICES_TOO_MANY,
                prices=len(prices),
                limit=limits.PUBLISHED_PRICES_MAX,
            )
        newest = unit.catalogue.newest("catalogue")
        # After a restore boxes may hold what was published since the backup: they want a newer one.
        floor = unit.restores.highest("catalogue")
        version = 1 + max(floor, 0 if newest is None else newest.version)
        content = encode_catalogue(version, articles, day=as_int(today), prices=prices)
        step = None if newest is None else _step(unit, newest, content)
        document = Document("catalogue", version, sha256(content).digest(), content, step)
        unit.catalogue.add_catalogue(document, today, len(articles), who)
        return version

    def _today(self) -> date:
        """Return the chain's business day, by which the boxes and the tasks count too."""
        local = datetime.fromtimestamp(self.clock.now_ms() / 1000, ZoneInfo(self.zone))
        return business_date(local.replace(tzinfo=None), DAY_STARTS_AT)


def _step(unit: Unit, newest: Announcement, content: bytes) -> Step | None:
    """Return what leads from the newest catalogue to this one, where that is little."""
    held = unit.catalogue.content("catalogue", newest.version)
    if held is None:
        return None
    delta = encode_delta(
        open_catalogue(held), open_catalogue(content), limits.CATALOGUE_DELTA_BYTES_MAX
    )
    return None if delta is None else Step(newest.version, newest.sha256, delta)


def _check_chain(unit: Unit, newest: Announcement | None, bundle: RuleBundle) -> None:
    """Refuse rules that name another chain than those before, a file taken by mistake.

    Raises Fault OFFER_INVALID. Rules that name no chain are of this one.
    """
    signed = None if newest is None else unit.catalogue.content("bundle", newest.version)
    if signed is None:
        return
    before = parse_bundle(signed[SIGNATURE_BYTES:]).chain
    if before and bundle.chain and bundle.chain != before:
        said = Words(
            f"chain: {bundle.chain} is not {before}, whose rules were published so far",
            f"chain:写的是 {bundle.chain},此前发布的都是 {before} 的规则",
        )
        raise Fault(FaultCode.OFFER_INVALID, offer="bundle", reason=said)


def _revision(row: ImportedArticle, article_id: UUID) -> Revision:
    article = Article(
        article_id=article_id,
        sku=row.sku,
        name=row.name,
        unit=row.unit,
        price_fen=row.price_fen,
        barcodes=row.barcodes,
        cost_fen=row.cost_fen,
        brand=row.brand,
        category=row.category,
        tags=row.tags,
    )
    return Revision(article, row.effective_from)
