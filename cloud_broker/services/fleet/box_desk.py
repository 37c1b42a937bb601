"""What HQ does with a store's boxes: see them, draw a code for one, shut one out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from cloud_broker.services.fleet.enrolling import FIRST_SLOT, Enrolling
from retail_core.errors import Fault
from retail_core.fleet.enrol_code import EnrolTicket, grouped, say_ticket
from retail_core.texts.faults import FaultCode

# As many as `enrol-code --slot` knows.
LAST_SLOT = 9
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

    slot: int
    device: UUID
    until_ms: int | None


@dataclass(frozen=True, slots=True)
class CodeSheet:
    """A code as it is read out, and as a QR code says it with the cloud's address and pin.

    `slot` is which box of the store it lets in, `instead_of` the one that then is shut out.
    """

    code: str
    expires_ms: int
    url: str
    pin: str
    qr: str
    slot: int
    instead_of: UUID | None


@dataclass(frozen=True, slots=True)
class BoxDesk:
    """The desk; `pin` is what names the cloud's root."""

    enrolling: Enrolling
    url: str
    pin: Callable[[], str]

    def boxes(self, tenant: UUID, store: UUID) -> tuple[BoxRow, ...]:
        """Return the boxes that stand in a store."""
        with self.enrolling.units.begin(tenant) as unit:
            places = unit.enrolments.occupants(store)
            until = unit.enrolments.certificates_of(list(places.values()))
        return tuple(BoxRow(slot, one, until.get(one)) for slot, one in places.items())

    def code(self, who: Person, store: UUID, instead_of: UUID | None) -> CodeSheet:
        """Draw a code for a further box, or for the one that comes instead of another.

        Faults A111; API_NOT_FOUND for a box that does not stand there any more; F112 when the
        store has no place for a further one.
        """
        _check(who)
        slot = _slot_of(self.boxes(who.tenant_id, store), instead_of)
        shown = self.enrolling.code(
            who.tenant_id, store, who=who.login, replace=instead_of is not None, slot=slot
        )
        pin = self.pin()
        said = say_ticket(EnrolTicket(self.url, shown.code, pin))
        code = grouped(shown.code)
        return CodeSheet(code, shown.expires_ms, self.url, pin, said, slot, instead_of)

    def revoke(self, who: Person, device: UUID, why: str) -> None:
        """Shut a box out for good; Faults A111, A108, F115."""
        _check(who)
        self.enrolling.revoke(who.tenant_id, device, who=who.login, why=why)


def _slot_of(boxes: tuple[BoxRow, ...], instead_of: UUID | None) -> int:
    """Return the place of a box, or the first free one."""
    if instead_of is not None:
        found = next((one.slot for one in boxes if one.device == instead_of), None)
        if found is None:
            raise Fault(FaultCode.API_NOT_FOUND, what=instead_of)
        return found
    taken = {one.slot for one in boxes}
    for slot in range(FIRST_SLOT, LAST_SLOT + 1):
        if slot not in taken:
            return slot
    raise Fault(FaultCode.ENROL_SLOT_TAKEN, slot=LAST_SLOT)


def _check(who: Person) -> None:
    if who.role not in MAY_LET_IN:
        raise Fault(FaultCode.API_SCOPE_MISSING, scope="boxes")
