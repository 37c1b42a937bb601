"""The composition of returns; it brings linear algebra in, so it is imported when it is used."""

from cloud_broker.adapters.postgres.roi import PostgresRoiShelf
from cloud_broker.bootstrap.office import Office
from cloud_broker.services.insight.roi import Roi


def roi_of(office: Office) -> Roi:
    """Return who reckons returns, and takes costs and baselines in."""
    shelf = PostgresRoiShelf(office.units, office.clock, office.ids)
    return Roi(shelf, office.clock, office.settings.zone)
