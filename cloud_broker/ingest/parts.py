"""What an ingest worker works with."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from cloud_broker.services.booking.greeting import Greeter
from cloud_broker.services.booking.ingest import Ingest
from cloud_broker.services.fleet.presence import PresenceBook
from cloud_broker.services.line.announcing import Announcer
from cloud_broker.services.members.checkins import LaneCaller
from retail_core.tally import FaultTally


def _always() -> bool:
    """Stand in where there is only one worker."""
    return True


@dataclass(frozen=True, slots=True)
class IngestParts:
    """What the worker works with; `rare` runs at the start and every ten minutes.

    `seated` says whether the worker may still speak: one that stalled must not tell stores what
    others know better by now.
    """

    ingest: Ingest
    greeter: Greeter
    presence: PresenceBook
    announcer: Announcer
    lanes: LaneCaller
    tenants: Callable[[], tuple[UUID, ...]]
    rare: Callable[[UUID], None]
    tally: FaultTally
    seated: Callable[[], bool] = _always
