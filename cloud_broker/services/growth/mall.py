"""The points mall: ordering for free points, cancelling, what ends by itself, and its stock.

An order is three things in one transaction: points, a piece of the stock, and a gift that waits in
the pick-up store. Points come back only when it is certain that no box can hand the gift over any
more: a box that holds its right is asked for it first.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from cloud_broker.domain.ingest_effects import HandedOver, Note
from cloud_broker.domain.points import Moment
from cloud_broker.domain.records import spendable
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.mall import OVER, Handed, Order, OrderState, Place, StockRow
from cloud_broker.ports.unit import Unit, Units
from cloud_broker.services.faces.face_desk import Person
from cloud_broker.services.growth.mall_shelf import Mall, Offered, Overview
from cloud_broker.services.members.phones import PhoneHolder
from cloud_broker.services.points.desk import MAY_CHANGE, post, tell
from cloud_broker.services.published.rules_in_force import RulesInForce
from cloud_broker.services.rights.benefits import Benefits
from cloud_broker.services.rights.mall_wishes import ask_back
from cloud_broker.services.rights.restoring import frozen
from retail_core.errors import Fault
from retail_core.growth.mall import (
    MallItem,
    Purse,
    Wish,
    check_order,
    offered_in,
    offered_on,
    pick_up_until,
)
from retail_core.loyalty.leases import LENT, Right, RightKind
from retail_core.loyalty.postings import (
    REDEEM,
    REVERSED,
    Posting,
    brand_account,
    member_account,
)
from retail_core.loyalty.spending import RECEIPT_LINE, redeem_postings
from retail_core.pricing.rules.ruleset import RuleBundle
from retail_core.texts.faults import FaultCode

RULE = "mall"
ORDERS_SHOWN = 500
AT_A_TIME = 50
_ENDS: dict[OrderState, OrderState] = {"cancelling": "cancelled", "expiring": "expired"}


class MallDesk:
    """What members order, and what HQ puts on the shelf."""

    def __init__(self, units: Units, clock: Clock, rules: RulesInForce) -> None:
        self._units = units
        self._clock = clock
        self._rules = rules

    def shown(self, who: PhoneHolder) -> Mall:
        """Return what a member may order, and what she ordered."""
        now_ms = self._clock.now_ms()
        today = self._rules.day(now_ms)
        with self._units.begin(who.tenant) as unit:
            bundle = self._rules.of(unit, who.tenant, now_ms)
            rows = {(row.item, row.store): row.free for row in unit.mall.stock()}
            orders, places = unit.mall.orders_of(who.member), unit.mall.places()
            persons = unit.benefits.persons([who.member]).get(who.member, (who.member,))
            everything = _orders_of(unit, persons)
            gifts = unit.benefits.gifts_of(persons)
            purse = _purse(unit, _wallet(unit, who.member))
        offered = tuple(
            Offered(
                item,
                tuple(
                    (place, rows.get((item.id, place.store), 0))
                    for place in places
                    if offered_in(item, place.name) and (item.id, place.store) in rows
                ),
                _ordered(everything, item.id),
            )
            for item in items_of(bundle)
            if offered_on(item, today)
        )
        named = {one.store: one.name for one in places}
        return Mall(purse, offered, orders, gifts, named, bundle.english)

    def order(self, who: PhoneHolder, order_id: UUID, item_id: str, store: UUID) -> Order:
        """Order an item for a member; the same order again is answered as the first time.

        Faults M130 to M134, API_NOT_FOUND for a store there is not. With M134 her points are on
        their way back from stores: the same order may succeed in a moment.
        """
        try:
            return self._order(who, order_id, item_id, store)
        except Fault as fault:
            if fault.code == FaultCode.MALL_POINTS_LENT:
                with self._units.begin(who.tenant) as unit:
                    wallet = _wallet(unit, who.member)
                    ask_back(unit, who.tenant, wallet, self._clock.now_ms())
            raise

    def _order(self, who: PhoneHolder, order_id: UUID, item_id: str, store: UUID) -> Order:
        now_ms = self._clock.now_ms()
        moment = Moment(self._rules.day(now_ms), now_ms, now_ms)
        with self._units.begin(who.tenant) as unit:
            known = unit.mall.order(order_id)
            if known is not None:
                return _hers(known, who)
            if frozen(unit):
                raise Fault(FaultCode.RESTORE_FROZEN)
            item = _item(self._rules.of(unit, who.tenant, now_ms), item_id)
            place = next((one for one in unit.mall.places() if one.store == store), None)
            if place is None:
                raise Fault(FaultCode.API_NOT_FOUND, what="store")
            made = _order(unit, who, (order_id, item, place), moment)
            post(
                unit,
                who.tenant,
                order_id,
                [(one, made.wallet) for one in _paid(made)],
                moment,
            )
            made = _give(unit, who.tenant, made, now_ms)
            said = {"item": item.id, "store": place.name, "points": item.points}
            unit.hq.audit(AuditEntry("member", "mall.order", str(order_id), said), now_ms)
            tell(unit, who.tenant, {who.member}, now_ms)
        return made

    def cancel(self, who: PhoneHolder, order_id: UUID) -> Order:
        """Cancel an order; it is over when no box can hand the gift over (Faults M135, M136)."""
        now_ms = self._clock.now_ms()
        with self._units.begin(who.tenant) as unit:
            found = unit.mall.order(order_id)
            if found is None or found.member != who.member:
                raise Fault(FaultCode.MALL_ORDER_UNKNOWN)
            if found.state in OVER:
                raise Fault(FaultCode.MALL_ORDER_OVER)
            if found.state == "open":
                found = self._begin_end(unit, who.tenant, found, "cancelling", now_ms)
            found = self._end(unit, who.tenant, found, now_ms)
            unit.hq.audit(AuditEntry("member", "mall.cancel", str(order_id), {}), now_ms)
        return found

    def finish(self, tenant: UUID) -> int:
        """End what waits to be ended or whose last day is over; return how many came to an end."""
        now_ms = self._clock.now_ms()
        with self._units.begin(tenant) as unit:
            waiting = unit.mall.moving(self._rules.day(now_ms), AT_A_TIME)
        ended = 0
        for order_id in waiting:
            with self._units.begin(tenant) as unit:
                found = unit.mall.order(order_id)
                if found is None or found.state in OVER:
                    continue
                if found.state == "open":
                    found = self._begin_end(unit, tenant, found, "expiring", now_ms)
                ended += self._end(unit, tenant, found, now_ms).state in OVER
        return ended

    # ---- HQ -------------------------------------------------------------------------------------

    def set_stock(self, who: Person, item: str, store: UUID, stock: int) -> StockRow:
        """Say how much of an item lies in a store (Faults L114, M130, M142, API_NOT_FOUND)."""
        if who.role not in MAY_CHANGE:
            raise Fault(FaultCode.LEDGER_ROLE, role=who.role)
        now_ms = self._clock.now_ms()
        with self._units.begin(who.tenant_id) as unit:
            _item(self._rules.of(unit, who.tenant_id, now_ms), item)
            if all(place.store != store for place in unit.mall.places()):
                raise Fault(FaultCode.API_NOT_FOUND, what="store")
            row = unit.mall.locked(item, store)
            if stock < row.reserved:
                raise Fault(FaultCode.MALL_STOCK_WRONG, reserved=row.reserved)
            row = replace(row, stock=stock)
            unit.mall.save_stock(row, now_ms)
            said = {"item": item, "stock": stock}
            unit.hq.audit(AuditEntry(who.login, "mall.stock", str(store), said), now_ms)
        return row

    def overview(self, tenant: UUID) -> Overview:
        """Return items, stock, the newest orders and the stores, for HQ."""
        now_ms = self._clock.now_ms()
        with self._units.begin(tenant) as unit:
            items = items_of(self._rules.of(unit, tenant, now_ms))
            return items, unit.mall.stock(), unit.mall.orders(ORDERS_SHOWN), unit.mall.places()

    def handed(self, tenant: UUID) -> tuple[Handed, ...]:
        """Return gifts of every kind that were handed over, the newest first."""
        with self._units.begin(tenant) as unit:
            return unit.mall.handed(ORDERS_SHOWN)

    # ---- inside ---------------------------------------------------------------------------------

    def _begin_end(
        self, unit: Unit, tenant: UUID, order: Order, state: OrderState, now_ms: int
    ) -> Order:
        benefits = Benefits(unit, tenant, now_ms)
        benefits.take_back(order.member, _source(order.order))
        benefits.tell()
        unit.mall.move(order.order, state)
        return replace(order, state=state)

    def _end(self, unit: Unit, tenant: UUID, order: Order, now_ms: int) -> Order:
        """End an order whose gift nobody can hand over any more; else leave it as it is."""
        right = Right(RightKind.COUPON, order.gift)
        book = unit.leases.books([right])[right]
        if any(lease.state in LENT for lease in book.leases.values()):
            return order
        row = unit.mall.locked(order.item, order.store)
        if book.free < 1:
            # Used, or on a box whose card is lost: it counts as handed over.
            return _ended(unit, order, replace(row, stock=row.stock - 1), "handed", now_ms)
        moment = Moment(self._rules.day(now_ms), now_ms, now_ms)
        holder = unit.ledger.holders([order.wallet]).get(order.wallet, order.wallet)
        post(unit, tenant, order.order, [(_back(order, holder), holder)], moment)
        after = _ended(unit, order, row, _ENDS[order.state], now_ms)
        tell(unit, tenant, {order.member}, now_ms)
        return after


def items_of(bundle: RuleBundle) -> tuple[MallItem, ...]:
    """Return what the mall offers by the rules in force."""
    return () if bundle.mall is None else bundle.mall.items


def settle_handed(unit: Unit, handed: Sequence[HandedOver], now_ms: int) -> list[Note]:
    """Book gifts that left a counter; return what a person should see."""
    if not handed:
        return []
    unit.mall.add_handed([_handed(one) for one in handed])
    by_gift = {one.gift: one for one in handed}
    notes: list[Note] = []
    for order in unit.mall.of_gifts(by_gift):
        one = by_gift[order.gift]
        if order.state in OVER:
            detail = f"order={order.order}, state={order.state}"
            notes.append(Note(one.arrival, "books", FaultCode.MALL_ORDER_OVER, detail, one.member))
            continue
        row = unit.mall.locked(order.item, order.store)
        _ended(unit, order, replace(row, stock=row.stock - 1), "handed", now_ms)
    return notes


def _ended(unit: Unit, order: Order, row: StockRow, state: OrderState, now_ms: int) -> Order:
    """Store that an order is over, and that nothing is kept for it any more."""
    unit.mall.save_stock(replace(row, reserved=row.reserved - 1), now_ms)
    unit.mall.move(order.order, state, now_ms)
    return replace(order, state=state, ended_ms=now_ms)


def _order(
    unit: Unit, who: PhoneHolder, what: tuple[UUID, MallItem, Place], moment: Moment
) -> Order:
    """Check an order and enter it, with a piece of the stock kept for it."""
    order_id, item, place = what
    row = unit.mall.locked(item.id, place.store)
    wallet = _wallet(unit, who.member)
    unit.ledger.locked([member_account(wallet, "free"), _clearing(place.legal_entity)])
    persons = unit.benefits.persons([who.member]).get(who.member, (who.member,))
    before = _ordered(_orders_of(unit, persons), item.id)
    check_order(item, _purse(unit, wallet), Wish(place.name, moment.day, before, row.free))
    unit.mall.save_stock(replace(row, reserved=row.reserved + 1), moment.now_ms)
    return Order(
        order=order_id,
        member=who.member,
        wallet=wallet,
        item=item.id,
        sku=item.sku,
        name=item.name,
        points=item.points,
        store=place.store,
        redeemer=place.legal_entity,
        gift=order_id,  # until it is given
        state="open",
        ordered_on=moment.day,
        last_day=pick_up_until(item, moment.day),
        ordered_ms=moment.now_ms,
    )


def _give(unit: Unit, tenant: UUID, order: Order, now_ms: int) -> Order:
    """Let the gift wait in the pick-up store, and enter the order under the gift's right."""
    benefits = Benefits(unit, tenant, now_ms)
    right = benefits.give_gift(
        order.member,
        kind=RULE,
        sku=order.sku,
        name=order.name,
        source=_source(order.order),
        store=order.store,
        last_day=order.last_day,
    )
    if right is None:
        raise Fault(FaultCode.MALL_ORDER_OVER)
    made = replace(order, gift=right)
    unit.mall.add_order(made)
    benefits.tell()
    return made


def _paid(order: Order) -> tuple[Posting, ...]:
    free = member_account(order.wallet, "free")
    return redeem_postings(order.points, free, order.redeemer, 0, RULE)


def _back(order: Order, holder: UUID) -> Posting:
    """Return the inverse of the payment: the points go back into the lots they came from."""
    accounts = _clearing(order.redeemer), member_account(holder, "free")
    kind = REDEEM + REVERSED
    who = order.redeemer
    return Posting(RECEIPT_LINE, RULE, kind, 0, *accounts, order.points, who, who)


def _purse(unit: Unit, wallet: UUID) -> Purse:
    """Return what is free and what is hers in all, both without what she owes."""
    balances = unit.closing.balances([wallet])
    free, owed = (balances.get(member_account(wallet, one), 0) for one in ("free", "owed"))
    lent = sum(points for name, points in balances.items() if ":leased:" in name)
    return Purse(spendable(free, 0, owed), spendable(free, lent, owed))


def _wallet(unit: Unit, member: UUID) -> UUID:
    wallet = unit.members.wallets([member]).get(member)
    if wallet is None:
        raise Fault(FaultCode.SALE_MEMBER_UNKNOWN)
    return unit.ledger.holders([wallet]).get(wallet, wallet)


def _item(bundle: RuleBundle, item_id: str) -> MallItem:
    for item in items_of(bundle):
        if item.id == item_id:
            return item
    raise Fault(FaultCode.MALL_NOT_OFFERED, item=item_id)


def _hers(order: Order, who: PhoneHolder) -> Order:
    if order.member != who.member:
        raise Fault(FaultCode.MALL_ORDER_UNKNOWN)
    return order


def _orders_of(unit: Unit, person: Sequence[UUID]) -> tuple[Order, ...]:
    """Return what a person ordered under any of her names."""
    return tuple(order for one in person for order in unit.mall.orders_of(one))


def _ordered(orders: Sequence[Order], item: str) -> int:
    """Return how many of an item she has had or will have."""
    gone = {"cancelled", "expired"}
    return sum(one.item == item and one.state not in gone for one in orders)


def _source(order_id: UUID) -> str:
    return f"{RULE}:{order_id}"


def _clearing(legal_entity: UUID) -> str:
    return brand_account(legal_entity, "clearing")


def _handed(one: HandedOver) -> Handed:
    operator = one.arrival.event.operator
    return Handed(
        handed=one.handed,
        gift=one.gift,
        member=one.member,
        store=one.arrival.place.store,
        device=one.arrival.place.device,
        operator=None if operator is None else UUID(bytes=operator),
        kind=one.body.kind,
        sku=one.body.sku,
        name=one.body.name,
        day=one.day,
        happened_ms=one.arrival.happened_ms,
        received_ms=one.arrival.received_ms,
    )
