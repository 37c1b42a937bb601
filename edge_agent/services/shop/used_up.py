"""What a price may no longer use: how often rules were used, and what is left of campaigns here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from edge_agent.ports.replica import HeldMember
from retail_core.pricing.rules.context import NOTHING_USED, Used
from retail_core.pricing.rules.ruleset import RuleBundle


@dataclass(frozen=True, slots=True)
class UsesKnown:
    """How often she used rules, and this store's boxes today; `known` says whether to trust it."""

    member: Used = NOTHING_USED
    store: Used = NOTHING_USED
    known: bool = False


class Uses(Protocol):
    """Counts how often rules were used that may be used only so often."""

    def of(self, held: HeldMember | None, day: int | None) -> UsesKnown:
        """Return what is known on a business day."""
        ...


class Budgets(Protocol):
    """Says what is left here of a campaign."""

    def gone(
        self, bundle: RuleBundle, holds: Sequence[UUID] | None
    ) -> tuple[dict[str, int], dict[str, int]]:
        """Return the fen and the uses a basket with these holds cannot spend, by campaign.

        Without holds (None) it may spend nothing.
        """
        ...

    def used_up(
        self, bundle: RuleBundle, day: int, own: Mapping[str, int], holds: Sequence[UUID] | None
    ) -> Mapping[str, int] | None:
        """Return what such a basket cannot use of the store's caps of a day, by rule.

        None where this box counts them alone: then it is what was used here, `own`.
        """
        ...
