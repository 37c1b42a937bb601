"""Members as a till sees them: looked up here first, in the cloud on a miss."""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from edge_agent.domain.member_view import MemberView, view_of
from edge_agent.ports.clock import Clock
from edge_agent.ports.cloud_link import CloudDirectory
from edge_agent.ports.replica import HeldMember, Replica
from edge_agent.services.counter.pending_points import PendingPoints
from retail_core.errors import Fault
from retail_core.identity.naming import normalise_phone
from retail_core.tally import FaultTally
from retail_core.wire.member import CallNote

Kind = Literal["phone_key", "card", "phone"]


@dataclass(frozen=True, slots=True)
class Found:
    """What a look-up gave; `asked_cloud` is False when the cloud could not be reached."""

    held: HeldMember | None
    asked_cloud: bool


def member_view(held: HeldMember, pending: PendingPoints, clock: Clock) -> MemberView:
    """Return the view of a held member, with what she earned here and the cloud has not posted."""
    return view_of(
        held.member_id,
        held.ver,
        held.record,
        pending_local=pending.of(held.member_id, held.record.posted_receipts),
        as_of_ms=clock.now().wall_ms,
    )


class Members:
    """Finds members and shows them; `phone_hash_key` and `card_hash_key` are the tenant's."""

    def __init__(  # noqa: PLR0913 -- the parts of the one look-up
        self,
        replica: Replica,
        directory: CloudDirectory,
        pending: PendingPoints,
        clock: Clock,
        tally: FaultTally,
        *,
        phone_hash_key: bytes,
        card_hash_key: bytes,
    ) -> None:
        self._replica = replica
        self._directory = directory
        self._pending = pending
        self._clock = clock
        self._tally = tally
        self._phone_hash_key = phone_hash_key
        self._card_hash_key = card_hash_key
        # Who must know a number while it is in the clear: a till's own system finds by nothing else
        self.phone_heard: Callable[[UUID, str], None] | None = None
        # Who hurries her changes while many wait: she stands there now.
        self.stands_here: Callable[[UUID], None] | None = None
        # Which of her calls nobody has answered on this box yet
        self.open_calls: Callable[[Sequence[CallNote]], tuple[CallNote, ...]] = tuple

    def view(self, member_id: UUID) -> MemberView | None:
        """Return the view of a member held here."""
        held = self._replica.member(member_id)
        return None if held is None else self.show(held)

    def show(self, held: HeldMember) -> MemberView:
        """Return the view of a held member."""
        if self.stands_here is not None:
            self.stands_here(held.member_id)
        view = member_view(held, self._pending, self._clock)
        return replace(view, calls=self.open_calls(view.calls)) if view.calls else view

    def find(self, kind: Kind, value: bytes) -> Found:
        """Look up a keyed value here, then in the cloud; a cloud that is away is counted."""
        held = self._held(kind, value)
        if held is not None:
            return Found(held, asked_cloud=False)
        try:
            fetched = self._directory.fetch_member(kind, value)
        except Fault as fault:
            self._tally.count(fault.code)
            return Found(None, asked_cloud=False)
        if fetched is None:
            return Found(None, asked_cloud=True)
        self._replica.put_member(fetched.member_id, fetched.ver, fetched.record)
        return Found(self._replica.member(fetched.member_id), asked_cloud=True)

    def find_phone(self, text: str) -> Found:
        """Look up a phone number as typed (Fault API_BODY_INVALID when it cannot be one)."""
        digits = normalise_phone(text)
        found = self.find("phone", self.phone_hash(digits))
        if found.held is not None and self.phone_heard is not None:
            self.phone_heard(found.held.member_id, digits)
        return found

    def find_card(self, uid: bytes) -> Found:
        """Look up a card by the UID its chip proved."""
        return self.find("card", self.card_hash(uid))

    def phone_hash(self, digits: str) -> bytes:
        """Return the keyed hash of E.164 digits."""
        return hmac.digest(self._phone_hash_key, digits.encode(), "sha256")

    def card_hash(self, uid: bytes) -> bytes:
        """Return the keyed hash of a card's UID."""
        return hmac.digest(self._card_hash_key, uid, "sha256")

    def _held(self, kind: Kind, value: bytes) -> HeldMember | None:
        match kind:
            case "phone_key":
                return self._replica.by_phone_key(value)
            case "card":
                return self._replica.by_card(value)
            case "phone":
                return self._replica.by_phone_hash(value)
