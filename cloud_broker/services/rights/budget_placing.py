"""Campaign budgets go out to the boxes: what the bundle in force grants, spread over all of them.

A budget is a right like points: a box spends only what it was lent, so a chain never grants more
than the campaign has, whatever line is cut. Every box gets about the same part of what is not spent
yet, a reserve stays for those that sell most. A store in which none of its rules may be used gets
nothing, and is asked for what it holds.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.published.rules_in_force import RulesInForce
from cloud_broker.services.rights.kept_out import limits_by_store, without_campaign
from cloud_broker.services.rights.leasing import Leasing
from cloud_broker.services.rights.lending import Boxes
from cloud_broker.services.rights.restoring import frozen
from retail_core.loyalty import lease_books
from retail_core.loyalty.campaigns import budget_right
from retail_core.loyalty.leases import Right
from retail_core.pricing.rules.restricting import Limits
from retail_core.pricing.rules.ruleset import RuleBundle

LOOK_MS = 30_000
RESERVE_PERMILLE = 200
GRANTS_MAX = 256  # of one transaction
_PER_MILLE = 1_000


class _Budget(NamedTuple):
    """What a campaign has in all; `shut` are the stores that cannot use it."""

    right: Right
    amount: int
    shut: frozenset[UUID]


class BudgetPlacing:
    """Looks at every budget now and then; used from one thread."""

    def __init__(self, units: Units, clock: Clock, rules: RulesInForce) -> None:
        self._units = units
        self._clock = clock
        self._rules = rules
        self._look_ms: dict[UUID, int] = {}
        self._asked: set[tuple[Right, UUID, int]] = set()

    def run(self, tenant: UUID) -> int:
        """Lend what is missing; return how many parts were lent, 0 until it is time to look."""
        now_ms = self._clock.now_ms()
        if now_ms < self._look_ms.get(tenant, 0):
            return 0
        with self._units.begin(tenant) as unit:
            if frozen(unit):
                return 0
            bundle = self._rules.of(unit, tenant, now_ms)
            wanted = tuple(_budgets(tenant, bundle, limits_by_store(unit, bundle)))
            lent = self._spread(unit, tenant, wanted, now_ms) if wanted else 0
        if lent < GRANTS_MAX:
            self._look_ms[tenant] = now_ms + LOOK_MS
        return lent

    def _spread(self, unit: Unit, tenant: UUID, wanted: Sequence[_Budget], now_ms: int) -> int:
        leasing = Leasing(unit, tenant, now_ms)
        leasing.load([one.right for one in wanted])
        lending = Boxes(unit, leasing)
        boxes = lending.of(unit.fleet.store_names())
        lent = 0
        for one in wanted:
            endow(leasing, one.right, one.amount)
            for store in sorted(boxes.keys() & one.shut):
                if lease_books.lent_to(leasing.desk.books[one.right], boxes[store]):
                    self._ask_once(leasing, one.right, boxes[store])
            served = sorted(box for store, box in boxes.items() if store not in one.shut)
            for device, amount in self._parts(leasing, one.right, served):
                if lent == GRANTS_MAX:
                    break
                lending.lend((one.right, device, amount))
                lent += 1
        leasing.save(unit.fleet.places({one.device for one in leasing.desk.said}))
        return lent

    def _parts(
        self, leasing: Leasing, right: Right, boxes: list[UUID]
    ) -> Iterator[tuple[UUID, int]]:
        """Yield what to lend to whom; who holds much more than his part is asked for it, once."""
        book = leasing.desk.books[right]
        held = {box: lease_books.lent_to(book, box) for box in boxes}
        if not boxes:
            return
        pool = book.free + sum(held.values())
        part = max(1, pool * (_PER_MILLE - RESERVE_PERMILLE) // _PER_MILLE // len(boxes))
        free = book.free
        for box in sorted(boxes, key=lambda box: (held[box], box)):
            if 2 * held[box] >= part:
                continue
            amount = min(part - held[box], free)
            if amount < 1:
                self._ask_rich(leasing, right, held, part)
                return
            free -= amount
            yield box, amount

    def _ask_rich(self, leasing: Leasing, right: Right, held: dict[UUID, int], part: int) -> None:
        for box, amount in held.items():
            if amount > 2 * part:
                self._ask_once(leasing, right, box)

    def _ask_once(self, leasing: Leasing, right: Right, box: UUID) -> None:
        """Ask a box for what it holds, unless it was asked for this very lease already."""
        epoch = leasing.desk.tenures[box].epoch
        nth = lease_books.next_nth(leasing.desk.books[right], box, epoch)
        if (right, box, nth) not in self._asked:
            self._asked.add((right, box, nth))
            leasing.desk.recall(right, box)


def _budgets(tenant: UUID, bundle: RuleBundle, limits: Mapping[UUID, Limits]) -> Iterator[_Budget]:
    for campaign in bundle.campaigns:
        shut = without_campaign(limits, bundle, campaign.id)
        if campaign.budget_fen is not None:
            yield _Budget(budget_right(tenant, campaign.id, "fen"), campaign.budget_fen, shut)
        if campaign.uses is not None:
            yield _Budget(budget_right(tenant, campaign.id, "uses"), campaign.uses, shut)


def endow(leasing: Leasing, right: Right, budget: int) -> None:
    """Give a budget what the bundle says; of one that was lowered, what is still free is taken."""
    book = leasing.desk.books[right]
    more = max(budget - book.credited, -book.free)
    if more:
        leasing.desk.books[right] = lease_books.credit(book, more)
