"""Lending within one transaction: which boxes can take something, and how much of a wallet goes."""

from collections.abc import Collection, Iterator, Sequence
from uuid import UUID

from cloud_broker.domain.arrivals import Place
from cloud_broker.ports.unit import Unit
from cloud_broker.services.rights.leasing import Leasing
from cloud_broker.services.rights.restoring import frozen
from retail_core.errors import Fault
from retail_core.loyalty import lease_books
from retail_core.loyalty.lease_placement import PlacementRule, Visit, place
from retail_core.loyalty.leases import LeaseKey, Right
from retail_core.texts.faults import FaultCode

TOP_UP_PERMILLE = 200  # a store that has most of its part is left alone: leases stay few
_PER_MILLE = 1_000


class Boxes:
    """One transaction's lending; stores are looked up and tenures locked once for all wallets."""

    def __init__(self, unit: Unit, leasing: Leasing) -> None:
        self.leasing = leasing
        self._unit = unit
        self._places: dict[UUID, tuple[Place, ...]] = {}
        self._frozen: bool | None = None

    def of(self, stores: Collection[UUID]) -> dict[UUID, UUID]:
        """Return a box that was let in for each store that has one."""
        missing = [store for store in stores if store not in self._places]
        if missing:
            found = self._unit.fleet.devices_of(missing)
            self._places |= {store: found.get(store, ()) for store in missing}
            self.leasing.load_devices({one.device for some in found.values() for one in some})
        tenures = self.leasing.desk.tenures
        return {
            one.store: one.device
            for store in stores
            for one in sorted(self._places[store], key=lambda one: one.device.int, reverse=True)
            if one.device in tenures and not tenures[one.device].frozen
        }

    def lend(self, what: tuple[Right, UUID, int], lasts_ms: int | None = None) -> LeaseKey:
        """Lend a part of a right to a device whose tenure is loaded.

        Faults LEASE_WAITS, LEDGER_OVERDRAWN, RESTORE_FROZEN.
        """
        if self._frozen is None:
            self._frozen = frozen(self._unit)
        if self._frozen:
            raise Fault(FaultCode.RESTORE_FROZEN)
        right, device, amount = what
        desk = self.leasing.desk
        tenure = desk.tenures.get(device)
        if tenure is None:
            raise Fault(FaultCode.LEASE_WAITS)
        term = None
        if lasts_ms is not None:
            anchor = self._unit.leases.anchor(device)
            if anchor is None:
                raise Fault(FaultCode.LEASE_WAITS)
            term = desk.term(device, anchor, lasts_ms)
        nth = lease_books.next_nth(desk.books[right], device, tenure.epoch)
        return desk.grant(right, device, amount, nth, term)


def lend_points(
    boxes: Boxes,
    right: Right,
    visits: Sequence[Visit],
    rule: PlacementRule,
    *,
    lasts_ms: int | None = None,
) -> Iterator[LeaseKey]:
    """Lend a wallet's points where its owner is likely to come; the rest is left as it is.

    A store that holds the most of its part gets nothing more. Where what is free does not suffice,
    boxes of stores she no longer comes to are asked for what they hold.
    """
    leasing = boxes.leasing
    wanted = place(leasing.desk.books[right].balance, visits, rule)
    found = boxes.of(wanted)
    short = False
    for store, part in wanted.items():
        device = found.get(store)
        if device is None:
            continue
        book = leasing.desk.books[right]
        missing = part - lease_books.lent_to(book, device)
        if missing < rule.least_amount or missing * _PER_MILLE < part * TOP_UP_PERMILLE:
            continue
        amount = min(missing, book.free)
        short = short or amount < missing
        if amount >= rule.least_amount:
            yield boxes.lend((right, device, amount), lasts_ms)
    if short:
        recall_others(leasing, right, set(found.values()))


def recall_others(leasing: Leasing, right: Right, wanted: set[UUID]) -> None:
    """Ask every box but the wanted ones for what it holds of a right."""
    book = leasing.desk.books[right]
    holders = {key.device for key in book.leases if lease_books.lent_to(book, key.device)}
    for device in sorted(holders - wanted):
        leasing.desk.recall(right, device)
