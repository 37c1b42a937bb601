"""Everything one box holds of one member, to be handed to her; never the template itself."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

import msgspec

from edge_agent.ports.clock import Clock
from edge_agent.ports.gallery_store import Erasure
from edge_agent.ports.journal import Journal
from edge_agent.ports.replica import Replica
from edge_agent.services.recognition.erasing import FaceFiles
from retail_core.errors import Fault
from retail_core.identity.erasure import SignedReceipt, to_file
from retail_core.wire.codec import decode_body, to_json

FORMAT = "regulars-member-export/1"
# What tells her apart from others inside the system: keys and keyed hashes are no data about her.
_SECRETS = frozenset({"phone_hash", "phone_keys", "cards", "digit_secret", "wallet"})


class MemberExport:
    """Collects from the files of the box; `receipt` signs for an erasure."""

    def __init__(
        self,
        files: FaceFiles,
        journal: Journal,
        replica: Replica,
        clock: Clock,
        receipt: Callable[[Erasure], SignedReceipt],
    ) -> None:
        self._files = files
        self._journal = journal
        self._replica = replica
        self._clock = clock
        self._receipt = receipt

    def collect(self, member_id: UUID) -> Mapping[str, Any]:
        """Return profile, events, consents, the face's existence and its erasures, as JSON."""
        held = self._replica.member(member_id)
        profile = {} if held is None else msgspec.json.decode(to_json(held.record))
        return {
            "format": FORMAT,
            "member_id": str(member_id),
            "exported_ms": self._clock.now().wall_ms,
            "profile": {name: said for name, said in profile.items() if name not in _SECRETS},
            "events": self._events(member_id),
            "consents": [_plain(asdict(one)) for one in self._files.ledger.words(member_id)],
            "face": self._face(member_id),
            "erasures": [self._erasure(one) for one in self._files.ledger.erasures(member_id)],
        }

    def _events(self, member_id: UUID) -> list[dict[str, Any]]:
        """Return what happened here with her: purchases, consents, cards, uses of proofs."""
        found = []
        for record in self._journal.records():
            draft = record.draft
            if draft.member != member_id:
                continue
            try:
                body = msgspec.json.decode(to_json(decode_body(draft.type, draft.body)))
            except Fault:
                body = None
            at = {"type": draft.type, "wall_ms": draft.at.wall_ms, "seq": record.seq}
            found.append({**at, "operator": _text(draft.operator), "body": body})
        return found

    def _erasure(self, erasure: Erasure) -> dict[str, Any]:
        """Return an erasure with its receipt: what stands in it is all that a verifier needs."""
        receipt = msgspec.json.decode(to_file(self._receipt(erasure)))
        return {**_plain(asdict(erasure)), "receipt": receipt}

    def _face(self, member_id: UUID) -> dict[str, Any]:
        holder = self._files.store.holder(member_id)
        if holder is None:
            return {"held": False}
        return {
            "held": True,
            "templates": holder.templates,
            "models": list(holder.models),
            "consent_id": str(holder.consent_id),
            "since_ms": holder.since_ms,
            "expires_after_ms_of_operation": holder.expires_ms,
            "last_used_day_of_operation": holder.used_day,
        }


def _text(one: UUID | None) -> str | None:
    return None if one is None else str(one)


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain_value(value) for name, value in fields.items()}


def _plain_value(value: Any) -> Any:
    match value:
        case UUID():
            return str(value)
        case bytes():
            return value.hex()
        case tuple():
            return [_plain_value(one) for one in value]
        case _:
            return value
