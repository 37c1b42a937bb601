"""What the cloud decides about leases: lending where a member will come, and taking back.

Each call is one transaction. Boxes hear of it through their store's feed, which the ingest worker
announces.
"""

from uuid import UUID

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.unit import Units
from cloud_broker.services.rights.leasing import Leasing
from cloud_broker.services.rights.lending import Boxes
from retail_core.errors import Fault
from retail_core.loyalty.leases import LeaseKey, Right, RightKind
from retail_core.texts.faults import FaultCode


class LeaseOffice:
    """Lends and takes back."""

    def __init__(self, units: Units, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def endow(self, tenant: UUID, right: Right, amount: int) -> None:
        """Give a coupon (1) or a campaign's budget its amount, once."""
        if right.kind == RightKind.POINTS or amount < 1:
            raise ValueError("a coupon or a budget of at least one")
        with self._units.begin(tenant) as unit:
            book = unit.leases.books([right])[right]
            if book.credited:
                raise Fault(FaultCode.LEASE_CONFLICT, receipt=right.id)
            # A restored cloud may know what boxes hold of it before it knows of its amount.
            unit.leases.save_free({right: book.free + amount})

    def lend(
        self, tenant: UUID, right: Right, device: UUID, amount: int, *, lasts_ms: int | None = None
    ) -> LeaseKey:
        """Lend to one device; Fault LEASE_WAITS before it was let in, LEDGER_OVERDRAWN."""
        with self._units.begin(tenant) as unit:
            leasing = Leasing(unit, tenant, self._clock.now_ms())
            leasing.load([right])
            leasing.load_devices([device])
            key = Boxes(unit, leasing).lend((right, device, amount), lasts_ms)
            leasing.save(unit.fleet.places([device]))
            return key

    def recall(self, tenant: UUID, right: Right, device: UUID) -> None:
        """Ask a device for what it holds of a right."""
        with self._units.begin(tenant) as unit:
            leasing = Leasing(unit, tenant, self._clock.now_ms())
            leasing.desk.recall(right, device)
            leasing.save(unit.fleet.places([device]))

    def reclaim(self, tenant: UUID) -> int:
        """Take back the timed leases that are over; return how many rights had one."""
        now_ms = self._clock.now_ms()
        with self._units.begin(tenant) as unit:
            leasing = Leasing(unit, tenant, now_ms)
            due = unit.leases.due(now_ms)
            leasing.load(due)
            devices = {key.device for right in due for key in leasing.desk.books[right].leases}
            leasing.desk.reclaim(now_ms)
            leasing.save(unit.fleet.places(devices))
            return len(due)

    def write_off(self, tenant: UUID, device: UUID) -> None:
        """Take back what is in doubt with a device, on a person's word that its card is lost."""
        with self._units.begin(tenant) as unit:
            leasing = Leasing(unit, tenant, self._clock.now_ms())
            leasing.load_devices([device])
            lent = unit.leases.lent_to(device)
            leasing.load(lent)
            if device not in unit.fleet.places([device]):
                leasing.desk.retire(device)  # nobody can let it in any more
            leasing.desk.write_off(device)
            leasing.save(unit.fleet.places_ever([device]))
            wallets = {right.id for right in lent if right.kind == RightKind.POINTS}
            unit.placements.queue(wallets, self._clock.now_ms())

    def release(self, tenant: UUID, device: UUID) -> None:
        """Let a device in again that was alive twice, on a person's word that one is left."""
        with self._units.begin(tenant) as unit:
            leasing = Leasing(unit, tenant, self._clock.now_ms())
            leasing.load_devices([device])
            leasing.desk.release(device)
            leasing.save(unit.fleet.places([device]))
