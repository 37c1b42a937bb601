"""Lines of a basket by what selectors name."""

from collections import defaultdict
from collections.abc import Callable, KeysView

from retail_core.checkout.basket import BasketLine
from retail_core.pricing.rules.conditions import ItemSelector, names_all


class LineIndex:
    """Lines by what selectors name: thousands of offers must not each read every line."""

    def __init__(self, lines: tuple[BasketLine, ...]) -> None:
        self._all = tuple(range(len(lines)))
        self._skus = _by(lines, lambda line: (line.sku,))
        self._categories = _by(lines, lambda line: (line.category,))
        self._brands = _by(lines, lambda line: (line.brand,))
        self._tags = _by(lines, lambda line: line.tags)

    def of_skus(self, skus: KeysView[str]) -> tuple[int, ...]:
        """Return the lines of any of these articles; thousands of skus cost no more than a few."""
        return tuple(sorted(place for sku in self._skus.keys() & skus for place in self._skus[sku]))

    def named_by(self, items: ItemSelector) -> tuple[int, ...]:
        """Return the places of the lines that a selector names."""
        if names_all(items):
            return self._all
        named: set[int] = set()
        for index, names in (
            (self._skus, items.skus),
            (self._categories, items.categories),
            (self._brands, items.brands),
            (self._tags, items.tags),
        ):
            for name in names & index.keys():
                named.update(index[name])
        return tuple(sorted(named))


def _by(
    lines: tuple[BasketLine, ...], names: Callable[[BasketLine], frozenset[str] | tuple[str, ...]]
) -> dict[str, list[int]]:
    index: dict[str, list[int]] = defaultdict(list)
    for place, line in enumerate(lines):
        for name in names(line):
            index[name].append(place)
    return index
