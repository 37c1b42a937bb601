"""The composition of what works tags out; it brings much in, so nobody else imports it."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from cloud_broker.adapters.analytics.copying import ParquetCopy
from cloud_broker.adapters.analytics.duck import DuckAnalytics
from cloud_broker.adapters.analytics.pg import PostgresAnalytics
from cloud_broker.adapters.postgres.tags import PostgresTagShelf
from cloud_broker.adapters.postgres.unit_of_work import make_engine
from cloud_broker.bootstrap.office import Office
from cloud_broker.ports.analytics import AnalyticEngine, Copied
from cloud_broker.services.insight.tag_telling import TagTeller
from cloud_broker.services.insight.tagging import Tagging


def tagging_of(office: Office) -> Tagging:
    """Return what works tags out."""
    shelf = PostgresTagShelf(office.units, office.clock)
    teller = TagTeller(office.units, office.clock)
    return Tagging(shelf, office.clock, teller.tell, office.settings.zone)


@contextmanager
def engine_of(office: Office, tenant: UUID) -> Iterator[tuple[AnalyticEngine, Copied | None]]:
    """Open the engine the settings name: files, brought up to date first, or the database itself.

    Raises Fault METRICS_COPY, METRICS_ENGINE.
    """
    folder = office.settings.analytics_dir
    if folder is None:
        own = office.settings.analytics_url
        pool = office.engine if own is None else make_engine(own.get_secret_value(), connections=1)
        try:
            yield PostgresAnalytics(pool, tenant), None
        finally:
            if own is not None:
                pool.dispose()
        return
    copy = ParquetCopy(office.units, folder)
    copied = copy.refresh(tenant)
    engine = DuckAnalytics(
        copy.folder_of(tenant), memory=office.settings.analytics_memory, spill=folder / "work"
    )
    try:
        yield engine, copied
    finally:
        engine.close()


def refreshed(office: Office, tenant: UUID, *, whole: bool) -> Copied | None:
    """Bring the copy up to date; None when the settings name none."""
    folder = office.settings.analytics_dir
    return (
        None if folder is None else ParquetCopy(office.units, folder).refresh(tenant, whole=whole)
    )
