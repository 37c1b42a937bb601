"""What an article costs in a store on a business day: its own price, its region's, the chain's."""

from collections.abc import Iterable, Mapping, Sequence
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


def price_on(prices: Iterable[ListPrice], scopes: Sequence[str], day: int) -> int | None:
    """Return what one article costs on a day by its prices; None when none of them holds."""
    newest: dict[str, ListPrice] = {}
    for price in prices:
        held = newest.get(price.scope)
        if price.day <= day and (held is None or price.day >= held.day):
            newest[price.scope] = price
    found = (newest[scope].price_fen for scope in scopes if scope in newest)
    return next((fen for fen in found if fen is not None), None)


def for_store(
    prices: Iterable[ListPrice], base_fen: Mapping[str, int], scopes: Sequence[str], day: int
) -> tuple[ListPrice, ...]:
    """Return the prices that concern one store; `base_fen` are the articles' own on `day`.

    An article's own price becomes its first row, so that the rows alone say every day's price.
    """
    own = [one for one in prices if one.scope in scopes and one.sku in base_fen]
    told = {one.sku for one in own if one.scope == CHAIN and one.day <= day}
    bare = dict.fromkeys(one.sku for one in own if one.sku not in told)
    return (*(ListPrice(sku, CHAIN, 0, base_fen[sku]) for sku in bare), *own)


def prices_in_force(prices: Iterable[ListPrice], scopes: Sequence[str], day: int) -> dict[str, int]:
    """Return what articles cost on a day, by sku."""
    by_sku: dict[str, list[ListPrice]] = {}
    for one in prices:
        by_sku.setdefault(one.sku, []).append(one)
    found = {sku: price_on(some, scopes, day) for sku, some in by_sku.items()}
    return {sku: fen for sku, fen in found.items() if fen is not None}


def publishable(prices: Iterable[ListPrice], since: int, today: int) -> tuple[ListPrice, ...]:
    """Return what boxes need from a day on; `prices` come oldest first, a later one of a day wins.

    The chain's price of `today` stands on the article itself and is listed only where it changes.
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
        if scope == CHAIN and len(some := now + later) == 1 and some[0].day <= today:
            continue
        if now and now[0].price_fen is None and not later:
            continue
        found += now + later
    return tuple(found)
