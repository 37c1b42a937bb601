"""Write a box's files as this version leaves them: `python -m tools.snapshot_state v0.1`.

Run once a release; `tests/unit/edge_agent/test_old_states.py` opens every snapshot with the code of
the day, because a box that was updated must still know its sales, members and faces.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path
from uuid import UUID

import numpy as np

from edge_agent.adapters.clock_system import SystemClock
from edge_agent.adapters.documents_tinydb import TinyDocuments
from edge_agent.adapters.gallery_sqlite import SqliteGallery
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.adapters.replica_sqlite import SqliteReplica
from edge_agent.domain.consents import OLD_ENOUGH, Consent
from edge_agent.ports.gallery_store import Template
from edge_agent.ports.journal import Draft, StoredAnswer
from retail_core.clock import Instant, TimeQuality
from retail_core.tally import FaultTally
from retail_core.wire.codec import encode_body
from retail_core.wire.kinds import EventType
from retail_core.wire.member import MemberRecord, PhoneKey
from retail_core.wire.messages import ConsentGiven

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "snapshots"
# A key for made-up data in a public repository: it protects nothing and is used nowhere else.
KEY = bytes(range(32))
MEMBER, WALLET, HOME, EVENT, TEMPLATE, DEVICE = (UUID(int=number) for number in range(1, 7))
MODEL_ID = "snapshot@000000000000"
NAME = "快照会员"
ACKED, WAITING = 2, 1


def record() -> MemberRecord:
    """Return the member every snapshot holds."""
    return MemberRecord(
        wallet=WALLET.bytes,
        name=NAME,
        tier="gold",
        tags=("敏感肌",),
        points_free=1_234,
        points_pending=5,
        phone_masked="138****8000",
        phone_hash=b"\x11" * 32,
        phone_keys=(PhoneKey(b"\x22" * 8, b"\x33" * 32),),
        cards=(b"\x44" * 32,),
        home_store=HOME.bytes,
    )


def write(folder: Path) -> None:
    """Fill one file of each kind."""
    ids = SystemIds(SystemClock(UUID(int=9)))
    journal = SqliteJournal(folder / "journal.db", KEY, ids)
    at = Instant(1_790_000_000_000, 1, UUID(int=9), TimeQuality.SYNCED)
    body = encode_body(ConsentGiven("face.local", "2026-1", b"\x55" * 32, "zh", "till"))
    drafts = [
        Draft(UUID(int=EVENT.int + 100 * nth), EventType.CONSENT_GIVEN, at, body, member=MEMBER)
        for nth in range(ACKED + WAITING)
    ]
    records = journal.append(drafts, answer=("key", StoredAnswer(b"asked", 200, b"{}")))
    journal.mark_acked([(1, ACKED)])
    epoch = journal.epoch
    journal.close()
    replica = SqliteReplica.opened_or_new(folder / "replica.db", KEY, FaultTally())
    replica.put_member(MEMBER, 7, record())
    replica.close()
    gallery = SqliteGallery(folder / "gallery.db", KEY, ids, FaultTally(), DEVICE)
    said = Consent(
        consent_id=EVENT,
        member_id=MEMBER,
        kind="face.local",
        given=True,
        text_version="2026-2",
        text_hash=b"\x55" * 32,
        language="zh",
        channel="till",
        wall_ms=at.wall_ms,
        age=OLD_ENOUGH,
    )
    gallery.ledger.add_consent(said)
    embedding = np.zeros(512, np.float32)
    embedding[3] = 1
    gallery.add(Template(TEMPLATE, MEMBER, MODEL_ID, embedding), consent_event_id=EVENT)
    gallery.close()
    documents = TinyDocuments(folder / "documents.json", FaultTally())
    documents.put("note", {"text": NAME})
    documents.close()
    expected = {"epoch": epoch, "last_hash": records[-1].hash.hex(), "next_seq": len(records) + 1}
    text = json.dumps(expected, indent=2, sort_keys=True)
    (folder / "expected.json").write_text(text + "\n", encoding="utf-8")


def main() -> int:
    """Write `tests/snapshots/NAME`, which must not be there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="the release, as v0.1")
    folder = FOLDER / parser.parse_args().name
    if folder.exists():
        print(f"{folder} is there already; a snapshot is never written twice", file=sys.stderr)
        return 1
    folder.mkdir(parents=True)
    try:
        write(folder)
    except BaseException:
        shutil.rmtree(folder)
        raise
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
