"""The composition of what partners are told: the desk, and who sends."""

from collections.abc import Callable
from uuid import UUID

from cloud_broker.adapters.webhook import Webhook
from cloud_broker.bootstrap.office import Office
from cloud_broker.ingest.beside import PostWorker
from cloud_broker.services.outward.hook_desk import HookDesk
from cloud_broker.services.outward.hook_posting import HookPosting
from retail_core.tally import FaultTally


def hook_desk(office: Office) -> HookDesk:
    """Put the desk together."""
    return HookDesk(office.units, office.clock, office.ids, hook_posting(office))


def hook_worker(office: Office, tally: FaultTally, works: Callable[[UUID], bool]) -> PostWorker:
    """Put together who sends, threads of its own: a slow partner delays no alert."""

    def tenants() -> tuple[UUID, ...]:
        return tuple(tenant for tenant in office.units.tenants() if works(tenant))

    return PostWorker("hook-posting", hook_posting(office), tenants, tally)


def hook_posting(office: Office) -> HookPosting:
    """Put together who sends."""
    sender = Webhook(office.clock, office.settings.webhook_networks)
    return HookPosting(office.units, office.clock, office.ids, office.keys, sender)
