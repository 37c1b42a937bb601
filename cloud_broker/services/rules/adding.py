"""A draft with one rule more than those in force, begun by another desk for somebody."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cloud_broker.services.fleet.twin import Person
from cloud_broker.services.rules.drafting import DraftDesk, RuleSaving


@dataclass(frozen=True, slots=True)
class OneMore:
    """Begins such drafts."""

    drafts: DraftDesk

    def __call__(self, who: Person, name: str, rule: dict[str, Any]) -> UUID:
        """Begin a draft from the rules in force with one more; return it. Faults of drafts."""
        published = self.drafts.overview(who.tenant_id).published
        begun = self.drafts.begin(who, name, published[0].version if published else 0)
        saving = RuleSaving(begun.edit, "offers", "", rule)
        return self.drafts.save_rule(who, begun.draft, saving).draft.draft
