"""Consents and receipts of erasure at their end: three years after nothing rests on them.

A pass goes through the members who said anything so long ago, a page a transaction; then it rests
for a day. What ended when is said by the tables, which let nothing go before its time.
"""

from uuid import UUID

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.unit import Units
from retail_core.identity.face_lease import CONSENT_KEPT_DAYS, DAY_MS

PAGE = 500
ACTOR = "retention"


class ConsentKeeping:
    """Forgets what has to be kept no longer; one thread uses it."""

    def __init__(self, units: Units, clock: Clock) -> None:
        self._units = units
        self._clock = clock
        self._after: dict[UUID, UUID] = {}
        self._rests_until_ms: dict[UUID, int] = {}

    def run(self, tenant: UUID) -> int:
        """Do a page; return how many members' words were looked at, 0 when a pass is over."""
        now_ms = self._clock.now_ms()
        if now_ms < self._rests_until_ms.get(tenant, 0):
            return 0
        until_ms = now_ms - CONSENT_KEPT_DAYS * DAY_MS
        with self._units.begin(tenant) as unit:
            gone = unit.faces.forget_consents(until_ms, self._after.get(tenant), PAGE)
            if gone.words or gone.receipts:
                counts = {"words": gone.words, "receipts": gone.receipts}
                entry = AuditEntry(ACTOR, "consent.forget", str(tenant), counts)
                unit.hq.audit(entry, now_ms)
        if gone.last is None:
            self._after.pop(tenant, None)
            self._rests_until_ms[tenant] = now_ms + DAY_MS
            return 0
        self._after[tenant] = gone.last
        return PAGE
