"""The composition of leaving and erasing."""

from collections.abc import Callable
from uuid import UUID

from cloud_broker.adapters.postgres.fairness import PostgresFairnessReads
from cloud_broker.adapters.postgres.privacy import PostgresPrivacyShelf
from cloud_broker.adapters.wechat_http import HttpWeChat
from cloud_broker.bootstrap.office import Office
from cloud_broker.ingest.beside import BesideWorker
from cloud_broker.services.access.overview import HqQueries
from cloud_broker.services.members.erasing import Erasing
from cloud_broker.services.members.leaving import Leavings
from cloud_broker.services.members.privacy_desks import Peers, PrivacyDesks, privacy_desks
from cloud_broker.services.members.recommending import Recommending
from cloud_broker.services.members.sms_codes import SmsCodes
from cloud_broker.settings import Settings
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

WHO = "privacy"


def leavings_of(office: Office) -> Leavings:
    """Return what lets members leave."""
    return Leavings(
        office.units,
        PostgresPrivacyShelf(office.units),
        office.clock,
        office.ids,
        office.settings.leaving_grace_days,
    )


def erasing_of(office: Office) -> Erasing:
    """Return what erases; afterwards what was learnt of everybody is learnt again without her."""
    return Erasing(
        office.units,
        PostgresPrivacyShelf(office.units),
        office.clock,
        office.ids,
        office.keys,
        office.settings.zone,
        lambda tenant: learn_again(office, tenant),
    )


def erasing_worker(
    office: Office, tally: FaultTally, works: Callable[[UUID], bool]
) -> BesideWorker:
    """Put together who erases at night, a thread of its own: a large chain is read for minutes."""

    def tenants() -> tuple[UUID, ...]:
        return tuple(tenant for tenant in office.units.tenants() if works(tenant))

    return BesideWorker("erasing", erasing_of(office).run, tenants, tally)


def learn_again(office: Office, tenant: UUID) -> None:
    """Reckon the suggestions and the summary of known persons anew, of who is left."""
    Recommending(office.units, office.clock, office.settings.zone).build(tenant, who=WHO)
    office.filters.publish(tenant, who=WHO, whole=True)


def privacy_desks_of(office: Office, queries: HqQueries, sms: SmsCodes) -> PrivacyDesks:
    """Return what members' phones ask."""
    settings = office.settings
    peers = Peers(
        office.units,
        queries,
        office.clock,
        office.ids,
        office.keys,
        PostgresPrivacyShelf(office.units),
        sms,
        _wechat(settings),
        lambda slug: _tenant(office, slug),
        PostgresFairnessReads(office.units),
        f"{settings.url_for_stores}/m/wechat",
    )
    return privacy_desks(peers, leavings_of(office))


def _wechat(settings: Settings) -> HttpWeChat | None:
    if not settings.wechat_h5_app_id:
        return None
    return HttpWeChat(
        settings.wechat_h5_app_id,
        settings.wechat_h5_secret.get_secret_value(),
        at=settings.wechat_h5_open,
        api=settings.wechat_h5_api,
    )


def _tenant(office: Office, slug: str) -> UUID:
    found = office.units.tenant(slug) if slug else office.tenant()
    if found is None:
        raise Fault(FaultCode.API_NOT_FOUND, what="chain")
    return found
