"""One run of the fleet, step by step; the benches and the soak use the same steps."""

import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import msgspec

from tools.faults.slow_disk import NEEDS, slow_disk
from tools.fleet_sim.cloud import Cloud
from tools.fleet_sim.crew import Answer, Crew
from tools.fleet_sim.meter import summary
from tools.fleet_sim.provisioning import Plan, provision, show_interest
from tools.fleet_sim.reconcile import Verdict, reconcile
from tools.fleet_sim.releasing import Releases, said
from tools.fleet_sim.spec import SPEC_FILE, Fleet, save
from tools.fleet_sim.usage import Usage
from tools.wan.emulator import CLOUD_IP, Wan

LEAD_NS = 500_000_000
QUIET_S = 120.0
A_STORE_S = 0.2
JUDGE_S = 30.0
LOOK_S = 0.25
FILL_BYTES = 4_096
MEMORY = Path("/dev/shm")  # noqa: S108 -- a folder of our own is made in it


@dataclass(slots=True)
class Run:
    """A cloud and its fleet; leave the context to end everything."""

    folder: Path
    plan: Plan
    cloud: Cloud
    crew: Crew
    ends: ExitStack = field(default_factory=ExitStack)
    fleet: Fleet | None = None
    wan: Wan | None = None
    control: str = ""
    releases: Releases | None = None
    sent_out: int = 0

    @classmethod
    def on(
        cls, folder: Path, plan: Plan, wan: Wan | None = None, *, in_memory: bool = False
    ) -> Self:
        """Make a run of a folder, which is emptied; with a line, each side in its namespace.

        A thousand shops have a thousand disks. On one machine their journals would wait for each
        other's: `in_memory` keeps the boxes' files, and theirs alone, in a memory file system.
        """
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        fleet = folder / "fleet"
        fleet.mkdir()
        ends = ExitStack()
        if in_memory and MEMORY.is_dir():
            fleet = Path(ends.enter_context(TemporaryDirectory(prefix="regulars-", dir=MEMORY)))
        cloud, crew = Cloud(folder), Crew(fleet, plan.processes)
        if wan is not None:
            cloud.host, cloud.inside = CLOUD_IP, wan.inside(wan.cloud)
            crew.inside = wan.inside(wan.stores)
        return cls(folder, plan, cloud, crew, ends, wan=wan)

    def __enter__(self) -> Self:
        """Bring the line up, where there is one; nothing else is started yet."""
        if self.wan is not None:
            self.ends.enter_context(self.wan)
        return self

    def __exit__(self, *_error: object) -> None:
        """End workers, then the cloud."""
        try:
            self.crew.close()
        finally:
            self.cloud.close()
            self.ends.close()

    # ---- the boxes' disk ------------------------------------------------------------------------

    def small_disk(self, megabytes: int) -> None:
        """Put the boxes' files on a disk of their own (RuntimeError in words without root)."""
        if os.geteuid() != 0:
            raise RuntimeError("需要 root:给盒子挂一块小盘 needs root: to mount a small disk")
        size = ["-o", f"size={megabytes}m", "tmpfs", str(self.crew.folder)]
        subprocess.run(["mount", "-t", "tmpfs", *size], check=True)
        unmount = ["umount", "-l", str(self.crew.folder)]
        self.ends.callback(subprocess.run, unmount, check=False)

    def fill_disk(self, seconds: float) -> int:
        """Leave no room on the boxes' disk for a while; return how much was in the way."""
        filler = self.crew.folder / "filler"
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(bytes(FILL_BYTES)):
                pass
        filled = filler.stat().st_size
        time.sleep(seconds)
        filler.unlink()
        return filled

    def slow_disk(self, fsync_ms: float) -> None:
        """Let every sync of the boxes take longer (RuntimeError in words without a compiler)."""
        self.crew.environment = slow_disk(self.folder, fsync_ms)
        if self.crew.environment is None:
            raise RuntimeError(NEEDS)

    # ---- steps ----------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Start the cloud and provision the stores; a database that is there already is used."""
        if not self.cloud.dsn:
            self.cloud.database()
        self.cloud.goods()
        self.fleet = provision(self.cloud, self.crew.folder, self.plan)
        tills = self.folder / "tills"
        tills.mkdir(exist_ok=True)
        told = msgspec.structs.replace(self.fleet, control=self.control, tills=str(tills))
        save(told, self.crew.folder / SPEC_FILE)
        self.cloud.broker()
        self.cloud.programs()

    def open_stores(self) -> None:
        """Bring every box up and let it enrol its members."""
        self.crew.start()
        self.crew.tell("open")
        patience_s = QUIET_S + self.plan.stores * A_STORE_S
        self.settle("connect", patience_s)
        self.crew.tell("enrol")
        self.settle("quiet", patience_s)
        if self.fleet is not None:
            show_interest(self.cloud, self.fleet)

    def settle(self, what: str = "quiet", within_s: float = QUIET_S) -> list[Answer]:
        """Wait until no box owes or is owed anything; TimeoutError when some still do."""
        deadline = time.monotonic() + within_s
        answers = self.crew.tell(what, within_s=within_s)
        loud = sum(answer["loud"] for answer in answers)
        if loud:
            raise TimeoutError(f"{loud} stores are not quiet after {within_s:g} s")
        while waits := self.booking_waits():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{waits} events are not booked after {within_s:g} s")
            time.sleep(LOOK_S)
        return answers

    def send_out(self, *, bad: bool, within_s: float) -> dict[str, Any]:
        """Send the next release out to all boxes and wait for its end; return what became of it."""
        if self.releases is None:
            self.releases = Releases(self.cloud)
            self.crew.tell("releases", root_file=str(self.releases.root_file))
        self.sent_out += 1
        rollout = self.releases.send_out(self.sent_out, bad=bad)
        return said(self.releases.ended(rollout, within_s))

    def booking_waits(self) -> int:
        """Return how many events are acknowledged and not booked yet."""
        with self.cloud.office.units.begin(self.cloud.tenant) as unit:
            return unit.waiting.depth().events

    def begin_selling(
        self, rate: float, seconds: float, *, every: int = 1, within_s: float = 0
    ) -> None:
        """Begin to sell in every n-th store; processes share the rate and start together.

        What a full machine has not sold `within_s` (0: however late) is not sold any more.
        """
        sellers = self.plan.parts_with(every)
        lead = LEAD_NS + int(rate * seconds / len(sellers) * 40_000)
        self.crew.tell(
            "sell",
            sellers,
            rate=rate / len(sellers),
            seconds=seconds,
            start_ns=time.monotonic_ns() + lead,
            every=every,
            within_s=within_s,
        )

    def report(self, parts: Sequence[int] | None = None) -> dict[str, Any]:
        """Return the latencies of all processes together, or of some."""
        return combine(self.crew.tell("report", parts))

    def judge(self, patience_s: float = JUDGE_S) -> Verdict:
        """Let every box say what it holds, and compare it with the cloud.

        The cloud works lists off beside the booking (tiers, tasks) and tells members anew: replicas
        get `patience_s` to follow. What is lost or doubled does not mend by waiting.
        """
        if self.fleet is None:
            raise RuntimeError("nothing was prepared")
        deadline = time.monotonic() + patience_s
        while True:
            self.crew.tell("states")
            verdict = reconcile(self.cloud.dsn, self.fleet, self.crew.folder, self.folder / "tills")
            if not verdict.stale_replica or time.monotonic() > deadline:
                return verdict
            time.sleep(LOOK_S)

    def parts(self) -> Mapping[str, Sequence[int]]:
        """Return the processes by name, the fleet's own as `stores`."""
        stores = [worker.pid for worker in self.crew.workers if worker.poll() is None]
        return {**self.cloud.processes(), "stores": stores}

    def usage(self) -> Usage:
        """Begin to measure processor time."""
        usage = Usage(self.parts)
        usage.begin()
        return usage


def combine(answers: Sequence[Answer]) -> dict[str, Any]:
    """Put the reports of all processes together."""
    across: dict[int, list[float]] = {}
    faults: dict[str, int] = {}
    for answer in answers:
        for second, times in answer["across"].items():
            across.setdefault(int(second), []).extend(times)
        for code, count in answer["faults"].items():
            faults[code] = faults.get(code, 0) + count
    first = min(across, default=0)
    every = [one for times in across.values() for one in times]
    return {
        "load1": round(os.getloadavg()[0], 2),
        "sold": sum(answer["sold"] for answer in answers),
        "applied": sum(answer["applied"] for answer in answers),
        "refused": sum(answer.get("refused", 0) for answer in answers),
        "not_arrived": sum(answer["waiting"] for answer in answers),
        "commit_to_other_store_ms": summary(every),
        "commit_to_own_replica_ms": [answer["own"] for answer in answers],
        "behind_its_time_ms": [answer["late"] for answer in answers],
        "commit_on_disk_ms": [answer["commit"] for answer in answers],
        "faults": faults,
        "by_second": {
            str(second - first): summary(times) for second, times in sorted(across.items())
        },
    }
