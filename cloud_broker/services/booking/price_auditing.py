"""Prices checked after they were booked: in a transaction of its own, some receipts at a time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from hashlib import sha256
from uuid import UUID

from cloud_broker.domain.price_audit import (
    PRICED_BY_US,
    Difference,
    asked_again,
    check_sale,
    compare,
    is_odd,
    is_sampled,
)
from cloud_broker.ports.audit import Counted, DueSale
from cloud_broker.ports.live import LiveEvent
from cloud_broker.ports.repair import RepairItem
from cloud_broker.ports.unit import Unit, Units
from retail_core import limits
from retail_core.errors import Fault
from retail_core.pricing.proof.depends import asks_stock
from retail_core.pricing.proof.verify import price_again
from retail_core.pricing.rules.bundle import SIGNATURE_BYTES, RuleBundle, bundle_hash, parse_bundle
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.codec import decode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import Sale

AT_A_TIME = 64
_BUNDLES_KEPT = 8


class PriceAudit:
    """Checks what is due; used from one thread."""

    def __init__(self, units: Units, tally: FaultTally) -> None:
        self._units = units
        self._tally = tally
        self._bundles: dict[tuple[UUID, bytes], RuleBundle] = {}
        # A bundle nobody knows now may be published later: remembered for one piece of the list.
        self._missing: set[tuple[UUID, bytes, int]] = set()

    def run(self, tenant: UUID) -> int:
        """Check some receipts; return how many. Fault SYNC_LINK_DOWN leaves them due."""
        with self._units.begin(tenant) as unit:
            due = unit.audit.take(AT_A_TIME)
            self._missing.clear()
            counts: dict[date, Counter[str]] = {}
            items: list[RepairItem] = []
            for one in due:
                differences, resolved = self._check(unit, tenant, one)
                counts.setdefault(one.day, Counter()).update(
                    audited=1, resolved=int(resolved), differing=int(bool(differences))
                )
                items += [_item(one, differences)] if differences else []
            unit.repair.add(items)
            for day, counted in counts.items():
                unit.audit.count(day, Counted(**counted))
            if items:
                stores = tuple(sorted({one.store for one in items if one.store is not None}))
                unit.announce(LiveEvent(tenant, frozenset({"repair"}), stores))
        for item in items:
            self._tally.count(FaultCode(item.code))
        return len(due)

    def _check(self, unit: Unit, tenant: UUID, due: DueSale) -> tuple[tuple[Difference, ...], bool]:
        """Return what is wrong with a sale, and whether it was priced again.

        A receipt that cannot even be worked out is a difference: it must not hold up the others.
        """
        try:
            return self._differences(unit, tenant, due)
        except Fault as fault:
            return (Difference(FaultCode.AUDIT_ARITHMETIC, str(fault)),), False
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
            return (Difference(FaultCode.AUDIT_ARITHMETIC, repr(error)),), False

    def _differences(
        self, unit: Unit, tenant: UUID, due: DueSale
    ) -> tuple[tuple[Difference, ...], bool]:
        sale = decode_body(EventType.SALE, due.body)
        if not isinstance(sale, Sale) or sale.source != PRICED_BY_US:
            return (), False
        bundle = self._bundle(unit, tenant, sale)
        found = tuple(check_sale(sale, bundle))
        if bundle is None or not (found or is_odd(sale) or is_sampled(due.receipt_id)):
            return _of(sale, found), False
        differs = self._again(unit, sale, bundle, due.day)
        if isinstance(differs, Difference):
            found = (*found, differs)
        return _of(sale, found), differs is not None

    def _bundle(self, unit: Unit, tenant: UUID, sale: Sale) -> RuleBundle | None:
        """Return the published bundle that a sale names by version and hash."""
        key = tenant, sale.bundle_hash
        if (*key, sale.bundle_version) in self._missing:
            return None
        if key not in self._bundles:
            signed = unit.catalogue.content("bundle", sale.bundle_version)
            if signed is None or bundle_hash(signed[SIGNATURE_BYTES:]) != sale.bundle_hash:
                self._missing.add((*key, sale.bundle_version))
                return None
            if len(self._bundles) >= _BUNDLES_KEPT:
                self._bundles.pop(next(iter(self._bundles)))
            self._bundles[key] = parse_bundle(signed[SIGNATURE_BYTES:])
        return self._bundles[key]

    def _again(
        self, unit: Unit, sale: Sale, bundle: RuleBundle, day: date
    ) -> Difference | bool | None:
        """Price a sale again: the difference, True when there is none, None when it cannot be."""
        articles = unit.audit.articles({line.sku for line in sale.lines}, day)
        asked = asked_again(sale, articles)
        if asked is None or asks_stock(bundle, asked.basket.lines):
            return None
        return compare(sale, price_again(asked, bundle, limits.SOLVER_NODES_MAX)) or True


def _of(sale: Sale, found: tuple[Difference, ...]) -> tuple[Difference, ...]:
    """Say first of which receipt it is: who looks at it looks for the paper."""
    if not (found and sale.till_receipt_no):
        return found
    first, *others = found
    return (replace(first, detail=f"receipt={sale.till_receipt_no}, {first.detail}"), *others)


def _item(due: DueSale, differences: Sequence[Difference]) -> RepairItem:
    """Put all that is wrong with one sale into one item; it is closed by looking at it."""
    digest = sha256(b"price" + due.event_id.bytes).digest()
    return RepairItem(
        repair_id=UUID(bytes=digest[:16]),
        kind="price",
        code=differences[0].code.value,
        detail="; ".join(one.detail for one in differences),
        received_ms=due.received_ms,
        store=due.store,
        device=due.device,
        epoch=due.epoch,
        seq=due.seq,
        event_id=due.event_id,
        member=due.member,
    )
