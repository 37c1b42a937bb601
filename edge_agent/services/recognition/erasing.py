"""Erasing a face: rows and key on disk, the gallery in memory, and a signed receipt of it.

The order is what a power cut may interrupt: the rows go first, with a note that a receipt is owed
in the same transaction; memory next; the receipt is journalled and only then the note is closed. A
start makes up for whatever was left.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from edge_agent.domain.shop import Shop
from edge_agent.ports.clock import Clock, IdSource
from edge_agent.ports.consent_ledger import ConsentLedger
from edge_agent.ports.gallery_store import Cause, Erasure, GalleryStore
from edge_agent.ports.journal import Draft
from edge_agent.ports.vault import Vault
from edge_agent.services.journal.recorder import Recorder
from retail_core.identity.erasure import VERSION, Receipt, SignedReceipt, pseudonym, sign_receipt
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.messages import FaceErased, FaceHeld

SIGNING_KEY = "receipt-key"
SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class FaceFiles:
    """Where faces rest: templates, the consents under them, the box's small secrets."""

    store: GalleryStore
    ledger: ConsentLedger
    vault: Vault


class Eraser:
    """Erases and certifies; `forget` takes a member out of the gallery in memory."""

    def __init__(
        self,
        files: FaceFiles,
        recorder: Recorder,
        clock: Clock,
        ids: IdSource,
        shop: Shop,
        forget: Callable[[UUID], object],
    ) -> None:
        self._files = files
        self._recorder = recorder
        self._clock = clock
        self._ids = ids
        self._shop = shop
        self._forget = forget

    def erase(self, member_id: UUID, cause: Cause) -> None:
        """Erase what is held of a member's face, if anything is."""
        self._forget(member_id)
        erasure = self._files.store.erase(member_id, cause, self._clock.now().wall_ms)
        # Once more: the rows may have been on their way into memory again.
        self.erased(member_id, erasure)

    def erased(self, member_id: UUID, erasure: Erasure | None) -> None:
        """Finish what a withdrawal has erased on disk."""
        self._forget(member_id)
        if erasure is not None:
            self._certify(erasure)

    def held(self, member_id: UUID) -> None:
        """Tell the cloud that templates of this member rest here: that, and nothing of them."""
        holder = self._files.store.holder(member_id)
        if holder is None:
            # Withdrawn while the camera was still looking: what came late goes as well.
            self._forget(member_id)
            return
        model = holder.models[-1] if holder.models else ""
        self._record(EventType.FACE_HELD, FaceHeld(holder.templates, model), member_id)

    def holds(self, member_id: UUID) -> bool:
        """Tell whether templates of this member rest here."""
        return self._files.store.holder(member_id) is not None

    def finish(self) -> None:
        """Certify what was erased before a power cut."""
        for erasure in self._files.ledger.untold():
            self._certify(erasure)

    def receipt(self, erasure: Erasure) -> SignedReceipt:
        """Return the signed receipt of an erasure."""
        shop, now = self._shop, self._clock.now()
        receipt = Receipt(
            v=VERSION,
            receipt_id=str(erasure.erasure_id),
            tenant=str(shop.tenant),
            store=str(shop.store),
            device=str(shop.device),
            member=pseudonym(shop.tenant, erasure.member_id),
            templates=tuple(str(one) for one in erasure.template_ids),
            cause=erasure.cause,
            erased_ms=erasure.wall_ms,
            time_quality=int(now.quality),
            scrubbed=erasure.scrubbed,
        )
        return sign_receipt(receipt, self._seed())

    def _certify(self, erasure: Erasure) -> None:
        signed = self.receipt(erasure)
        body = FaceErased(signed.content, signed.signature, signed.public_key)
        self._record(EventType.FACE_ERASED, body, erasure.member_id)
        self._files.ledger.told(erasure.erasure_id)

    def _record(self, type_: EventType, body: FaceErased | FaceHeld, member_id: UUID) -> None:
        draft = Draft(
            event_id=self._ids.uuid7(),
            type=type_,
            at=self._clock.now(),
            body=encode_body(body),
            member=member_id,
        )
        self._recorder.record([draft], lambda seq: seq)

    def _seed(self) -> bytes:
        """Return the box's own signing key; it is made at the first need and never leaves."""
        seed = self._files.vault.get(SIGNING_KEY)
        if seed is None:
            seed = self._ids.random_bytes(SEED_BYTES)
            self._files.vault.put(SIGNING_KEY, seed)
        return seed
