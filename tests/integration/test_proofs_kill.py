"""A code that was taken stays taken, at whatever moment the program is killed."""

import os
import random
import secrets
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from edge_agent.adapters.used_proofs_sqlite import SqliteUsedProofs
from tests.factories.waiting import PATIENCE_S

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROUNDS = 12
LIVES_S = 0.15
# Steps of digit codes that are not dead yet by the clock of the till below.
FIRST_STEP = 60_000_000
KEY = b"k" * 32
ROOT = Path(__file__).resolve().parents[2]
# Takes codes without end; a line goes out only after the code counts as taken.
TILL = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from uuid import UUID
    from edge_agent.adapters.ids_system import SystemIds
    from edge_agent.adapters.journal_sqlite import SqliteJournal
    from edge_agent.adapters.used_proofs_sqlite import SqliteUsedProofs
    from edge_agent.recognition.proofs import Proofs
    from edge_agent.services.members.proof_uses import ProofUses
    from edge_agent.services.journal.recorder import Recorder
    from retail_core.identity.assurance import Factor
    from retail_core.identity.digit_code import DigitUse
    from retail_core.tally import FaultTally
    from tests.fakes.clock import FakeClock

    folder, clock, member = Path(sys.argv[1]), FakeClock(), UUID(int=5)
    ids = SystemIds(clock)
    journal = SqliteJournal(folder / "journal.db", b"k" * 32, ids)
    store = SqliteUsedProofs(folder / "proofs.db", b"k" * 32)
    uses = ProofUses(store, Recorder(journal), clock, ids, FaultTally())
    uses.catch_up(journal)
    proofs = Proofs(bytes(16), bytes(16), bytes, None, uses)
    for step in range(int(sys.argv[2]), 1 << 30):
        code = DigitUse(member.bytes, step)
        proofs.admit_code(Factor.DIGIT_CODE, code, member, 0)
        print(step, code.proof.hex(), flush=True)
        if step % 5 == 0:
            uses.turn()
    """
)


def take_until_killed(folder: Path, first: int, moment_s: float) -> list[tuple[int, bytes]]:
    """Run the till, kill it at a moment it cannot know; return what it had taken."""
    command = [sys.executable, "-c", TILL, str(folder), str(first)]
    # Unbuffered: `communicate` does not see what `readline` read ahead.
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, bufsize=0)
    assert process.stdout is not None
    begun = process.stdout.readline()
    time.sleep(moment_s)
    os.kill(process.pid, signal.SIGKILL)
    rest, _ = process.communicate(timeout=PATIENCE_S)
    # The last line may be cut in the pipe; the code was then not shown to anybody.
    lines = [line for line in (begun + rest).decode().splitlines(keepends=True) if line[-1] == "\n"]
    words = [line.split() for line in lines]
    return [(int(step), bytes.fromhex(proof)) for step, proof in words]


def test_kill_9_at_any_moment_lets_no_code_through_twice(tmp_path: Path) -> None:
    seed = secrets.randbits(32)
    moments = random.Random(seed)  # noqa: S311 -- only the moment of a kill, named if it fails
    taken: list[tuple[int, bytes]] = []
    for number in range(ROUNDS):
        first = taken[-1][0] + 100 if taken else FIRST_STEP
        taken += take_until_killed(tmp_path, first, moments.uniform(0, LIVES_S))
        store = SqliteUsedProofs(tmp_path / "proofs.db", KEY)
        kept = {use.proof for use in store.all()}
        store.close()
        missing = [step for step, proof in taken if proof not in kept]
        assert missing == [], f"seed {seed}, round {number}"
