"""Which article a till means: by sku, by bar code, or by the label a scale printed."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.domain.sale import AskedLine
from edge_agent.ports.replica import Replica
from retail_core.catalog.article import Article
from retail_core.catalog.weighed import COMMON, Layout, Weighed, sold_as, take_apart
from retail_core.checkout.basket import MILLI, BasketLine
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


@dataclass(frozen=True, slots=True)
class ArticleFinder:
    """Looks articles up in what the cloud sent; `labels` are how this shop's scales print."""

    replica: Replica
    labels: Sequence[Layout] = COMMON

    def line(self, number: int, asked: AskedLine) -> BasketLine:
        """Find the article of a line; an unknown one sells at the till's price.

        Raises Fault SALE_ARTICLE_UNKNOWN when the till names no price for it.
        """
        article = self.replica.article_by_sku(asked.sku) if asked.sku else None
        if article is None and asked.barcode:
            article = self.replica.article_by_barcode(asked.barcode)
        if article is not None:
            return _sold(number, article, article.price_fen, asked.qty_milli)
        return self._off_a_scale(number, asked) or _unknown(number, asked)

    def of_label(self, label: Weighed) -> Article | None:
        """Return the article a label names, under whichever of its codes the chain keeps it."""
        for code in label.codes:
            found = self.replica.article_by_barcode(code) or self.replica.article_by_sku(code)
            if found is not None:
                return found
        return None

    def _off_a_scale(self, number: int, asked: AskedLine) -> BasketLine | None:
        """Take a label apart; a till that names no whole number of labels has read it itself."""
        label = take_apart(asked.barcode, self.labels)
        article = None if label is None else self.of_label(label)
        if label is None or article is None:
            return None
        if asked.qty_milli % MILLI:
            return _sold(number, article, article.price_fen, asked.qty_milli)
        sold = sold_as(label, article.unit, article.price_fen, asked.qty_milli // MILLI)
        return _sold(number, article, sold.unit_price_fen, sold.qty_milli)


def _sold(number: int, article: Article, price_fen: int, qty_milli: int) -> BasketLine:
    return BasketLine(
        line=number,
        sku=article.sku,
        article_id=article.article_id,
        name=article.name,
        unit_price_fen=price_fen,
        qty_milli=qty_milli,
        brand=article.brand,
        category=article.category,
        tags=article.tags,
    )


def _unknown(number: int, asked: AskedLine) -> BasketLine:
    code = asked.sku or asked.barcode
    if asked.unit_price_fen is None:
        raise Fault(FaultCode.SALE_ARTICLE_UNKNOWN, sku=code)
    name = asked.name or code
    return BasketLine(number, code, None, name, asked.unit_price_fen, asked.qty_milli)
