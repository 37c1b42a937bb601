"""A night's tags and segments, in a process of their own; it brings Ibis in."""

import os
from uuid import UUID

from cloud_broker.bootstrap.insight import engine_of, tagging_of
from cloud_broker.bootstrap.office import Office, build_office
from cloud_broker.bootstrap.segments import segmenting_of
from cloud_broker.services.insight.segmenting import Looks
from cloud_broker.services.insight.tagging import Ran
from cloud_broker.settings import Settings

NICE = 10


def night(office: Office, tenant: UUID) -> tuple[Ran, Looks]:
    """Work out a tenant's tags, then who belongs to which segment by them."""
    with engine_of(office, tenant) as (engine, _):
        ran = tagging_of(office).run(tenant, engine)
    return ran, segmenting_of(office).nightly(tenant)


def work(settings: Settings, tenant: UUID) -> None:
    """Work a tenant's night out, after everybody else."""
    os.nice(NICE)
    office = build_office(settings)
    try:
        night(office, tenant)
    finally:
        office.close()
