"""What to show for a member here: of the cloud's table, else of what sells in this shop."""

import threading
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from edge_agent.ports.clock import Clock
from edge_agent.ports.journal import Journal
from edge_agent.ports.replica import HeldMember, Replica
from retail_core.catalog.article import Article
from retail_core.errors import Fault
from retail_core.insight.choosing import Customer, Goods, Shown, Why, candidates, choose
from retail_core.insight.table import Table, decode_table
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Sale

OWN_POPULAR = 60
_DAY_MS = 86_400_000
_WHY = {
    Why.OFTEN_TOGETHER: ("常和{name}一起买", "often bought with {name}"),
    Why.AGAIN: ("上次买过,到了再买的时候", "bought before and due again"),
    Why.POPULAR: ("本店热卖", "many buy it here"),
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An article to show; `in_stock` is None where nobody counted, else known as of then."""

    sku: str
    name: str
    price_fen: int
    in_stock: bool | None
    stock_as_of_ms: int | None
    why: str
    why_zh: str
    why_en: str


@dataclass(slots=True)
class Suggestions:
    """Chooses; parsed tables and the shop's own counts are kept."""

    replica: Replica
    journal: Journal
    clock: Clock
    _table: Table | None = None
    _own: Counter[str] = field(default_factory=Counter)
    _counted_seq: int = 0
    _one_hand: threading.Lock = field(default_factory=threading.Lock)

    def of(self, member_id: UUID, basket: Collection[str] = ()) -> tuple[Suggestion, ...]:
        """Return at most three. Fault API_NOT_FOUND for a member not held here."""
        held = self.replica.member(member_id)
        if held is None:
            raise Fault(FaultCode.API_NOT_FOUND, what=f"member {member_id}")
        table, customer = self._known_table(), self._customer(held, basket)
        found = self._articles(candidates(table, customer))
        stock = self.replica.stock()
        goods = {sku: Goods(article.tags, stock.get(sku)) for sku, article in found.items()}
        shown = choose(table, customer, goods)
        return tuple(self._said(one, found[one.sku], stock.get(one.sku)) for one in shown)

    def _articles(self, skus: Collection[str]) -> dict[str, Article]:
        found = ((sku, self.replica.article_by_sku(sku)) for sku in skus)
        return {sku: article for sku, article in found if article is not None}

    def _customer(self, held: HeldMember, basket: Collection[str]) -> Customer:
        record = held.record
        since_ms = max(0, self.clock.now().wall_ms - record.last_wall_ms)
        bought = {line.sku: since_ms // _DAY_MS for line in record.last_lines if line.sku}
        return Customer(bought, basket, frozenset(record.tags), record.personal)

    def _known_table(self) -> Table:
        """Return the cloud's table; until one has come, what sells best here."""
        held = self.replica.recommendations()
        if held is None:
            return Table(0, popular=self._popular_here())
        if self._table is None or self._table.version != held[0]:
            self._table = decode_table(held[1])
        return self._table

    def _popular_here(self) -> tuple[str, ...]:
        with self._one_hand:  # two terminals must not count a sale twice
            for record in self.journal.records(type_=EventType.SALE, since_seq=self._counted_seq):
                body = decode_body(record.draft.type, record.draft.body)
                if isinstance(body, Sale):
                    self._own.update({line.sku for line in body.lines if line.article is not None})
                self._counted_seq = record.seq
            own = dict(self._own)
        best = sorted(own.items(), key=lambda pair: (-pair[1], pair[0]))
        return tuple(sku for sku, _ in best[:OWN_POPULAR])

    def _said(self, shown: Shown, article: Article, stock: int | None) -> Suggestion:
        because = self.replica.article_by_sku(shown.because) if shown.because else None
        name = shown.because if because is None else because.name
        zh, en = _WHY[shown.why]
        return Suggestion(
            sku=article.sku,
            name=article.name,
            price_fen=article.price_fen,
            in_stock=None if stock is None else stock > 0,
            stock_as_of_ms=None if stock is None else self.replica.stock_as_of()[1],
            why=shown.why.value,
            why_zh=zh.format(name=name),
            why_en=en.format(name=name),
        )
