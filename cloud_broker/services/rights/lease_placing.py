"""Points go where their owners will come: some wallets at a time, beside the booking.

A sale, points that came free, a lease that came back: each puts its wallet on the list. What a
wallet owes is not lent, or its owner would never pay; where it owes more than is free, all boxes
are asked back. What boxes of other stores hold is asked back when it is missing where she shops
now; when it has come, the wallet stands on the list again. A store that takes no points is lent
none, however often she comes.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from cloud_broker.domain.arrivals import Arrival
from cloud_broker.domain.ingest_effects import Plan
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.placements import Visits
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.published.rules_in_force import RulesInForce
from cloud_broker.services.rights.kept_out import limits_by_store, without_points
from cloud_broker.services.rights.leasing import Leasing
from cloud_broker.services.rights.lending import Boxes, lend_points, recall_others
from cloud_broker.services.rights.restoring import frozen
from retail_core.ids import id_of
from retail_core.loyalty.lease_placement import DEFAULT_RULE, PlacementRule, Visit
from retail_core.loyalty.leases import Right, RightKind
from retail_core.loyalty.postings import member_account
from retail_core.wire.lease import LeaseReturned

AT_A_TIME = 32
SEEN_DAYS = 180
_MS = 1_000


def wallets_to_place(made: Plan) -> set[UUID]:
    """Return the wallets that were bought with or refunded to, and those a lease came back of."""
    shopped = {sold.wallet for sold in made.sales if sold.wallet is not None}
    refunded = {one.wallet for one in made.postings if one.wallet is not None}
    return shopped | refunded | points_back(made).keys()


def points_back(made: Plan) -> dict[UUID, Arrival]:
    """Return the wallets of which a lease came back, and by which event."""
    return {
        id_of(event.right): arrival
        for arrival, event in made.lease_events
        if isinstance(event, LeaseReturned) and event.kind == RightKind.POINTS
    }


class LeasePlacing:
    """Works the list off; used from one thread."""

    def __init__(
        self, units: Units, clock: Clock, rules: RulesInForce, rule: PlacementRule = DEFAULT_RULE
    ) -> None:
        self._units = units
        self._clock = clock
        self._rules = rules
        self._rule = rule

    def run(self, tenant: UUID) -> int:
        """Place some wallets; return how many. Fault SYNC_LINK_DOWN leaves them on the list."""
        with self._units.begin(tenant) as unit:
            if frozen(unit):
                return 0
            wallets = unit.placements.take(AT_A_TIME)
            return self._place(unit, tenant, wallets) if wallets else 0

    def _place(self, unit: Unit, tenant: UUID, taken: Collection[UUID]) -> int:
        now_ms = self._clock.now_ms()
        holders = unit.ledger.holders(taken)
        wallets = {holders.get(wallet, wallet) for wallet in taken}
        wished = unit.mall.wishing(wallets, now_ms)
        unit.placements.queue(wished, now_ms)  # their turn comes when the wish is over
        wallets -= wished
        today = datetime.fromtimestamp(now_ms / _MS, UTC).date()
        seen = _visits(unit, wallets, today - timedelta(days=SEEN_DAYS))
        limits = limits_by_store(unit, self._rules.of(unit, tenant, now_ms))
        shut = without_points(limits)
        rights = {wallet: Right(RightKind.POINTS, wallet) for wallet in wallets}
        leasing = Leasing(unit, tenant, now_ms)
        leasing.load(rights.values())
        boxes = Boxes(unit, leasing)
        boxes.of({store for some in seen.values() for store, _ in some})
        owed = {wallet: member_account(wallet, "owed") for wallet in wallets}
        balances = unit.journal.balances(owed.values())
        devices: set[UUID] = set()
        for wallet, right in rights.items():
            owes = balances.get(owed[wallet], 0) != 0
            if owes and leasing.desk.books[right].free < 0:
                recall_others(leasing, right, set())
                continue
            visits = [
                Visit(store, (today - day).days)
                for store, day in seen.get(wallet, ())
                if store not in shut
            ]
            for key in lend_points(boxes, right, visits, self._rule):
                devices.add(key.device)
        devices |= {one.device for one in leasing.desk.said}
        leasing.save(unit.fleet.places(devices))
        return len(wallets)


def _visits(unit: Unit, wallets: Collection[UUID], since: date) -> Visits:
    """Return where the wallets' owners shopped, also as members that were merged into them."""
    owners = unit.members.wallet_owners(wallets)
    persons = unit.benefits.persons(owners.values())
    own = unit.members.wallets({member for same in persons.values() for member in same})
    seen = unit.placements.visits(own.values(), since)
    found = {
        wallet: {day for one in persons.get(owner, ()) for day in seen.get(own[one], ())}
        for wallet, owner in owners.items()
    }
    return {wallet: tuple(sorted(days)) for wallet, days in found.items() if days}
