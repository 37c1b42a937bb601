"""Articles, bundles and their publication in PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at
from cloud_broker.ports.catalogue import Announcement, Document, Revision, Step
from retail_core.catalog.article import Article
from retail_core.errors import Fault
from retail_core.pricing.rules.bundle import check_newer
from retail_core.texts.faults import FaultCode

_REVISIONS = """
select distinct on (r.article_id)
  r.article_id, a.sku, r.effective_from, r.name, r.unit, coalesce(p.price_fen, r.price_fen) as
  price_fen, r.cost_fen, r.brand, r.category, r.barcodes, r.tags, r.ended
from article_revision r
join article a on a.tenant_id = r.tenant_id and a.article_id = r.article_id
left join (
  select distinct on (article_id) article_id, price_fen from article_price
  where tenant_id = %(tenant)s and scope = '' and effective_from <= %(day)s
  order by article_id, effective_from desc, revision desc) p on p.article_id = r.article_id
where r.tenant_id = %(tenant)s and r.effective_from <= %(day)s
order by r.article_id, r.effective_from desc, r.revision desc
"""
_ADD_REVISIONS = """
insert into article_revision (
  tenant_id, article_id, effective_from, name, unit, price_fen, cost_fen, brand, category,
  barcodes, tags, created_at, ended)
select %(tenant)s, n.article, n.day, n.name, n.unit, n.price, n.cost, n.brand, n.category,
  array(select jsonb_array_elements_text(n.barcodes::jsonb)),
  array(select jsonb_array_elements_text(n.tags::jsonb)), %(now)s, n.ended
from unnest(
  %(article)b::uuid[], %(day)b::date[], %(name)b::text[], %(unit)b::text[], %(price)b::bigint[],
  %(cost)b::bigint[], %(brand)b::text[], %(category)b::text[], %(barcodes)b::text[],
  %(tags)b::text[], %(ended)b::boolean[]
) with ordinality as n(article, day, name, unit, price, cost, brand, category, barcodes, tags,
  ended, nth)
order by n.nth
"""
# A price that says nothing new is not written: a later revision must not bring an old price back.
_ADD_CHAIN_PRICES = """
insert into article_price (tenant_id, article_id, scope, effective_from, price_fen, created_at)
select %(tenant)s, n.article, '', n.day, n.price, %(now)s
from unnest(%(article)b::uuid[], %(day)b::date[], %(price)b::bigint[])
  with ordinality as n(article, day, price, nth)
where n.price is distinct from (
  select p.price_fen from article_price p where p.tenant_id = %(tenant)s
    and p.article_id = n.article and p.scope = '' and p.effective_from <= n.day
  order by p.effective_from desc, p.revision desc limit 1)
order by n.nth
"""
_NEWEST = {
    "catalogue": "select version, sha256, length(content) as size from catalogue_version"
    " where tenant_id = %(tenant)s order by version desc limit 1",
    "bundle": "select version, sha256, length(signed) as size from rule_bundle"
    " where tenant_id = %(tenant)s order by version desc limit 1",
    "models": "select version, sha256, length(signed) as size from model_bundle"
    " where tenant_id = %(tenant)s order by version desc limit 1",
    "stock": "select version, sha256, size from publication"
    " where tenant_id = %(tenant)s and kind = 'stock' order by version desc limit 1",
    "recommendations": "select version, sha256, length(content) as size from recommendation_table"
    " where tenant_id = %(tenant)s order by version desc limit 1",
}
# One statement: a thousand boxes that come back are greeted one after the other.
_MARKS = """
select 'catalogue' as kind, max(version) as mark from catalogue_version
where tenant_id = %(tenant)s
union all select 'bundle', max(version) from rule_bundle where tenant_id = %(tenant)s
union all select 'models', max(version) from model_bundle where tenant_id = %(tenant)s
union all select kind, max(version) from publication
where tenant_id = %(tenant)s and kind = 'stock' group by kind
union all select 'recommendations', max(version) from recommendation_table
where tenant_id = %(tenant)s
union all select 'persons', max(version) from person_filter where tenant_id = %(tenant)s
union all select 'name-map', count(*) + (extract(epoch from max(mapped_at)) * 1000)::bigint
from name_map where tenant_id = %(tenant)s
"""
_NO_MARKS = dict.fromkeys(
    ("catalogue", "bundle", "models", "stock", "recommendations", "persons"), 0
)
_CONTENT = {
    "catalogue": "select content from catalogue_version"
    " where tenant_id = %(tenant)s and version = %(version)s",
    "bundle": "select signed as content from rule_bundle"
    " where tenant_id = %(tenant)s and version = %(version)s",
    "models": "select signed as content from model_bundle"
    " where tenant_id = %(tenant)s and version = %(version)s",
    "recommendations": "select content from recommendation_table"
    " where tenant_id = %(tenant)s and version = %(version)s",
}


class PostgresCatalogue(Repository):
    """Fulfils `CatalogueRepo`."""

    def article_ids(self, skus: Collection[str]) -> dict[str, UUID]:
        """Return the ids of skus that are known."""
        rows = self._rows(
            "select sku, article_id from article"
            " where tenant_id = %(tenant)s and sku = any(%(skus)b)",
            skus=list(skus),
        )
        return {row.sku: row.article_id for row in rows}

    def add_articles(self, articles: Mapping[str, UUID], now_ms: int) -> None:
        """Enter new skus."""
        self._run(
            "insert into article select %(tenant)s, n.id, n.sku, %(now)s"
            " from unnest(%(ids)b::uuid[], %(skus)b::text[]) as n(id, sku)",
            ids=list(articles.values()),
            skus=list(articles),
            now=at(now_ms),
        )

    def add_revisions(self, revisions: Sequence[Revision], now_ms: int) -> None:
        """Append revisions."""
        articles = [revision.article for revision in revisions]
        self._run(
            _ADD_REVISIONS,
            article=[article.article_id for article in articles],
            day=[revision.effective_from for revision in revisions],
            name=[article.name for article in articles],
            unit=[article.unit for article in articles],
            price=[article.price_fen for article in articles],
            cost=[article.cost_fen for article in articles],
            brand=[article.brand for article in articles],
            category=[article.category for article in articles],
            barcodes=[_json(article.barcodes) for article in articles],
            tags=[_json(sorted(article.tags)) for article in articles],
            ended=[revision.ended for revision in revisions],
            now=at(now_ms),
        )
        self._run(
            _ADD_CHAIN_PRICES,
            article=[article.article_id for article in articles],
            day=[revision.effective_from for revision in revisions],
            price=[article.price_fen for article in articles],
            now=at(now_ms),
        )

    def effective(self, day: date) -> tuple[Article, ...]:
        """Return every article that is sold on a day, as it is then."""
        rows = self._rows(_REVISIONS, day=day)
        return tuple(article_of(row) for row in rows if not row.ended)

    def latest_by_sku(self) -> dict[str, Revision]:
        """Return the newest revision of every article, in effect or not."""
        rows = self._rows(_REVISIONS, day=date.max)
        return {row.sku: Revision(article_of(row), row.effective_from, row.ended) for row in rows}

    def next_due(self, after: date) -> date | None:
        """Return the next day after the given one on which a revision takes effect."""
        row = self._row(
            "select min(effective_from) as day from ("
            " select effective_from from article_revision where tenant_id = %(tenant)s"
            " union all select effective_from from article_price where tenant_id = %(tenant)s"
            ") as said where effective_from > %(after)s",
            after=after,
        )
        return None if row is None else row.day

    def newest(self, kind: str) -> Announcement | None:
        """Return the newest `catalogue`, `bundle`, `models`, `stock` or `recommendations`."""
        row = self._row(_NEWEST[kind])
        return None if row is None else Announcement(kind, row.version, row.sha256, row.size)

    def marks(self) -> dict[str, int]:
        """Return how new each published thing is, 0 for none: `newest` kinds, two more."""
        return _NO_MARKS | {row.kind: int(row.mark or 0) for row in self._rows(_MARKS)}

    def effective_on(self) -> date | None:
        """Return the day for which the newest catalogue was made."""
        row = self._row(
            "select effective_on from catalogue_version"
            " where tenant_id = %(tenant)s order by version desc limit 1"
        )
        return None if row is None else row.effective_on

    def add_catalogue(self, document: Document, day: date, articles: int, who: str) -> None:
        """Store a catalogue and queue its announcement; time is the transaction's."""
        self._run(
            "insert into catalogue_version values (%(tenant)s, %(version)s, %(day)s, %(articles)s,"
            " %(sha)s, %(content)s, now(), %(who)s)",
            version=document.version,
            day=day,
            articles=articles,
            sha=document.sha256,
            content=document.content,
            who=who,
        )
        self._publish(document)

    def add_bundle(self, document: Document, plain: bytes, who: str) -> None:
        """Store a signed bundle and queue its announcement; Fault OFFER_INVALID (version)."""
        newest = self.newest("bundle")
        check_newer(document.version, 0 if newest is None else newest.version)
        self._run(
            "insert into rule_bundle values (%(tenant)s, %(version)s, %(plain)s, %(signed)s,"
            " %(sha)s, now(), %(who)s)",
            version=document.version,
            plain=plain,
            signed=document.content,
            sha=document.sha256,
            who=who,
        )
        self._publish(document)

    def announce_again(self, kind: str, version: int) -> None:
        """Queue the announcement of a document once more."""
        self._run(
            "update publication set published_at = null"
            " where tenant_id = %(tenant)s and kind = %(kind)s and version = %(version)s",
            kind=kind,
            version=version,
        )

    def add_models(self, document: Document, files: Mapping[str, bytes], who: str) -> None:
        """Store a signed bundle of models and queue its announcement; Fault MODEL_VERSION_TAKEN.

        `files` are weights by SHA-256 in hexadecimal; those that are held already are passed over.
        """
        newest = self.newest("models")
        if newest is not None and newest.version >= document.version:
            raise Fault(FaultCode.MODEL_VERSION_TAKEN, held=newest.version)
        for sha256, content in files.items():
            self._run(
                "insert into model_file values (%(tenant)s, %(sha)s, %(content)s, now())"
                " on conflict do nothing",
                sha=sha256,
                content=content,
            )
        self._run(
            "insert into model_bundle values (%(tenant)s, %(version)s, %(signed)s, %(sha)s, now(),"
            " %(who)s)",
            version=document.version,
            signed=document.content,
            sha=document.sha256,
            who=who,
        )
        self._publish(document)

    def model_files(self, wanted: Collection[str]) -> frozenset[str]:
        """Return those of the wanted weights that are held."""
        rows = self._rows(
            "select sha256 from model_file where tenant_id = %(tenant)s"
            " and sha256 = any(%(wanted)b)",
            wanted=list(wanted),
        )
        return frozenset(row.sha256 for row in rows)

    def model_file(self, sha256: str) -> bytes | None:
        """Return weights."""
        row = self._row(
            "select content from model_file where tenant_id = %(tenant)s and sha256 = %(sha)s",
            sha=sha256,
        )
        return None if row is None else row.content

    def announce(self, announcement: Announcement) -> None:
        """Queue an announcement of what each store fetches for itself."""
        self._publish(announcement)

    def content(self, kind: str, version: int) -> bytes | None:
        """Return a document's bytes."""
        row = self._row(_CONTENT[kind], version=version)
        return None if row is None else row.content

    def unannounced(self) -> tuple[Announcement, ...]:
        """Return what still has to be announced."""
        rows = self._rows(
            "select kind, version, sha256, size, base, base_sha256, delta from publication"
            " where tenant_id = %(tenant)s and published_at is null order by created_at, version"
        )
        return tuple(
            Announcement(
                row.kind,
                row.version,
                row.sha256,
                row.size,
                None if row.delta is None else Step(row.base, row.base_sha256, row.delta),
            )
            for row in rows
        )

    def announced(self, announcements: Sequence[Announcement], now_ms: int) -> None:
        """Mark announcements as made."""
        self._run(
            "update publication p set published_at = %(now)s"
            " from unnest(%(kinds)b::text[], %(versions)b::bigint[]) as n(kind, version)"
            " where p.tenant_id = %(tenant)s and p.kind = n.kind and p.version = n.version",
            kinds=[one.kind for one in announcements],
            versions=[one.version for one in announcements],
            now=at(now_ms),
        )

    def name_map(self) -> dict[str, str]:
        """Return the reviewed mapping of printed names to skus."""
        rows = self._rows("select name, sku from name_map where tenant_id = %(tenant)s")
        return {row.name: row.sku for row in rows}

    def map_name(self, name: str, sku: str, who: str, now_ms: int) -> None:
        """Map a printed name and take it off the review list."""
        self._run(
            "insert into name_map values (%(tenant)s, %(name)s, %(sku)s, %(who)s, %(now)s)"
            " on conflict (tenant_id, name) do update set sku = excluded.sku,"
            " mapped_by = excluded.mapped_by, mapped_at = excluded.mapped_at",
            name=name,
            sku=sku,
            who=who,
            now=at(now_ms),
        )
        self._run(
            "delete from name_review where tenant_id = %(tenant)s and name = %(name)s", name=name
        )

    def review_names(self, seen: Mapping[str, int], now_ms: int) -> None:
        """Put names without an article on the review list; mapped ones are passed over."""
        if seen:
            self._put(
                "insert into name_review as held"
                " select %(tenant)s, n.name, n.seen, %(now)s, %(now)s"
                " from unnest(%(names)b::text[], %(seen)b::bigint[]) as n(name, seen)"
                " where not exists (select 1 from name_map m"
                " where m.tenant_id = %(tenant)s and m.name = n.name)"
                " order by n.name on conflict (tenant_id, name) do update set"
                " seen = held.seen + excluded.seen, last_seen_at = excluded.last_seen_at",
                names=list(seen),
                seen=list(seen.values()),
                now=at(now_ms),
            )

    def _publish(self, document: Document | Announcement) -> None:
        step = document.step
        self._run(
            "insert into publication values (%(tenant)s, %(kind)s, %(version)s, %(sha)s, %(size)s,"
            " now(), null, %(base)s, %(base_sha)s, %(delta)s)",
            kind=document.kind,
            version=document.version,
            sha=document.sha256,
            size=document.size,
            base=0 if step is None else step.base,
            base_sha=None if step is None else step.base_sha256,
            delta=None if step is None else step.content,
        )


def article_of(row: Row[Any]) -> Article:
    """Return an article out of its revision's row."""
    return Article(
        article_id=row.article_id,
        sku=row.sku,
        name=row.name,
        unit=row.unit,
        price_fen=row.price_fen,
        barcodes=tuple(row.barcodes),
        cost_fen=row.cost_fen,
        brand=row.brand,
        category=row.category,
        tags=frozenset(row.tags),
    )


def _json(words: Sequence[str]) -> str:
    return msgspec.json.encode(words).decode()
