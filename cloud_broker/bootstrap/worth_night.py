"""A night's worth of everybody, in a process of its own; it brings numpy and scipy in."""

import os
from uuid import UUID

from cloud_broker.bootstrap.campaigns import campaign_desks
from cloud_broker.bootstrap.office import build_office
from cloud_broker.services.insight.campaign_worth import reckon_worth
from cloud_broker.settings import Settings
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

NICE = 10
# A chain whose customers have hardly come back yet has nothing to be told every night.
_TOO_EARLY = frozenset({FaultCode.INSIGHT_TOO_FEW, FaultCode.INSIGHT_NO_FIT})


def work(settings: Settings, tenant: UUID) -> None:
    """Work a tenant's night out, after everybody else."""
    os.nice(NICE)
    office = build_office(settings)
    try:
        today = campaign_desks(office).campaigns.rules.day(office.clock.now_ms())
        reckon_worth(office.units, tenant, today)
    except Fault as fault:
        if fault.code not in _TOO_EARLY:
            raise
    finally:
        office.close()
