"""Who is held out: a fixed coin for each person in each campaign.

The coin is a keyed hash (HMAC-SHA-256) under a salt that only the cloud knows: whoever knows a
person's id cannot work out her arm, nobody chooses it, and asked again it falls the same way. Two
campaigns have two salts, so that who is held out of one is not held out of the next.
"""

import hmac
from typing import Final, Literal
from uuid import UUID

from retail_core.insight.campaigns.plan import PERMILLE

Arm = Literal["treated", "held"]
_PURPOSE: Final = b"regulars campaign arms 1\x00"
_SPACE: Final = 1 << 64


def salt_of(tenant_key: bytes, campaign: UUID) -> bytes:
    """Return a campaign's salt; it follows from the tenant's key and rests nowhere."""
    return hmac.digest(tenant_key, _PURPOSE + campaign.bytes, "sha256")


def arm_of(salt: bytes, person: UUID, holdout_permille: int) -> Arm:
    """Return a person's arm; more held out never lets anybody out who was held before."""
    drawn = int.from_bytes(hmac.digest(salt, person.bytes, "sha256")[:8], "big")
    # Of whole numbers alone: a float would make the share depend on rounding.
    return "held" if drawn * PERMILLE < holdout_permille * _SPACE else "treated"
