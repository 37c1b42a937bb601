"""Face templates at rest: an encrypted file, and each row sealed once more to its member.

A row copied to another member, template or model does not open (the ids are authenticated), and
erased rows are overwritten. ChaCha20-Poly1305, because the smaller boards have no AES instructions.
"""

from pathlib import Path
from uuid import UUID

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from edge_agent.adapters.keys import derive_key
from edge_agent.adapters.sqlite_file import Manner, Row, SqliteFile, script
from edge_agent.ports.clock import IdSource
from edge_agent.ports.gallery_store import Template
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode

MIGRATIONS = (
    script(
        """
        CREATE TABLE template (
          template_id BLOB PRIMARY KEY,
          member_id BLOB NOT NULL,
          model_id TEXT NOT NULL,
          consent_event_id BLOB NOT NULL CHECK (length(consent_event_id) = 16),
          sealed BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX template_member ON template (member_id);
        CREATE INDEX template_model ON template (model_id);
        """
    ),
)

NONCE_BYTES = 12
_WIRE_FLOAT = np.dtype("<f4")


class SqliteGallery:
    """Fulfils `GalleryStore`; `key` opens the file, a key derived from it opens the rows."""

    def __init__(self, path: Path, key: bytes, ids: IdSource, tally: FaultTally) -> None:
        self._ids = ids
        self._tally = tally
        self._aead = ChaCha20Poly1305(derive_key(key, "gallery-row"))
        self._file = SqliteFile(path, key, MIGRATIONS, Manner("FULL", erase=True))

    def add(self, template: Template, *, consent_event_id: UUID) -> None:
        """Store one template under the consent that allows it."""
        nonce = self._ids.random_bytes(NONCE_BYTES)
        plain = template.embedding.astype(_WIRE_FLOAT).tobytes()
        bound_to = _bound_to(
            template.template_id.bytes, template.member_id.bytes, template.model_id
        )
        sealed = nonce + self._aead.encrypt(nonce, plain, bound_to)
        with self._file.transaction() as db:
            db.execute(
                "REPLACE INTO template VALUES (?, ?, ?, ?, ?)",
                (
                    template.template_id.bytes,
                    template.member_id.bytes,
                    template.model_id,
                    consent_event_id.bytes,
                    sealed,
                ),
            )

    def load(self, model_id: str) -> tuple[Template, ...]:
        """Return every template of one model; a row that does not open is counted and left out."""
        rows = self._file.rows(
            "SELECT template_id, member_id, model_id, sealed FROM template WHERE model_id = ?"
            " ORDER BY template_id",
            (model_id,),
        )
        opened = (self._opened(row) for row in rows)
        return tuple(template for template in opened if template is not None)

    def delete_member(self, member_id: UUID) -> int:
        """Erase a member's templates; return how many went."""
        with self._file.transaction() as db:
            db.execute("DELETE FROM template WHERE member_id = ?", (member_id.bytes,))
            went = db.changes()
        if went:
            self._file.forget_log()
        return went

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._file.close()

    def _opened(self, row: Row) -> Template | None:
        template_id, member_id, model_id, sealed = row
        bound_to = _bound_to(template_id, member_id, model_id)
        try:
            plain = self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
        except InvalidTag:
            self._tally.count(FaultCode.DISK_DOCUMENT_CORRUPT)
            return None
        embedding = np.frombuffer(plain, _WIRE_FLOAT).astype(np.float32)
        return Template(UUID(bytes=template_id), UUID(bytes=member_id), model_id, embedding)


def _bound_to(template_id: bytes, member_id: bytes, model_id: str) -> bytes:
    return template_id + b"|" + member_id + b"|" + model_id.encode()
