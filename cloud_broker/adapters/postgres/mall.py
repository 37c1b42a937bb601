"""The points mall in PostgreSQL."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.ports.mall import Handed, Order, OrderState, Place, StockRow

_ADD_ORDER = """
insert into mall_order values (%(tenant)s, %(order)s, %(member)s, %(wallet)s, %(item)s, %(sku)s,
  %(name)s, %(points)s, %(store)s, %(redeemer)s, %(gift)s, %(state)s, %(day)s, %(last)s, %(now)s)
"""
# An order whose gift a box still holds waits for that box, and not in front of the others.
_MOVING = """
select o.order_id from mall_order o where o.tenant_id = %(tenant)s
  and ((o.state = 'open' and o.last_day < %(today)s)
    or (o.state in ('cancelling', 'expiring') and not exists (
      select from lease l where l.tenant_id = o.tenant_id and l.kind = 'coupon'
      and l.right_id = o.gift_id and l.state in ('open', 'fenced'))))
order by o.last_day, o.order_id limit %(limit)s
"""
_ADD_HANDED = """
insert into gift_handed select %(tenant)s, n.* from unnest(%(handed)b::uuid[], %(gift)b::uuid[],
  %(member)b::uuid[], %(store)b::uuid[], %(device)b::uuid[], %(operator)b::uuid[],
  %(kind)b::text[], %(sku)b::text[], %(name)b::text[], %(day)b::date[], %(happened)b::bigint[],
  %(received)b::timestamptz[]) as n
"""


class PostgresMall(Repository):
    """Fulfils `MallRepo`."""

    def places(self) -> tuple[Place, ...]:
        """Return the stores by name."""
        rows = self._rows(
            "select store_id, name, legal_entity_id from store where tenant_id = %(tenant)s"
            " order by name, store_id"
        )
        return tuple(Place(row.store_id, row.name, row.legal_entity_id) for row in rows)

    def stock(self) -> tuple[StockRow, ...]:
        """Return what lies where."""
        rows = self._rows(
            "select item, store_id, stock, reserved from mall_stock"
            " where tenant_id = %(tenant)s order by item, store_id"
        )
        return tuple(StockRow(row.item, row.store_id, row.stock, row.reserved) for row in rows)

    def locked(self, item: str, store: UUID) -> StockRow:
        """Return one item in one store, locked until the end; nothing where it never was."""
        row = self._row(
            "select item, store_id, stock, reserved from mall_stock where tenant_id = %(tenant)s"
            " and item = %(item)s and store_id = %(store)s for update",
            item=item,
            store=store,
        )
        if row is None:
            return StockRow(item, store, 0)
        return StockRow(row.item, row.store_id, row.stock, row.reserved)

    def save_stock(self, row: StockRow, now_ms: int) -> None:
        """Store what lies there and what is kept."""
        self._run(
            "insert into mall_stock values (%(tenant)s, %(item)s, %(store)s, %(stock)s,"
            " %(reserved)s, %(now)s) on conflict (tenant_id, item, store_id) do update"
            " set stock = excluded.stock, reserved = excluded.reserved,"
            " updated_at = excluded.updated_at",
            item=row.item,
            store=row.store,
            stock=row.stock,
            reserved=row.reserved,
            now=at(now_ms),
        )

    def add_order(self, order: Order) -> None:
        """Enter an order."""
        self._run(
            _ADD_ORDER,
            order=order.order,
            member=order.member,
            wallet=order.wallet,
            item=order.item,
            sku=order.sku,
            name=order.name,
            points=order.points,
            store=order.store,
            redeemer=order.redeemer,
            gift=order.gift,
            state=order.state,
            day=order.ordered_on,
            last=order.last_day,
            now=at(order.ordered_ms),
        )

    def order(self, order: UUID) -> Order | None:
        """Return an order, locked until the end."""
        row = self._row(
            "select * from mall_order where tenant_id = %(tenant)s and order_id = %(order)s"
            " for update",
            order=order,
        )
        return None if row is None else _order(row)

    def orders_of(self, member: UUID) -> tuple[Order, ...]:
        """Return a member's orders, the newest first."""
        rows = self._rows(
            "select * from mall_order where tenant_id = %(tenant)s and member_id = %(member)s"
            " order by ordered_at desc, order_id desc",
            member=member,
        )
        return tuple(map(_order, rows))

    def orders(self, limit: int) -> tuple[Order, ...]:
        """Return orders, the newest first."""
        rows = self._rows(
            "select * from mall_order where tenant_id = %(tenant)s"
            " order by ordered_at desc, order_id desc limit %(limit)s",
            limit=limit,
        )
        return tuple(map(_order, rows))

    def of_gifts(self, gifts: Collection[UUID]) -> tuple[Order, ...]:
        """Return the orders these gifts were given for, locked until the end."""
        rows = self._rows(
            "select * from mall_order where tenant_id = %(tenant)s"
            " and gift_id = any(%(gifts)b::uuid[]) order by order_id for update",
            gifts=list(gifts),
        )
        return tuple(map(_order, rows))

    def moving(self, today: date, limit: int) -> tuple[UUID, ...]:
        """Return orders that can be ended (no box holds them now) or whose last day is over."""
        return tuple(row.order_id for row in self._rows(_MOVING, today=today, limit=limit))

    def move(self, order: UUID, state: OrderState, ended_ms: int = 0) -> None:
        """Store an order's state."""
        self._run(
            "update mall_order set state = %(state)s, ended_at = %(ended)s"
            " where tenant_id = %(tenant)s and order_id = %(order)s",
            order=order,
            state=state,
            ended=at(ended_ms) if ended_ms else None,
        )

    def wish(self, wallet: UUID, until_ms: int) -> None:
        """Keep what comes back to a wallet free until then."""
        self._run(
            "insert into mall_wish values (%(tenant)s, %(wallet)s, %(until)s)"
            " on conflict (tenant_id, wallet_id) do update set until = excluded.until",
            wallet=wallet,
            until=at(until_ms),
        )

    def wishing(self, wallets: Collection[UUID], now_ms: int) -> set[UUID]:
        """Return the wallets whose points are kept free now."""
        rows = self._rows(
            "select wallet_id from mall_wish where tenant_id = %(tenant)s"
            " and wallet_id = any(%(wallets)b::uuid[]) and until > %(now)s",
            wallets=list(wallets),
            now=at(now_ms),
        )
        return {row.wallet_id for row in rows}

    def add_handed(self, handed: Sequence[Handed]) -> None:
        """Append gifts that were handed over."""
        if handed:
            self._run(
                _ADD_HANDED,
                handed=[one.handed for one in handed],
                gift=[one.gift for one in handed],
                member=[one.member for one in handed],
                store=[one.store for one in handed],
                device=[one.device for one in handed],
                operator=[one.operator for one in handed],
                kind=[one.kind for one in handed],
                sku=[one.sku for one in handed],
                name=[one.name for one in handed],
                day=[one.day for one in handed],
                happened=[one.happened_ms for one in handed],
                received=[at(one.received_ms) for one in handed],
            )

    def handed(self, limit: int) -> tuple[Handed, ...]:
        """Return gifts that were handed over, the newest first."""
        rows = self._rows(
            "select * from gift_handed where tenant_id = %(tenant)s"
            " order by received_at desc, handed_id desc limit %(limit)s",
            limit=limit,
        )
        return tuple(
            Handed(
                handed=row.handed_id,
                gift=row.gift_id,
                member=row.member_id,
                store=row.store_id,
                device=row.device_id,
                operator=row.operator_id,
                kind=row.kind,
                sku=row.sku,
                name=row.name,
                day=row.business_date,
                happened_ms=row.happened_ms,
                received_ms=ms_of(row.received_at),
            )
            for row in rows
        )


def _order(row: Row[Any]) -> Order:
    return Order(
        order=row.order_id,
        member=row.member_id,
        wallet=row.wallet_id,
        item=row.item,
        sku=row.sku,
        name=row.name,
        points=row.points,
        store=row.store_id,
        redeemer=row.redeemer,
        gift=row.gift_id,
        state=row.state,
        ordered_on=row.ordered_on,
        last_day=row.last_day,
        ordered_ms=ms_of(row.ordered_at),
        ended_ms=0 if row.ended_at is None else ms_of(row.ended_at),
    )
