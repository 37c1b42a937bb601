"""How many units of an article a receipt holds, and which store of a region sells them.

Each count is drawn towards a wider one where little was seen: a region's units per receipt towards
the chain's, as if `_RECEIPTS` more receipts had been as everywhere; a store's share of a region's
units towards its share of all goods, as if `_UNITS` more had gone as all do. The gamma-Poisson and
Dirichlet means, with the prior's weight fixed.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from retail_core.insight.arrays import Floats
from retail_core.insight.stock.facts import Facts, Sold
from retail_core.insight.stock.visiting import AHEAD_DAYS, Coming

_RECEIPTS = 50.0
_UNITS = 5.0
Name = TypeVar("Name")


@dataclass(frozen=True, slots=True)
class Wanted:
    """An article's expected units by day ahead, in each region, and of each segment there.

    `shares` say what part of its region's a store sells; `seen` are the units of the window in each
    store, `last` the day of the newest; `batch` is E[q²] / E[q] of a line.
    """

    regions: Mapping[str, Floats]
    region_of: Mapping[str, str]
    shares: Mapping[str, float]
    segments: Mapping[tuple[str, str], Floats]
    seen: Mapping[str, float]
    last: Mapping[str, int]
    batch: float

    def over(self, place: str, days: int) -> float:
        """Return what a store is asked for in the next days."""
        region = self.region_of.get(place)
        return 0.0 if region is None else self.shares[place] * ahead(self.regions[region], days)


def ahead(by_day: Floats, days: int) -> float:
    """Return the sum over so many days; beyond the last one it goes on at the mean."""
    within = float(by_day[:days].sum())
    beyond = max(0, days - AHEAD_DAYS)
    return within + beyond * float(by_day.mean())


class Rates:
    """Receipts, units and shares of one chain, added up once."""

    def __init__(self, facts: Facts, coming: Coming) -> None:
        self._coming = coming
        self._region = {one.place: one.region for one in facts.places if not one.warehouse}
        since = facts.until - facts.window_days
        self._again, self._others = dict[str, float](), dict[str, float]()
        for one in facts.visits:
            if since < one.day <= facts.until:
                self._again[one.region] = self._again.get(one.region, 0.0) + one.again
                self._others[one.region] = self._others.get(one.region, 0.0) + one.others
        self._sold = dict[str, list[Sold]]()
        self._by_store, self._by_region = dict[str, float](), dict[str, float]()
        for row in facts.sold:
            self._sold.setdefault(row.sku, []).append(row)
            region = self._region.get(row.store)
            if region is None:
                continue
            units = max(row.units_again + row.units_others, 0.0)
            self._by_store[row.store] = self._by_store.get(row.store, 0.0) + units
            self._by_region[region] = self._by_region.get(region, 0.0) + units
        self._usual = self._usual_shares()
        self._segment_units = dict[str, dict[tuple[str, str], float]]()
        for bought in facts.segment_sold:
            rows = self._segment_units.setdefault(bought.sku, {})
            rows[bought.segment, bought.region] = max(bought.units, 0.0)
        self._segment_visits = facts.segment_visits

    def wanted(self, sku: str) -> Wanted:
        """Return what is to come of an article."""
        rows = [row for row in self._sold.get(sku, ()) if row.store in self._region]
        again, others = dict[str, float](), dict[str, float]()
        seen = dict[str, float]()
        for row in rows:
            region = self._region[row.store]
            again[region] = again.get(region, 0.0) + max(row.units_again, 0.0)
            others[region] = others.get(region, 0.0) + max(row.units_others, 0.0)
            seen[row.store] = max(row.units_again + row.units_others, 0.0)
        of_again = _drawn(again, self._again)
        of_others = _drawn(others, self._others)
        regions = {
            region: of_again(region) * self._coming.again[region]
            + of_others(region) * self._coming.others[region]
            for region in self._coming.again
        }
        units = sum(seen.values())
        squares = sum(row.squares for row in rows)
        return Wanted(
            regions,
            self._region,
            self._shares(seen),
            self._segments(sku),
            seen,
            {row.store: row.last for row in rows},
            max(1.0, squares / units) if units > 0 else 1.0,
        )

    def _shares(self, seen: Mapping[str, float]) -> dict[str, float]:
        """Return each store's share of what its region sells of an article."""
        whole = dict[str, float]()
        for store, units in seen.items():
            region = self._region[store]
            whole[region] = whole.get(region, 0.0) + units
        return {
            store: (seen.get(store, 0.0) + _UNITS * self._usual[store])
            / (whole.get(region, 0.0) + _UNITS)
            for store, region in self._region.items()
        }

    def _usual_shares(self) -> dict[str, float]:
        """Return each store's share of everything its region sells; alike where nothing was."""
        alike = Counter(self._region.values())
        return {
            store: self._by_store.get(store, 0.0) / of_all
            if (of_all := self._by_region.get(region, 0.0)) > 0
            else 1 / alike[region]
            for store, region in self._region.items()
        }

    def _segments(self, sku: str) -> dict[tuple[str, str], Floats]:
        units = self._segment_units.get(sku, {})
        per_visit = _drawn(units, self._segment_visits)
        return {
            name: per_visit(name) * self._coming.segments.get(name, np.zeros(AHEAD_DAYS))
            for name in units
        }


def _drawn(units: Mapping[Name, float], receipts: Mapping[Name, float]) -> Callable[[Name], float]:
    """Return what tells units a receipt, drawn towards the mean of all."""
    whole = sum(receipts.values())
    mean = sum(units.values()) / whole if whole > 0 else 0.0

    def rate(name: Name) -> float:
        return (units.get(name, 0.0) + _RECEIPTS * mean) / (receipts.get(name, 0.0) + _RECEIPTS)

    return rate
