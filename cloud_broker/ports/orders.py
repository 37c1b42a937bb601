"""Orders to many boxes, and the command each of them got."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from retail_core.fleet.commands import CommandState, Order


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order: what is to be done, who said so, who agreed, and how far it is."""

    order_id: UUID
    kind: str
    args: Mapping[str, str]
    dry: bool
    why: str
    author: str
    second: str
    made_ms: int
    goes: Order


@dataclass(frozen=True, slots=True)
class CommandRow:
    """One box's command; `archive_bytes` is the size of what it handed in, 0 for nothing."""

    command_id: UUID
    order_id: UUID
    device: UUID
    store: UUID
    wave: int
    state: CommandState
    changed_ms: int
    code: str = ""
    detail: str = ""
    archive_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Halt:
    """The kill switch: while it is on, no box starts a command."""

    halted: bool = False
    author: str = ""
    why: str = ""
    said_ms: int = 0


@dataclass(frozen=True, slots=True)
class OrderCount:
    """An order and how many of its commands are in each state."""

    order: OrderRow
    counts: Mapping[CommandState, int] = field(default_factory=dict)


class OrderRepo(Protocol):
    """Orders and commands."""

    def add(self, order: OrderRow, commands: Sequence[CommandRow]) -> None:
        """Enter an order with its commands."""
        ...

    def order(self, order_id: UUID, *, locked: bool = True) -> OrderRow | None:
        """Return an order, by default locked; who holds a command's lock may not wait for it."""
        ...

    def orders(self, limit: int) -> tuple[OrderCount, ...]:
        """Return the last orders, newest first."""
        ...

    def running(self) -> tuple[UUID, ...]:
        """Return the orders whose commands may still change by time alone."""
        ...

    def commands(self, order_id: UUID, *, locked: bool = True) -> tuple[CommandRow, ...]:
        """Return an order's commands by wave and box, by default locked; who only looks is not."""
        ...

    def of_store(self, store: UUID, limit: int) -> tuple[tuple[OrderRow, CommandRow], ...]:
        """Return the newest commands to a store's boxes with their orders, not locked."""
        ...

    def open_of(self, device: UUID) -> tuple[CommandRow, ...]:
        """Return a box's commands that wait or are under way, oldest first, locked."""
        ...

    def some(self, command_ids: Sequence[UUID]) -> tuple[CommandRow, ...]:
        """Return commands, locked."""
        ...

    def set_order(self, order_id: UUID, goes: Order, second: str) -> None:
        """Move an order on."""
        ...

    def set_commands(self, rows: Sequence[CommandRow]) -> None:
        """Write commands' new states."""
        ...

    def keep_archive(self, command: CommandRow, content: bytes, now_ms: int) -> None:
        """Keep what a command's box handed in; one handed in again takes its place."""
        ...

    def archive(self, command_id: UUID) -> bytes | None:
        """Return what was handed in, None when there is nothing or no longer."""
        ...

    def drop_archives(self, before_ms: int) -> int:
        """Delete those handed in before a moment; return how many."""
        ...

    def halt(self) -> Halt:
        """Return how the kill switch stands."""
        ...

    def set_halt(self, halt: Halt) -> None:
        """Turn the kill switch."""
        ...
