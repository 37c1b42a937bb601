"""Decisions: why something is set apart, by which version of which rule; a person may overrule.

Signs add up. A strong one is enough; of weak ones, which honest people give too, two are needed.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ENOUGH: Final = 1_000
STRONG: Final = 1_000
WEAK: Final = 500


class Rule(StrEnum):
    """Rules by name; `VERSIONS` says which version runs."""

    duplicate = "duplicate"
    order_cancel = "order_cancel"
    ring = "ring"
    velocity = "velocity"
    quantity = "quantity"
    no_browse = "no_browse"
    bot_agent = "bot_agent"
    bot_pace = "bot_pace"
    bot_regular = "bot_regular"
    bot_sleepless = "bot_sleepless"
    # What a person says herself; she says why.
    by_hand = "by_hand"


VERSIONS: Final[Mapping[Rule, int]] = dict.fromkeys(Rule, 1)


@dataclass(frozen=True, slots=True)
class Decision:
    """A sign that an order (or an actor's events) is none; `weight` in thousandths of enough."""

    subject: str
    rule: Rule
    weight: int
    detail: Mapping[str, int | str]

    @property
    def version(self) -> int:
        """Return the version of the rule that said so."""
        return VERSIONS[self.rule]


def set_apart(
    decisions: Iterable[Decision], overruled: Collection[tuple[str, str]] = ()
) -> frozenset[str]:
    """Return what is set apart: its signs are enough without those somebody overruled."""
    weights: defaultdict[str, int] = defaultdict(int)
    for one in decisions:
        if (one.subject, one.rule.value) not in overruled:
            weights[one.subject] += one.weight
    return frozenset(subject for subject, weight in weights.items() if weight >= ENOUGH)
