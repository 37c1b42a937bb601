"""Rules by what they name, worked out once for a bundle: a basket then reads only those it touches.

A bundle has thousands of rules and a basket touches a few; neither reads the other whole.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from retail_core.checkout.basket import BasketLine
from retail_core.pricing.rules.conditions import ItemSelector, names_all
from retail_core.pricing.rules.offers import OfferBase, PriceList, SlotBundle, order_key

_Rule = TypeVar("_Rule", bound=OfferBase)
_Index = dict[str, list[int]]


class RuleIndex(Generic[_Rule]):
    """Some rules, strongest first, by the skus, categories, brands and tags they name."""

    def __init__(self, rules: Iterable[_Rule]) -> None:
        self._rules = sorted(rules, key=order_key)
        self._for_all: list[int] = []
        self._skus: _Index = defaultdict(list)
        self._categories: _Index = defaultdict(list)
        self._brands: _Index = defaultdict(list)
        self._tags: _Index = defaultdict(list)
        for number, rule in enumerate(self._rules):
            if isinstance(rule, PriceList):
                _note(self._skus, rule.prices, number)
            else:
                for items in _selectors(rule):
                    self._add(number, items)

    def _add(self, number: int, items: ItemSelector) -> None:
        if names_all(items):
            self._for_all.append(number)
        _note(self._skus, items.skus, number)
        _note(self._categories, items.categories, number)
        _note(self._brands, items.brands, number)
        _note(self._tags, items.tags, number)

    def touching(self, lines: Iterable[BasketLine]) -> Iterator[_Rule]:
        """Yield the rules that name any of these lines (exceptions aside), strongest first."""
        numbers = set(self._for_all)
        for line in lines:
            numbers.update(self._skus.get(line.sku, ()))
            numbers.update(self._categories.get(line.category, ()))
            numbers.update(self._brands.get(line.brand, ()))
            for tag in line.tags:
                numbers.update(self._tags.get(tag, ()))
        for number in sorted(numbers):
            yield self._rules[number]


def _selectors(rule: OfferBase) -> Iterator[ItemSelector]:
    if isinstance(rule, SlotBundle):
        yield from (slot.items for slot in rule.slots)
    else:
        yield rule.items


def _note(index: _Index, names: Iterable[str], number: int) -> None:
    for name in names:
        index[name].append(number)
