"""What HQ does with a store's boxes: see them, draw a code for one, shut one out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cloud_broker.services.fleet.enrolling import FIRST_SLOT, Enrolling
from retail_core.errors import Fault
from retail_core.fleet.enrol_code import EnrolTicket, grouped, say_ticket
from retail_core.texts.faults import FaultCode

MAY_LET_IN = frozenset({"admin", "operations"})


class Person(Protocol):
    """Whoever of HQ asks."""

    @property
    def tenant_id(self) -> UUID:
        """Whose boxes."""
        ...

    @property
    def login(self) -> str:
        """The name that goes on record."""
        ...

    @property
    def role(self) -> str:
        """What the person may do."""
        ...


@dataclass(frozen=True, slots=True)
class BoxRow:
    """A box that stands in a store; `until_ms` is its certificate's end, None with a password."""

    device: UUID
    until_ms: int | None


@dataclass(frozen=True, slots=True)
class CodeSheet:
    """A code as it is read out, and as a QR code says it with the cloud's address and pin."""

    code: str
    expires_ms: int
    url: str
    pin: str
    qr: str


@dataclass(frozen=True, slots=True)
class BoxDesk:
    """The desk; `pin` is what names the cloud's root."""

    enrolling: Enrolling
    url: str
    pin: Callable[[], str]

    def boxes(self, tenant: UUID, store: UUID) -> tuple[BoxRow, ...]:
        """Return the boxes that stand in a store."""
        with self.enrolling.units.begin(tenant) as unit:
            places = unit.fleet.devices_of([store]).get(store, ())
            until = unit.enrolments.certificates_of([one.device for one in places])
        return tuple(BoxRow(one.device, until.get(one.device)) for one in places)

    def code(self, who: Person, store: UUID) -> CodeSheet:
        """Draw a code; where a box stands already, for the one that replaces it. Fault A111."""
        _check(who)
        taken = bool(self.boxes(who.tenant_id, store))
        shown = self.enrolling.code(
            who.tenant_id, store, who=who.login, replace=taken, slot=FIRST_SLOT
        )
        pin = self.pin()
        said = say_ticket(EnrolTicket(self.url, shown.code, pin))
        return CodeSheet(grouped(shown.code), shown.expires_ms, self.url, pin, said)

    def revoke(self, who: Person, device: UUID, why: str) -> None:
        """Shut a box out for good; Faults A111, A108, F115."""
        _check(who)
        self.enrolling.revoke(who.tenant_id, device, who=who.login, why=why)


def _check(who: Person) -> None:
    if who.role not in MAY_LET_IN:
        raise Fault(FaultCode.API_SCOPE_MISSING, scope="boxes")
