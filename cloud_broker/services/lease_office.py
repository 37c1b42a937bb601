"""What the cloud decides about leases: lending where a member will come, and taking back.

Each call is one transaction. Boxes hear of it through their store's feed, which the ingest worker
announces.
"""

from collections.abc import Sequence
from uuid import UUID

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.leasing import Leasing
from retail_core.errors import Fault
from retail_core.loyalty import lease_books
from retail_core.loyalty.lease_placement import DEFAULT_RULE, PlacementRule, Visit, place
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
            unit.leases.save_free({right: amount})

    def place_points(
        self,
        tenant: UUID,
        wallet: UUID,
        visits: Sequence[Visit],
        rule: PlacementRule = DEFAULT_RULE,
        *,
        lasts_ms: int | None = None,
    ) -> tuple[LeaseKey, ...]:
        """Lend a wallet's points to the boxes of the stores she is likely to come to.

        A store that already holds a part gets what is missing; nothing is taken back here. Timed
        when `lasts_ms` is given.
        """
        right = Right(RightKind.POINTS, wallet)
        with self._units.begin(tenant) as unit:
            leasing = Leasing(unit, tenant, self._clock.now_ms())
            leasing.load([right])
            book = leasing.desk.books[right]
            boxes = _boxes(unit, leasing, {visit.store for visit in visits})
            made = []
            for store, wanted in place(book.balance, visits, rule).items():
                device = boxes.get(store)
                if device is None:
                    continue
                book = leasing.desk.books[right]
                amount = min(wanted - lease_books.lent_to(book, device), book.free)
                if amount >= rule.least_amount:
                    made.append(self._lend(unit, leasing, (right, device, amount), lasts_ms))
            leasing.save(unit.fleet.places({key.device for key in made}))
            return tuple(made)

    def lend(
        self, tenant: UUID, right: Right, device: UUID, amount: int, *, lasts_ms: int | None = None
    ) -> LeaseKey:
        """Lend to one device; Fault LEASE_WAITS before it was let in, LEDGER_OVERDRAWN."""
        with self._units.begin(tenant) as unit:
            leasing = Leasing(unit, tenant, self._clock.now_ms())
            leasing.load([right])
            leasing.load_devices([device])
            key = self._lend(unit, leasing, (right, device, amount), lasts_ms)
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
            leasing.load(unit.leases.lent_to(device))
            leasing.desk.write_off(device)
            leasing.save(unit.fleet.places([device]))

    def release(self, tenant: UUID, device: UUID) -> None:
        """Let a device in again that was alive twice, on a person's word that one is left."""
        with self._units.begin(tenant) as unit:
            leasing = Leasing(unit, tenant, self._clock.now_ms())
            leasing.load_devices([device])
            leasing.desk.release(device)
            leasing.save(unit.fleet.places([device]))

    def _lend(
        self, unit: Unit, leasing: Leasing, what: tuple[Right, UUID, int], lasts_ms: int | None
    ) -> LeaseKey:
        right, device, amount = what
        tenure = leasing.desk.tenures.get(device)
        if tenure is None:
            raise Fault(FaultCode.LEASE_WAITS)
        term = None
        if lasts_ms is not None:
            anchor = unit.leases.anchor(device)
            if anchor is None:
                raise Fault(FaultCode.LEASE_WAITS)
            term = leasing.desk.term(device, anchor, lasts_ms)
        nth = lease_books.next_nth(leasing.desk.books[right], device, tenure.epoch)
        return leasing.desk.grant(right, device, amount, nth, term)


def _boxes(unit: Unit, leasing: Leasing, stores: set[UUID]) -> dict[UUID, UUID]:
    """Return a box that was let in for each store that has one."""
    places = [one for some in unit.fleet.devices_of(stores).values() for one in some]
    leasing.load_devices([one.device for one in places])
    tenures = leasing.desk.tenures
    return {
        one.store: one.device
        for one in sorted(places, key=lambda one: one.device.int, reverse=True)
        if one.device in tenures and not tenures[one.device].frozen
    }
