"""What partners may hear of, and when one that does not answer is left alone."""

from enum import StrEnum
from typing import Final

_DAY_MS: Final = 86_400_000
# After so long without one message taken, a subscription pauses and HQ is told.
PAUSES_AFTER_MS: Final = 3 * _DAY_MS
SENT_KEPT_MS: Final = 7 * _DAY_MS
UNSENT_KEPT_MS: Final = 30 * _DAY_MS


class HookKind(StrEnum):
    """A kind of event; the trigger that tells of it stands in the migration of its name."""

    SALE_BOOKED = "sale.booked"
    SALE_REFUNDED = "sale.refunded"
    MEMBER_ENROLLED = "member.enrolled"
    MEMBER_CHANGED = "member.changed"
    CONSENT_GIVEN = "consent.given"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    STOCK_CHANGED = "stock.changed"
    STOCK_TRANSFER_ORDER = "stock.transfer_order"
    STOCK_PURCHASE_REQUEST = "stock.purchase_request"
    ALERT_RAISED = "alert.raised"
    ALERT_CLEARED = "alert.cleared"


TEST: Final = "webhook.test"


def gives_up(failing_ms: int | None, now_ms: int) -> bool:
    """Tell whether a subscription that fails since a moment is to be paused."""
    return failing_ms is not None and now_ms - failing_ms >= PAUSES_AFTER_MS
