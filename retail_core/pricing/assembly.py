"""From the chosen units back to lines: who pays what, and which offer took it off."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from retail_core.checkout.basket import BasketLine, line_shelf_fen, whole_units
from retail_core.money import allocate
from retail_core.pricing.certificate import AppliedOffer, PricedLine
from retail_core.pricing.gains import set_need
from retail_core.pricing.rules.offers import Offer, UnitOffer


class Till:
    """Hands out units of lines to offers and keeps what each offer took off each line."""

    def __init__(self, lines: Sequence[BasketLine]) -> None:
        self._lines = lines
        self._left = [whole_units(line) or 1 for line in lines]
        self._off: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        self._offers: dict[str, Offer] = {}
        self._units: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        self._in_sets: dict[int, int] = defaultdict(int)
        self._coupon = ""

    def take_set(self, offer: Offer, demand: Sequence[tuple[Sequence[int], int]], fen: int) -> None:
        """Take units, given as (places of lines, units), and split what the sets save."""
        taken: dict[int, int] = defaultdict(int)
        for places, units in demand:
            for place, count in self._draw(places, units):
                taken[place] += count
                self._in_sets[place] += count * self._lines[place].unit_price_fen
        weights = {place: n * self._lines[place].unit_price_fen for place, n in taken.items()}
        self._note(offer, taken, self._split(fen, weights))

    def take_units(self, offer: Offer, places: Sequence[int], units: int, fen_off: int) -> None:
        """Take units of equal lines, each at so much less."""
        taken = dict(self._draw(places, units))
        self._note(offer, taken, {place: count * fen_off for place, count in taken.items()})

    def take_coupon(self, coupon_id: str, places: Sequence[int], fen: int, *, whole: bool) -> None:
        """Split a coupon over what counted towards it: without the units in sets unless `whole`."""
        self._coupon = coupon_id
        nets = {place: self.net_fen(place) for place in places}
        if not whole:
            nets = {place: net - self._net_in_sets(place) for place, net in nets.items()}
        for place, share in self._split(fen, nets).items():
            self._off[coupon_id][place] += share

    def net_fen(self, place: int) -> int:
        """Return what a line costs as things stand."""
        off = sum(shares.get(place, 0) for shares in self._off.values())
        return line_shelf_fen(self._lines[place]) - off

    def _net_in_sets(self, place: int) -> int:
        off = sum(
            shares.get(place, 0)
            for offer_id, shares in self._off.items()
            if offer_id in self._offers and not isinstance(self._offers[offer_id], UnitOffer)
        )
        return self._in_sets[place] - off

    def _split(self, fen: int, weights: Mapping[int, int]) -> dict[int, int]:
        places = self._in_line_order(weights)
        shares = allocate(fen, [weights[place] for place in places])
        return dict(zip(places, shares, strict=True))

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

    def _note(self, offer: Offer, units: Mapping[int, int], fen_off: Mapping[int, int]) -> None:
        self._offers[offer.id] = offer
        for place, count in units.items():
            self._units[offer.id][place] += count
            self._off[offer.id][place] += fen_off[place]

    def applied(self) -> tuple[AppliedOffer, ...]:
        """Return what each item offer took off, by offer id."""
        return tuple(self._applied(offer_id) for offer_id in sorted(self._offers))

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
