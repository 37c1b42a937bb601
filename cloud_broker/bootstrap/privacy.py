"""The composition of leaving and erasing."""

import os
from collections.abc import Callable
from importlib.util import find_spec
from uuid import UUID

from cloud_broker.adapters.certificate_files import FolderCertificates
from cloud_broker.adapters.postgres.fairness import PostgresFairnessReads
from cloud_broker.adapters.postgres.privacy import PostgresPrivacyShelf
from cloud_broker.adapters.wechat_http import HttpWeChat
from cloud_broker.bootstrap.apart import in_a_process
from cloud_broker.bootstrap.office import Office, build_office
from cloud_broker.ingest.beside import BesideWorker
from cloud_broker.services.access.overview import HqQueries
from cloud_broker.services.members.erasing import Erasing
from cloud_broker.services.members.erasing_again import ErasingAgain
from cloud_broker.services.members.leaving import Leavings
from cloud_broker.services.members.privacy_desks import Peers, PrivacyDesks, privacy_desks
from cloud_broker.services.members.recommending import Recommending
from cloud_broker.services.members.sms_codes import SmsCodes
from cloud_broker.settings import Settings
from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

WHO = "privacy"
COPY_S_MAX = 3_600.0
NICE = 10


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
        lambda tenant: _forgotten(office, tenant),
        FolderCertificates(office.settings.certificates_dir),
    )


def erasing_again_of(office: Office) -> ErasingAgain:
    """Return what lets an erasure outlive a restore."""
    return ErasingAgain(
        office.units,
        PostgresPrivacyShelf(office.units),
        FolderCertificates(office.settings.certificates_dir),
        leavings_of(office),
        office.clock,
        office.keys,
    )


def erasing_worker(
    office: Office, tally: FaultTally, works: Callable[[UUID], bool]
) -> BesideWorker:
    """Put together who erases at night, a thread of its own: a large chain is read for minutes."""

    def tenants() -> tuple[UUID, ...]:
        return tuple(tenant for tenant in office.units.tenants() if works(tenant))

    erasing, again, even = erasing_of(office), erasing_again_of(office), set[UUID]()

    def run(tenant: UUID) -> int:
        if tenant not in even:
            again.even(tenant)
            even.add(tenant)
        return erasing.run(tenant)

    return BesideWorker("erasing", run, tenants, tally)


def _forgotten(office: Office, tenant: UUID) -> None:
    """Do after a night of erasures what nobody may be found in: suggestions, and the copy."""
    learn_again(office, tenant)
    if office.settings.analytics_dir is None or find_spec("duckdb") is None:
        return
    why = in_a_process("copy", _copy, office.settings, tenant, seconds=COPY_S_MAX)
    if why:
        raise Fault(FaultCode.METRICS_ENGINE, engine="copy", why=why)


def _copy(settings: Settings, tenant: UUID) -> None:
    """Run in the process: what writes Parquet is imported here alone."""
    from cloud_broker.bootstrap.insight import refreshed  # noqa: PLC0415 - see above

    os.nice(NICE)
    office = build_office(settings)
    try:
        refreshed(office, tenant, whole=False)
    finally:
        office.close()


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
        wechat_writes=settings.wechat_writes_to_page,
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
