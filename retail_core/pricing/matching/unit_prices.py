"""What a unit offer takes off one unit."""

from retail_core.checkout.basket import MILLI, BasketLine, line_shelf_fen, whole_units
from retail_core.money import divide_half_up, percent_of
from retail_core.pricing.rules.offers import PriceList, Rebate, UnitOffer


def unit_fen_off(offer: UnitOffer, line: BasketLine) -> int:
    """Return the fen off a unit (a weighed line counts as one); 0 when nothing is saved."""
    whole = whole_units(line)
    shelf = line.unit_price_fen if whole else line_shelf_fen(line)
    if isinstance(offer, PriceList):
        price = offer.prices.get(line.sku)
        return 0 if price is None else max(0, shelf - _scaled(price, line))
    return rebate_fen(offer, shelf, line)


def rebate_fen(rebate: Rebate, shelf: int, line: BasketLine) -> int:
    """Return what a rebate takes off `shelf` fen; amounts are per unit, or per 1.000 weighed."""
    if rebate.permille is not None:
        return shelf - percent_of(shelf, rebate.permille)
    if rebate.fen_off is not None:
        return min(shelf, _scaled(rebate.fen_off, line))
    price = rebate.price_fen
    return 0 if price is None else max(0, shelf - _scaled(price, line))


def _scaled(fen: int, line: BasketLine) -> int:
    """Return fen per unit, for a weighed line by its weight."""
    return fen if whole_units(line) else divide_half_up(fen * line.qty_milli, MILLI)
