"""Releases in the fleet: made, signed and sent out by the product; each box takes them by itself.

A box here is no process of its own, so what a release's program does is said by the one module it
brings: whether it breaks at a sale. All else is real: index, keys, slots on disk, starter, trial,
the word to the cloud and the cloud's rings.
"""

import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from securesystemslib.signer import CryptoSigner

from cloud_broker.adapters.release_build import Ingredients, build
from cloud_broker.adapters.release_shelf import ReleaseShelf, Trust, sign
from cloud_broker.bootstrap.releases import release_desk
from cloud_broker.services.fleet.releases import RolloutView
from edge_agent.adapters.cloud_desk_http import HttpCloudDesk
from edge_agent.adapters.documents_tinydb import TinyDocuments
from edge_agent.adapters.outgoing import Outgoing
from edge_agent.adapters.release_root import PinnedRoot
from edge_agent.adapters.releases_tuf import HttpFetcher, TufReleases
from edge_agent.adapters.slot_folder import SlotFolder
from edge_agent.bootstrap.updates import this_platform
from edge_agent.ports.clock import Clock
from edge_agent.ports.journal import Record
from edge_agent.services.box.update_parts import Surroundings
from edge_agent.services.box.updates import UpdateKeeper
from edge_agent.starter import SLOT, chosen
from retail_core.errors import Fault
from retail_core.fleet.rollout import Policy
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.wire.fleet import FleetWord
from retail_core.wire.messages import WIRE_VERSION
from tools.fleet_sim.cloud import Cloud

MODULE = "what_it_does.py"
BREAKS = "BREAKS_AT_A_SALE = True\n"
SELLS = "BREAKS_AT_A_SALE = False\n"
ROOT_FILE = "release-root.json"
SALES_NEEDED = 5
LOOK_S = 0.25
# Who sends a release out, and who agrees.
AUTHOR, SECOND = "fleet-sim", "fleet-sim-second"


class Program:
    """The program of one box as its starter chose it; `restart` begins it anew."""

    def __init__(self, folder: Path, url: str, token: str, root_file: Path, clock: Clock) -> None:
        self._shelf = SlotFolder(folder)
        self._documents = TinyDocuments(folder / "documents.json", FaultTally())
        self._desk = HttpCloudDesk(url, token)
        fetcher = HttpFetcher(url, token, Outgoing())
        root = PinnedRoot(root_file)
        self._source = TufReleases(self._shelf.root / "index", root, url, fetcher, clock)
        self._clock = clock
        self._folder = folder
        self._again = False
        self.broke = 0
        self.starts: list[int] = []
        self._start()

    def breaks(self) -> bool:
        """Return whether this sale breaks, and count it as the program's own fault."""
        self.broke += self._breaks
        return self._breaks

    def booked(self, records: tuple[Record, ...]) -> None:
        """Hear of sales on disk."""
        self.keeper.booked(records)

    def turn(self) -> None:
        """Speak with the cloud and do the next step, as two threads of a box would."""
        word = FleetWord(WIRE_VERSION, 0, update=self.keeper.told())
        self.keeper.take(self._desk.exchange(word).release)
        self.keeper.turn()
        if self._again:
            self._again = False
            self._start()

    def close(self) -> None:
        """Close its file."""
        self._documents.close()

    def _start(self) -> None:
        runs = chosen(self._folder, {}).get(SLOT, "")
        said = self._shelf.place(runs) / "lib" / MODULE
        self._breaks = bool(runs) and said.read_text(encoding="utf-8") == BREAKS
        self.starts.append(self._shelf.read().slot(runs).number)
        self.broke = 0
        around = Surroundings(
            breaks=lambda: self.broke,
            ready=lambda: True,
            issues=tuple,
            baskets=tuple,
            restart=self._restart,
            zone="Asia/Shanghai",
            platform=this_platform(),
            runs=runs,
            factory="0",
        )
        self.keeper = UpdateKeeper(self._shelf, self._source, self._documents, self._clock, around)

    def _restart(self) -> None:
        self._again = True


class Releases:
    """The cloud's side: keys in this process alone, the shelf where the API serves it."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._office = cloud.office
        self._shelf = ReleaseShelf(cloud.release_dir)
        self._roots = [CryptoSigner.generate_ed25519() for _ in range(2)]
        self._targets = [CryptoSigner.generate_ed25519()]
        self._desk = release_desk(self._office)
        now_ms = self._office.clock.now_ms()
        root = self._shelf.begin(now_ms, Trust(self._roots, 2), Trust(self._targets))
        self.root_file = cloud.folder / ROOT_FILE
        self.root_file.write_bytes(root)

    def send_out(self, number: int, *, bad: bool) -> UUID:
        """Build, sign, publish and send a release out."""
        folder = self._cloud.folder / f"release-{number}"
        house = folder / "wheels"
        house.mkdir(parents=True)
        with zipfile.ZipFile(house / f"shop-{number}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(MODULE, BREAKS if bad else SELLS)
        out = folder / "out"
        build(Ingredients(number, f"{number}.0", this_platform(), house), out)
        now_ms = self._office.clock.now_ms()
        sign(out, self._shelf.draft(out, now_ms), self._targets)
        self._shelf.publish(out, now_ms)
        policy = Policy(
            sales=SALES_NEEDED, well_minutes=0, rest_minutes=0, approve=(), window_from=0,
            window_to=0, hold_minutes=0, success_permille=1_000,
        )  # fmt: skip
        row = self._desk.roll_out(_Hand(self._cloud.tenant, AUTHOR), number, policy, "fleet-sim")
        self._desk.agree(_Hand(self._cloud.tenant, SECOND), row.rollout_id)
        return row.rollout_id

    def ended(self, rollout: UUID, within_s: float) -> RolloutView:
        """Wait until a rollout has ended everywhere; return how it stands then."""
        until = time.monotonic() + within_s
        while True:
            view = self._desk.show(self._cloud.tenant, rollout)
            on_trial = any(one.stage == "trying" for one in view.boxes)
            if view.row.going.state in {"stopped", "done"} and not on_trial:
                return view
            if time.monotonic() > until:
                return view
            time.sleep(LOOK_S)


class _Hand:
    """Somebody of HQ."""

    role = "admin"

    def __init__(self, tenant: UUID, login: str) -> None:
        self.tenant_id = tenant
        self.login = login


def said(view: RolloutView) -> dict[str, Any]:
    """Return what became of a release, for the report."""
    stages: dict[str, int] = {}
    for one in view.boxes:
        stages[one.stage.value] = stages.get(one.stage.value, 0) + 1
    going = view.row.going
    return {
        "number": view.row.number,
        "state": going.state,
        "reason": going.why,
        "ring": going.ring,
        "boxes": stages,
        "reached": sum(one.tried_ms > 0 for one in view.boxes),
        "codes": sorted({one.code for one in view.boxes if one.code}),
    }


def turned(program: Program, count: Callable[[FaultCode], None]) -> None:
    """Let a box take its turn; what stands in its way is counted, as its loop would."""
    try:
        program.turn()
    except Fault as fault:
        count(fault.code)
