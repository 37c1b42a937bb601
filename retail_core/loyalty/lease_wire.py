"""Leases between the core and the wire."""

from uuid import UUID

from retail_core.errors import Fault
from retail_core.loyalty.lease_box import Closing, Draw, Held
from retail_core.loyalty.leases import Lease, LeaseKey, Right, RightKind
from retail_core.texts.faults import FaultCode
from retail_core.wire.lease import LeaseGrant, LeaseReturned
from retail_core.wire.messages import LeaseSpend
from retail_core.wire.restored import LeaseTold


def right_of(kind: str, right: bytes) -> Right:
    """Return a right that travelled; Fault WIRE_MALFORMED for a kind there is not."""
    try:
        return Right(RightKind(kind), UUID(bytes=right))
    except ValueError:
        raise Fault(FaultCode.WIRE_MALFORMED, detail=f"right {kind!r}") from None


def grant_message(lease: Lease) -> LeaseGrant:
    """Return a lease as its device is told of it."""
    key, term = lease.key, lease.term
    return LeaseGrant(
        device=key.device.bytes,
        kind=key.right.kind,
        right=key.right.id.bytes,
        epoch=key.epoch,
        nth=key.nth,
        amount=lease.amount,
        boot=None if term is None else term.boot.bytes,
        until_mono_ms=0 if term is None else term.until_mono_ms,
    )


def held_of(grant: LeaseGrant) -> Held:
    """Return a lease as its device begins to hold it."""
    key = LeaseKey(
        right_of(grant.kind, grant.right), UUID(bytes=grant.device), grant.epoch, grant.nth
    )
    if grant.boot is None:
        return Held(key, grant.amount)
    return Held(key, grant.amount, UUID(bytes=grant.boot), grant.until_mono_ms)


def told_of(held: Held) -> LeaseTold:
    """Return what a restored cloud is told of a lease."""
    key = held.key
    return LeaseTold(key.right.kind, key.right.id.bytes, key.epoch, key.nth, held.amount)


def spend_message(draw: Draw) -> LeaseSpend:
    """Return a part of a spend as it travels with its sale."""
    key = draw.key
    return LeaseSpend(key.right.kind, key.right.id.bytes, key.epoch, key.nth, draw.amount)


def return_message(closing: Closing) -> LeaseReturned:
    """Return the device's word on a lease it gives back."""
    key = closing.key
    return LeaseReturned(key.right.kind, key.right.id.bytes, key.epoch, key.nth, closing.final)


def key_of(said: LeaseSpend | LeaseReturned, device: UUID) -> LeaseKey:
    """Return which lease of a device a message is about."""
    return LeaseKey(right_of(said.kind, said.right), device, said.epoch, said.nth)
