"""Words of consent as a ledger holds them."""

from typing import Any
from uuid import UUID

from edge_agent.domain.consents import (
    CONSENT_TEXT_VERSION,
    FACE_LOCAL,
    OLD_ENOUGH,
    Consent,
    text_hash,
)
from edge_agent.ports.consent_ledger import ConsentLedger
from tests.factories.shop_floor import make_id
from tests.fakes.clock import NOON_MS


def make_consent(member: UUID, kind: str = FACE_LOCAL, **changes: Any) -> Consent:
    """A word of a member who is old enough: yes to this kind, unless `given=False`."""
    facts: dict[str, Any] = {
        "consent_id": make_id(),
        "member_id": member,
        "kind": kind,
        "given": True,
        "text_version": CONSENT_TEXT_VERSION,
        "text_hash": text_hash(kind, "zh"),
        "language": "zh",
        "channel": "till",
        "wall_ms": NOON_MS,
        "age": OLD_ENOUGH,
    }
    return Consent(**(facts | changes))


def agree(ledger: ConsentLedger, member: UUID) -> UUID:
    """Let a member agree to faces; return the consent's id."""
    consent = make_consent(member)
    ledger.add_consent(consent)
    return consent.consent_id
