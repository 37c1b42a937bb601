"""The composition of what works suggestions on stock out; it brings scipy in."""

import os
from uuid import UUID

from cloud_broker.bootstrap.office import Office, build_office
from cloud_broker.services.insight.stock_planning import StockPlanning
from cloud_broker.settings import Settings

NICE = 10


def stock_planning(office: Office) -> StockPlanning:
    """Put it together."""
    return StockPlanning(office.units, office.clock, office.ids, office.settings.zone)


def work(settings: Settings, tenant: UUID) -> None:
    """Work a tenant's night out, in a process of its own and after everybody else."""
    os.nice(NICE)
    office = build_office(settings)
    try:
        stock_planning(office).run(tenant, who="nightly")
    finally:
        office.close()
