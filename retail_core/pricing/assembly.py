"""From the chosen units back to lines: who pays what, and which offer took it off."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from retail_core.checkout.basket import BasketLine, line_shelf_fen, whole_units
from retail_core.money import allocate
from retail_core.pricing.certificate import AppliedOffer, PricedLine
from retail_core.pricing.gains import set_need
from retail_core.pricing.offers import Offer, UnitOffer


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """The best price a line has without any set; a weighed line counts as one unit."""

    offer: Offer
    fen_off: int


class Till:
    """Hands out units of lines to offers and keeps what each offer took off each line."""

    def __init__(self, lines: Sequence[BasketLine]) -> None:
        self._lines = lines
        self._left = [whole_units(line) or 1 for line in lines]
        self._off: dict[str, dict[int, int]] = defaultdict(dict)
        self._offers: dict[str, Offer] = {}
        self._units: dict[str, dict[int, int]] = defaultdict(dict)

    def take_set(self, offer: Offer, demand: Sequence[tuple[Sequence[int], int]], fen: int) -> None:
        """Take units, given as (places of lines, units), and split what the sets save."""
        units_of = {
            place: taken for places, units in demand for place, taken in self._draw(places, units)
        }
        places = self._in_line_order(units_of)
        weights = [units_of[place] * self._lines[place].unit_price_fen for place in places]
        shares = allocate(fen, weights)
        self._note(offer, units_of, dict(zip(places, shares, strict=True)))

    def take_singles(self, prices: Mapping[int, UnitPrice]) -> None:
        """Price every unit that no set took."""
        for place, price in prices.items():
            if self._left[place]:
                units = self._left[place]
                self._note(price.offer, {place: units}, {place: units * price.fen_off})

    def _draw(self, places: Sequence[int], units: int) -> list[tuple[int, int]]:
        drawn = []
        for place in self._in_line_order(places):
            taken = min(units, self._left[place])
            if taken:
                self._left[place] -= taken
                units -= taken
                drawn.append((place, taken))
        return drawn

    def _in_line_order(self, places: Sequence[int] | Mapping[int, int]) -> list[int]:
        return sorted(places, key=lambda place: self._lines[place].line)

    def _note(self, offer: Offer, units: Mapping[int, int], fen_off: dict[int, int]) -> None:
        self._offers[offer.id] = offer
        self._units[offer.id].update(units)
        self._off[offer.id].update(fen_off)

    def applied(self) -> tuple[AppliedOffer, ...]:
        """Return what each offer took off, by offer id."""
        return tuple(self._applied(offer_id) for offer_id in sorted(self._off))

    def _applied(self, offer_id: str) -> AppliedOffer:
        offer, shares = self._offers[offer_id], self._off[offer_id]
        places = self._in_line_order(shares)
        units = tuple(self._units[offer_id][place] for place in places)
        need = 1 if isinstance(offer, UnitOffer) else set_need(offer)
        return AppliedOffer(
            offer_id,
            offer.name,
            sum(shares.values()),
            tuple(self._lines[place].line for place in places),
            sum(units) // need,
            units,
        )

    def priced_lines(self) -> tuple[PricedLine, ...]:
        """Return the lines, in the basket's order, as charged."""
        return tuple(self._priced_line(place, line) for place, line in enumerate(self._lines))

    def _priced_line(self, place: int, line: BasketLine) -> PricedLine:
        offers = tuple(
            (offer_id, fen)
            for offer_id, shares in sorted(self._off.items())
            if (fen := shares.get(place, 0))
        )
        shelf = line_shelf_fen(line)
        net = shelf - sum(fen for _, fen in offers)
        return PricedLine(line.line, line.sku, line.name, line.qty_milli, shelf, net, offers)
