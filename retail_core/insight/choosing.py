"""Up to three articles to show for a member: what goes with hers, what is due again, what sells.

Nothing is ever concluded about her health: an article for such a need is shown only to a member
who declared it herself. Whoever opted out of guesses is shown what sells best, as everybody.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from retail_core import limits
from retail_core.insight.table import Table

# Words of needs that are nobody's to guess; an article tagged with one waits for her own word.
HEALTH_WORDS = frozenset(
    {"敏感肌", "过敏", "孕妇", "孕产", "哺乳", "婴儿", "糖尿病", "痘肌", "药品", "保健"}
    | {"sensitive-skin", "allergy", "pregnancy", "diabetes", "acne", "medicine"}
)


class Why(StrEnum):
    """Why an article is shown."""

    OFTEN_TOGETHER = "often_together"
    AGAIN = "again"
    POPULAR = "popular"


@dataclass(frozen=True, slots=True)
class Goods:
    """What is known of a candidate here: its tags; `stock` None where nobody counted."""

    tags: frozenset[str] = frozenset()
    stock: int | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """Whom to show something: days since she bought what, her declared tags, what lies before her.

    `personal` is False when she opted out of guesses.
    """

    bought: Mapping[str, int] = field(default_factory=dict)
    basket: Collection[str] = ()
    tags: frozenset[str] = frozenset()
    personal: bool = True


@dataclass(frozen=True, slots=True)
class Shown:
    """An article to show, and why; `because` is the article of hers that it goes with."""

    sku: str
    why: Why
    because: str = ""


def choose(
    table: Table,
    customer: Customer,
    goods: Mapping[str, Goods],
    count: int = limits.RECOMMENDED_MAX,
) -> tuple[Shown, ...]:
    """Choose what to show; only articles in `goods` are sold here."""
    if not customer.personal:
        customer = Customer(basket=customer.basket, tags=customer.tags, personal=False)
    ranked = [*_personal(table, customer), *(Shown(sku, Why.POPULAR) for sku in table.popular)]
    found: dict[str, Shown] = {}
    for one in ranked:
        if len(found) == count:
            break
        if one.sku not in found and _may_show(one, table, customer, goods.get(one.sku)):
            found[one.sku] = one
    return tuple(found.values())


def candidates(table: Table, customer: Customer) -> tuple[str, ...]:
    """Return every article that might be shown, so that only those are looked up."""
    shown = (*_personal(table, customer), *(Shown(sku, Why.POPULAR) for sku in table.popular))
    return tuple(dict.fromkeys(one.sku for one in shown))


def _personal(table: Table, customer: Customer) -> list[Shown]:
    """Rank by the sum of closeness to what she has or takes; what is due again beside it."""
    if not customer.personal:
        return []
    score: dict[str, int] = {}
    because: dict[str, tuple[int, str]] = {}
    for seed in dict.fromkeys((*customer.basket, *customer.bought)):
        for sku, close in table.near.get(seed, ()):
            score[sku] = score.get(sku, 0) + close
            because[sku] = max(because.get(sku, (0, "")), (close, seed))
    ranked = sorted(score, key=lambda sku: (-score[sku], sku))
    near = [
        Shown(sku, Why.OFTEN_TOGETHER, because[sku][1])
        for sku in ranked
        if sku not in customer.bought
    ]
    due = [Shown(sku, Why.AGAIN) for sku in customer.bought if sku in table.again_days]
    return due + near if table.again_first else near + due


def _may_show(one: Shown, table: Table, customer: Customer, goods: Goods | None) -> bool:
    if goods is None or one.sku in customer.basket:
        return False
    if goods.stock is not None and goods.stock <= 0:
        return False
    if not _needs(goods.tags) <= _needs(customer.tags):
        return False
    since = customer.bought.get(one.sku)
    if since is None:
        return True
    days = table.again_days.get(one.sku)
    return days is not None and since >= days


def _needs(tags: Collection[str]) -> frozenset[str]:
    """Return the needs of health that tags speak of: 敏感肌可用 speaks of 敏感肌."""
    return frozenset(word for tag in tags for word in HEALTH_WORDS if word in tag)
