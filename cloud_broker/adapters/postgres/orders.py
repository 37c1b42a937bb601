"""Orders and commands in PostgreSQL; a command changes under its row's lock."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from cloud_broker.adapters.postgres.base import Repository, at, ms_of
from cloud_broker.ports.orders import CommandRow, Halt, OrderCount, OrderRow
from retail_core.fleet.commands import CommandState, Order

_ORDER = (
    "select o.order_id, o.kind, o.args, o.dry, o.why, o.author, o.made_at, o.expires_at, o.state,"
    " o.second, o.waves, o.wave, o.wave_at, o.pause_ms, o.failures_max from fleet_order o"
    " where o.tenant_id = %(tenant)s"
)
_COMMAND = (
    "select command_id, order_id, device_id, store_id, wave, state, changed_at, code, detail,"
    " coalesce((select octet_length(a.content) from command_archive a where"
    " a.tenant_id = fleet_command.tenant_id and a.command_id = fleet_command.command_id), 0)"
    " as archive_bytes from fleet_command where tenant_id = %(tenant)s"
)
_ADD_COMMANDS = """
insert into fleet_command (tenant_id, command_id, order_id, device_id, store_id, wave, state,
  changed_at)
select %(tenant)s, n.command_id, %(order)s, n.device_id, n.store_id, n.wave, n.state, %(now)s
from unnest(%(ids)b::uuid[], %(devices)b::uuid[], %(stores)b::uuid[], %(waves)b::bigint[],
  %(states)b::text[]) as n(command_id, device_id, store_id, wave, state)
"""
_SET_COMMANDS = """
update fleet_command c set state = n.state, code = n.code, detail = n.detail,
  changed_at = n.changed_at
from unnest(%(ids)b::uuid[], %(states)b::text[], %(codes)b::text[], %(details)b::text[],
  %(at)b::timestamptz[]) as n(command_id, state, code, detail, changed_at)
where c.tenant_id = %(tenant)s and c.command_id = n.command_id
"""
_KEEP_ARCHIVE = """
insert into command_archive (tenant_id, command_id, store_id, made_at, content)
values (%(tenant)s, %(command)s, %(store)s, %(now)s, %(content)s)
on conflict (tenant_id, command_id) do update set made_at = excluded.made_at,
  content = excluded.content
"""
_COUNTS = (
    "select order_id, state, count(*) as boxes from fleet_command"
    " where tenant_id = %(tenant)s and order_id = any(%(orders)b) group by order_id, state"
)
_RUNNING = """
select distinct order_id from fleet_order o where tenant_id = %(tenant)s and (state = 'running'
  or exists (select from fleet_command c where c.tenant_id = o.tenant_id
    and c.order_id = o.order_id and c.state in ('held', 'init', 'executing')))
"""


class PostgresOrders(Repository):
    """Fulfils `OrderRepo`."""

    def add(self, order: OrderRow, commands: Sequence[CommandRow]) -> None:
        """Enter an order with its commands."""
        goes = order.goes
        self._run(
            "insert into fleet_order values (%(tenant)s, %(order)s, %(kind)s, %(args)s::jsonb,"
            " %(dry)s, %(why)s, %(author)s, %(made)s, %(expires)s, %(state)s, %(second)s,"
            " %(waves)s, %(wave)s, %(wave_at)s, %(pause)s, %(failures)s)",
            order=order.order_id,
            kind=order.kind,
            args=msgspec.json.encode(order.args).decode(),
            dry=order.dry,
            why=order.why,
            author=order.author,
            made=at(order.made_ms),
            expires=at(goes.expires_ms),
            state=goes.state,
            second=order.second,
            waves=goes.waves,
            wave=goes.wave,
            wave_at=at(goes.wave_ms),
            pause=goes.pause_ms,
            failures=goes.failures_max,
        )
        self._run(
            _ADD_COMMANDS,
            order=order.order_id,
            ids=[one.command_id for one in commands],
            devices=[one.device for one in commands],
            stores=[one.store for one in commands],
            waves=[one.wave for one in commands],
            states=[one.state.value for one in commands],
            now=at(order.made_ms),
        )

    def order(self, order_id: UUID, *, locked: bool = True) -> OrderRow | None:
        """Return an order, by default locked; who holds a command's lock may not wait for it."""
        lock = " for update" if locked else ""
        row = self._row(_ORDER + " and o.order_id = %(order)s" + lock, order=order_id)
        return None if row is None else _order(row)

    def orders(self, limit: int) -> tuple[OrderCount, ...]:
        """Return the last orders, newest first."""
        rows = self._rows(
            _ORDER + " order by o.made_at desc, o.order_id limit %(limit)s", limit=limit
        )
        counts: dict[UUID, dict[CommandState, int]] = {}
        for one in self._rows(_COUNTS, orders=[row.order_id for row in rows]):
            counts.setdefault(one.order_id, {})[CommandState(one.state)] = one.boxes
        return tuple(OrderCount(_order(row), counts.get(row.order_id, {})) for row in rows)

    def running(self) -> tuple[UUID, ...]:
        """Return the orders whose commands may still change by time alone."""
        return tuple(row.order_id for row in self._rows(_RUNNING))

    def commands(self, order_id: UUID, *, locked: bool = True) -> tuple[CommandRow, ...]:
        """Return an order's commands by wave and box, by default locked; who only looks is not."""
        lock = " for update" if locked else ""
        rows = self._rows(
            _COMMAND + " and order_id = %(order)s order by wave, device_id" + lock,
            order=order_id,
        )
        return tuple(_command(row) for row in rows)

    def of_store(self, store: UUID, limit: int) -> tuple[tuple[OrderRow, CommandRow], ...]:
        """Return the newest commands to a store's boxes with their orders, not locked."""
        rows = self._rows(
            _COMMAND + " and store_id = %(store)s order by command_id desc limit %(limit)s",
            store=store,
            limit=limit,
        )
        orders = self._rows(
            _ORDER + " and o.order_id = any(%(orders)b)", orders=[row.order_id for row in rows]
        )
        by_id = {row.order_id: _order(row) for row in orders}
        return tuple((by_id[row.order_id], _command(row)) for row in rows)

    def open_of(self, device: UUID) -> tuple[CommandRow, ...]:
        """Return a box's commands that wait or are under way, oldest first, locked."""
        rows = self._rows(
            _COMMAND + " and device_id = %(device)s and state in ('init', 'executing')"
            " order by command_id for update",
            device=device,
        )
        return tuple(_command(row) for row in rows)

    def some(self, command_ids: Sequence[UUID]) -> tuple[CommandRow, ...]:
        """Return commands, locked."""
        rows = self._rows(
            _COMMAND + " and command_id = any(%(ids)b) order by command_id for update",
            ids=list(command_ids),
        )
        return tuple(_command(row) for row in rows)

    def set_order(self, order_id: UUID, goes: Order, second: str) -> None:
        """Move an order on."""
        self._run(
            "update fleet_order set state = %(state)s, wave = %(wave)s, wave_at = %(at)s,"
            " second = %(second)s where tenant_id = %(tenant)s and order_id = %(order)s",
            order=order_id,
            state=goes.state,
            wave=goes.wave,
            at=at(goes.wave_ms),
            second=second,
        )

    def set_commands(self, rows: Sequence[CommandRow]) -> None:
        """Write commands' new states."""
        self._run(
            _SET_COMMANDS,
            ids=[one.command_id for one in rows],
            states=[one.state.value for one in rows],
            codes=[one.code for one in rows],
            details=[one.detail for one in rows],
            at=[at(one.changed_ms) for one in rows],
        )

    def keep_archive(self, command: CommandRow, content: bytes, now_ms: int) -> None:
        """Keep what a command's box handed in; one handed in again takes its place."""
        self._run(
            _KEEP_ARCHIVE,
            command=command.command_id,
            store=command.store,
            now=at(now_ms),
            content=content,
        )

    def archive(self, command_id: UUID) -> bytes | None:
        """Return what was handed in, None when there is nothing or no longer."""
        row = self._row(
            "select content from command_archive where tenant_id = %(tenant)s"
            " and command_id = %(command)s",
            command=command_id,
        )
        return None if row is None else bytes(row.content)

    def drop_archives(self, before_ms: int) -> int:
        """Delete those handed in before a moment; return how many."""
        return len(
            self._rows(
                "delete from command_archive where tenant_id = %(tenant)s"
                " and made_at < %(before)s returning command_id",
                before=at(before_ms),
            )
        )

    def halt(self) -> Halt:
        """Return how the kill switch stands."""
        row = self._row(
            "select halted, author, why, said_at from fleet_halt where tenant_id = %(tenant)s"
        )
        return Halt() if row is None else Halt(row.halted, row.author, row.why, ms_of(row.said_at))

    def set_halt(self, halt: Halt) -> None:
        """Turn the kill switch."""
        self._run(
            "insert into fleet_halt values (%(tenant)s, %(halted)s, %(author)s, %(why)s, %(at)s)"
            " on conflict (tenant_id) do update set halted = excluded.halted,"
            " author = excluded.author, why = excluded.why, said_at = excluded.said_at",
            halted=halt.halted,
            author=halt.author,
            why=halt.why,
            at=at(halt.said_ms),
        )


def _order(row: Row[Any]) -> OrderRow:
    goes = Order(
        *(row.state, row.wave, row.waves, ms_of(row.wave_at), row.pause_ms, row.failures_max),
        ms_of(row.expires_at),
    )
    return OrderRow(
        *(row.order_id, row.kind, row.args, row.dry, row.why, row.author, row.second),
        *(ms_of(row.made_at), goes),
    )


def _command(row: Row[Any]) -> CommandRow:
    return CommandRow(
        *(row.command_id, row.order_id, row.device_id, row.store_id, row.wave),
        *(CommandState(row.state), ms_of(row.changed_at), row.code, row.detail),
        row.archive_bytes,
    )
