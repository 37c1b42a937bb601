"""Files that an older release left on a box open in this one, with everything in them."""

import json
import shutil
from pathlib import Path
from uuid import UUID

import pytest

from edge_agent.adapters.clock_system import SystemClock
from edge_agent.adapters.documents_tinydb import TinyDocuments
from edge_agent.adapters.gallery_sqlite import SqliteGallery
from edge_agent.adapters.ids_system import SystemIds
from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.adapters.replica_sqlite import SqliteReplica
from retail_core.tally import FaultTally
from tools.snapshot_state import ACKED, DEVICE, FOLDER, KEY, MEMBER, MODEL_ID, NAME, WAITING, record

RELEASES = sorted(path for path in FOLDER.glob("v*") if path.is_dir())


@pytest.fixture(params=RELEASES, ids=lambda path: path.name)
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of one release's files."""
    folder = tmp_path / "state"
    shutil.copytree(request.param, folder)
    return folder


def ids() -> SystemIds:
    """Random ids, as on a box."""
    return SystemIds(SystemClock(UUID(int=9)))


def test_the_first_release_is_there() -> None:
    assert "v0.1" in {path.name for path in RELEASES}


def test_the_journal_goes_on(state: Path) -> None:
    expected = json.loads((state / "expected.json").read_text(encoding="utf-8"))
    journal = SqliteJournal(state / "journal.db", KEY, ids())
    records = journal.records()
    assert (journal.epoch, journal.next_seq()) == (expected["epoch"], expected["next_seq"])
    assert records[-1].hash.hex() == expected["last_hash"]
    assert [entry.acked for entry in records] == [True] * ACKED + [False] * WAITING
    answer = journal.answer("key")
    assert answer is not None
    assert answer.answer == b"{}"
    journal.close()


def test_members_are_known(state: Path) -> None:
    replica = SqliteReplica.opened_or_new(state / "replica.db", KEY, FaultTally())
    held = replica.member(MEMBER)
    assert held is not None
    assert (held.ver, held.record) == (7, record())
    assert replica.by_card(record().cards[0]) == held
    replica.close()


def test_faces_are_known(state: Path, request: pytest.FixtureRequest) -> None:
    gallery = SqliteGallery(state / "gallery.db", KEY, ids(), FaultTally(), DEVICE)
    held = tuple(gallery.load(MODEL_ID))
    if "v0.1" in request.node.name:
        # The first release wrote down no age and kept no ledger: its templates go.
        assert held == ()
    else:
        (template,) = held
        assert template.member_id == MEMBER
        assert template.embedding[3] == 1
    gallery.close()


def test_documents_are_read(state: Path) -> None:
    documents = TinyDocuments(state / "documents.json", FaultTally())
    assert documents.get("note") == {"text": NAME}
    documents.close()
