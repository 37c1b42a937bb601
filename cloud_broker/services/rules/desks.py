"""What HQ's pages and API write and publish rules with."""

from dataclasses import dataclass

from cloud_broker.ports.clock import Clock, IdSource
from cloud_broker.ports.unit import Units
from cloud_broker.services.published.catalogue import CataloguePublisher
from cloud_broker.services.rules.drafting import DraftDesk
from cloud_broker.services.rules.jobs import JobDesk
from cloud_broker.services.rules.publishing import RuleOffice


@dataclass(frozen=True, slots=True)
class RuleDesks:
    """Drafts, their checks and rehearsals, and publication."""

    drafts: DraftDesk
    jobs: JobDesk
    office: RuleOffice


def rule_desks(
    units: Units, clock: Clock, ids: IdSource, publisher: CataloguePublisher, zone: str
) -> RuleDesks:
    """Put the desks together."""
    return RuleDesks(
        DraftDesk(units, clock, ids),
        JobDesk(units, clock, ids, zone),
        RuleOffice(units, clock, ids, publisher),
    )
