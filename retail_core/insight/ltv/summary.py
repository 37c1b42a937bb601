"""A log of purchases, and what the models need of each customer.

The literature's conventions (Fader, Hardie and Lee, Marketing Science 2005): what one customer
bought on one day is one purchase; her first purchase only begins her time; `repeat` counts those
after it, `recency` is the time from the first to the last, `age` from the first to the end of the
observation. Mean spend is of the repeat purchases alone.
"""

from dataclasses import dataclass

import numpy as np

from retail_core.insight.arrays import Floats, Ints

# What is left of floats that should sum to nothing.
_NEARLY_NOTHING = 0.5e-6
DAYS_PER_UNIT = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12}


@dataclass(frozen=True, slots=True)
class Purchases:
    """Purchases in the order of customer, then day; arrays of one length.

    `customer`: numbers from 0 on without a gap; `day`: proleptic ordinals (`date.toordinal`);
    `amount`: in the log's own currency unit.
    """

    customer: Ints
    day: Ints
    amount: Floats

    @property
    def customers(self) -> int:
        """How many customers there are."""
        return int(self.customer[-1]) + 1 if self.customer.size else 0


@dataclass(frozen=True, slots=True)
class Summary:
    """One entry per customer seen by the end of the observation; times in the model's unit.

    `who` is her number in the log; `first` and `last` are days, `spend` the mean of her repeat
    purchases, 0 where there are none; `total` all she spent.
    """

    who: Ints
    repeat: Ints
    recency: Floats
    age: Floats
    spend: Floats
    total: Floats
    first: Ints
    last: Ints

    @property
    def size(self) -> int:
        """How many customers there are."""
        return int(self.who.size)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Purchases, and how many customers' days were none because more came back than was bought.

    `who`: the log's own number of each customer who has a purchase.
    """

    purchases: Purchases
    who: Ints
    days_of_returns: int


def merge_days(customer: Ints, day: Ints, amount: Floats, *, same_day: bool = True) -> Cleaned:
    """Sort rows into purchases: of one customer and day one, unless `same_day` is False.

    Negative rows are returns: they lessen their day. A day that sums to less than nothing is no
    purchase; one that sums to nothing is (a free article was taken), as in the literature's data.
    """
    order = np.lexsort((day, customer))
    customer, day, amount = customer[order], day[order], amount[order]
    if same_day and customer.size:
        new = np.empty(customer.size, dtype=bool)
        new[0] = True
        new[1:] = (customer[1:] != customer[:-1]) | (day[1:] != day[:-1])
        starts = np.flatnonzero(new)
        customer, day = customer[starts], day[starts]
        amount = np.add.reduceat(amount, starts)
    bought = amount > -_NEARLY_NOTHING
    kept = customer[bought]
    who, numbered = np.unique(kept, return_inverse=True)
    purchases = Purchases(numbered.astype(np.int64), day[bought], np.maximum(amount[bought], 0.0))
    return Cleaned(purchases, who, int(np.count_nonzero(~bought)))


def summarise(purchases: Purchases, until: int, unit_days: float) -> Summary:
    """Return what the models need of all who bought by the day `until`; ages end there."""
    seen = purchases.day <= until
    customer, day, amount = purchases.customer[seen], purchases.day[seen], purchases.amount[seen]
    who, starts, counts = np.unique(customer, return_index=True, return_counts=True)
    if not who.size:
        nothing, none = np.empty(0), np.empty(0, dtype=np.int64)
        return Summary(none, none, nothing, nothing, nothing, nothing, none, none)
    first, last = day[starts], day[starts + counts - 1]
    total = np.add.reduceat(amount, starts)
    repeat = counts - 1
    spend = (total - amount[starts]) / np.maximum(repeat, 1)
    spend[repeat == 0] = 0.0
    return Summary(
        who.astype(np.int64),
        repeat.astype(np.int64),
        (last - first) / unit_days,
        (until - first) / unit_days,
        spend,
        total,
        first,
        last,
    )


def bought_after(purchases: Purchases, who: Ints, after: int, until: int) -> tuple[Ints, Floats]:
    """Return how often each of `who` bought after a day up to another, and what she spent."""
    inside = (purchases.day > after) & (purchases.day <= until)
    size = purchases.customers
    counts = np.bincount(purchases.customer[inside], minlength=size)
    spent = np.bincount(purchases.customer[inside], purchases.amount[inside], minlength=size)
    return counts[who].astype(np.int64), spent[who].astype(np.float64)
