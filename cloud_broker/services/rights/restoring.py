"""A cloud that was restored from a backup hears from its boxes what it has lost.

A box says what it holds before it sends its journal again, so that whatever it spent meanwhile has
a lease to be booked on. Nothing is lent until every box has said so and all it keeps is booked, or
a person waits for the missing ones no longer: what they were lent is known to nobody else.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from uuid import UUID, uuid5

from cloud_broker.domain.arrivals import Place
from cloud_broker.domain.chain import proof_for
from cloud_broker.domain.points import NewPosting
from cloud_broker.domain.postings import sums_up
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.restores import Restore, Standing
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.rights.leasing import Leasing, believes
from retail_core.errors import Fault
from retail_core.loyalty.lease_wire import right_of
from retail_core.loyalty.leases import LeaseKey, Right, RightKind
from retail_core.loyalty.lots import Dated
from retail_core.loyalty.postings import (
    ADJUST,
    Posting,
    brand_account,
    member_account,
    posting_key,
)
from retail_core.sync.ranges import Ranges, normalise, subtract
from retail_core.texts.faults import FaultCode
from retail_core.wire.messages import WIRE_VERSION
from retail_core.wire.restored import BoxStanding, CloudHolds

FIRST_EPOCH = 1
RULE = "restore"
THAWED_BY_ALL = "boxes"
_MS = 1_000


def epoch_of(unit: Unit) -> int:
    """Return the epoch of this database: it rises with every restore."""
    newest = unit.restores.newest()
    return FIRST_EPOCH if newest is None else newest.epoch


def frozen(unit: Unit) -> bool:
    """Return whether nothing may be lent: boxes have not all said yet what they hold."""
    newest = unit.restores.newest()
    return newest is not None and newest.thawed_ms is None


class Restoring:
    """Listens to the boxes, and thaws when all have spoken."""

    def __init__(self, units: Units, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def epoch(self, tenant: UUID) -> int:
        """Return the epoch that boxes are told."""
        with self._units.begin(tenant) as unit:
            return epoch_of(unit)

    def hear(self, tenant: UUID, place: Place, said: BoxStanding) -> CloudHolds:
        """Take a part of what a box holds; with the last part, return what is here of its journal.

        Raises Fault RESTORE_OTHER_EPOCH for a box that means another restore.
        """
        now_ms = self._clock.now_ms()
        with self._units.begin(tenant) as unit:
            newest = unit.restores.newest()
            epoch = FIRST_EPOCH if newest is None else newest.epoch
            if said.cloud_epoch != epoch:
                raise Fault(FaultCode.RESTORE_OTHER_EPOCH, epoch=epoch, said=said.cloud_epoch)
            believed = believes(unit, place.device)
            if believed:
                self._revive(unit, tenant, place, said)
            if not said.last:
                return CloudHolds(WIRE_VERSION, epoch)
            if newest is not None and (believed or newest.thawed_ms is None):
                unit.restores.said(epoch, _standing(unit, place.device, said), now_ms)
            chain = unit.journal.committed((place.device, said.epoch))
            proven = proof_for(chain, 1, said.next_seq)
        spans, ends = tuple(span for span, _ in proven), tuple(end for _, end in proven)
        return CloudHolds(WIRE_VERSION, epoch, spans, ends)

    def run(self, tenant: UUID) -> int:
        """Note which boxes are settled, and thaw when none is left; return how many settled.

        A box that was waited for no longer may come later; what is then below zero is made whole
        when all that it earned is booked, or it would be given twice.
        """
        now_ms = self._clock.now_ms()
        with self._units.begin(tenant) as unit:
            newest = unit.restores.newest()
            if newest is None:
                return 0
            boxes = unit.restores.boxes(newest.epoch)
            telling = [one for one in boxes.values() if one.standing and one.settled_ms is None]
            settled = [
                box.device
                for box in telling
                if box.standing is not None and _is_booked(unit, box.standing)
            ]
            unit.restores.settle(newest.epoch, settled, now_ms)
            done = {box.device for box in boxes.values() if box.done} | set(settled)
            if newest.thawed_ms is not None:
                if settled and len(settled) == len(telling):
                    place = unit.fleet.places_ever(settled[:1])[settled[0]]
                    mend(unit, tenant, newest, place.legal_entity, now_ms)
            elif awaited(unit).keys() <= done:
                thaw(unit, tenant, newest, THAWED_BY_ALL, now_ms)
            return len(settled)

    def _revive(self, unit: Unit, tenant: UUID, place: Place, said: BoxStanding) -> None:
        """Know the leases that this box holds, and the lease epoch it is in."""
        keys: dict[LeaseKey, int] = {
            LeaseKey(right_of(one.kind, one.right), place.device, one.epoch, one.nth): one.amount
            for one in said.leases
        }
        leasing = Leasing(unit, tenant, self._clock.now_ms())
        leasing.load({key.right for key in keys})
        leasing.load_devices([place.device])
        for key, amount in keys.items():
            leasing.revive(key, amount)
        leasing.desk.raise_epoch(place.device, said.lease_epoch)
        leasing.save({place.device: place})


def awaited(unit: Unit) -> dict[UUID, Place]:
    """Return the boxes that may hold rights: those in service that were ever let in."""
    stores = unit.fleet.store_names().keys()
    places = {one.device: one for some in unit.fleet.devices_of(stores).values() for one in some}
    return {device: places[device] for device in unit.leases.tenures(places.keys())}


def thaw(unit: Unit, tenant: UUID, restore: Restore, who: str, now_ms: int) -> None:
    """Let rights be lent again, after what is still below zero was made whole by the brand."""
    entity = next((place.legal_entity for place in awaited(unit).values()), tenant)
    mend(unit, tenant, restore, entity, now_ms)
    unit.restores.thaw(restore.epoch, who, now_ms)


def mend(unit: Unit, tenant: UUID, restore: Restore, entity: UUID, now_ms: int) -> dict[Right, int]:
    """Make whole what is out of a right that nobody knows again was given; return how much.

    HQ gave it after the backup, or the box that earned it is gone: a member keeps what she has.
    """
    below = unit.restores.below_zero()
    others = {right for right in below if right.kind != RightKind.POINTS}
    if others:
        unit.leases.save_free(dict.fromkeys(others, 0))
    because = uuid5(tenant, f"restore:{restore.epoch}:{now_ms}")
    points = {right.id: n for right, n in below.items() if right.kind == RightKind.POINTS}
    new = [_given(tenant, because, entity, one, now_ms) for one in points.items()]
    if new:
        unit.ledger.add_postings(new)
        unit.journal.move_balances(sums_up(one.dated.posting for one in new), now_ms)
    return below


def _given(
    tenant: UUID, because: UUID, entity: UUID, short: tuple[UUID, int], now_ms: int
) -> NewPosting:
    wallet, points = short
    free = member_account(wallet, "free")
    adjust = brand_account(entity, "adjust")
    receipt = uuid5(because, str(wallet))
    posting = Posting(0, RULE, ADJUST, 0, adjust, free, points, entity)
    day = datetime.fromtimestamp(now_ms / _MS, UTC).date()
    key = posting_key(tenant, receipt, posting)
    return NewPosting(Dated(key, posting, day, now_ms), receipt, wallet, now_ms)


def _standing(unit: Unit, device: UUID, said: BoxStanding) -> Standing:
    known = normalise(span for spans in unit.restores.journals(device).values() for span in spans)
    return Standing(
        device=device,
        journal_epoch=said.epoch,
        kept_from=said.kept_from,
        head_seq=said.next_seq - 1,
        catalogue_version=said.catalogue_version,
        bundle_version=said.bundle_version,
        leases=len(said.leases),
        lost=_lost(known, said.kept_from),
    )


def _lost(known: Ranges, kept_from: int) -> tuple[int, int] | None:
    """Return what neither the cloud nor the box has any more: what was pruned after the backup."""
    gone = subtract([(1, kept_from - 1)], known) if kept_from > 1 else ()
    return (gone[0][0], gone[-1][1]) if gone else None


def _is_booked(unit: Unit, standing: Standing) -> bool:
    """Tell whether all that a box keeps is here, and none of it waits to be booked."""
    if standing.head_seq < standing.kept_from:
        return True
    known: Mapping[int, Ranges] = unit.restores.journals(standing.device)
    here = known.get(standing.journal_epoch, ())
    missing: Iterable[tuple[int, int]] = subtract([(standing.kept_from, standing.head_seq)], here)
    key = (standing.device, standing.journal_epoch)
    return not tuple(missing) and not unit.waiting.of([key])
