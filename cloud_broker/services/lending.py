"""Lending within one transaction: which boxes can take something, and how much of a wallet goes."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from cloud_broker.ports.unit import Unit
from cloud_broker.services.leasing import Leasing
from retail_core.errors import Fault
from retail_core.loyalty import lease_books
from retail_core.loyalty.lease_placement import PlacementRule, Visit, place
from retail_core.loyalty.leases import LeaseKey, Right
from retail_core.texts.faults import FaultCode

TOP_UP_PERMILLE = 200  # a store that has most of its part is left alone: leases stay few
_PER_MILLE = 1_000


def lend(
    unit: Unit, leasing: Leasing, what: tuple[Right, UUID, int], lasts_ms: int | None = None
) -> LeaseKey:
    """Lend a part of a right to a device (Faults LEASE_WAITS, LEDGER_OVERDRAWN)."""
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


def boxes_of(unit: Unit, leasing: Leasing, stores: set[UUID]) -> dict[UUID, UUID]:
    """Return a box that was let in for each store that has one."""
    places = [one for some in unit.fleet.devices_of(stores).values() for one in some]
    leasing.load_devices([one.device for one in places])
    tenures = leasing.desk.tenures
    return {
        one.store: one.device
        for one in sorted(places, key=lambda one: one.device.int, reverse=True)
        if one.device in tenures and not tenures[one.device].frozen
    }


def lend_points(
    unit: Unit,
    leasing: Leasing,
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
    wanted = place(leasing.desk.books[right].balance, visits, rule)
    boxes = boxes_of(unit, leasing, set(wanted))
    short = False
    for store, part in wanted.items():
        device = boxes.get(store)
        if device is None:
            continue
        book = leasing.desk.books[right]
        missing = part - lease_books.lent_to(book, device)
        if missing < rule.least_amount or missing * _PER_MILLE < part * TOP_UP_PERMILLE:
            continue
        amount = min(missing, book.free)
        short = short or amount < missing
        if amount >= rule.least_amount:
            yield lend(unit, leasing, (right, device, amount), lasts_ms)
    if short:
        recall_others(leasing, right, set(boxes.values()))


def recall_others(leasing: Leasing, right: Right, wanted: set[UUID]) -> None:
    """Ask every box but the wanted ones for what it holds of a right."""
    book = leasing.desk.books[right]
    holders = {key.device for key in book.leases if lease_books.lent_to(book, key.device)}
    for device in sorted(holders - wanted):
        leasing.desk.recall(right, device)
