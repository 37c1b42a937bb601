"""All that is held of a person, to be taken along."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cloud_broker.ports.clock import Clock
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.privacy import PrivacyShelf
from cloud_broker.ports.unit import Units
from cloud_broker.services.persons.persons import same_persons
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

FORMAT = "regulars-person-export/1"
# What `PhoneRepo.everything` tells in words of its own; any other table follows by its name.
TOLD = frozenset(
    {
        *("member", "receipt", "receipt_claim", "clerk_alert", "consent", "identity"),
        *("credential", "interest", "task_completion", "task_progress", "checkin_day"),
        *("share_token", "share_open", "referral", "mall_order", "gift_handed", "checkin"),
        *("member_profile", "tier_change", "member_coupon", "member_gift", "birthday_given"),
        *("event_log", "leaving"),
    }
)
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class PersonExport:
    """Collects; who asked is in the audit."""

    units: Units
    shelf: PrivacyShelf
    clock: Clock

    def of(self, tenant: UUID, member: UUID, who: str) -> dict[str, Any]:
        """Return every row about a person under all ids she has; Fault API_NOT_FOUND."""
        now = self.clock.now_ms()
        with self.units.begin(tenant) as unit:
            if member not in unit.members.wallets([member]):
                raise Fault(FaultCode.API_NOT_FOUND, what="member")
            members = sorted(same_persons(unit, [member]))
            held = {str(one): unit.phones.everything(one) for one in members}
            unit.hq.audit(AuditEntry(who, "data.export", str(member), {}), now)
        more = self.more(tenant, members)
        return {"format": FORMAT, "exported_ms": now, "members": held, "more": more}

    def more(self, tenant: UUID, members: Sequence[UUID]) -> Rows:
        """Return what stands in tables that `PhoneRepo.everything` does not tell of."""
        return self.shelf.rows_about(tenant, members, TOLD)
