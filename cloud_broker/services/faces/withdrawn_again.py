"""A withdrawal that a restore has lost, known again by the receipt of a box that obeyed it.

What members and HQ withdrew after the backup is in no journal: only the boxes that erased a face
for it say so. Stores that were dark then, and hold her face still, have to hear of it.
"""

from uuid import uuid5

from cloud_broker.domain.ingest_effects import FACE_LOCAL, Plan
from cloud_broker.ports.hq import AuditEntry
from cloud_broker.ports.phones import WithdrawnConsent
from cloud_broker.ports.unit import Unit

CAUSE = "withdrawn"
CHANNEL_RESTORE = "restore"


def withdraw_again(unit: Unit, made: Plan, now_ms: int) -> None:
    """Take back consents that stand here and are older than an erasure for a withdrawal."""
    erased = [one for one in made.erased_faces if one.receipt.cause == CAUSE]
    if not erased or unit.restores.newest() is None:
        return
    said = unit.faces.said_yes({one.member for one in erased})
    for one in erased:
        erased_ms = one.receipt.erased_ms
        if said.get(one.member, erased_ms + 1) > erased_ms:
            continue  # withdrawn already, or agreed to once more since
        del said[one.member]
        event = one.arrival.event_id
        unit.phones.withdraw_consent(
            WithdrawnConsent(
                uuid5(event, CAUSE),
                one.member,
                FACE_LOCAL,
                "zh",
                CHANNEL_RESTORE,
                now_ms,
                erased_ms,
            )
        )
        detail = {"kind": FACE_LOCAL, "receipt": str(event)}
        unit.hq.audit(
            AuditEntry(CHANNEL_RESTORE, "consent.withdraw", str(one.member), detail), now_ms
        )
        made.touched.add(one.member)
