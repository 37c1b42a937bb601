"""What an article costs in a store on a business day: its own price, its region's, the chain's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

CHAIN = ""


@dataclass(frozen=True, slots=True)
class ListPrice:
    """A price from a day (20260731) on; None gives the wider one back."""

    sku: str
    scope: str
    day: int
    price_fen: int | None


def store_scope(store_hex: str) -> str:
    """Return the scope of one store, by its id, as boxes know it."""
    return f"s:{store_hex}"


def scopes_of(store_hex: str, region: str) -> tuple[str, ...]:
    """Return the scopes that hold in a store, the narrowest first."""
    regional = (f"r:{region}",) if region else ()
    return (store_scope(store_hex), *regional, CHAIN)


def price_on(base_fen: int, prices: Sequence[ListPrice], scopes: Sequence[str], day: int) -> int:
    """Return one article's price on a day; `base_fen` where no list names it."""
    for scope in scopes:
        held = [price for price in prices if price.scope == scope and price.day <= day]
        newest = max(held, key=lambda price: price.day, default=None)
        if newest is not None and newest.price_fen is not None:
            return newest.price_fen
    return base_fen


def publishable(prices: Iterable[ListPrice], since: int) -> tuple[ListPrice, ...]:
    """Return what boxes need from a day on; `prices` come oldest first, a later one of a day wins.

    The chain's price stands on the article itself, so it is listed only where it changes.
    """
    by_day = {(one.sku, one.scope, one.day): one for one in prices}
    listed: dict[tuple[str, str], list[ListPrice]] = {}
    for one in by_day.values():
        listed.setdefault((one.sku, one.scope), []).append(one)
    found: list[ListPrice] = []
    for (_sku, scope), some in sorted(listed.items()):
        some.sort(key=lambda price: price.day)
        later = [price for price in some if price.day > since]
        now = [price for price in some if price.day <= since][-1:]
        if scope == CHAIN and len(now) + len(later) == 1:
            continue
        if now and now[0].price_fen is None and not later:
            continue
        found += now + later
    return tuple(found)
