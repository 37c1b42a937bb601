"""The journal's promise: what was answered is there, whatever becomes of program or disk."""

import os
import random
import secrets
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from edge_agent.adapters.journal_sqlite import SqliteJournal
from edge_agent.ports.journal import StoredAnswer
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.shop_floor import make_draft
from tests.factories.waiting import PATIENCE_S
from tests.fakes.ids import FakeIdSource

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROUNDS = 20
LIVES_S = 0.25
KEY = b"k" * 32
ROOT = Path(__file__).resolve().parents[2]
# Sells without end; a line goes out only after `append` has returned.
SELLER = textwrap.dedent(
    """
    import sys
    from dataclasses import replace
    from pathlib import Path
    from edge_agent.adapters.ids_system import SystemIds
    from edge_agent.adapters.journal_sqlite import SqliteJournal
    from edge_agent.ports.journal import StoredAnswer
    from tests.factories.shop_floor import make_draft
    from tests.fakes.clock import FakeClock

    ids = SystemIds(FakeClock())
    journal = SqliteJournal(Path(sys.argv[1]), b"k" * 32, ids)
    while True:
        event_id = ids.uuid7()
        answer = StoredAnswer(b"asked", 200, str(event_id).encode())
        (record,) = journal.append([make_draft(event_id=event_id)], answer=(str(event_id), answer))
        print(event_id, flush=True)
        if record.seq % 7 == 0:
            journal.mark_acked([(1, record.seq - 3)])
    """
)


def reopen(path: Path) -> SqliteJournal:
    return SqliteJournal(path, KEY, FakeIdSource())


def sell_until_killed(path: Path, moment_s: float) -> list[UUID]:
    """Run the seller, kill it at a moment it cannot know; return what it was told is safe."""
    process = subprocess.Popen(
        [sys.executable, "-c", SELLER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, bufsize=0
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(moment_s)
    os.kill(process.pid, signal.SIGKILL)
    rest, _ = process.communicate(timeout=PATIENCE_S)
    # The last line may be cut in the pipe; it was then not told.
    told = (first + rest).decode().splitlines(keepends=True)
    return [UUID(line.strip()) for line in told if line.endswith("\n")]


def test_kill_9_at_any_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    seed = secrets.randbits(32)
    moments = random.Random(seed)  # noqa: S311 -- only the moment of a kill, named if it fails
    told: list[UUID] = []
    epochs = set()
    for number in range(ROUNDS):
        told += sell_until_killed(path, moments.uniform(0, LIVES_S))
        journal = reopen(path)
        epochs.add(journal.epoch)
        records = journal.records()
        kept = [record.draft.event_id for record in records]
        assert set(told) <= set(kept), f"lost in round {number}, seed {seed}"
        assert len(set(kept)) == len(kept), f"doubled in round {number}, seed {seed}"
        assert journal.verify() == len(kept)
        assert [record.seq for record in records] == list(range(1, len(kept) + 1))
        assert all(journal.answer(str(event_id)) is not None for event_id in kept)
        journal.close()
    assert len(epochs) == 1
    assert len(told) > ROUNDS, "it sold something each time"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system that really ends."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("a disk that fills up needs the right to mount: run as root")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_fills_up_refuses_loudly_and_keeps_what_it_told(small_disk: Path) -> None:
    journal = reopen(small_disk / "journal.db")
    told: list[UUID] = []

    def sell_on() -> None:
        while True:
            draft = make_draft()
            key, answer = str(draft.event_id), StoredAnswer(b"asked", 200, b"x" * 2_000)
            journal.append([draft], answer=(key, answer))
            told.append(draft.event_id)

    with pytest.raises(Fault) as caught:
        sell_on()
    assert caught.value.code == FaultCode.DISK_FULL
    assert len(told) > 10
    assert [record.draft.event_id for record in journal.records()] == told
    journal.close()
    again = reopen(small_disk / "journal.db")
    assert again.verify() == len(told)
    again.close()
