"""The composition of who is one person: the desk, what settles it and what searches at night."""

from collections.abc import Callable
from uuid import UUID

from cloud_broker.adapters.analytics.link_process import LinkProcess
from cloud_broker.bootstrap.office import Office
from cloud_broker.ingest.beside import BesideWorker
from cloud_broker.services.insight.identity_desk import IdentityDesk
from cloud_broker.services.insight.searching import Searching
from cloud_broker.services.insight.settling import Settling
from retail_core.tally import FaultTally

# A search goes to its own process at low priority; settling is short.
_SHARE = 1.0


def settling_of(office: Office) -> Settling:
    """Return what settles who is one person."""
    return Settling(office.units, office.clock, office.ids, office.settings.zone)


def identity_desk(office: Office) -> IdentityDesk:
    """Return HQ's desk."""
    return IdentityDesk(office.units, settling_of(office))


def searching_of(office: Office, process: LinkProcess) -> Searching:
    """Return what compares everybody with everybody."""
    return Searching(
        office.units,
        office.clock,
        office.ids,
        settling_of(office),
        process,
        office.settings.zone,
    )


def identity_workers(
    office: Office, tally: FaultTally, works: Callable[[UUID], bool]
) -> tuple[BesideWorker, ...]:
    """Return who settles what is due at once, and who searches at night."""
    process = LinkProcess(office.settings.analytics_memory)

    def tenants() -> tuple[UUID, ...]:
        return tuple(tenant for tenant in office.units.tenants() if works(tenant))

    return (
        BesideWorker("identity", settling_of(office).run, tenants, tally, share=_SHARE),
        _SearchWorker(process, searching_of(office, process), tenants, tally),
    )


class _SearchWorker(BesideWorker):
    """A worker whose process ends with it."""

    def __init__(
        self,
        process: LinkProcess,
        searching: Searching,
        tenants: Callable[[], tuple[UUID, ...]],
        tally: FaultTally,
    ) -> None:
        self._process = process
        super().__init__("identity-search", searching.run, tenants, tally, share=_SHARE)

    def stop(self) -> None:
        """End the comparison amid its work, and the thread."""
        self._process.close()
        super().stop()
