"""Cards that only say who it might be: a link HQ signed for a chip, and, if allowed, a bare number.

Neither survives a chip that pretends to be another: they find a member and never spend.
"""

from dataclasses import dataclass

from edge_agent.ports.nfc import CardTap
from retail_core.errors import Fault
from retail_core.identity.plain_tag import check_uid, is_signed_link, verify_link
from retail_core.texts.faults import FaultCode


@dataclass(frozen=True, slots=True)
class WeakCards:
    """What a shop takes beside its own cards; `public_key` is HQ's, `plain_uid` a setting."""

    tenant: bytes = b""
    public_key: bytes = b""
    plain_uid: bool = False

    def uid(self, tap: CardTap) -> bytes:
        """Return the number a tap stands for.

        Faults NFC_CARD_FOREIGN for what is not taken here, NFC_TAG_SIGNATURE, NFC_UID_RANDOM.
        """
        if self.public_key and tap.ndef_uri is not None and is_signed_link(tap.ndef_uri):
            return verify_link(tap.ndef_uri, tap.uid, self.tenant, self.public_key)
        if not self.plain_uid:
            raise Fault(FaultCode.NFC_CARD_FOREIGN)
        check_uid(tap.uid)
        return tap.uid


NO_WEAK_CARDS = WeakCards()
