"""Keeps the brokers' lists equal to ours: whoever was missed while a broker was away is told again.

A box whose certificate has ended is shut out too: its open session would go on past that end.
"""

from dataclasses import dataclass
from uuid import UUID

from cloud_broker.domain.arrivals import Place
from cloud_broker.ports.broker_gate import BrokerGate
from cloud_broker.ports.clock import Clock
from cloud_broker.ports.unit import Units


@dataclass(frozen=True, slots=True)
class Tended:
    """How many boxes were let in and shut out."""

    admitted: int = 0
    shut_out: int = 0


@dataclass(frozen=True, slots=True)
class BoxGate:
    """Compares and mends."""

    units: Units
    clock: Clock
    gate: BrokerGate

    def tend(self) -> Tended:
        """Make the brokers know just the boxes that may speak; Fault BROKER_GATE_DOWN."""
        known = self.gate.known()
        wanted = self._wanted()
        missing = sorted(wanted.keys() - known)
        for device in missing:
            self.gate.admit(*wanted[device])
        beyond = sorted(known - wanted.keys())
        for device in beyond:
            self.gate.shut_out(device)
        return Tended(len(missing), len(beyond))

    def _wanted(self) -> dict[UUID, tuple[UUID, Place]]:
        now = self.clock.now_ms()
        found: dict[UUID, tuple[UUID, Place]] = {}
        for tenant in self.units.tenants():
            with self.units.begin(tenant) as unit:
                found |= {one.device: (tenant, one) for one in unit.enrolments.certified(now)}
                # A fleet is moved shop by shop: boxes with a password are known beside the others.
                old = [one.device for one in unit.fleet.broker_accounts() if one.broker_hash]
                found |= {one: (tenant, at) for one, at in unit.fleet.places(old).items()}
        return found
