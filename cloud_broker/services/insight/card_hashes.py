"""Numbers of phones and cards as keyed hashes, as boxes make them."""

import hmac
from dataclasses import dataclass

from cloud_broker.ports.secrets import TenantKeys
from retail_core.insight.channel_orders.people import PersonRow


@dataclass(frozen=True, slots=True)
class CardHashes:
    """Hashes under one tenant's keys."""

    phone_key: bytes
    card_key: bytes

    @classmethod
    def of(cls, keys: TenantKeys) -> "CardHashes":
        """Return them for a tenant."""
        return cls(keys.phone_hash_key, keys.card_hash_key)

    def phone(self, digits: str) -> bytes:
        """Return the hash of E.164 digits."""
        return hmac.digest(self.phone_key, digits.encode(), "sha256")

    def cards(self, one: PersonRow) -> tuple[bytes, ...]:
        """Return the hashes of the number printed on a card and of its chip."""
        found = []
        if one.card:
            found.append(hmac.digest(self.card_key, one.card.encode(), "sha256"))
        if one.card_uid:
            found.append(hmac.digest(self.card_key, one.card_uid, "sha256"))
        return tuple(found)
