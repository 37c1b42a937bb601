"""The disks that benches and rigs bring along."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from edge_agent.adapters.journal_sqlite import MANNER, SqliteJournal
from tests.factories.shop_floor import make_draft, make_id
from tests.fakes.ids import FakeIdSource
from tools.faults.counting_vfs import CountingVfs
from tools.faults.slow_disk import slow_disk

SYNC_ONCE = """
import os, sys, time
with open(sys.argv[1], "wb") as file:
    began = time.monotonic()
    os.fsync(file.fileno())
    os.fdatasync(file.fileno())
    print(time.monotonic() - began)
"""


@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler: apt-get install gcc")
def test_a_slow_disk_makes_every_sync_wait(tmp_path: Path) -> None:
    environment = slow_disk(tmp_path, 30)
    assert environment is not None
    done = subprocess.run(
        [sys.executable, "-c", SYNC_ONCE, str(tmp_path / "file")],
        env=environment,
        check=True,
        capture_output=True,
    )
    assert float(done.stdout) >= 0.06


def test_without_a_compiler_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert slow_disk(tmp_path, 5) is None


def test_a_sale_writes_less_than_its_budget_and_syncs_once(tmp_path: Path) -> None:
    vfs = CountingVfs("budget")
    manner = replace(MANNER, vfs=vfs.vfs_name)
    journal = SqliteJournal(tmp_path / "journal.db", b"k" * 32, FakeIdSource(), manner)
    vfs.counted.clear()
    for _ in range(200):
        (record,) = journal.append([make_draft(event_id=make_id())])
        journal.mark_acked([(record.seq, record.seq)])
    assert vfs.counted["log syncs"] == 200
    assert vfs.counted["file bytes"] == 0, "nothing was folded in yet"
    assert vfs.counted["log bytes"] / 200 < 12_000
    journal.close()
