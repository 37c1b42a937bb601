"""The composition of campaigns: the desks, and the two threads that run beside."""

from collections.abc import Callable, Iterator
from uuid import UUID

from cloud_broker.adapters.message_providers import message_providers
from cloud_broker.bootstrap.office import Office
from cloud_broker.ingest.beside import BesideWorker
from cloud_broker.services.insight.campaign_desks import (
    Brand,
    CampaignDesks,
    campaign_desks_of,
)
from retail_core.tally import FaultTally


def campaign_desks(office: Office) -> CampaignDesks:
    """Put the desks together; Fault SETUP_CONFIG_INVALID."""
    settings = office.settings
    return campaign_desks_of(
        *(office.units, office.clock, office.ids, office.keys),
        Brand(settings.zone, settings.sms_brand),
        message_providers(settings, office.clock),
    )


def campaign_workers(
    office: Office, tally: FaultTally, works: Callable[[UUID], bool]
) -> Iterator[BesideWorker]:
    """Put together who runs campaigns, and who sends: a slow provider delays neither the other."""
    desks = campaign_desks(office)

    def tenants() -> tuple[UUID, ...]:
        return tuple(tenant for tenant in office.units.tenants() if works(tenant))

    yield BesideWorker("campaigns", desks.running.run, tenants, tally)
    yield BesideWorker("campaign-messages", desks.sending.run, tenants, tally)
